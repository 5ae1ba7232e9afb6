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

import calendar
import csv
import io
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

import pandas as pd

from topics.corpus.encoding import decode
from topics.tables import UserError, dropped, nearest

COLUMNS = ("doc_id", "field", "value", "reason")
FIELDS = ("date", "not_before", "not_after", "article", "restore", "remove", "unlink", "language", "title", "source")
DATES = {"date", "not_before", "not_after"}
SEVERAL = {"restore", "remove", "unlink"}  # of which an article may have many
FIRST_YEAR, LAST_YEAR = 1600, 2099  # of dates that are read
MAX_PASSAGE = 20_000_000  # characters of a passage
NAME = "corrections.csv"
ISO = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"


def read_corrections(path: str | Path | None) -> pd.DataFrame:
    """The table of corrections: of a file, of the `corrections.csv` in a folder, or an empty one where there is none.

    Raises `UserError` that names every wrong row at once.
    """
    file = Path(path) if path is not None else None
    if file is not None and file.is_dir() and file.name.lower() != NAME:
        file = beside_exactly(file, NAME)
    if file is None:
        return pd.DataFrame({column: pd.Series(dtype="str") for column in COLUMNS})
    rows = _rows(file)
    header = [name.strip().lower() for name in rows[0][1]] if rows else []
    _check_header(header, file)
    numbers = [number for number, _ in rows[1:]]
    long = [(number, len(cells)) for number, cells in rows[1:] if len(cells) > len(header)]
    said = f"cells where the header has {len(header)}: put a value with commas between quotes"
    _raise([f"row {number}: has {n} {said}" for number, n in long], file)
    table = pd.DataFrame(
        [dict(zip(header, cells, strict=False)) for _, cells in rows[1:]], columns=header, dtype="str"
    ).fillna("")
    table = table.reindex(columns=list(COLUMNS), fill_value="")
    for column in ("doc_id", "field"):
        table[column] = table[column].str.strip()
    _check(table, numbers, file)
    return table.assign(value=[_day(field, value) for field, value in table[["field", "value"]].to_numpy()]).astype(
        "str"
    )


def unknown_articles(corrections: pd.DataFrame, doc_ids: set[str]) -> pd.DataFrame:
    """DROPPED: corrections of articles that are not there, and those that a later row overrules."""
    columns = (corrections[column].str.strip() for column in ("doc_id", "field", "value"))
    rows = list(zip(*columns, strict=True))
    last = {(doc_id, field): value for doc_id, field, value in rows}
    left = []
    for doc_id, field, value in rows:
        counts = last[doc_id, field]
        if doc_id not in doc_ids:
            left.append((doc_id, f"{field}: there is no such article"))
        elif field == "unlink" and value != "*" and value not in doc_ids:
            left.append((doc_id, f"unlink: there is no article {value[:80]!r}"))
        elif field not in SEVERAL and value != counts:
            left.append((doc_id, f"{field}: {value[:80]!r} is overruled by {counts[:80]!r} in a later row"))
    return dropped(("corrections", "correction", doc_id, reason, 1) for doc_id, reason in left)


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
        found = [item for item in folder.iterdir() if item.name.lower() == name and item != path]
    except OSError:
        return None
    return min(found, key=lambda item: (item.name != name, item.name), default=None)


def beside_exactly(path: Path, name: str) -> Path | None:
    """The same, of a file that is read under one spelling alone: under another it would go unheeded, so that is an error."""
    file = beside(path, name)
    if file is not None and file.name != name:
        raise UserError(f"{file}: is read under the name {name} alone. Rename it.")
    return file


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """The rows of the file that are not empty, each with its number as a spreadsheet shows it."""
    if file.is_dir():
        raise UserError(f"{file}: is a folder. Corrections are a CSV file with the columns {', '.join(COLUMNS)}.")
    number = 0
    before = csv.field_size_limit(MAX_PASSAGE)
    try:
        rows = []
        text = decode(file.read_bytes())
        sign = max(",;\t", key=text.partition("\n")[0].count)  # a spreadsheet writes ; where the comma is in numbers
        for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=sign, strict=True), start=1):
            rows.append((number, cells))
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}.") from None
    except csv.Error as error:
        raise UserError(
            f"{file}: row {number + 1}: {error}. Put a value with commas or quotes between quotes."
        ) from None
    finally:
        csv.field_size_limit(before)
    return [(number, cells) for number, cells in rows if any(cells)]


def _check_header(header: list[str], file: Path) -> None:
    missing = [name for name in COLUMNS[:3] if name not in header]
    if missing:
        raise UserError(
            f"{file}: has no column {', '.join(missing)}. The columns are {', '.join(COLUMNS)}; found {', '.join(header) or 'none'}."
        )
    twice = [name for name in COLUMNS if header.count(name) > 1]
    if twice:
        raise UserError(f"{file}: row 1: there are two columns {', '.join(twice)}. Keep one of a name.")


def _check(table: pd.DataFrame, numbers: list[int], file: Path) -> None:
    rows = list(zip(numbers, table["doc_id"], table["field"], table["value"].str.strip(), strict=True))
    said = [(number, _wrong(field, value)) for number, _, field, value in rows]
    bounds: dict[tuple[str, str], tuple[int, str]] = {}
    for number, doc_id, field, value in rows if not any(problem for _, problem in said) else []:
        bounds[doc_id, field] = (number, _day(field, value))
        after, before = bounds.get((doc_id, "not_before")), bounds.get((doc_id, "not_after"))
        if field in {"not_before", "not_after"} and after and before and after[1] > before[1]:
            said.append(
                (number, f"not_before {after[1]} (row {after[0]}) is after not_after {before[1]} (row {before[0]})")
            )
    _raise([f"row {number}: {problem}" for number, problem in said if problem], file)


def _wrong(field: str, value: str) -> str:
    """What is wrong with a row's field and value, or nothing."""
    if field not in FIELDS:
        return f"no such field {field!r} (allowed: {', '.join(FIELDS)}).{nearest(field, FIELDS)}"
    if field == "article" and value not in {"keep", "drop"}:
        return f"article must be keep or drop, got {value!r}"
    if field in DATES and not re.fullmatch(ISO, value):
        return f"{field} must be like 2018, 2018-04 or 2018-04-26, got {value!r}"
    if field in DATES and not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
        return f"{field} must be of the years {FIRST_YEAR} to {LAST_YEAR}, got {value!r}"
    if field in DATES and not _is_day(value):
        return f"{field}: there is no such day, {value!r}"
    if field == "language" and not re.fullmatch("[a-z]{2,3}", value):
        return f"language must be a code of two or three letters, such as en or fr, got {value!r}"
    return "" if value else f"{field} has no value"


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value + "-01-01"[len(value) - 4 :])
    except ValueError:
        return False
    return True


def _day(field: str, value: str) -> str:
    """A bound as a day: the first of a month or year that it must not be before, the last of one that it must not be after.

    >>> _day("not_before", "2018"), _day("not_after", "2018-02"), _day("date", "2018")
    ('2018-01-01', '2018-02-28', '2018')
    """
    value = value.strip() if field in DATES else value
    if field == "not_before":
        return value + "-01-01"[len(value) - 4 :]
    if field == "not_after" and len(value) < 10:
        month = value if len(value) == 7 else f"{value}-12"
        return f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:]))[1]:02d}"
    return value


def _raise(wrong: list[str], file: Path) -> None:
    if wrong:
        more = f"; and {len(wrong) - 10} more" if len(wrong) > 10 else ""
        raise UserError(f"{file}: " + "; ".join(wrong[:10]) + more)
