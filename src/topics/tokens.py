"""The one tokeniser: words, sentences and paragraphs as offsets into the text, by rules alone, without any data.

Every count, context and highlight comes from the same spans, so they agree. Sentences and paragraphs are read from what
stands between two words. `nltk_tokenizer` gives the same with the interface of NLTK's tokenisers.

>>> text = "Viet Nam’s e-government (5G, R&D) cost US$9 billion. Nguyễn Hòa agreed."
>>> [text[start:end] for start, end in tokenise(text)]
['Viet', 'Nam', 'e-government', '5G', 'R&D', 'cost', 'US$9', 'billion', 'Nguyễn', 'Hòa', 'agreed']
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import regex

if TYPE_CHECKING:
    from nltk.tokenize.api import TokenizerI

CLITICS = frozenset(
    "s re r ve ll d m S RE R VE LL D M".split()
)  # Vietnam's, we're, they'r: after an apostrophe no word of its own
CLITIC = rf"(?:{'|'.join(sorted(CLITICS))})\b"
ELISION = r"(?i:(?<![\w'’&])(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|un|gl|quest|quell|[dns]?[aeu]ll))"  # l'usine: two words
LETTER = r"(?:[^\W_]|[₀-₉])"  # combining marks among them, and CO₂
# A word is a run of letters, or several, where what stands behind a run joins it to the next one; it may have a tail.
JOINS = rf"""
    [-‐‑](?<!\p{{N}}.(?=\p{{N}}))                                        # e-government; not 2016-2020
         (?<!(?<![-‐‑]\p{{Ll}}*)\p{{Ll}}\p{{Ll}}.(?=\p{{Lu}}\p{{L}}))(?<!\p{{Lu}}\p{{Lu}}.(?=\p{{Lu}}\p{{Ll}}))      # not Vietnam-Japan, China-US, US-China
  | ['’ʼ](?!{CLITIC})(?<!{ELISION}.)                                  # don't, O'Brien, aujourd'hui
  | &                                                                  # R&D
  | \.(?:(?=(?:com|org|net|gov|edu|info)\b)                            # Amazon.com
       |(?<=\p{{N}}\.)(?=\p{{N}})                                          # 4.0
       |(?<=\b\p{{L}}\.)(?=\p{{L}}\b))                                     # U.S., a.m.
  | [,/](?<=\p{{N}}.)(?=\p{{N}})                                           # 1,000; 9/11
  | \p{{Sc}}(?=\p{{N}})(?<=\b\p{{Lu}}{{1,3}}.)                               # US$9
"""
TAIL = rf"\.(?<=\.\p{{L}}\.) | ['’](?<={ELISION}.)(?=\p{{L}})(?!s\b) | (?<=\bC)(?:\+\+|\#)"  # U.S., l', C++
BEHIND = regex.compile(rf"(?P<join>{JOINS})(?={LETTER}) | {TAIL}", regex.VERBOSE)
KINDS = (regex.compile(LETTER), regex.compile(r"[-‐‑'’ʼ&.,/+\#]|\p{Sc}"))  # letters; what `BEHIND` begins with
CODEPOINTS = "utf-32-le"  # four bytes a character, so that offsets are those of the text
APOSTROPHE = re.compile(r" *['’]")

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


def nltk_tokenizer() -> TokenizerI:
    """`tokenise` as an NLTK tokeniser, for whatever in NLTK takes one.

    >>> nltk_tokenizer().tokenize("Industry 4.0 in Đà Nẵng")
    ['Industry', '4.0', 'in', 'Đà', 'Nẵng']
    """
    from nltk.tokenize.api import TokenizerI  # here, for it is slow to import

    class Tokenizer(TokenizerI):
        def tokenize(self, s: str) -> list[str]:
            return [s[start:end] for start, end in tokenise(s)]

        def span_tokenize(self, s: str) -> Iterator[tuple[int, int]]:
            yield from tokenise(s)

    return Tokenizer()


def tokenise(text: str) -> list[tuple[int, int]]:
    """The words of `text` as `(start, end)`, in order, never overlapping.

    Kept whole: `4.0`, `5G`, `e-government`, `R&D`, `US$9`, `COVID-19`, `U.S.`, `don't`, names with any diacritics,
    composed or not. Taken apart: possessives (`Vietnam's` is `Vietnam`), elisions (`l'usine` is `l'`, `usine`), two
    names (`Vietnam-Japan`, `US-China`), two numbers (`2016-2020`), words run together at a full stop.

    >>> [text[a:b] for text in ["l’usine d'Airbus, 2016-2020"] for a, b in tokenise(text)]
    ['l’', 'usine', "d'", 'Airbus', '2016', '2020']
    """
    tokens, _ = token_table([text])
    return list(zip(tokens["start"].tolist(), tokens["end"].tolist(), strict=True))


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of `text` as `(start, end)`: those of `token_table`, with the punctuation that belongs to them.

    A sentence ends at `. ! ? …` before a space and a word that does not begin in lower case, unless the full stop is
    that of an abbreviation or an initial, and at the end of a paragraph. Text without words is in no sentence.

    >>> text = "Mr. Le Duc Vien spoke. “Is it so?” It is."
    >>> [text[start:end] for start, end in sentences(text)]
    ['Mr. Le Duc Vien spoke.', '“Is it so?”', 'It is.']
    """
    tokens, _ = token_table([text])
    last = np.flatnonzero(np.diff(tokens["sentence"]))
    gaps = zip(tokens["end"].to_numpy()[last].tolist(), tokens["start"].to_numpy()[last + 1].tolist(), strict=True)
    spans, begin = [], len(text) - len(text.lstrip())
    for left, right in gaps:
        gap = text[left:right]
        kept = len(gap) - len(gap.lstrip()) if gap[:1].isspace() else len(gap.split(maxsplit=1)[0])
        spans.append((begin, left + kept if not gap[:1].isspace() else left))
        begin = right - (len(gap.rsplit(maxsplit=1)[-1]) if not gap[-1:].isspace() and len(gap.split()) > 1 else 0)
    return [*spans, (begin, len(text.rstrip()))] if len(tokens) else []


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
    pieces = pa.chunked_array([block[3] for block in blocks]).unify_dictionaries().chunks
    strings = [piece.decode(CODEPOINTS, "surrogatepass") for piece in pieces[0].dictionary.to_pylist()]
    code = np.concatenate([piece.indices.to_numpy() for piece in pieces])
    clitic = _ask(APOSTROPHE.fullmatch, strings)[code[::2]] & _ask(CLITICS.__contains__, strings)[code[1::2]]
    possessive = np.append(False, clitic)[:-1][~clitic]
    gap, form = code[::2][~clitic], code[1::2][~clitic]
    doc = np.concatenate([block[0] + np.int32(number * BLOCK) for number, block in enumerate(blocks)])[~clitic]
    start, end = (np.concatenate([block[side] for block in blocks])[~clitic] for side in (1, 2))
    sentence, paragraph, joined = _breaks(doc, strings, form, gap)
    used = np.flatnonzero(np.bincount(form, minlength=len(strings)))
    order = sorted(used.tolist(), key=strings.__getitem__)
    number = np.zeros(len(strings), np.int32)
    number[order] = np.arange(len(order))
    columns = {
        "doc": doc,
        "paragraph": _number_within(doc, paragraph),
        "sentence": _number_within(doc, sentence),
        "start": start,
        "end": end,
        "form": number[form],
        "joined": joined * np.where(possessive, np.int8(2), np.int8(1)),
    }
    return pd.DataFrame(columns), [strings[code] for code in order]


def _read_block(texts: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, pa.DictionaryArray]:
    """Words of a block of texts: the text, start and end of each; and gap, word, gap, word, … as they stand, each string once.

    Runs of letters are found at all characters at once; `BEHIND` is asked only where it may have an answer.
    """
    text = SEPARATOR.join(["", *texts, ""])
    raw = text.encode(CODEPOINTS, "surrogatepass")
    character = np.frombuffer(raw, np.uint32)
    letter, mark = (kind[character] for kind in _kinds(character))
    edges = np.flatnonzero(letter[1:] != letter[:-1]) + 1
    start, end = edges[::2], edges[1::2].copy()
    odd = mark[end] & (letter[end + 1] | mark[end - 2] | (character[end - 1] == ord("C")))  # a-b, U.S., C++
    found = [(run, BEHIND.match(text, end[run])) for run in np.flatnonzero(odd).tolist()]
    for run, behind in found:
        end[run] = behind.end() if behind else end[run]
    joins = np.array([run for run, behind in found if behind and behind["join"]], np.int64)
    start, end = np.delete(start, joins + 1), np.delete(end, joins)
    begins = np.cumsum([len(SEPARATOR)] + [len(text) + len(SEPARATOR) for text in texts])
    doc = np.searchsorted(begins, start, side="right") - 1
    offsets = np.append(0, np.column_stack([start, end])) * character.itemsize
    pieces = pa.Array.from_buffers(
        pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(raw)]
    )
    start, end = (side - begins[doc] for side in (start, end))
    return doc.astype(np.int32), start.astype(np.int32), end.astype(np.int32), pieces.dictionary_encode()


def _kinds(character: np.ndarray) -> list[np.ndarray]:
    """For each of `KINDS`, which characters are of it: (highest + 1,) bool."""
    there = np.bincount(character)
    kinds = [np.zeros(len(there), bool) for _ in KINDS]
    for code in np.flatnonzero(there).tolist():
        for kind, rule in zip(kinds, KINDS, strict=True):
            kind[code] = rule.match(chr(code)) is not None
    return kinds


def _breaks(
    doc: np.ndarray, strings: list[str], form: np.ndarray, gap: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each word: does a sentence begin with it, does a paragraph, is it joined to the word before."""
    before = np.roll(form, 1)
    first = np.ones(len(doc), bool)
    first[1:] = doc[1:] != doc[:-1]
    lower = _ask(lambda word: word[:1].islower(), strings)[form]
    newline = _ask(lambda between: "\n" in between, strings)[gap] & ~first
    blank = _ask(BLANK_LINE.search, strings)[gap]
    paragraph = first | (newline & (blank | ~_wrapped(doc, newline & ~blank, lower)[doc]))

    ends = _ask(ENDS.search, strings)[gap] & ~lower
    abbreviated = _ask(LONE_DOT.match, strings)[gap] & _ask(_is_abbreviation, strings)[before]
    run_together = (
        _ask(RUN_TOGETHER.fullmatch, strings)[gap]
        & _ask(lambda word: word[:1].isupper(), strings)[form]
        & _ask(lambda word: word[-2:].islower() and len(word) > 1, strings)[before]
    )
    after_acronym = (
        _ask(str.isspace, strings)[gap]
        & _ask(STARTERS.__contains__, strings)[form]
        & _ask(lambda word: word.endswith("."), strings)[before]
    )
    sentence = paragraph | (ends & ~abbreviated) | run_together | after_acronym
    return sentence, paragraph, _ask(SPACE.fullmatch, strings)[gap] & ~sentence


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
