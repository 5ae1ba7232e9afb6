"""The one tokeniser: words, sentences and paragraphs as offsets into the text, by rules alone, without any data.

Every count, context and highlight comes from the same spans, so they agree. Sentences and paragraphs are read from what
stands between two words. `Tokenizer` is the same with the interface of NLTK's tokenisers.

>>> text = "Viet Nam’s e-government (5G, R&D) cost US$9 billion. Nguyễn Hòa agreed."
>>> [text[start:end] for start, end in tokenise(text)]
['Viet', 'Nam', 'e-government', '5G', 'R&D', 'cost', 'US$9', 'billion', 'Nguyễn', 'Hòa', 'agreed']
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, count
from typing import Any

import numpy as np
import pandas as pd
import regex
from nltk.tokenize.api import TokenizerI

CLITICS = frozenset("s re ve ll d m S RE VE LL D M".split())  # Vietnam's, we're: after an apostrophe no word of its own
CLITIC = rf"(?:{'|'.join(sorted(CLITICS))})\b"
ELISION = r"(?i:(?<![\w'’&])(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|un|gl|quest|quell|[dns]?[aeu]ll))"  # l'usine: two words
LETTERS = r"[^\W_]++"  # combining marks among them
JOINS = rf"""
    [-‐‑](?<!\p{{N}}.(?=\p{{N}}))(?<!\p{{Ll}}\p{{Ll}}.(?=\p{{Lu}}\p{{Ll}}))   # e-government; not 2016-2020, Vietnam-Japan
  | ['’ʼ](?!{CLITIC})(?<!{ELISION}.)                                  # don't, O'Brien, aujourd'hui
  | &                                                                  # R&D
  | \.(?:(?=(?:com|org|net|gov|edu|info)\b)                            # Amazon.com
       |(?<=\p{{N}}\.)(?=\p{{N}})                                          # 4.0
       |(?<=\b\p{{L}}\.)(?=\p{{L}}\b))                                     # U.S., a.m.
  | [,/](?<=\p{{N}}.)(?=\p{{N}})                                           # 1,000; 9/11
  | \p{{Sc}}(?=\p{{N}})(?<=\b\p{{Lu}}{{1,3}}.)                               # US$9
"""
TAIL = rf"\.(?<=\.\p{{L}}\.) | ['’](?<={ELISION}.)(?=\p{{L}})(?!s\b) | (?<=\bC)(?:\+\+|\#)"  # U.S., l', C++
WORD = rf"{LETTERS}(?:(?!\s)(?:(?:{JOINS}){LETTERS})*+(?:{TAIL})?)?+"
# The words are captured, so that splitting at them gives gap, word, gap, …, word, gap: offsets are running sums.
# Compiled here, not by NLTK's `RegexpTokenizer`: that one stops after five seconds by the clock and takes twice as long.
SPLIT = regex.compile(f"({WORD})", regex.VERBOSE)

CLOSERS = "\"'”’»)\\]"
ENDS = re.compile(rf"[.!?…。！？][{CLOSERS}]*(?:\s|$)|[。！？]")
LONE_DOT = re.compile(rf"\.[{CLOSERS}]*\s[^.]*$")
RUN_TOGETHER = re.compile(r"[.!?]")
SPACE = re.compile(r"['’]?\s+|[-‐‑/]")
BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
SEPARATOR = "\n\n\n"
BLOCK = 256  # articles for one call of `map`
ABBREVIATIONS = frozenset(
    "mr mrs ms messrs dr prof st gen col lt sgt capt cpl maj rep sen gov pres hon rev inc ltd co corp bros vs etc"
    " jan feb mar apr jun jul aug sep sept oct nov dec dept est approx al fig no nos vol pp ed eds cf ca resp int"
    " m mm mme mmes mlle mlles sr sra srta dra av cie nr bzw hr fr str tel ul ing sig dott tp".split()
)
STARTERS = frozenset("The A An He She It They We I In On At But And This That These However Its His Her Their".split())


class Tokenizer(TokenizerI):
    """`tokenise` as an NLTK tokeniser, for whatever in NLTK takes one.

    >>> Tokenizer().tokenize("Industry 4.0 in Đà Nẵng")
    ['Industry', '4.0', 'in', 'Đà', 'Nẵng']
    """

    def tokenize(self, s: str) -> list[str]:
        return [s[start:end] for start, end in tokenise(s)]

    def span_tokenize(self, s: str) -> Iterator[tuple[int, int]]:
        yield from tokenise(s)


def tokenise(text: str) -> list[tuple[int, int]]:
    """The words of `text` as `(start, end)`, in order, never overlapping.

    Kept whole: `4.0`, `5G`, `e-government`, `R&D`, `US$9`, `COVID-19`, `U.S.`, `don't`, names with any diacritics,
    composed or not. Taken apart: possessives (`Vietnam's` is `Vietnam`), elisions (`l'usine` is `l'`, `usine`), two
    names (`Vietnam-Japan`), two numbers (`2016-2020`), words run together at a full stop.

    >>> [text[a:b] for text in ["l’usine d'Airbus, 2016-2020"] for a, b in tokenise(text)]
    ['l’', 'usine', "d'", 'Airbus', '2016', '2020']
    """
    block = _read_block([text])
    return list(zip(block["start"].tolist(), block["end"].tolist(), strict=True))


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of `text` as `(start, end)`: those of `token_table`, with the punctuation that belongs to them.

    A sentence ends at `. ! ? …` before a space and a word that does not begin in lower case, unless the full stop is
    that of an abbreviation or an initial, and at the end of a paragraph. Text without words is in no sentence.

    >>> text = "Mr. Le Duc Vien spoke. “Is it so?” It is."
    >>> [text[start:end] for start, end in sentences(text)]
    ['Mr. Le Duc Vien spoke.', '“Is it so?”', 'It is.']
    """
    return _stretches(text, "sentence")


def paragraphs(text: str) -> list[tuple[int, int]]:
    """The paragraphs of `text` as `(start, end)`: lines, or, where lines are broken in mid-sentence, what blank lines part.

    Lines count as broken in mid-sentence where at least a quarter of four or more line breaks stand before a word in
    lower case.

    >>> text = "First line.\\nSecond line."
    >>> [text[start:end] for start, end in paragraphs(text)]
    ['First line.', 'Second line.']
    """
    return _stretches(text, "paragraph")


def token_table(texts: Sequence[str], map: Callable[..., Iterable[Any]] = map) -> tuple[pd.DataFrame, list[str]]:
    """TOKENS of many texts, one row a word, and `forms`, the sorted distinct words as written.

    Columns, all int32 but the last: `doc` (position in `texts`), `paragraph` and `sentence` (from 0 in the text), `start`,
    `end` (offsets: `texts[doc][start:end] == forms[form]`), `form`, and `joined` (int8: 1 where nothing but space, a hyphen or
    a slash stands between it and the word before in its sentence, 2 where a possessive does, else 0). Rows are in order of `doc`, then `start`.
    `map` runs over blocks of texts; the result is the same for any.

    >>> tokens, forms = token_table(["AI, IoT and AI.", "", "Nothing new."])
    >>> [forms[form] for form in tokens["form"]], tokens["doc"].tolist()
    (['AI', 'IoT', 'and', 'AI', 'Nothing', 'new'], [0, 0, 0, 0, 2, 2])
    """
    blocks = list(map(_read_block, [list(texts[i : i + BLOCK]) for i in range(0, len(texts), BLOCK)] or [[]]))
    forms, form = _merge([block["forms"] for block in blocks], [block["form"] for block in blocks])
    gaps, gap = _merge([block["gaps"] for block in blocks], [block["gap"] for block in blocks])
    doc = np.concatenate([block["doc"] + np.int32(number * BLOCK) for number, block in enumerate(blocks)])
    sentence, paragraph, joined = _breaks(doc, forms, form, gaps, gap)
    columns = {
        "doc": doc,
        "paragraph": _number_within(doc, paragraph),
        "sentence": _number_within(doc, sentence),
        "start": np.concatenate([block["start"] for block in blocks]),
        "end": np.concatenate([block["end"] for block in blocks]),
        "form": form,
        "joined": joined * np.where(np.concatenate([block["possessive"] for block in blocks]), np.int8(2), np.int8(1)),
    }
    return pd.DataFrame(columns), forms


def _read_block(texts: list[str]) -> dict[str, Any]:
    """Words of a block of texts: where each stands, its form, and the gap before it; forms and gaps numbered."""
    pieces = SPLIT.split(SEPARATOR.join([*texts, ""]))
    edges = np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)))
    forms, form = _encode(pieces[1::2])
    gaps, gap = _encode(pieces[0:-1:2])
    kept = np.ones(len(form), bool)
    after_apostrophe = np.flatnonzero(_ask(lambda between: between.lstrip(" ") in ("'", "’"), gaps)[gap])
    kept[after_apostrophe] = [forms[code] not in CLITICS for code in form[after_apostrophe].tolist()]
    start, end, form, gap = edges[0:-1:2][kept], edges[1::2][kept], form[kept], gap[kept]
    possessive = np.append(False, ~kept[:-1])[: len(kept)][kept]
    begins = np.cumsum([0] + [len(text) + len(SEPARATOR) for text in texts])
    doc = np.searchsorted(begins, start, side="right") - 1
    return {
        "doc": doc.astype(np.int32),
        "start": (start - begins[doc]).astype(np.int32),
        "end": (end - begins[doc]).astype(np.int32),
        "forms": forms,
        "form": form,
        "gaps": gaps,
        "gap": gap,
        "possessive": possessive,
    }


def _encode(strings: list[str]) -> tuple[list[str], np.ndarray]:
    """The distinct strings in order of appearance, and the number of each string among them."""
    number: defaultdict[str, int] = defaultdict(count().__next__)
    codes = np.fromiter(map(number.__getitem__, strings), np.int32, len(strings))
    return list(number), codes


def _merge(strings: list[list[str]], codes: list[np.ndarray]) -> tuple[list[str], np.ndarray]:
    """One sorted list of the distinct strings in use, and the codes of all blocks in it."""
    used = [np.bincount(block, minlength=len(distinct)) > 0 for distinct, block in zip(strings, codes, strict=True)]
    merged = sorted(set().union(*(compress(distinct, kept) for distinct, kept in zip(strings, used, strict=True))))
    number = {string: n for n, string in enumerate(merged)}
    renumber = [np.array([number.get(string, -1) for string in distinct], np.int32) for distinct in strings]
    return merged, np.concatenate([new[old] for new, old in zip(renumber, codes, strict=True)])


def _breaks(
    doc: np.ndarray, forms: list[str], form: np.ndarray, gaps: list[str], gap: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each word: does a sentence begin with it, does a paragraph, is it joined to the word before."""
    before = np.roll(form, 1)
    first = np.ones(len(doc), bool)
    first[1:] = doc[1:] != doc[:-1]
    lower = _ask(lambda word: word[0].islower(), forms)[form]
    newline = _ask(lambda between: "\n" in between, gaps)[gap] & ~first
    blank = _ask(BLANK_LINE.search, gaps)[gap]
    paragraph = first | (newline & (blank | ~_wrapped(doc, newline & ~blank, lower)[doc]))

    ends = _ask(ENDS.search, gaps)[gap] & ~lower
    abbreviated = _ask(LONE_DOT.match, gaps)[gap] & _ask(_is_abbreviation, forms)[before]
    run_together = (
        _ask(RUN_TOGETHER.fullmatch, gaps)[gap]
        & _ask(lambda word: word[0].isupper(), forms)[form]
        & _ask(lambda word: word[-2:].islower() and len(word) > 1, forms)[before]
    )
    after_acronym = (
        _ask(str.isspace, gaps)[gap]
        & _ask(STARTERS.__contains__, forms)[form]
        & _ask(lambda word: word.endswith("."), forms)[before]
    )
    sentence = paragraph | (ends & ~abbreviated) | run_together | after_acronym
    return sentence, paragraph, _ask(SPACE.fullmatch, gaps)[gap] & ~sentence


def _ask(test: Callable[[str], Any], strings: list[str]) -> np.ndarray:
    """`test` asked once of each distinct string."""
    return np.fromiter((bool(test(string)) for string in strings), bool, len(strings))


def _is_abbreviation(word: str) -> bool:
    return word.lower() in ABBREVIATIONS or (len(word) == 1 and word.isupper())


def _wrapped(doc: np.ndarray, single: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """For each text up to the last with words, whether its lines are broken in mid-sentence."""
    n_docs = int(doc[-1]) + 1 if len(doc) else 0
    n_single = np.bincount(doc[single], minlength=n_docs)
    n_lower = np.bincount(doc[single & lower], minlength=n_docs)
    return (n_single >= 4) & (4 * n_lower >= n_single)


def _number_within(doc: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Number the stretches that begin where `begins` is true from 0 in each text."""
    running = np.cumsum(begins)
    first = np.flatnonzero(np.diff(doc, prepend=-1))
    return (running - np.repeat(running[first], np.diff(np.append(first, len(doc))))).astype(np.int32)


def _stretches(text: str, level: str) -> list[tuple[int, int]]:
    """Spans of the sentences or paragraphs: with what is joined to their words, without the space around."""
    tokens, _ = token_table([text])
    last = np.flatnonzero(np.diff(tokens[level]))
    gaps = zip(tokens["end"].to_numpy()[last].tolist(), tokens["start"].to_numpy()[last + 1].tolist(), strict=True)
    spans, begin = [], len(text) - len(text.lstrip())
    for left, right in gaps:
        gap = text[left:right]
        kept = len(gap) - len(gap.lstrip()) if gap[:1].isspace() else len(gap.split(maxsplit=1)[0])
        spans.append((begin, left + kept if not gap[:1].isspace() else left))
        begin = right - (len(gap.rsplit(maxsplit=1)[-1]) if not gap[-1:].isspace() and len(gap.split()) > 1 else 0)
    return [*spans, (begin, len(text.rstrip()))] if len(tokens) else []
