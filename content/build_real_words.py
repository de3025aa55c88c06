"""Write the list of real English words that lie one slip from a key word of the sign rules, and must stay themselves.

Run `python -m content.build_real_words` after key words changed in `en/signs.toml`. It needs the `pyspellchecker`
package, which the running bot does not: the bot reads only the short list.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from spellchecker import SpellChecker

from content.reading.sign_rules import SignRules

FOLDER = Path(__file__).parent / "en"
# Below this count the package's list holds misspellings of its own ("wite").
LEAST_COUNT = 100


def real_words(toml: str) -> list[str]:
    """Return the guarded words for the rules in `toml`, sorted."""
    rules = SignRules.model_validate(tomllib.loads(toml) | {"real_words": frozenset()})
    counts = SpellChecker().word_frequency.dictionary
    known = rules.sign_grammar.key_words()
    common = (word for word, count in counts.items() if count >= LEAST_COUNT and word not in known)
    return sorted(word for word in common if rules.speller.nearest(word))


if __name__ == "__main__":
    words = real_words((FOLDER / "signs.toml").read_text(encoding="utf-8"))
    (FOLDER / "real_words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
