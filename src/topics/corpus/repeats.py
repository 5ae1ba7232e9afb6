"""Articles that say what another one says: the same text, or nearly; one of them is kept.

MinHash (rensa) over shingles of five words finds candidates in bands (Broder 1997, "On the resemblance and
containment of documents"; Leskovec, Rajaraman & Ullman, "Mining of Massive Datasets", ch. 3); the similarity that
decides is the exact Jaccard similarity of the two sets of shingles.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from topics.corpus.corrections import decisions
from topics.tables import REPEATS, UserError, dropped

SHINGLE = 5  # words
N_PERM, ROWS = 128, 5  # rows of a band, at most: a pair of similarity .7 is missed once in 100, of .8 once in 20,000
MISSED = 0.011  # of the pairs that are as similar as is asked for
MIN_SHINGLES = 20  # a shorter text is compared as a whole alone
SEED = 20_231_120
WORD = re.compile(r"\w+")
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def find_repeats(
    articles: pd.DataFrame,
    *,
    threshold: float = 0.7,
    corrections: pd.DataFrame | None = None,
    map: Callable[..., Iterable[Any]] = map,
    block: int = 500,
) -> pd.DataFrame:
    """REPEATS: a row is an article that repeats another, with their similarity and how it was found.

    `exact`: the same words in the same order, whatever their case and signs; similarity 1. `near`: at least
    `threshold` of their shingles in common. Of a group the earliest is kept, then the fullest; every repeat is at least
    `threshold` similar to the very article that is kept, so that similarity is not passed on along a chain.

    Raises `UserError` for a threshold that is no share.
    """
    if not 0 <= threshold <= 1:  # nor is what is not a number
        raise UserError(f"repeats: threshold must be a similarity from 0 to 1. Got {threshold!r}.")
    texts = articles["text"].tolist()
    blocks = [texts[at : at + block] for at in range(0, len(texts), block)]
    sketched = map(partial(_sketch_block, rows=_rows(threshold)), blocks)
    sketches = [sketch for block_of in sketched for sketch in block_of]
    apart = {doc_id: {value for _, value in rows} for doc_id, rows in decisions(corrections, "unlink").items()}
    ids = articles["doc_id"].tolist()
    kept_exact: dict[bytes, list[int]] = defaultdict(list)
    kept_bands: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    rows = []
    for i in _order(articles):
        digest, bands = sketches[i]
        if digest is None:
            continue
        same = next((k for k in kept_exact[digest] if _may_link(ids[i], ids[k], apart)), None)
        if same is not None:
            rows.append((ids[i], ids[same], 1.0, "exact"))
            continue
        candidates = sorted({k for band in enumerate(bands) for k in kept_bands.get(band, ())})
        scored = [(jaccard(texts[i], texts[k]), -k) for k in candidates if _may_link(ids[i], ids[k], apart)]
        best = max(scored, default=None)
        if best and best[0] >= threshold:
            rows.append((ids[i], ids[-best[1]], best[0], "near"))
            continue
        kept_exact[digest].append(i)
        for band in enumerate(bands):
            kept_bands[band].append(i)
    return pd.DataFrame(sorted(rows), columns=list(REPEATS)).astype(
        {"doc_id": "str", "repeats": "str", "similarity": float, "how": "str"}
    )


def drop_repeats(
    articles: pd.DataFrame, repeats: pd.DataFrame, *, keep: Iterable[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The articles without those of REPEATS, and DROPPED; `keep` names articles that stay all the same."""
    gone = repeats[~repeats["doc_id"].isin(set(keep))]
    left = [
        ("repeats", "article", doc_id, f"repeats {kept} ({how}, similarity {similarity:.2f})", 1)
        for doc_id, kept, similarity, how in gone[list(REPEATS)].itertuples(index=False, name=None)
    ]
    return articles[~articles["doc_id"].isin(set(gone["doc_id"]))].reset_index(drop=True), dropped(left)


def jaccard(a: str, b: str) -> float:
    """Shared shingles of five words over all shingles of two texts: 1 for the same words, 0 for nothing in common.

    >>> jaccard("one two three four five six", "One, two, three, four, five - six!")
    1.0
    >>> round(jaccard("one two three four five six", "two three four five six seven"), 3)
    0.333
    """
    one, other = _shingles_of(a), _shingles_of(b)
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(1, len(one) + len(other) - shared)


def _order(articles: pd.DataFrame) -> list[int]:
    """Positions from what is to be kept first: earliest, then fullest, then by doc_id; the undated come last."""
    first = [day or "9999" for day in articles["not_before"].where(articles["date"] != "", "")]
    keys = list(zip(first, -articles["n_words"], articles["doc_id"], strict=True))
    return sorted(range(len(keys)), key=keys.__getitem__)


def _may_link(a: str, b: str, apart: dict[str, set[str]]) -> bool:
    """An article that a person unlinked from all (`*`) or from one is not linked to it, whichever of the two is kept."""
    return not apart.get(a, set()) & {"*", b} and not apart.get(b, set()) & {"*", a}


def _rows(threshold: float) -> int:
    """The rows of a band: so few that of the pairs with this similarity about one in 100 meets in no band.

    >>> _rows(0.8), _rows(0.7), _rows(0.5), _rows(0.3)
    (5, 5, 3, 2)
    """
    return next((n for n in range(ROWS, 1, -1) if (1 - threshold**n) ** (N_PERM // n) <= MISSED), 1)


def _sketch_block(texts: list[str], rows: int) -> list[tuple[bytes | None, list[bytes]]]:
    """Of each text, a digest of its words (None where it has none) and the keys of its bands."""
    import rensa

    hashes: dict[str, int] = {}
    digests, shingled = [], []
    for text in texts:
        words = _words(text)
        digests.append(blake2b(" ".join(words).encode(), digest_size=16).digest() if words else None)
        shingled.append(_shingles(words, hashes))
    long = [i for i, shingles in enumerate(shingled) if len(shingles) >= MIN_SHINGLES]
    bands: list[list[bytes]] = [[] for _ in texts]
    if long:
        offsets = np.cumsum([0, *(len(shingled[i]) for i in long)])
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            np.concatenate([shingled[i] for i in long]), offsets, num_perm=N_PERM, seed=SEED
        )
        signatures = np.array(matrix.to_rows(), dtype="<u4")
        for i, signature in zip(long, signatures, strict=True):
            bands[i] = [signature[b * rows : (b + 1) * rows].tobytes() for b in range(N_PERM // rows)]
    return list(zip(digests, bands, strict=True))


def _words(text: str) -> list[str]:
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _shingles(words: list[str], hashes: dict[str, int]) -> np.ndarray:
    """The distinct shingles of a text as numbers of 64 bits, sorted; of a text of fewer words, the text as one."""
    if not words:
        return np.empty(0, dtype=np.uint64)
    for word in words:
        if word not in hashes:
            hashes[word] = int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")
    codes = np.array([hashes[word] for word in words], dtype=np.uint64)
    size = min(SHINGLE, len(codes))
    total = np.zeros(len(codes) - size + 1, dtype=np.uint64)
    for offset in range(size):  # a polynomial modulo 2**64
        total = total * MULTIPLIER + codes[offset : len(codes) - size + 1 + offset]
    return np.unique(total)


@lru_cache(maxsize=2000)
def _shingles_of(text: str) -> np.ndarray:
    return _shingles(_words(text), {})
