"""The lines and sentences of a text, and those that recur across the articles of a source."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from itertools import pairwise

import pandas as pd

UPPER, LOWER = "A-ZÀ-ÖØ-ÞĀĂĐĨŌŨƠƯẠ-Ỹ", "a-zß-öø-ÿāăđĩōũơưạ-ỹ"
URL = re.compile(
    r"[ \t]?[(<\[]?\b(?:https?://|www\.)[^\s<>\"()\[\]]+(?:\([^\s()]*\)[^\s<>\"()\[\]]*)?(?<![.,;:!?'’”])[)>\]]?"
)
EMAIL = re.compile(
    r"[ \t]?[(<\[]?\b(?:[Ee]-?mail: ?|[Cc]ontact the (?:writer|author|reporter)s? (?:at|on) )?[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,12}\b[)>\]]?"
)
SENTENCE_END = re.compile(rf"(?:(?<=[.!?…])[\"”’')\]]?|(?<=\w\)))\s+(?=[\"“‘'(\[]?\s?[{UPPER}]|https?:|[\w.]+@)")
ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Gen|Sen|Rep|Gov|Lt|Col|Prof|St|Jr|Sr|vs|No|[Hh]on|Rev|Capt|Sgt|Maj|Adm|[A-Z]|[A-Z]\.[A-Z])\.$"
)

SENTENCE_SIGNS = '.!?:;"”’)»|…'


@lru_cache(maxsize=8)
def lines_of(text: str) -> list[tuple[int, int]]:
    """Start and end of each line, without its line end."""
    bounds: list[tuple[int, int]] = []
    start = 0
    while (end := text.find("\n", start)) >= 0:
        bounds.append((start, end))
        start = end + 1
    return [*bounds, (start, len(text))]


@lru_cache(maxsize=8)
def continuations(text: str) -> frozenset[int]:
    """Where lines start that go on with the sentence of the line before: by a small letter, or in hard-wrapped text."""
    starts = []
    for (a, b), (c, d) in pairwise(lines_of(text)):
        if (
            b - a >= 40
            and text[a:b].rstrip()[-1:] not in SENTENCE_SIGNS
            and text[c:d].strip()
            and not text.startswith("  ", c)
        ):
            starts.append((c, text[c:d].lstrip()[0].islower()))
    wrapped = 3 * sum(small for _, small in starts) > len(starts)
    return frozenset(start for start, small in starts if small or wrapped)


def filled_lines(text: str) -> list[tuple[int, int]]:
    return [(start, end) for start, end in lines_of(text) if text[start:end].strip()]


def edges(text: str, head: int, foot: int) -> list[tuple[int, int]]:
    """The first `head` and the last `foot` lines that hold anything."""
    lines = filled_lines(text)
    return lines if len(lines) <= head + foot else lines[:head] + lines[len(lines) - foot :]


def past(text: str, end: int) -> int:
    """Past the line end, where there is one."""
    return end + 1 if text[end : end + 1] == "\n" else end


def sentence_ends(text: str) -> list[int]:
    return [
        m.end() for m in SENTENCE_END.finditer(text) if not ABBREVIATION.search(text, max(0, m.start() - 6), m.start())
    ]


# --- lines that recur ------------------------------------------------------------------------------------------------

MIN_ARTICLES = 5  # a line recurs when it stands in so many articles of a source
MIN_SHARE = 0.01  # and in such a share of them;
LONG = 4  # words; a shorter line, which may well be a heading of the story,
SHORT_SHARE = 0.1  # in such a share
LONG_LINE = 300  # characters; of a longer line (or the only one) sentences are looked at,
HEAD, FOOT = 4, 12  # so many at its head and foot


def recurring_lines(raw: pd.DataFrame) -> dict[str, frozenset[str]]:
    """For each source, the lines (and sentences at the head and the foot) that recur across its articles, `folded`.

    An article most of whose pieces stand in others is a repeat of them and no evidence: its lines count for nothing.
    """
    by_group: dict[str, list[str]] = defaultdict(list)
    for group, text in zip(groups_of(raw), raw["text"], strict=True):
        by_group[group].append(text)
    return {group: _recurring_in(texts) for group, texts in by_group.items() if len(texts) >= MIN_ARTICLES}


def _recurring_in(texts: list[str]) -> frozenset[str]:
    pieces = [{piece_key(text, piece) for piece in pieces_of(text)} for text in texts]
    seen = Counter(piece for own in pieces for piece in own)
    evidence = [own for own in pieces if sum(len(p) for p in own if seen[p] > 1) <= 0.5 * sum(map(len, own))]
    counts = Counter(piece for own in evidence for piece in own if seen[piece] >= MIN_ARTICLES)
    enough, often = max(MIN_ARTICLES, MIN_SHARE * len(texts)), SHORT_SHARE * len(texts)
    return frozenset(
        p for p, n in counts.items() if n >= (enough if p[0] == "~" or len(p.split()) >= LONG else max(enough, often))
    )


def pieces_of(text: str) -> list[tuple[int, int, bool]]:
    """What may recur, as (start, end, whether it is a whole line): lines, and of long ones the first and last sentences.

    Not the lines of hard-wrapped paragraphs, and nothing that leads on to what follows, such as a salutation.
    """
    pieces: list[tuple[int, int, bool]] = []
    inner, lines = continuations(text), filled_lines(text)
    for start, end in lines:
        line = text[start:end].strip()
        if end - start > LONG_LINE or len(lines) == 1:
            bounds = [start, *(start + cut for cut in sentence_ends(text[start:end])), end]
            sentences = [(a, b, False) for a, b in pairwise(bounds)]
            pieces += sentences if len(sentences) <= HEAD + FOOT else sentences[:HEAD] + sentences[-FOOT:]
        elif (
            start not in inner
            and not line[0].islower()
            and line[-1] not in ",;:"
            and (len(line.split()) >= LONG or line[-1] not in ".!?")
        ):
            pieces.append((start, end, True))
    return pieces


def piece_key(text: str, piece: tuple[int, int, bool]) -> str:
    """What a piece is known by: `folded`, sentences apart from lines."""
    start, end, whole = piece
    return folded(text[start:end]) if whole else "~" + folded(text[start:end])


def folded(line: str) -> str:
    """A line as it is compared: lower case, one space, digits and addresses made alike.

    >>> folded("  ( Page 31:  http://dw.com/p/1Akae )")
    '(page 0: @)'
    """
    plain = URL.sub(" @", line) if "http" in line or "www" in line else line
    plain = EMAIL.sub(" @", plain) if "@" in plain else plain
    return " ".join(re.sub(r"\d+", "0", plain.lower()).split()).replace("( ", "(").replace(" )", ")")


def groups_of(raw: pd.DataFrame) -> list[str]:
    """The outlet of each article; where it is unknown, the table or folder that it came from."""
    return [source or file.rpartition("/")[0] for source, file in zip(raw["source"], raw["file"], strict=True)]
