"""Markdown of the files to Telegram HTML, foreign text kept harmless, long texts cut into messages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.markup import Html, clean, escape, find_unsupported, plain, to_html
from content.phrases import Phrases
from content.split import MESSAGE_LIMIT, split

TELEGRAM_TAGS = {"b", "i", "u", "s", "code", "pre", "a", "blockquote"}


class Balanced(HTMLParser):
    """Fail on a tag that is not closed, not open, or that Telegram does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in TELEGRAM_TAGS
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def assert_valid(html: str) -> None:
    reader = Balanced()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    assert not re.search(r"&(?!(amp|lt|gt|quot|#x?[0-9a-fA-F]+);)", html)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("plain", "plain"),
        ("**bold** *slanted* ~~gone~~ `code`", "<b>bold</b> <i>slanted</i> <s>gone</s> <code>code</code>"),
        ("**bold _both_**", "<b>bold <i>both</i></b>"),
        ("# Head **strong**\n\nText", "<b>Head strong</b>\nText"),
        ("one\ntwo\\\nthree\n\nfour", "one two\nthree\n\nfour"),
        ("Signs:\n\n- one\n- two", "Signs:\n• one\n• two"),
        ("3. one\n4. two", "3. one\n4. two"),
        ("> quoted", "<blockquote>quoted</blockquote>"),
        ("```\na < b\n```", "<pre>a &lt; b</pre>"),
        ("[here](https://example.org/?a=1&b=2)", '<a href="https://example.org/?a=1&amp;b=2">here</a>'),
        ("1 < 2 & 3 <b>no</b>", "1 &lt; 2 &amp; 3 &lt;b&gt;no&lt;/b&gt;"),
    ],
)
def test_markdown_becomes_telegram_html(markdown, html):
    rendered = to_html(markdown)

    assert rendered == html
    assert_valid(rendered)


@pytest.mark.parametrize(
    ("markdown", "name"),
    [
        ("![photo](https://example.org/a.png)", "image"),
        ("one\n\n---\n\ntwo", "hr"),
        ("a <u>tag</u>", "html_inline"),
        ("<div>block</div>", "html_block"),
        ("- one\n  - inner", "nested bullet_list"),
        ("> one\n>> inner", "nested blockquote"),
        ("[file](page.html)", "link to page.html"),
    ],
)
def test_markdown_that_telegram_cannot_show_is_named(markdown, name):
    assert name in find_unsupported(markdown)
    assert_valid(to_html(markdown))


def test_markdown_that_telegram_can_show_is_not_complained_about():
    markdown = "# Head\n\nText **b** *i* `c`\n\n- one\n- two\n\n1. one\n\n> quote\n\n[x](https://example.org)\n\n```\ncode\n```"

    assert find_unsupported(markdown) == []


def test_a_script_address_never_becomes_a_link():
    assert "<a" not in to_html("[click](javascript:alert(1))")


@given(st.text())
def test_any_markdown_gives_valid_html(markdown):
    assert_valid(to_html(markdown))


@given(st.text())
def test_escaped_text_holds_no_tags_and_nothing_invisible(text):
    escaped = escape(text)

    assert_valid(escaped)
    assert "<" not in escaped
    assert plain(escaped) == clean(text)
    escaped.encode("utf-8")


def test_direction_marks_zero_width_characters_and_new_lines_do_not_get_through():
    assert clean("Al\u202eice\u200b\u2066 \x00\nsays\u2028 \ud800<b>") == "Alice says <b>"


def test_html_of_our_own_is_not_escaped_again():
    assert escape(Html("<b>x</b>")) == "<b>x</b>"


def test_a_phrase_puts_values_in_as_text_and_never_as_markup():
    phrases = Phrases.from_toml({"check": {"progress": "**{n}** of {total}, [open]({link})"}})

    said = phrases.say("check.progress", n="<b>{total}*", total=8, link='https://example.org/?a="')

    assert said == '<b>&lt;b&gt;{total}*</b> of 8, <a href="https://example.org/?a=&quot;">open</a>'
    assert_valid(said)


def test_a_plain_phrase_stays_as_written():
    phrases = Phrases.from_toml({"button": {"yes": "1. *Yes* & {name}"}})

    assert phrases.plain("button.yes", name="a<b\u200b") == "1. *Yes* & a<b"


def test_an_unknown_phrase_and_a_missing_value_are_named():
    phrases = Phrases.from_toml({"a": {"b": "{name} and {when}"}})

    with pytest.raises(KeyError, match=r"a\.c"):
        phrases.say("a.c")
    with pytest.raises(KeyError, match=r"a\.b.*when"):
        phrases.plain("a.b", name="x")
    assert phrases.placeholders("a.b") == {"name", "when"}


def test_all_phrases_that_are_no_text_are_named_at_once():
    with pytest.raises(ValueError, match=r"a\.b: must be text, is int; c: is empty; d: begins or ends with a space"):
        Phrases.from_toml({"a": {"b": 1}, "c": " ", "d": " and "})


@pytest.mark.case(47)
@pytest.mark.parametrize("length", [4_000, 4_001, 4_096, 4_097, 12_000])
@pytest.mark.parametrize("letter", ["a", "🙂", "é", "&amp;"])
def test_long_texts_are_cut_into_parts_that_fit_and_nothing_is_lost(length, letter):
    count = length // units(plain(letter))
    html = f"<b>{letter * count}</b>"

    parts = split(html)

    assert all(units(plain(part)) <= MESSAGE_LIMIT for part in parts)
    assert "".join(plain(part) for part in parts) == plain(html)
    assert len(parts) == -(-units(plain(html)) // MESSAGE_LIMIT)
    for part in parts:
        assert_valid(part)
        assert part.startswith("<b>")


@pytest.mark.case(47)
def test_no_cut_falls_inside_an_emoji_that_is_made_of_several():
    family = "👩\u200d👩\u200d👧"

    parts = split(family * 30, limit=20)

    assert "".join(parts) == family * 30
    assert all(part.startswith("👩") and part.endswith("👧") for part in parts)


@pytest.mark.case(47)
def test_an_entity_across_the_cut_is_closed_and_opened_again_with_its_address():
    html = f'<a href="https://example.org/?a=1&amp;b=2"><b>{"word " * 10}</b></a>'

    first, *others = split(html, limit=30)

    opening = '<a href="https://example.org/?a=1&amp;b=2"><b>word'
    assert first.startswith(opening)
    assert first.endswith("</b></a>")
    assert all(part.startswith(opening) for part in others)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One two three.\n\nFour five.", ["One two three.", "Four five."]),
        ("One two three\nfour five six", ["One two three", "four five six"]),
        ("One two three. Four five.", ["One two three.", "Four five."]),
        ("One two three four five six", ["One two three four", "five six"]),
        ("  \n ", []),
    ],
)
def test_cuts_fall_between_paragraphs_then_lines_then_sentences_then_words(text, parts):
    assert split(text, limit=18) == parts


def test_a_limit_that_holds_no_emoji_is_refused():
    with pytest.raises(ValueError, match="limit"):
        split("text", limit=1)


texts = st.text(st.sampled_from("ab .\n🙂é\u0301\u200d🇩🇪👍🏽&<"), max_size=60)
markups = st.recursive(
    texts.map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.tuples(
        st.sampled_from(["b", "i", "u", "s", "code", "blockquote"]), st.lists(inner, max_size=4)
    ).map(lambda found: f"<{found[0]}>{''.join(found[1])}</{found[0]}>"),
    max_leaves=12,
)


@pytest.mark.case(47)
@given(markups, st.integers(2, 40))
def test_any_html_is_cut_into_valid_parts_that_fit_in_order(html, limit):
    parts = split(html, limit)

    for part in parts:
        assert_valid(part)
        assert 0 < units(plain(part)) <= limit
    assert "".join("".join(plain(part).split()) for part in parts) == "".join(plain(html).split())
