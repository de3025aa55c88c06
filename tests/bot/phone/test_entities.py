"""Telegram's HTML, with the complaints and offsets that Telegram's own test cases give."""

import pytest

from bot.phone.entities import parse_html
from bot.phone.refused import Refused
from bot.phone.texts import formatted


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("🏟 🏟&lt;<abacaba", "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 13'),
        ("🏟 🏟&lt;<i   =aba>", 'Empty attribute name in the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba>", 'Expected equal sign in declaration of an attribute of the tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  ", 'Unclosed start tag "i" at byte offset 13'),
        ("🏟 🏟&lt;<i    aba  =  190azAz-.,", "Unexpected end of name token at byte offset 27"),
        ('🏟 🏟&lt;<i    aba  =  "&lt;&gt;&quot;>', "Unclosed start tag at byte offset 13"),
        ("🏟 🏟&lt;</", "Unexpected end tag at byte offset 13"),
        ("🏟 🏟&lt;<b></b></", "Unexpected end tag at byte offset 20"),
        ("🏟 🏟&lt;<i>a</i   ", "Unclosed end tag at byte offset 17"),
        ("🏟 🏟&lt;<i>a</em   >", 'Unmatched end tag at byte offset 17, expected "</i>", found "</em>"'),
        ("<b>unclosed", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>test</b></i>", 'Unmatched end tag at byte offset 10, expected "</i>", found "</b>"'),
        ("<script>alert(1)</script>", 'Unsupported start tag "script" at byte offset 0'),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("2 <3", "Unclosed start tag at byte offset 2"),
        ("a < b > c", 'Unsupported start tag "" at byte offset 2'),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<tg-emoji emoji-id="9999999999999999999">x</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_what_telegram_cannot_parse_is_refused_in_its_own_words(source: str, complaint: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_html(source)

    assert refused.value.description == f"Bad Request: can't parse entities: {complaint}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("&lt;&gt;&amp;&quot;&laquo;&#12345678;", '<>&"&laquo;&#12345678;', []),
        ("➡️ ➡️<i>➡️ ➡️</i><b>➡️ ➡️</b>", "➡️ ➡️➡️ ➡️➡️ ➡️", [("italic", 5, 5), ("bold", 10, 5)]),
        ("🏟 🏟<i>🏟 &gt;<b aba   =   caba>&lt🏟</b></i>", "🏟 🏟🏟 ><🏟", [("italic", 5, 7), ("bold", 9, 3)]),
        ("🏟 🏟&lt;<i>a</    >", "🏟 🏟<a", [("italic", 6, 1)]),
        ("x<b></b>", "x", []),
        ("<a>telegram.org </a>", "telegram.org ", []),
        ("<u>a</u><ins>b</ins><s>c</s><strike>d</strike><del>e</del>", "abcde", None),
        ("<tg-spoiler>a</tg-spoiler><span class='tg-spoiler'>b</span>", "ab", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("<B>a</b>", "a", [("bold", 0, 1)]),
    ],
)
def test_text_and_entities_come_out_with_utf16_offsets(source: str, text: str, entities: list | None) -> None:
    got, found = parse_html(source)

    assert got == text
    if entities is not None:
        assert [(one["type"], one["offset"], one["length"]) for one in found] == entities


def test_links_times_and_languages_keep_their_attributes() -> None:
    _, link = parse_html("<a href=telegram.org>x</a>")
    _, mention = parse_html('<a href="tg://user?id=42">x</a>')
    _, moment = parse_html('<tg-time unix="1647531900" format="wDT">soon</tg-time>')
    _, program = parse_html('<pre><code class="language-python">x</code></pre>')

    assert link[0]["url"] == "http://telegram.org/"
    assert mention[0]["user"]["id"] == 42
    assert (moment[0]["unix_time"], moment[0]["date_time_format"]) == (1647531900, "wDT")
    assert program == [{"type": "pre", "offset": 0, "length": 1, "language": "python"}]


def test_white_space_is_cut_at_both_ends_and_entities_move_with_it() -> None:
    text, entities = formatted("\n  <b> hello </b> \n", "HTML", None)

    assert text == "hello"
    assert entities == [{"type": "bold", "offset": 0, "length": 5}]


def test_commands_links_and_addresses_are_found_but_not_inside_code() -> None:
    text = "🏟 /check now, a@b.org or https://nhs.uk/x. <code>/check</code> 1/2"

    _, entities = formatted(text, "HTML", None)

    kinds = [(one["type"], one["offset"], one["length"]) for one in entities]
    assert kinds == [("bot_command", 3, 6), ("email", 15, 7), ("url", 26, 16), ("code", 44, 6)]


def test_broken_unicode_is_refused() -> None:
    with pytest.raises(Refused, match="must be encoded in UTF-8"):
        formatted("\ud800", None, None)
