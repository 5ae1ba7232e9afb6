"""The sentences of an article that say most of what is its own: a way into reading, not a summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from topics.tokens import sentences

SHORTEST, LONGEST = 60, 400  # characters of a sentence that is shown


def telling_sentences(words: Mapping[str, Any], articles: pd.DataFrame, n: int = 2) -> dict[str, list[str]]:
    """The `n` sentences of each article whose terms mark it most, in the order of the text, by doc_id.

    A sentence weighs the sum, over its different terms, of the term's count in the article times the log of articles per article with
    the term (tf-idf), divided by the root of the sentence's words, so that length alone does not win. `words` is what
    `words.counts.prepare` gives, `articles` what it was made of.
    """
    spans, names = words["spans"], words["names"]
    rarity = np.append(np.log((1 + len(words["doc_ids"])) / names["n_docs"].to_numpy()), 0.0)
    rarity[:-1][(names["reason"] != "").to_numpy()] = 0.0
    by_doc = dict(tuple(spans[spans["name"] >= 0].groupby("doc")))
    texts = articles.set_index("doc_id")["text"]
    return {
        doc_id: _best(texts[doc_id], by_doc[place], rarity, n) if place in by_doc else []
        for place, doc_id in enumerate(words["doc_ids"].tolist())
    }


def _best(text: str, spans: pd.DataFrame, rarity: np.ndarray, n: int) -> list[str]:
    """The best sentences of one text."""
    start, name = spans["start"].to_numpy(), spans["name"].to_numpy()
    count = np.bincount(name, minlength=len(rarity))
    found = []
    for low, high in sentences(text):
        if SHORTEST <= high - low <= LONGEST:
            inside = name[(start >= low) & (start < high)]
            kinds = np.unique(inside)
            found.append(
                (float((np.log1p(count[kinds]) * rarity[kinds]).sum() / max(len(inside), 1) ** 0.5), low, high)
            )
    best = sorted(found, key=lambda item: (-item[0], item[1]))[:n]
    return [" ".join(text[low:high].split()) for _, low, high in sorted(best, key=lambda item: item[1])]
