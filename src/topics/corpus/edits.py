"""Changes of a text, written down in offsets of the original, so that the original comes back character for character."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import pandas as pd

Span = tuple[int, int, str]  # start, end, what stands there afterwards
Edit = tuple[int, int, str, str]  # start and length in the original, step, what stands there now


def rebuild(text: str, removals: pd.DataFrame) -> str:
    """The original of one article from its cleaned text and its rows of REMOVALS.

    >>> rebuild("Rain fell.", pd.DataFrame({"start": [9], "passage": ["./."], "replacement": ["."]}))
    'Rain fell./.'
    """
    parts, at_original, at_text = [], 0, 0
    rows = removals.sort_values("start", kind="stable")
    for start, passage, replacement in zip(rows["start"], rows["passage"], rows["replacement"], strict=True):
        kept = start - at_original
        parts += [text[at_text : at_text + kept], passage]
        at_text += kept + len(replacement)
        at_original = start + len(passage)
    return "".join(parts) + text[at_text:]


def in_order(spans: Iterable[Span]) -> list[Span]:
    """Spans sorted and apart; of two that overlap one is made that keeps what the first one puts there."""
    kept: list[Span] = []
    for start, end, new in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end <= start:
            continue
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]), kept[-1][2])
        else:
            kept.append((start, end, new))
    return kept


def replaced(text: str, spans: list[Span]) -> str:
    parts, at = [], 0
    for start, end, new in spans:
        parts += [text[at:start], new]
        at = end
    return "".join(parts) + text[at:]


def compose(n: int, edits: list[Edit], spans: list[Span], step: str) -> list[Edit]:
    """Edits of the original (of `n` characters) after `spans` of the text that `edits` made of it are replaced too.

    A span that runs over earlier edits becomes the passages between them; what it takes of an earlier replacement is
    taken from that replacement.
    """
    parts = _parts(n, edits)
    starts = [part[0] for part in parts]
    made: list[Edit] = []
    there = [edit[3] for edit in edits]
    for start, end, new in reversed(spans):  # from behind, so that offsets in replacements stay true
        rest = new
        for begin, stop, origin, edit in parts[max(0, bisect_right(starts, start) - 1) :]:
            a, b = max(start, begin), min(end, stop)
            if begin >= end:
                break
            if a < b and edit < 0:
                made.append((origin + a - begin, b - a, step, rest))
                rest = ""
            elif a < b:
                there[edit] = there[edit][: a - begin] + rest + there[edit][b - begin :]
                rest = ""
    return sorted(made + [(start, k, name, now) for (start, k, name, _), now in zip(edits, there, strict=True)])


def _parts(n: int, edits: list[Edit]) -> list[tuple[int, int, int, int]]:
    """The text that the edits made, as (start, end, where in the original, which edit or -1) of each part."""
    parts: list[tuple[int, int, int, int]] = []
    at_text = at_original = 0
    for i, (start, length, _, new) in enumerate(edits):
        kept = start - at_original
        if kept:
            parts.append((at_text, at_text + kept, at_original, -1))
        if new:
            parts.append((at_text + kept, at_text + kept + len(new), start, i))
        at_text += kept + len(new)
        at_original = start + length
    if n > at_original:
        parts.append((at_text, at_text + n - at_original, at_original, -1))
    return parts
