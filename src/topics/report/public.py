"""A report to publish: of other people's articles no more than short quotations.

Every text of the run (pages, executed notebooks, tables) is read as one stream of words. Where `RUN` or more words in a row stand
in an article in that order, they are a quotation: `QUOTATION` words of it stay, if the article has not yet given what it may give
(`most_of`) to the whole run: the first ones, or where a passage of it is marked, this and what stands around it. What goes leaves "[…]".
The name of an article (its title, or how it begins where it has none) is a citation where it stands alone, is kept whole and not counted, unless it is
longer than a quotation. The columns that hold articles whole are emptied. Source and link stand beside a quotation as ever.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from topics.corpus.edits import rebuild
from topics.report.corpus_page import title_of
from topics.tables import COLUMNS, replace_file, write_table

RUN = 6  # so many words of an article in a row are a quotation; fewer are anybody's
QUOTATION = 25  # words of a quotation, at most
ARTICLE, PART = (
    100,
    4,
)  # words of an article in the whole run, at most, however they are spread, its name aside; and of a short one a quarter
CUT = "[…]"
WHOLE = {"articles": ("text",), "removals": ("passage", "replacement")}  # columns emptied
MARKED = {"contexts": ("match",)}  # columns whose words are what a quotation is shown for
NAMES = ["name"]  # columns of what was looked for or counted: no quotation, whatever cells stand beside
WORD = re.compile(r"\w+")
# In HTML and in JSON within it, what is no word though it looks like one: what stands struck out before what took its place, tags, character references,
# control characters made visible; in JSON escapes.
MARKUP = re.compile(r"<del\b[^<>]*>[^<>]{0,40}</del>(?=<ins\b)|<[^<>]*>|&#?\w+;|\[U\+[0-9A-F]{4,6}\]|(\w+)")
ESCAPED = re.compile(r"<[^<>]*>|&#?\w+;|\[U\+[0-9A-F]{4,6}\]|\\u[0-9a-fA-F]{4}|\\.|(\w+)")
JSON = re.compile(r'(<script type="application/json">.*?</script>)', re.DOTALL)
# Between two words that go, what goes with them; and the tags that stay there without a second "[…]".
PLAIN = re.compile(r"(?:[^\w<>&\"\\{}\[\]]|&#?\w+;|\\u[0-9a-fA-F]{4}|\\.)*")
INLINE = re.compile(r"</?(?:mark|b|em|strong|span|small|del|ins)\b[^<>]*>")
ATTRIBUTE = re.compile(r'(?<==")[^"<>]{40,}(?=")')
SHIFT = np.uint64(1099511628211)


def most_of(n_words: int) -> int:
    """How many words an article of so many may give to a run: a quarter, but one quotation at least and `ARTICLE` at most.

    >>> most_of(40), most_of(240), most_of(2000)
    (25, 60, 100)
    """
    return min(ARTICLE, max(QUOTATION, n_words // PART))


class Limit:
    """What has been quoted so far of each article, and what is allowed."""

    def __init__(self, corpus: Mapping[str, Any]) -> None:
        self._words: dict[str, int] = {}
        self._quoted: dict[int, set[int]] = {}
        self._names: dict[int, set[tuple[str, ...]]] = {}  # by the number of their first words
        self._most: list[int] = []
        hashes, docs, places = [], [], []
        removals = dict(list(corpus["removals"].groupby("doc_id")))
        for doc, (name, title, text) in enumerate(
            corpus["articles"][["doc_id", "title", "text"]].itertuples(index=False)
        ):
            # As cleaned and as read: a page may show either. Places of the second follow those of the first.
            read = rebuild(text, removals[name]) if name in removals else ""
            self._most.append(most_of(len(WORD.findall(text))))
            for at, part in ((0, f"{title or ''} \n {text}"), (10**7, read)):
                rows = self._rows(WORD.findall(part.lower()), learn=True)
                hashes.append(rows)
                docs.append(np.full(len(rows), doc))
                places.append(at + np.arange(len(rows)))
        for article in corpus["articles"].itertuples(index=False):
            for name in (article.title or "", title_of(article), title_of(article, 50)):  # as pages and tables name it
                words = tuple(WORD.findall(name.lower()))
                if RUN <= len(words) <= QUOTATION:
                    self._names.setdefault(int(self._rows(words, learn=True)[0]), set()).add(words)
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

    def cuts(self, words: Sequence[str], marked: Sequence[bool] = ()) -> np.ndarray:
        """Which words of a stream must go, the marked ones last; what stays is counted against its articles."""
        low = [word.lower() for word in words]
        rows = self._rows(low)
        first, last = np.searchsorted(self._hash, rows, "left"), np.searchsorted(self._hash, rows, "right")
        mark = np.array(marked, bool) if len(marked) else np.zeros(len(words), bool)
        gone = np.zeros(len(words), bool)
        for start, end in self._quotations(low, rows, last > first):
            begin, kept = _window(start, end, start + np.flatnonzero(mark[start:end]))
            gone[start:end] = True
            gone[begin:kept] = False
            taken: dict[int, set[int]] = {}
            for at in range(begin, min(kept, len(rows))):
                for hit in range(first[at], last[at]):
                    place = int(self._place[hit]) % 10**7
                    taken.setdefault(int(self._doc[hit]), set()).update(range(place, place + min(RUN, kept - at)))
            if any(len(self._quoted.get(doc, set()) | places) > self._most[doc] for doc, places in taken.items()):
                gone[begin:kept] = True
                continue
            for doc, places in taken.items():
                self._quoted.setdefault(doc, set()).update(places)
        return gone

    def _quotations(self, words: Sequence[str], rows: np.ndarray, found: np.ndarray) -> list[tuple[int, int]]:
        """From where to where the quotations of a stream reach, names left out. `found`: whether the words from a place on stand in an article.

        Where one quotation follows on another, each is one: no words in a row that stand in an article reach over the joint.
        """
        quoted, joined = np.zeros(len(words), bool), np.zeros(len(words), bool)  # joined: with the word before
        for i in range(RUN):
            quoted[i : i + len(rows)] |= found
            joined[i : i + len(rows)] |= found & (i > 0)
        for at in np.flatnonzero(np.isin(rows, np.array(list(self._names), np.uint64))).tolist():
            for name in sorted(self._names[int(rows[at])], key=len, reverse=True):
                after = at + len(name)
                goes_on = after < len(words) and joined[after]
                if tuple(words[at:after]) == name and not joined[at] and not goes_on:
                    quoted[at:after] = False
                    break
        starts = np.flatnonzero(quoted & ~(joined & np.append(False, quoted[:-1])))
        ends = np.flatnonzero(quoted & ~np.append((joined & quoted)[1:], False)) + 1
        return list(zip(starts.tolist(), ends.tolist(), strict=True))

    def shorten(
        self, texts: Sequence[str], patterns: Sequence[re.Pattern[str]] = (WORD,), marked: Sequence[bool] | None = None
    ) -> list[str]:
        """The texts, one after the other a single stream, with what is too much cut out. In the `patterns`, which the texts take in turn, a group marks the words if
        there is one; `marked` says of each text whether it is what the others are shown for, beside what stands in <mark>."""
        turns = [patterns[i % len(patterns)] for i in range(len(texts))]
        found = [_words(text, words) for text, words in zip(texts, turns, strict=True)]
        streams = [[word for word, _ in each] for each in found]
        marks = [mark or bool(marked and marked[i]) for i, each in enumerate(found) for _, mark in each]
        gone = self.cuts([word for stream in streams for word in stream], marks)
        made, ends = list(texts), np.cumsum([len(stream) for stream in streams])
        for at, (stream, end) in enumerate(zip(streams, ends.tolist(), strict=True)):
            start = end - len(stream)
            if gone[start:end].any():
                words = turns[at]
                places = (match for match in words.finditer(texts[at]) if not words.groups or match[1])
                made[at] = cut_out(texts[at], places, gone[start:end], before=start > 0 and bool(gone[start - 1]))
        return made


def _words(text: str, words: re.Pattern[str]) -> list[tuple[str, bool]]:
    """The words of a text, each with whether it is marked."""
    found, mark = [], False
    for match in words.finditer(text):
        if word := match[words.groups]:
            found.append((word, mark))
        elif match[0].startswith(("<mark", "</mark")):
            mark = match[0][1] != "/"
    return found


def _window(start: int, end: int, marked: np.ndarray) -> tuple[int, int]:
    """From where to where a quotation is kept: its first words, or its first marked passage with as much before it as after.

    >>> _window(0, 60, np.arange(40, 45)), _window(0, 60, np.arange(10, 50)), _window(0, 60, np.arange(0))
    ((30, 55), (10, 35), (0, 25))
    """
    if not len(marked):
        return start, min(start + QUOTATION, end)
    at = int(marked[0])
    length = int(np.argmax(np.append(np.diff(marked), 2) > 1)) + 1
    begin = max(start, at - max(0, QUOTATION - length) // 2)
    kept = min(begin + QUOTATION, end)
    return (max(start, kept - QUOTATION) if length < QUOTATION else begin), kept


def cut_out(text: str, places: Iterable[re.Match[str]], gone: Iterable[bool], before: bool) -> str:
    """The text without the words that are `gone`; `before` says whether the word before the text's first is gone."""
    made, done = "", 0
    for match, cut in zip(places, gone, strict=True):
        gap = text[done : match.start()]
        tags = "".join(INLINE.findall(gap))
        if not cut:
            made += gap + match[0]
        elif before and PLAIN.fullmatch(INLINE.sub("", gap)):
            made += tags
        else:
            made += gap + CUT
        done, before = match.end(), bool(cut)
    return made + text[done:]


def shorten_page(limit: Limit, path: Path) -> None:
    """A page or a part of one, its long attributes as well."""
    text = path.read_text(encoding="utf-8")
    replace_file(path, lambda beside: beside.write_text(shorten_html(limit, text), encoding="utf-8", newline="\n"))


def shorten_html(limit: Limit, text: str) -> str:
    made = "".join(limit.shorten(JSON.split(text), (MARKUP, ESCAPED)))
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
        for column in table.columns.difference(list(COLUMNS[path.stem]), sort=False) if path.stem in COLUMNS else ():
            long = table[column].map(lambda cell: isinstance(cell, str) and len(WORD.findall(cell)) > QUOTATION)
            table[column] = table[column].mask(
                long, CUT
            )  # of the author's own columns nobody knows whose words they are
        prose = table.columns if path.stem == "articles" else table.columns.difference(NAMES, sort=False)
        texts = [str(column) for column in prose if pd.api.types.is_string_dtype(table[column])]
        if texts and len(table):
            cells = table[texts].to_numpy(dtype=object)
            flat = ["" if cell is None or cell != cell else str(cell) for cell in cells.ravel()]
            marked = [column in MARKED.get(path.stem, ()) for column in texts] * len(table)
            shortened = np.array(limit.shorten(flat, marked=marked), dtype=object).reshape(cells.shape)
            for i, column in enumerate(texts):
                table[column] = table[column].where(table[column].isna(), pd.Series(shortened[:, i], index=table.index))
        write_table(table, folder, path.stem)
