"""A report to publish: of other people's articles no more than short quotations.

Every text of the run (pages, executed notebooks, tables) is read as one stream of words. Where `RUN` or more words in a row stand
in an article in that order, they are a quotation: its first `QUOTATION` words stay, if the article has not yet given `ARTICLE` words to
the whole run; what goes leaves "[…]". The columns that hold articles whole are emptied. Source and link stand beside a quotation as ever.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from topics.corpus.clean import rebuild
from topics.tables import replace_file, write_table

RUN = 6  # so many words of an article in a row are a quotation; fewer are anybody's
QUOTATION = 25  # words of a quotation, at most
ARTICLE = 100  # words of an article in the whole run, at most, however they are spread
CUT = "[…]"
WHOLE = {"articles": ("text",), "removals": ("passage", "replacement")}  # columns emptied
WORD = re.compile(r"\w+")
# In HTML, JSON and in attributes, what is no word though it looks like one: tags, character references, escapes.
MARKUP = re.compile(r"<[^<>]*>|&#?\w+;|\\u[0-9a-fA-F]{4}|\\.|(\w+)")
ATTRIBUTE = re.compile(r'(?<==")[^"<>]{40,}(?=")')
SHIFT = np.uint64(1099511628211)


class Limit:
    """What has been quoted so far of each article, and what is allowed."""

    def __init__(self, corpus: Mapping[str, Any]) -> None:
        self._words: dict[str, int] = {}
        self._quoted: dict[int, set[int]] = {}
        hashes, docs, places = [], [], []
        removals = dict(list(corpus["removals"].groupby("doc_id")))
        for doc, (name, title, text) in enumerate(
            corpus["articles"][["doc_id", "title", "text"]].itertuples(index=False)
        ):
            # As cleaned and as read: a page may show either. Places of the second follow those of the first.
            read = rebuild(text, removals[name]) if name in removals else ""
            for at, part in ((0, f"{title or ''} \n {text}"), (10**7, read)):
                rows = self._rows(WORD.findall(part.lower()), learn=True)
                hashes.append(rows)
                docs.append(np.full(len(rows), doc))
                places.append(at + np.arange(len(rows)))
        known = np.concatenate(hashes)
        order = np.argsort(known, kind="stable")
        self._hash, self._doc, self._place = known[order], np.concatenate(docs)[order], np.concatenate(places)[order]

    def _rows(self, words: Sequence[str], learn: bool = False) -> np.ndarray:
        """A number for every `RUN` words in a row; words that stand in no article have numbers of their own."""
        if learn:
            ids = [self._words.setdefault(word, len(self._words) + 1) for word in words]
        else:
            ids = [self._words.get(word, 0) for word in words]
        found = np.array(ids, dtype=np.uint64)
        if len(found) < RUN:
            return np.zeros(0, np.uint64)
        rows = np.zeros(len(found) - RUN + 1, np.uint64)
        with np.errstate(over="ignore"):
            for i in range(RUN):
                rows = rows * SHIFT + found[i : len(found) - RUN + 1 + i] + np.uint64(1)
        return rows

    def cuts(self, words: Sequence[str]) -> np.ndarray:
        """Which words of a stream must go; what stays is counted against its articles."""
        rows = self._rows([word.lower() for word in words])
        first, last = np.searchsorted(self._hash, rows, "left"), np.searchsorted(self._hash, rows, "right")
        quoted = np.zeros(len(words) + 1, bool)
        for i in range(RUN):
            quoted[: len(words)][i : i + len(rows)] |= last > first
        gone = np.zeros(len(words), bool)
        edges = np.flatnonzero(np.diff(quoted, prepend=False))
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            kept = min(start + QUOTATION, end)
            gone[kept:end] = True
            taken: dict[int, set[int]] = {}
            for at in range(start, min(kept, len(rows))):
                for hit in range(first[at], last[at]):
                    place = int(self._place[hit]) % 10**7
                    taken.setdefault(int(self._doc[hit]), set()).update(range(place, place + min(RUN, kept - at)))
            if any(len(self._quoted.get(doc, set()) | places) > ARTICLE for doc, places in taken.items()):
                gone[start:kept] = True
                continue
            for doc, places in taken.items():
                self._quoted.setdefault(doc, set()).update(places)
        return gone

    def shorten(self, texts: Sequence[str], words: re.Pattern[str] = WORD) -> list[str]:
        """The texts, one after the other a single stream, with what is too much cut out. In `words`, a group marks the words if there is one."""
        streams = [[word for word in words.findall(text) if word] for text in texts]
        gone = self.cuts([word for stream in streams for word in stream])
        made, ends = list(texts), np.cumsum([len(stream) for stream in streams])
        for at, (stream, end) in enumerate(zip(streams, ends.tolist(), strict=True)):
            start = end - len(stream)
            if gone[start:end].any():
                places = (match for match in words.finditer(texts[at]) if not words.groups or match[1])
                made[at] = cut_out(texts[at], places, gone[start:end], before=start > 0 and bool(gone[start - 1]))
        return made


def cut_out(text: str, places: Iterable[re.Match[str]], gone: Iterable[bool], before: bool) -> str:
    """The text without the words that are `gone`; `before` says whether the word before the text's first is gone."""
    made, done = "", 0
    for match, cut in zip(places, gone, strict=True):
        gap = text[done : match.start()]
        plain = not re.search(r"[\w<>&;\"\\{}\[\]]", gap)
        if not cut:
            made += gap + match[0]
        elif not (before and plain):
            made += gap + CUT
        done, before = match.end(), bool(cut)
    return made + text[done:]


def shorten_page(limit: Limit, path: Path) -> None:
    """A page or a part of one, its long attributes as well."""
    text = path.read_text(encoding="utf-8")
    replace_file(path, lambda beside: beside.write_text(shorten_html(limit, text), encoding="utf-8", newline="\n"))


def shorten_html(limit: Limit, text: str) -> str:
    (made,) = limit.shorten([text], MARKUP)
    return ATTRIBUTE.sub(lambda match: html.escape(limit.shorten([html.unescape(match[0])])[0]), made)


def shorten_notebook(limit: Limit, path: Path) -> None:
    """What the cells of an executed notebook show."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    for output in shown:
        for kind, text in output.get("data", {}).items():
            if isinstance(text, str):
                output["data"][kind] = shorten_html(limit, text) if kind == "text/html" else limit.shorten([text])[0]
        if "text" in output:
            output["text"] = limit.shorten([output["text"]])[0]
    replace_file(path, lambda beside: nbformat.write(notebook, beside))


def shorten_tables(limit: Limit, folder: Path) -> None:
    """Every table, row by row; columns that hold articles whole are emptied."""
    for path in sorted(folder.glob("*.parquet")):
        table = pd.read_parquet(path)
        for column in WHOLE.get(path.stem, ()):
            table[column] = ""
        texts = [str(column) for column in table if pd.api.types.is_string_dtype(table[column])]
        if texts and len(table):
            cells = table[texts].to_numpy(dtype=object)
            flat = ["" if cell is None or cell != cell else str(cell) for cell in cells.ravel()]
            shortened = np.array(limit.shorten(flat), dtype=object).reshape(cells.shape)
            for i, column in enumerate(texts):
                table[column] = table[column].where(table[column].isna(), pd.Series(shortened[:, i], index=table.index))
        write_table(table, folder, path.stem)
