"""Counts: one sparse matrix of terms by articles (or paragraphs), in canonical order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse


@dataclass(frozen=True)
class Counts:
    """How often each term stands in each unit of analysis, an article or a paragraph of one.

    `doc_ids`: (n_articles,) str, sorted: all articles, also those left without terms. `terms`: (n_terms,) str, sorted.
    `matrix`: (n_units, n_terms) int32 CSR, indices sorted, no zeros kept. `unit_doc`: (n_units,) int32, the article
    of each unit as a position in `doc_ids`, not decreasing; `arange` where the unit is the article. `unit`:
    "article" or "paragraph"; an article without terms is a row without entries, a paragraph without terms is no row.
    """

    doc_ids: np.ndarray
    terms: np.ndarray
    matrix: sparse.csr_matrix
    unit_doc: np.ndarray
    unit: str = "article"


def count(spans: pd.DataFrame, names: pd.DataFrame, doc_ids: np.ndarray, unit: str = "article") -> Counts:
    """Counts of the names that are terms (`reason` empty) over the spans where they stand.

    >>> names = pd.DataFrame({"name": ["b", "the", "a"], "reason": ["", "stop word", ""]})
    >>> spans = pd.DataFrame({"doc": [0, 0, 2, 2], "paragraph": [0, 1, 0, 0], "name": [0, 1, 2, 2]})
    >>> counts = count(spans, names, np.array(["x", "y", "z"]))
    >>> counts.terms.tolist(), counts.matrix.toarray().tolist()
    (['a', 'b'], [[0, 1], [0, 0], [2, 0]])
    """
    kept = np.flatnonzero((names["reason"] == "").to_numpy())
    terms = names["name"].to_numpy(dtype=object)[kept].astype(str)
    order = np.argsort(terms, kind="stable")
    column = np.full(len(names) + 1, -1, np.int64)  # the last place is that of name -1: outside the vocabulary
    column[kept[order]] = np.arange(len(kept))
    term = column[spans["name"].to_numpy()]
    inside = term >= 0
    doc, term = spans["doc"].to_numpy()[inside].astype(np.int64), term[inside]
    if unit == "paragraph":
        paragraph = spans["paragraph"].to_numpy()[inside].astype(np.int64)
        units, row = np.unique(doc << 32 | paragraph, return_inverse=True)
        unit_doc = (units >> 32).astype(np.int32)
    else:
        row, unit_doc = doc, np.arange(len(doc_ids), dtype=np.int32)
    shape = (len(unit_doc), len(kept))
    matrix = sparse.coo_matrix((np.ones(len(row), np.int32), (row, term)), shape).tocsr()
    matrix.sort_indices()
    return Counts(np.asarray(doc_ids, dtype=str), terms[order], matrix, unit_doc, unit)
