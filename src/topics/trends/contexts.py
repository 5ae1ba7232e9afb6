"""Keywords in context: every place where a word, phrase or concept stands, in the same number as it is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from topics import tables
from topics.tables import UserError
from topics.words.concepts import find, patterns, words_of

WIDTH = 60  # characters on each side


def spans_of(words: Mapping[str, Any], name: str) -> pd.DataFrame:
    """Where `name` stands: one row a place, `doc` (position in `words["doc_ids"]`), `start`, `end`, in order.

    `words` is what `words.prepare` gives. A name of its `names` (word, phrase or concept, as written or else in any case)
    stands where it is counted: a word inside a phrase or concept is not that word again. Anything else is looked for
    in the text itself, by the rules of a file of concepts (`*` for any part of a word; capitals after the first letter count).
    """
    spans, row = words["spans"], _row_of(words, name)
    if row is not None:
        there = np.flatnonzero(spans["name"].to_numpy() == row)
        return spans[["doc", "start", "end"]].take(there).reset_index(drop=True)
    if not words_of([name])[0]:
        raise UserError(f"keyword {name!r} has no letter or digit to look for. Give a word, a phrase or a concept.")
    tokens = words["tokens"]
    matches, _ = find(tokens, words["forms"]["form"].tolist(), patterns({name: []}, "keyword"))
    first = matches["first"].to_numpy()
    last = first + matches["n_tokens"].to_numpy() - 1
    columns = {"doc": ("doc", first), "start": ("start", first), "end": ("end", last)}
    return pd.DataFrame({column: tokens[of].to_numpy()[at] for column, (of, at) in columns.items()})


def mentions(words: Mapping[str, Any], name: str) -> np.ndarray:
    """How often `name` stands in each article: (n_articles,) int64 in the order of `words["doc_ids"]`.

    Equal to the term's column of the counts where `name` is a term; concepts that are too rare or too common for the models
    have their mentions all the same.
    """
    return np.bincount(spans_of(words, name)["doc"].to_numpy(), minlength=len(words["doc_ids"]))


def contexts(words: Mapping[str, Any], articles: pd.DataFrame, name: str, width: int = WIDTH) -> pd.DataFrame:
    """CONTEXTS of a name: one row a place, by date, then article, then place; articles without a date come last.

    `match` is the text from `start` on; `left` and `right` are at most `width` characters, cut between words, line
    breaks as spaces. `articles` are those that `words` was made of.
    """
    spans = spans_of(words, name)
    articles = articles.set_index("doc_id").loc[words["doc_ids"][np.unique(spans["doc"])]]
    place = {doc: row for row, doc in enumerate(np.unique(spans["doc"]).tolist())}
    texts, dates, ids = articles["text"].tolist(), articles["date"].tolist(), articles.index.tolist()
    rows = []
    for doc, start, end in spans.itertuples(index=False):
        row = place[doc]
        text = texts[row]
        rows.append(
            (name, ids[row], dates[row], start, _left(text, start, width), text[start:end], _right(text, end, width))
        )
    table = pd.DataFrame(rows, columns=list(tables.CONTEXTS))
    return tables.conform(table.sort_values(["date", "doc_id", "start"], kind="stable", na_position="last"), "contexts")


def _row_of(words: Mapping[str, Any], name: str) -> int | None:
    """The row of `names` that a name means: as written, else in any case, else of its lemma; of several the most frequent."""
    names, forms, low = words["names"], words["forms"], name.lower()
    lemmas = forms["key"][forms["form"].str.lower() == low].unique()
    for meant in (names["name"] == name, names["name"].str.lower() == low, names["key"].isin([low, *lemmas])):
        rows = np.flatnonzero(meant.to_numpy(bool))
        if len(rows):
            return int(rows[np.argmax(names["n"].to_numpy()[rows])])
    return None


def _left(text: str, start: int, width: int) -> str:
    begin = max(start - width, 0)
    words = text[begin:start].split()
    cut = begin > 0 and not text[begin - 1].isspace() and not text[begin].isspace()
    return " ".join(words[1:] if cut else words)


def _right(text: str, end: int, width: int) -> str:
    stop = end + width
    words = text[end:stop].split()
    cut = stop < len(text) and not text[stop - 1].isspace() and not text[stop].isspace()
    return " ".join(words[:-1] if cut else words)
