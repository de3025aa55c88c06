"""Turn the Markdown of the content files into Telegram's HTML, and keep foreign text out of it."""

from __future__ import annotations

import re
import unicodedata
from html import escape as escape_html
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode


class Html(str):
    """Mark text as Telegram HTML that is ready to be sent; `escape` leaves it alone."""

    __slots__ = ()


_parser = MarkdownIt("commonmark").enable("strikethrough")
# Addresses stay as written, so that a `{placeholder}` may stand in one; quotes are escaped when rendered.
_parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # its documented way to be changed

_INLINE_TAGS = {"strong": "b", "em": "i", "s": "s"}
_LINKS = ("https://", "http://", "tg://", "mailto:", "{")
# Telegram shows neither tables nor images nor rules; nested lists and quotes come out misleading.
_SUPPORTED = {
    *("root", "inline", "text", "softbreak", "hardbreak", "strong", "em", "s", "link", "code_inline"),
    *("paragraph", "heading", "bullet_list", "ordered_list", "list_item", "blockquote", "fence", "code_block"),
}
_LISTS = ("bullet_list", "ordered_list")
# Control, format (zero-width, right-to-left marks), surrogate and private-use characters carry no words.
_DROPPED = {"Cc", "Cf", "Cs", "Co"}
_SPACES = re.compile(r"\s+")
_TAG = re.compile(r"<[^>]*>")


def to_html(markdown: str) -> Html:
    """Render `markdown` as Telegram HTML. What Telegram cannot show is escaped; `find_unsupported` names it."""
    return Html(_blocks(_tree(markdown).children))


def find_unsupported(markdown: str) -> list[str]:
    """Return the names of the Markdown elements that `to_html` cannot render as meant, each once."""
    found: dict[str, None] = {}
    for node in _tree(markdown).walk():
        if node.type not in _SUPPORTED:
            found[node.type] = None
        elif node.type in (*_LISTS, "blockquote") and node.level > 0:
            found[f"nested {node.type}"] = None
        elif node.type == "link" and not str(node.attrs["href"]).startswith(_LINKS):
            found[f"link to {node.attrs['href']}"] = None
    return list(found)


def clean(value: object) -> str:
    """Return `value` as text on one line, without control, direction and zero-width characters."""
    visible = "".join(
        " " if character.isspace() else character
        for character in str(value)
        if character.isspace() or unicodedata.category(character) not in _DROPPED
    )
    return _SPACES.sub(" ", visible).strip()


def escape(value: object) -> Html:
    """Return `value` cleaned and escaped for Telegram HTML. `Html` is returned as it is."""
    return value if isinstance(value, Html) else Html(escape_html(clean(value)))


def plain(html: str) -> str:
    """Return the text of Telegram HTML without tags and entities."""
    return unescape(_TAG.sub("", html))


def _tree(markdown: str) -> SyntaxTreeNode:
    tokens: list[Token] = _parser.parse(markdown)
    return SyntaxTreeNode(tokens)


def _blocks(nodes: list[SyntaxTreeNode]) -> str:
    parts: list[str] = []
    for position, node in enumerate(nodes):
        if position:
            close = nodes[position - 1].type == "heading" or node.type in _LISTS
            parts.append("\n" if close else "\n\n")
        parts.append(_block(node))
    return "".join(parts)


def _block(node: SyntaxTreeNode) -> str:
    if node.type in ("paragraph", "inline"):
        return _inline(node.children)
    if node.type == "heading":
        return f"<b>{_inline(node.children, bold=True)}</b>"
    if node.type in _LISTS:
        return _list(node)
    if node.type == "blockquote":
        return f"<blockquote>{_blocks(node.children)}</blockquote>"
    if node.type in ("fence", "code_block"):
        return f"<pre>{escape_html(node.content.rstrip(), quote=False)}</pre>"
    return escape_html((node.content or node.markup).strip(), quote=False)


def _list(node: SyntaxTreeNode) -> str:
    first = int(node.attrs.get("start", 1))
    ordered = node.type == "ordered_list"
    return "\n".join(
        (f"{number}. " if ordered else "• ") + _blocks(item.children)
        for number, item in enumerate(node.children, first)
    )


def _inline(nodes: list[SyntaxTreeNode], *, bold: bool = False) -> str:
    return "".join(_span(node, bold=bold) for node in nodes)


def _span(node: SyntaxTreeNode, *, bold: bool) -> str:
    if node.type == "inline":
        return _inline(node.children, bold=bold)
    if node.type in _INLINE_TAGS:
        inner = _inline(node.children, bold=bold or node.type == "strong")
        tag = _INLINE_TAGS[node.type]
        return inner if bold and tag == "b" else f"<{tag}>{inner}</{tag}>"
    if node.type == "link":
        return f'<a href="{escape_html(str(node.attrs["href"]))}">{_inline(node.children, bold=bold)}</a>'
    if node.type == "code_inline":
        return f"<code>{escape_html(node.content, quote=False)}</code>"
    if node.type == "softbreak":
        return " "
    if node.type == "hardbreak":
        return "\n"
    return escape_html(node.content, quote=False)
