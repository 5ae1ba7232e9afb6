"""What a person decides about single articles: `corrections.csv` beside the articles, applied at the next run.

A row is `doc_id, field, value, reason`:

| field | value | what it does |
|---|---|---|
| date | an ISO date (2018, 2018-04, 2018-04-26) | sets the date of publication |
| not_before, not_after | a day | sets a bound |
| article | keep, drop | keeps an article that would be set aside, or leaves it out |
| restore | a passage that was taken out, or its first words | puts it back |
| remove | a passage | takes it out |
| unlink | the doc_id that it is said to repeat, or * | is no repeat of it (of any) |
| language, title, source | the right one | sets it |
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import defaultdict
from pathlib import Path

import pandas as pd

from topics.corpus.encoding import decode
from topics.tables import UserError, dropped

COLUMNS = ("doc_id", "field", "value", "reason")
FIELDS = ("date", "not_before", "not_after", "article", "restore", "remove", "unlink", "language", "title", "source")
ISO = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"


def read_corrections(path: str | Path | None) -> pd.DataFrame:
    """The table of corrections: of a file, of the `corrections.csv` in a folder, or an empty one where there is none.

    Raises `UserError` that names every wrong row at once.
    """
    file = _beside(Path(path)) if path is not None else None
    if file is None:
        return pd.DataFrame({column: pd.Series(dtype="str") for column in COLUMNS})
    rows = list(csv.reader(io.StringIO(decode(file.read_bytes()))))
    header = [name.strip().lower() for name in rows[0]] if rows else []
    missing = [name for name in COLUMNS[:3] if name not in header]
    if missing:
        raise UserError(
            f"{file}: has no column {', '.join(missing)}. The columns are {', '.join(COLUMNS)}; found {', '.join(header) or 'none'}."
        )
    table = pd.DataFrame(
        [dict(zip(header, row, strict=False)) for row in rows[1:] if any(row)], columns=header, dtype="str"
    ).fillna("")
    table = table.reindex(columns=list(COLUMNS), fill_value="")
    for column in ("doc_id", "field"):
        table[column] = table[column].str.strip()
    _check(table, file)
    return table


def unknown_articles(corrections: pd.DataFrame, doc_ids: set[str]) -> pd.DataFrame:
    """DROPPED: corrections of articles that are not there."""
    gone = corrections[~corrections["doc_id"].isin(doc_ids)]
    rows = zip(gone["doc_id"], gone["field"], strict=True)
    return dropped(
        ("corrections", "correction", doc_id, f"{field}: there is no such article", 1) for doc_id, field in rows
    )


def decisions(corrections: pd.DataFrame | None, *fields: str) -> dict[str, list[tuple[str, str]]]:
    """What a person decided of some fields: doc_id → (field, value) in the order of the file."""
    decided: dict[str, list[tuple[str, str]]] = defaultdict(list)
    if corrections is not None:
        for doc_id, field, value in corrections[["doc_id", "field", "value"]].itertuples(index=False, name=None):
            if field in fields and value.strip():
                decided[doc_id].append((field, value.strip()))
    return dict(decided)


def decided(corrections: pd.DataFrame | None, decision: str) -> set[str]:
    """The doc_ids of the articles to `keep` or to `drop`."""
    return {doc_id for doc_id, rows in decisions(corrections, "article").items() if rows[-1][1] == decision}


def drop_by_hand(articles: pd.DataFrame, corrections: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The articles without those that a person left out, and DROPPED with the person's reason."""
    rows = corrections[corrections["field"] == "article"]
    reasons = dict(zip(rows["doc_id"], rows["reason"], strict=True))
    out = decided(corrections, "drop") & set(articles["doc_id"])
    left = [
        ("corrections", "article", doc_id, f"by hand: {reasons[doc_id] or 'no reason given'}", 1)
        for doc_id in sorted(out)
    ]
    return articles[~articles["doc_id"].isin(out)].reset_index(drop=True), dropped(left)


def set_field(table: pd.DataFrame, corrections: pd.DataFrame | None, field: str) -> pd.DataFrame:
    """The table with the column `field` as a person set it."""
    given = {doc_id: rows[-1][1] for doc_id, rows in decisions(corrections, field).items()}
    values = [given.get(doc_id, value) for doc_id, value in zip(table["doc_id"], table[field], strict=True)]
    return table.assign(**{field: pd.Series(values, index=table.index, dtype="str")})


def line_for(doc_id: str, field: str, value: str, reason: str = "") -> str:
    """The line of `corrections.csv` to paste for a correction.

    >>> line_for("a1", "restore", "Rain, they said", "part of the story")
    'a1,restore,"Rain, they said",part of the story'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([doc_id, field, value, reason])
    return line.getvalue()


def beside(path: Path, name: str) -> Path | None:
    """The file of that name, in capitals or not, in a folder of articles or beside a file of them."""
    folder = path if path.is_dir() else path.parent
    try:
        found = sorted(item for item in folder.iterdir() if item.name.lower() == name)
    except OSError:
        return None
    return next((item for item in found if item != path), None)


def _beside(path: Path) -> Path | None:
    """The file of corrections that belongs to articles at `path`."""
    if path.name.lower() == "corrections.csv":
        return path if path.is_file() else None
    beside = (path if path.is_dir() else path.parent) / "corrections.csv"
    return beside if beside.is_file() else None


def _check(table: pd.DataFrame, file: Path) -> None:
    wrong = []
    rows = zip(table["field"], table["value"].str.strip(), strict=True)
    for number, (field, value) in enumerate(rows, start=2):
        if field not in FIELDS:
            near = difflib.get_close_matches(field, FIELDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(FIELDS)}"
            wrong.append(f"row {number}: no such field {field!r} ({hint})")
        elif field == "article" and value not in {"keep", "drop"}:
            wrong.append(f"row {number}: article must be keep or drop, got {value!r}")
        elif field in {"date", "not_before", "not_after"} and not re.fullmatch(ISO, value):
            wrong.append(f"row {number}: {field} must be like 2018, 2018-04 or 2018-04-26, got {value!r}")
    if wrong:
        more = f"; and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise UserError(f"{file}: " + "; ".join(wrong[:10]) + more)
