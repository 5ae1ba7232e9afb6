"""Phrases learned from the corpus: pairs of words, then pairs of those, that stand together more often than chance.

The scores are those of gensim's `Phrases`, to the last digit, computed on integer codes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import log

import numpy as np
import pandas as pd

# Words that may stand inside a phrase, never at its edge ("internet of things"); the English are gensim's.
CONNECTORS = {
    "en": "a an the for of with without at from to in on by and or",
    "fr": "à au aux d' de des du en et l' la le les par pour sur",
    "es": "a al con de del e el en la las los o para por y",
    "it": "a al alla con d' da dal dalla de dei del dell' della delle di e ed il in l' la per",
    "pt": "a ao da das de do dos e em na no para por",
    "ca": "a al amb d' de del dels els en i l' la les per",
    "de": "der des die im in und von zum zur für",
    "nl": "aan de den der en het in op te van voor",
}
PHRASES = ("level", "left", "between", "right", "phrase", "n", "n_docs", "score")
NO_PHRASES = pd.DataFrame({column: [] for column in PHRASES})


@dataclass(frozen=True)
class Stream:
    """Units of text in order, as arrays of one length.

    `code`: what stands there, a number in a list of keys; `first`, `n_tokens`: its tokens; `doc`: its article; `edge`:
    may a phrase begin or end with it; `segment`: no phrase reaches over its change, and -1 is in no phrase. Whatever stands
    in a segment and is no edge is a connector.
    """

    code: np.ndarray
    first: np.ndarray
    n_tokens: np.ndarray
    doc: np.ndarray
    edge: np.ndarray
    segment: np.ndarray

    def of(self, docs: np.ndarray | None) -> Stream:
        """The stream of some articles alone; of all for None."""
        if docs is None:
            return self
        inside = np.isin(self.doc, docs)
        return Stream(*(getattr(self, field.name)[inside] for field in fields(self)))


@dataclass(frozen=True)
class Pairs:
    """Neighbouring edges of a stream. `left`, `right`: their places; `key`: for the two and what is between, numbered from 0."""

    left: np.ndarray
    right: np.ndarray
    key: np.ndarray


def learn_phrases(
    stream: Stream,
    keys: list[str],
    *,
    scoring: str = "npmi",
    threshold: float = 0.5,
    min_count: int = 5,
    min_docs: int = 2,
    max_words: int = 4,
) -> tuple[pd.DataFrame, Stream, list[str]]:
    """The phrases of a corpus, and the stream and the keys with them joined.

    One row a phrase: `level, left, between, right, phrase, n, n_docs, score`.

    Level 1 joins two words; level 2 joins what level 1 has made of the text, so up to four words. A pair is a phrase
    where it scores above `threshold`, stands at least `min_count` times in at least `min_docs` articles, and
    has at most `max_words` words, connectors among them. The scores are given at `score_pairs`. `keys` name the codes.
    """
    levels = []
    for level in (1, 2):
        pairs = pairs_of(stream)
        key, place, n, score = score_pairs(stream, pairs, min_count=min_count, scoring=scoring)
        left, right = pairs.left[place], pairs.right[place]
        n_words = stream.first[right] + stream.n_tokens[right] - stream.first[left]
        n_docs = n_docs_of(pairs.key, stream.doc[pairs.left])[key]
        good = np.flatnonzero((score > threshold) & (n_words <= max_words) & (n_docs >= min_docs))
        names = [_name(stream, keys, left[i], right[i]) for i in good.tolist()]
        found = pd.DataFrame(names, columns=["left", "between", "right"])
        found = found.assign(n=n[good], n_docs=n_docs[good], score=score[good], level=level)
        found["phrase"] = [" ".join(filter(None, name)) for name in names]
        levels.append(found.sort_values("phrase", kind="stable"))
        stream, keys = _join(stream, keys, pairs, key[good], found["phrase"].tolist())
    return pd.concat(levels, ignore_index=True)[list(PHRASES)], stream, keys


def apply_phrases(stream: Stream, keys: list[str], phrases: pd.DataFrame) -> tuple[Stream, list[str]]:
    """The stream with the phrases as units of their own, and the keys with theirs at the end."""
    for level in (1, 2):
        number = {key: code for code, key in enumerate(keys)}
        table = phrases.loc[phrases["level"] == level, ["left", "between", "right", "phrase"]]
        phrase_of = {(left, between, right): phrase for left, between, right, phrase in table.itertuples(index=False)}
        ends = {number[a] * len(keys) + number[b] for a, _, b in phrase_of if a in number and b in number}
        pairs = _with_ends(pairs_of(stream), stream, np.array(sorted(ends), np.int64), len(keys))
        key, place = np.unique(pairs.key, return_index=True)
        names = [phrase_of.get(_name(stream, keys, pairs.left[i], pairs.right[i])) for i in place.tolist()]
        known = np.array([name is not None for name in names], bool)
        stream, keys = _join(stream, keys, pairs, key[known], list(filter(None, names)))
    return stream, keys


def _join(
    stream: Stream, keys: list[str], pairs: Pairs, accepted: np.ndarray, phrases: list[str]
) -> tuple[Stream, list[str]]:
    """The pairs whose keys are accepted (`phrases` names them) made one unit each, as gensim does it."""
    new = sorted(set(phrases))
    number = {phrase: len(keys) + i for i, phrase in enumerate(new)}
    unit = np.full(int(pairs.key.max(initial=-1)) + 1, -1, stream.code.dtype)
    unit[accepted] = [number[phrase] for phrase in phrases]
    taken = chosen(pairs, unit[pairs.key] >= 0)
    left, right = pairs.left[taken], pairs.right[taken]
    code, n_tokens = stream.code.copy(), stream.n_tokens.copy()
    code[left] = unit[pairs.key[taken]]
    n_tokens[left] = stream.first[right] + stream.n_tokens[right] - stream.first[left]
    kept = np.ones(len(code), bool)
    for step in range(1, int((right - left).max(initial=0)) + 1):
        kept[left[left + step <= right] + step] = False
    fields_kept = (values[kept] for values in (code, stream.first, n_tokens, stream.doc, stream.edge, stream.segment))
    return Stream(*fields_kept), keys + new


def pairs_of(stream: Stream) -> Pairs:
    """Neighbouring edges of one segment, with whatever connectors stand between them."""
    places = np.flatnonzero(stream.edge)
    near = stream.segment[places[:-1]] == stream.segment[places[1:]]
    left, right = places[:-1][near], places[1:][near]
    n_codes = int(stream.code.max(initial=0)) + 1
    key = stream.code[left].astype(np.int64)
    step = 1
    while len(inside := np.flatnonzero(left + step < right)):
        between = pd.factorize(key[inside] * n_codes + stream.code[left[inside] + step])[0]
        key[inside] = key.max() + 1 + between
        step += 1
    return Pairs(left, right, pd.factorize(key * n_codes + stream.code[right])[0])


def score_pairs(
    stream: Stream, pairs: Pairs, *, min_count: int, scoring: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The keys of pairs that stand at least `min_count` times, with the row of `pairs` where each stands first, count, score.

    `scoring`: "npmi", normalised pointwise mutual information, from -1 to 1 (Bouma 2009), or "default",
    `(n_ab - min_count) / (n_a n_b) n_vocabulary` (Mikolov et al. 2013), from gensim's counts: the vocabulary is the
    distinct words and pairs, and connectors count among the words of the corpus.
    """
    n = np.bincount(pairs.key)
    place = np.flatnonzero(pairs.key > np.maximum.accumulate(np.append(-1, pairs.key))[:-1])  # numbered as they appear
    n_each = np.bincount(stream.code[stream.edge], minlength=1)
    n_vocabulary = int(np.count_nonzero(n_each)) + len(n)
    n_words = int(np.count_nonzero(stream.segment >= 0))
    key = np.flatnonzero(n >= min_count)
    place, n = place[key], n[key]
    n_left = n_each[stream.code[pairs.left[place]]].tolist()
    n_right = n_each[stream.code[pairs.right[place]]].tolist()
    if scoring == "npmi":
        score = [
            _npmi(a / n_words, b / n_words, ab / n_words) for a, b, ab in zip(n_left, n_right, n.tolist(), strict=True)
        ]
    else:
        score = [
            (ab - min_count) / float(a * b) * n_vocabulary for a, b, ab in zip(n_left, n_right, n.tolist(), strict=True)
        ]
    return key, place, n, np.array(score, float)


def _npmi(a: float, b: float, ab: float) -> float:
    """`math.log`, not numpy's: it gives the same bits whatever the width of the processor's vectors."""
    return log(ab / (a * b)) / -log(ab) if ab < 1 else 1.0


def chosen(pairs: Pairs, wanted: np.ndarray) -> np.ndarray:
    """Which pairs become phrases: of wanted ones that share a word, from the left, every other one.

    >>> pairs = Pairs(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0, 1, 0]))
    >>> chosen(pairs, np.array([True, True, True])).tolist()
    [True, False, True]
    """
    linked = np.zeros(len(wanted), bool)
    linked[1:] = wanted[1:] & wanted[:-1] & (pairs.right[:-1] == pairs.left[1:])
    place = np.arange(len(wanted))
    run = place - np.maximum.accumulate(np.where(linked, 0, place))
    return wanted & (run % 2 == 0)


def _with_ends(pairs: Pairs, stream: Stream, ends: np.ndarray, n_codes: int) -> Pairs:
    """The pairs whose two halves are those of a phrase, whatever stands between."""
    inside = np.isin(stream.code[pairs.left].astype(np.int64) * n_codes + stream.code[pairs.right], ends)
    return Pairs(pairs.left[inside], pairs.right[inside], pairs.key[inside])


def n_docs_of(code: np.ndarray, doc: np.ndarray, n_codes: int = 0) -> np.ndarray:
    """In how many articles each code stands: (highest + 1 or `n_codes`,) int64, for places given by code and article.

    >>> n_docs_of(np.array([0, 2, 2, 2]), np.array([0, 0, 1, 1])).tolist()
    [1, 0, 2]
    """
    n_docs = int(doc.max(initial=0)) + 1
    return np.bincount(pd.unique(code.astype(np.int64) * n_docs + doc) // n_docs, minlength=n_codes)


def _name(stream: Stream, keys: list[str], left: int, right: int) -> tuple[str, str, str]:
    between = " ".join(keys[code] for code in stream.code[left + 1 : right])
    return keys[stream.code[left]], between, keys[stream.code[right]]
