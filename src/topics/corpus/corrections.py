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
import io
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
    return dropped(
        ("corrections", "correction", row.doc_id, f"{row.field}: there is no such article", 1)
        for row in gone.itertuples()
    )


def decided(corrections: pd.DataFrame | None, decision: str) -> set[str]:
    """The doc_ids of the articles to `keep` or to `drop`."""
    if corrections is None:
        return set()
    rows = corrections[(corrections["field"] == "article") & (corrections["value"].str.strip() == decision)]
    return set(rows["doc_id"])


def drop_by_hand(articles: pd.DataFrame, corrections: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The articles without those that a person left out, and DROPPED with the person's reason."""
    reasons = dict(zip(corrections["doc_id"], corrections["reason"], strict=True))
    out = decided(corrections, "drop") & set(articles["doc_id"])
    left = [
        ("corrections", "article", doc_id, f"by hand: {reasons[doc_id] or 'no reason given'}", 1)
        for doc_id in sorted(out)
    ]
    return articles[~articles["doc_id"].isin(out)].reset_index(drop=True), dropped(left)


def set_fields(raw: pd.DataFrame, corrections: pd.DataFrame) -> pd.DataFrame:
    """RAW with the titles and sources that a person set."""
    raw = raw.copy()
    for field in ("title", "source"):
        rows = corrections[corrections["field"] == field]
        given = dict(zip(rows["doc_id"], rows["value"], strict=True))
        raw[field] = [given.get(doc_id, value) for doc_id, value in zip(raw["doc_id"], raw[field], strict=True)]
    return raw


def line_for(doc_id: str, field: str, value: str, reason: str = "") -> str:
    """The line of `corrections.csv` to paste for a correction.

    >>> line_for("a1", "restore", "Rain, they said", "part of the story")
    'a1,restore,"Rain, they said",part of the story'
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([doc_id, field, value, reason])
    return line.getvalue()


def _beside(path: Path) -> Path | None:
    """The file of corrections that belongs to articles at `path`."""
    if path.name.lower() == "corrections.csv":
        return path if path.is_file() else None
    beside = (path if path.is_dir() else path.parent) / "corrections.csv"
    return beside if beside.is_file() else None


def _check(table: pd.DataFrame, file: Path) -> None:
    wrong = []
    for number, row in enumerate(table.itertuples(index=False), start=2):
        if row.field not in FIELDS:
            wrong.append(f"row {number}: no such field {row.field!r} (allowed: {', '.join(FIELDS)})")
        elif row.field == "article" and row.value.strip() not in {"keep", "drop"}:
            wrong.append(f"row {number}: article must be keep or drop, got {row.value!r}")
        elif (
            row.field in {"date", "not_before", "not_after"}
            and not pd.Series([row.value.strip()]).str.fullmatch(ISO)[0]
        ):
            wrong.append(f"row {number}: {row.field} must be like 2018, 2018-04 or 2018-04-26, got {row.value!r}")
    if wrong:
        raise UserError(
            f"{file}: " + "; ".join(wrong[:10]) + (f"; and {len(wrong) - 10} more" if len(wrong) > 10 else "")
        )
