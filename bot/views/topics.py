"""Show reviewed answers, choices between them, refusals and the menu."""

from __future__ import annotations

from bot.views.screen import Button, Screen, pack
from content.markup import to_html
from content.model import Library

# The menu's groups, in order, by the first topic of each.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "what",
        (
            "what-are-they",
            "appearance",
            "composition",
            "is-it-serious",
            "is-it-cancer",
            "is-it-contagious",
            "is-it-hereditary",
            "other-calcium",
        ),
    ),
    ("apart", ("versus-milia", "versus-acne", "versus-other-bumps")),
    (
        "why",
        (
            "causes-overview",
            "dystrophic",
            "acne-and-injury",
            "connective-tissue-disease",
            "metastatic",
            "kidney-disease",
            "parathyroid",
            "vitamin-d-and-diet",
            "iatrogenic",
            "fillers-and-procedures",
            "idiopathic",
            "calciphylaxis",
            "children",
            "pregnancy",
        ),
    ),
    (
        "see",
        ("when-to-see-a-doctor", "red-flags", "which-doctor", "diagnosis-and-tests", "prepare-for-visit", "follow-up"),
    ),
    ("treat", ("treatment-options", "removal", "home-remedies", "will-it-go-away", "come-back", "prevention")),
    ("live", ("skin-care", "sun-and-makeup", "daily-life")),
    ("bot", ("about-bot", "reminders-help", "privacy")),
)

# Topics that are talk, not answers: no related topics, no checklist under them.
TALK = frozenset({"greeting", "thanks"})


def answer(library: Library, topic_id: str, *, with_more: bool = False) -> Screen:
    """Show one topic word for word, its sources, and where to go from there."""
    topic = library.topics[topic_id]
    phrases = library.phrases
    parts = [f"<b>{to_html(topic.title)}</b>"] if topic_id not in TALK else []
    parts.append(to_html(topic.body))
    if with_more and topic.more:
        parts.append(to_html(topic.more))
    if topic.sources:
        parts.append(phrases.say("answer.sources", sources=", ".join(topic.sources)))
    rows: list[tuple[Button, ...]] = []
    if topic.more and not with_more:
        rows.append((Button(phrases.plain("button.more"), pack("t", topic_id, "more")),))
    rows += [(topic_button(library, related),) for related in topic.related if related in library.topics]
    if topic_id == "reminders-help":
        rows.insert(0, (Button(phrases.plain("button.checkin"), pack("p", "start")),))
    elif topic_id not in TALK:
        rows.append((Button(phrases.plain("button.check"), pack("k", "start")),))
    else:
        rows += start_rows(library)
    return Screen("\n\n".join(parts), tuple(rows))


def suggest(library: Library, topic_ids: tuple[str, ...]) -> Screen:
    """Offer up to three topics, and a way to say that none fits."""
    rows = [(topic_button(library, topic_id),) for topic_id in topic_ids]
    rows.append((Button(library.phrases.plain("button.ask_other"), pack("t", "none")),))
    return Screen(library.phrases.say("answer.did_you_mean"), tuple(rows))


def refuse(library: Library, kind: str) -> Screen:
    """Say honestly that there is no answer here, why, and what to do next."""
    next_step = {
        "calcium-elsewhere": ("other-calcium", "which-doctor"),
        "diagnosis": ("diagnosis-and-tests", "prepare-for-visit"),
        "dose": ("treatment-options", "prepare-for-visit"),
        "procedure-steps": ("removal", "home-remedies"),
    }.get(kind, ())
    rows = [(topic_button(library, topic_id),) for topic_id in next_step if topic_id in library.topics]
    rows.append((Button(library.phrases.plain("button.topics"), pack("t", "menu")),))
    return Screen(library.phrases.say(f"refuse.{kind}"), tuple(rows))


def none_fits(library: Library) -> Screen:
    """Say that the answer is not here."""
    return Screen(library.phrases.say("answer.none_fits"), ((_menu_button(library),),))


def menu(library: Library) -> Screen:
    """Show the groups of topics."""
    rows = tuple(
        (Button(library.phrases.plain(f"menu.groups_{group}"), pack("t", "group", group)),) for group, _ in GROUPS
    )
    return Screen(library.phrases.say("menu.title"), rows)


def group(library: Library, name: str) -> Screen:
    """Show the topics of one group; the whole menu for a group that is not there."""
    members = dict(GROUPS).get(name)
    if members is None:
        return menu(library)
    rows = [(topic_button(library, topic_id),) for topic_id in members if topic_id in library.topics]
    rows.append((_menu_button(library),))
    title = library.phrases.plain(f"menu.groups_{name}")
    return Screen(library.phrases.say("menu.pick", group=title), tuple(rows))


def start_rows(library: Library) -> list[tuple[Button, ...]]:
    """Return the three ways in."""
    plain = library.phrases.plain
    return [
        (Button(plain("button.check"), pack("k", "start")),),
        (Button(plain("button.checkin"), pack("p", "start")),),
        (Button(plain("button.topics"), pack("t", "menu")),),
    ]


def topic_button(library: Library, topic_id: str) -> Button:
    """Return the button that opens a topic."""
    return Button(library.topics[topic_id].title, pack("t", topic_id))


def _menu_button(library: Library) -> Button:
    return Button(library.phrases.plain("button.topics"), pack("t", "menu"))
