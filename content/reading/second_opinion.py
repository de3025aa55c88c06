"""Weigh what the rules found against what the sign model makes of a text, its windows, and the words near a mention."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import log, log1p

from content.reading.found_signs import FoundSign
from content.reading.sign_features import Features
from content.reading.sign_model import EMERGENCY, SignModel

# From this number of words on a text counts as long; no example shows that still longer ones score lower.
_LONG_TEXT = 60
# Of many windows on a text one may look like a sign by chance: so much doubt for each e-fold of windows.
_DOUBT = 1.0
# The words round a mention say more for a sign than all of a message does.
_DOUBT_OF_PIECE = 4.0


def second_opinion(
    labels: Collection[str], found: Sequence[FoundSign], model: SignModel, features: Features
) -> tuple[FoundSign, ...]:
    """Return what the model adds to the `labels` that the rules found ("reported"), and what it drops ("doubted").

    It adds what one of the windows on a text speaks for, the first of which is all of it or how it begins. It drops
    what no window speaks for, and not even the words round the mention by themselves.
    """
    opinions = []
    windows = features.windows()
    summed = _scores(model, features, windows)
    for label, lean in model.leans.items():
        prefix = "emergencies." if label == EMERGENCY else f"flags.{label}."
        mentions = [sign for sign in found if sign.sign.startswith(prefix)]
        leaning = lean.reported if label in labels else lean.denied if mentions else lean.silent
        sums = [one[label] + leaning for one in summed]
        place = max(range(len(sums)), key=sums.__getitem__)
        counts = max(sums[0], sums[place] - _DOUBT * log(len(sums))) > 0
        if counts and label not in labels:
            opinions.append(FoundSign(f"model.{label}", model.reasons(label, features, windows[place]), "reported"))
        elif label in labels and not counts:
            near = [features.near(one.span) for one in mentions if one.span and one.state == "reported"]
            if not any(one[label] + leaning > _DOUBT_OF_PIECE for one in _scores(model, features, near)):
                opinions.append(FoundSign(f"model.{label}", "", "doubted"))
    return tuple(opinions)


def _scores(model: SignModel, features: Features, parts: Sequence[slice]) -> list[dict[str, float]]:
    """Return the log odds of each label for each part of the text, made even for their lengths."""
    lengths = [log1p(min(part.stop - part.start, _LONG_TEXT)) for part in parts]
    return [
        {label: score + model.leans[label].length * length for label, score in scores.items()}
        for scores, length in zip(model.score(features, parts) if parts else (), lengths, strict=True)
    ]
