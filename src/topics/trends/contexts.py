"""Keywords in context: every place where a word, phrase or concept stands, in the same number as it is counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from topics import tables
from topics.tables import UserError
from topics.words.concepts import WILD, find, patterns, words_of

WIDTH = 60  # characters on each side
SPACE = re.compile(r"\s+")


def spans_of(words: Mapping[str, Any], name: str) -> pd.DataFrame:
    """Where `name` stands: one row a place, `doc` (position in `words["doc_ids"]`), `start`, `end`, in order.

    `words` is what `words.prepare` gives. A name of its `names` (word, phrase or concept, as written or else in any case)
    stands where it is counted: a word inside a phrase or concept is not that word again. Anything else is looked for
    in the text itself, by the rules of a file of concepts (`*` for any part of a word; capitals after the first letter count).
    """
    spans, row = words["spans"], _row_of(words, name)
    if row is not None:
        there = np.flatnonzero(spans["name"].to_numpy() == row)
        return pd.DataFrame({column: spans[column].to_numpy()[there] for column in ("doc", "start", "end")})
    check_name(name)
    tokens = words["tokens"]
    matches, _ = find(tokens, words["forms"]["form"].tolist(), patterns({name: []}, "keyword"))
    first = matches["first"].to_numpy()
    last = first + matches["n_tokens"].to_numpy() - 1
    columns = {"doc": ("doc", first), "start": ("start", first), "end": ("end", last)}
    return pd.DataFrame({column: tokens[of].to_numpy()[at] for column, (of, at) in columns.items()})


def check_name(name: str) -> None:
    """Raises `UserError` for a keyword that has nothing to look for."""
    if not words_of([name])[0]:
        raise UserError(f"keyword {name!r} has no letter or digit to look for. Give a word, a phrase or a concept.")
    if any(not word.strip(WILD) for word, _ in words_of([name])[0]):
        raise UserError(f"keyword {name!r}: `*` needs letters beside it, as in `digital*`.")


def mentions(words: Mapping[str, Any], name: str) -> np.ndarray:
    """How often `name` stands in each article: (n_articles,) int64 in the order of `words["doc_ids"]`.

    Equal to the term's column of the counts where `name` is a term; concepts that are too rare or too common for the models
    have their mentions all the same.
    """
    return np.bincount(spans_of(words, name)["doc"].to_numpy(), minlength=len(words["doc_ids"]))


def unheard(words: Mapping[str, Any], name: str) -> str:
    """What a user should know of a keyword that is not counted in full: it stands in no article, or in many in longer words alone.

    `covid` is no part of "COVID-19", which is one word; without a place of its own any word that begins with it is told, or else one that ends with
    it; with places of its own those with a hyphen between, if they stand in a tenth as many further articles. Nothing to tell is "".
    """
    tokens, forms, heard = words["tokens"], words["forms"]["form"], mentions(words, name) > 0
    n = int(heard.sum())
    written, low, hyphen = f"{name}*", name.lower(), "-" * (n > 0)
    holds = forms.str.lower().str.startswith(low + hyphen).to_numpy()
    if not holds.any():
        written, holds = f"*{name}", forms.str.lower().str.endswith(hyphen + low).to_numpy()
    longer = tokens[holds[tokens["form"].to_numpy()]]
    more = len(np.setdiff1d(longer["doc"], np.flatnonzero(heard)))
    if n and 10 * more < n:
        return ""
    own = f"in {n:,} article{'s' * (n != 1)}" if n else "in no article"
    told = f"The keyword “{name}” stands {own} as a word of its own"
    if not more:
        return f"{told}."
    most = forms[longer["form"].mode()[0]]
    return f"{told}; {more:,} more {'has' if more == 1 else 'have'} it in longer words alone, most often “{most}”. The keyword “{written}” counts them too."


def meant(words: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """For each name the first of them that is the same word, phrase or concept, and so stands in the same places: mostly itself."""
    first: dict[int | None, str] = {}
    rows = {name: _row_of(words, name) for name in names}
    return {name: name if row is None else first.setdefault(row, name) for name, row in rows.items()}


def contexts(words: Mapping[str, Any], articles: pd.DataFrame, name: str, width: int = WIDTH) -> pd.DataFrame:
    """CONTEXTS of a name: one row a place, by date, then article, then place; articles without a date come last.

    `match` is the text from `start` on; `left` and `right` are at most `width` characters, cut between words, line
    breaks as spaces. `articles` are those that `words` was made of.
    """
    spans = spans_of(words, name)
    there = np.unique(spans["doc"])
    docs = articles.set_index("doc_id").loc[words["doc_ids"][there], ["date", "text"]].assign(doc=there)
    docs = docs.sort_values(["date", "doc_id"], na_position="last")
    row = np.zeros(len(words["doc_ids"]), np.int64)
    row[docs["doc"]] = np.arange(len(docs))
    row = row[spans["doc"]]
    order = np.argsort(row, kind="stable")
    row, start, end = row[order], spans["start"].to_numpy()[order], spans["end"].to_numpy()[order]
    texts = [
        f" {text}{'':{width + 1}}" for text in docs["text"]
    ]  # with room around, so that a slice has its neighbours
    places = [(texts[doc], a + 1, b + 1) for doc, a, b in zip(row.tolist(), start.tolist(), end.tolist(), strict=True)]
    table = {
        "name": name,
        "doc_id": docs.index.to_numpy()[row],
        "date": docs["date"].array[row],
        "start": start,
        "left": [_left(text[max(a - width - 1, 0) : a]) for text, a, _ in places],
        "match": [text[a:b] for text, a, b in places],
        "right": [_right(text[b : b + width + 1]) for text, _, b in places],
    }
    return tables.conform(pd.DataFrame(table), "contexts")


def _row_of(words: Mapping[str, Any], name: str) -> int | None:
    """The row of `names` that a name means: as written, else in any case, else of its lemma; of several the most frequent."""
    names, forms, low = words["names"], words["forms"], name.lower()
    meanings = (
        lambda: names["name"] == name,
        lambda: names["name"].str.lower() == low,
        lambda: names["key"].isin([low, *forms["key"][forms["form"].str.lower() == low]]),
    )
    for meant in meanings:
        rows = np.flatnonzero(meant())
        if len(rows):
            return int(rows[np.argmax(names["n"].to_numpy()[rows])])
    return None


def _left(text: str) -> str:
    """The words of what stands before a place, but for the first where it is cut: `text` begins one character earlier."""
    return _spaced(text).partition(" ")[2].rstrip()


def _right(text: str) -> str:
    """The words of what stands behind a place, but for the last where it is cut: `text` ends one character later."""
    return _spaced(text).rpartition(" ")[0].lstrip()


def _spaced(text: str) -> str:
    """The text with one space wherever there is space."""
    return text if text.isprintable() and "  " not in text else SPACE.sub(" ", text)


def together(
    spans: pd.DataFrame, name: int, beside: np.ndarray, terms: np.ndarray, doc_ids: np.ndarray
) -> pd.DataFrame:
    """Where the terms `beside` stand in sentences that hold `name`, all columns of `terms`: `name, term, doc_id, start, end`.

    `spans` and `terms` are those of `words.counts.placed_terms`.
    """
    wanted = np.zeros(len(terms) + 1, dtype=bool)  # the last place is that of name -1: no term
    wanted[beside] = True
    found = spans["name"].to_numpy()
    sentence = spans["doc"].to_numpy().astype(np.int64) << 32 | spans["sentence"].to_numpy()
    there = np.flatnonzero(wanted[found])
    rows = spans.iloc[there[np.isin(sentence[there], sentence[found == name])]]
    return pd.DataFrame(
        {
            "name": str(terms[name]),
            "term": terms[rows["name"].to_numpy()].astype(str),
            "doc_id": doc_ids[rows["doc"].to_numpy()].astype(str),
            "start": rows["start"].to_numpy(),
            "end": rows["end"].to_numpy(),
        }
    )
