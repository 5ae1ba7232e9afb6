"""Files and folders to one table of articles as they were found, and a row for everything that was not read.

What there is to read is found in `files`, the records of tables in `records`, the roles of their columns in `columns`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from topics.corpus import files, html
from topics.corpus.columns import FILE_NAMES, ROLES, Columns, as_lists, check_found, columns_found, plain
from topics.corpus.encoding import decode, lines_ended, looks_like_text
from topics.corpus.files import Left, Source
from topics.corpus.records import JSON_SUFFIXES, MAX_CELL, records
from topics.tables import UserError, dropped

RAW = ("doc_id", "file", "row", "source", "url", "title", "text", "date_column", "date_metadata", "date_html")
TAKEN = {"date", "date_precision", "date_source", "date_text", "not_before", "not_after", "language", "n_words"}
TAKEN |= {*RAW, *ROLES}  # names of columns that are ours
ADVICE = (  # what is to be done, by what a reason of DROPPED says
    ("no column of text", "Set `columns` to name the column of text."),
    ("without rows", "Give a table with a row for each article."),
    ("format .xls", "Save the spreadsheet as .xlsx or CSV."),
    ("format .ods", "Save the spreadsheet as .xlsx or CSV."),
    ("locked by a password", "Take the password off in Excel."),
    ("format .docx", "Save the document as text."),
    ("format .pdf", "Save the document as text."),
    ("archive cannot be read", "Download or pack the archive anew."),
    ("without files", "Put articles into the archive."),
    (
        "format ",
        f"Formats that are read: {', '.join(sorted(files.ARTICLE_SUFFIXES | files.TABLE_SUFFIXES))}, these in .zip or .tar, or with .gz, .bz2 or .xz.",
    ),
)
MAX_ARTICLE = 20_000_000  # bytes of one article's file
BLOCK = 16  # files that go to a worker at once
MAX_HELD = 100_000_000  # bytes of files out of archives that wait for a worker
WAVE = 32  # blocks that are under way at once, so that memory does not grow with the number of articles

Row = dict[str, Any]


def read_articles(
    path: str | Path, *, columns: Columns | None = None, map: Callable[..., Iterable[Any]] = map
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """RAW and DROPPED: every article under `path` (a file or a folder), and everything there that is none.

    A row of RAW is an article as it was found: `doc_id, file, row, source, url, title, text, date_column,
    date_metadata, date_html`, then the other columns of the user's tables, as text. `text` is the original that all
    offsets count in (decoded, with `\\n` for line ends). Rows are sorted by `doc_id`, which is the source's own id where it is
    unique over everything read, else made of name and content.

    `RAW.attrs["columns"]` says which columns were taken for what: table → role → names; `RAW.attrs["sidecars"]` which
    `metadata.csv` a file's date is from.
    `columns` sets which column has which role (`text, title, date, url, source, id`); a role may have several, whose
    texts are joined by an empty line. Single articles are read in blocks through `map`.

    Raises `UserError` where `path` is not there, and where nothing in it can be read as an article.
    """
    path = Path(path)
    files.check_path(path)
    chosen = as_lists(columns)
    left: list[Left] = []
    rows: list[Row] = []
    used: dict[str, dict[str, list[str]]] = {}
    there: dict[str, None] = {}  # the columns of all tables
    sidecars: dict[str, list[Told]] = {}
    waiting: list[tuple[str, Path | bytes]] = []
    held = 0
    for name, source in files.files_in(path, left):
        if PurePosixPath(name).name.lower() == files.SIDECAR:
            sidecars.setdefault(str(PurePosixPath(name).parent), []).extend(_sidecar(name, source, left))
        elif files.suffix_of(name) in files.TABLE_SUFFIXES:
            rows.extend(_table_rows(name, source, chosen, left, used, there))
        else:
            single = _portable(name, source, left)
            waiting += single
            held += sum(len(data) for _, data in single if isinstance(data, bytes))
            if len(waiting) >= BLOCK * WAVE or held > MAX_HELD:
                _read_waiting(waiting, rows, left, map)
                held = 0
    _read_waiting(waiting, rows, left, map)
    told = [column for rows_of in sidecars.values() for _, _, record in rows_of[:1] for column in record]
    asked = {role: names for role, names in chosen.items() if there or role != "text"}  # a sidecar has no text
    check_found(asked, list(dict.fromkeys([*there, *told])))
    dated_by = _join_sidecars(rows, sidecars, left, chosen, whole=path.is_dir())
    left += [("article", _place(row), "no text") for row in rows if not row["text"].strip()]
    rows = [row for row in rows if row["text"].strip()]
    if not rows:
        raise UserError(_nothing(path, left))
    raw = _raw_table(rows)
    raw.attrs |= {"columns": used, "sidecars": dated_by}
    return raw, dropped(("read", *thing, 1) for thing in sorted(left))


# --- single articles -------------------------------------------------------------------------------------------------


def _portable(name: str, source: Source, left: list[Left]) -> list[tuple[str, Path | bytes]]:
    """What a worker can open: a path as it stands; out of an archive, the bytes."""
    if isinstance(source, Path):
        return [(name, source)]
    try:
        with files.opened(name, source) as stream:
            return [(name, files.read_at_most(stream, MAX_ARTICLE))]
    except Exception as error:
        left.append(("file", name, f"cannot be read: {files.why(error)}"))
        return []


def _read_waiting(
    waiting: list[tuple[str, Path | bytes]], rows: list[Row], left: list[Left], map: Callable[..., Iterable[Any]]
) -> None:
    """Read what waits, in blocks, and let go of it."""
    for some, others in map(_read_block, [waiting[at : at + BLOCK] for at in range(0, len(waiting), BLOCK)]):
        rows += some
        left += others
    waiting.clear()


def _read_block(block: list[tuple[str, Path | bytes]]) -> tuple[list[Row], list[Left]]:
    """The articles of some files, and what was left out."""
    rows: list[Row] = []
    left: list[Left] = []
    for name, source in block:
        try:
            if isinstance(source, bytes):
                data = source
            else:
                with files.opened(name, source) as stream:
                    data = files.read_at_most(stream, MAX_ARTICLE)
            rows.append(_article(name, data))
        except Exception as error:  # whatever one file does, the others are read
            left.append(("file", name, files.why(error)))
    return rows, left


def _article(name: str, data: bytes) -> Row:
    suffix = files.suffix_of(name)
    if suffix in {".html", ".htm", ".xhtml"}:
        return {"file": name, "row": 0, **html.extract(decode(data, html=True))}
    if suffix in {".mhtml", ".mht"}:
        return {"file": name, "row": 0, **html.extract(*html.unfolded(data))}
    text = decode(data)
    if not looks_like_text(text):
        raise ValueError("its bytes are not text")
    meta, text = _front_matter(text) if suffix in {".md", ".markdown"} else ({}, text)
    return {**_row(name, 0, meta, _about(meta)), "text": text}


def _front_matter(text: str) -> tuple[Row, str]:
    """The `key: value` lines between `---` at the head of a Markdown file, and the text after them."""
    match = re.match(r"---\n((?:[\w .-]+:[^\n]*\n|[ \t-][^\n]*\n)+)---\n", text)
    if not match:
        return {}, text
    pairs = (line.split(":", 1) for line in match[1].splitlines() if re.match(r"[\w.-]", line))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}, text[match.end() :]


# --- rows ------------------------------------------------------------------------------------------------------------


def _table_rows(
    name: str,
    source: Source,
    chosen: Mapping[str, list[str]],
    left: list[Left],
    used: dict[str, dict[str, list[str]]],
    there: dict[str, None],
) -> Iterator[Row]:
    """The articles of a table, one after the other; `there` takes in the names of its columns."""
    by_record = files.suffix_of(name) in JSON_SUFFIXES
    found: dict[str, list[str]] = {}
    number, told = 0, len(left)
    try:
        for number, record in records(name, source, left):
            if by_record or not found:
                found = columns_found(record, chosen)
                there.update(dict.fromkeys(map(str, record)))
            if "text" in found:
                used.setdefault(name, found)
                yield _row(name, number, record, found)
                continue
            reason = f"no column of text; the columns are: {', '.join(map(str, record))[:500]}"
            left.append(("row", f"{name}, row {number}", reason) if by_record else ("file", name, reason))
            if not by_record:
                return
        if not number and len(left) == told:
            left.append(("file", name, "a table without rows"))
    except Exception as error:  # a damaged table gives the rows before the damage
        left.append(("file", name, f"cannot be read further: {files.why(error)}"))


def _row(name: str, number: int, record: Mapping[str, Any], found: Mapping[str, list[str]]) -> Row:
    """An article as a table has it: the columns of RAW that it can tell, and the other columns."""

    def said(role: str, value: Any) -> str:
        return _text(_prose(value) if role == "text" else _named(value))

    cell = {role: "\n\n".join(filter(None, (said(role, record.get(c)) for c in found.get(role, [])))) for role in ROLES}
    row: Row = {role: value if role == "text" else value.strip() for role, value in cell.items()}
    row |= {"file": name, "row": number, "date_column": row.pop("date"), "date_metadata": "", "date_html": ""}
    used = {column for columns in found.values() for column in columns}
    for column, value in record.items():
        whole = column not in used or _named(value) is not value  # an object of which the name alone was taken
        if column and whole and not str(column).startswith("Unnamed:"):
            kept = _sound(str(column))
            row[f"{kept}_given" if kept in TAKEN else kept] = _text(value)
    return row


def _about(record: Mapping[str, Any], chosen: Columns | None = None) -> dict[str, list[str]]:
    """The roles of columns that are said of an article whose text stands elsewhere."""
    return {role: used for role, used in columns_found(record, chosen).items() if role != "text"}


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str):
        return lines_ended(_sound(value[:MAX_CELL]))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)[:MAX_CELL]
    return str(value)


def _named(value: Any) -> Any:
    """Of an object in a cell, such as an outlet with its id and name, the name or the title; else the cell as it is."""
    if not isinstance(value, dict):
        return value
    return next((value[key] for key in ("name", "title") if isinstance(value.get(key), str) and value[key]), value)


def _prose(value: Any) -> Any:
    """The text in a cell of text that is a list of paragraphs or an object which has the text in it; else the cell as it is."""
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return "\n\n".join(value)
    if isinstance(value, dict) and (inside := columns_found(value).get("text")) and isinstance(value[inside[0]], str):
        return value[inside[0]]
    return value


def _sound(text: str) -> str:
    """Text without lone halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


# --- a file beside the articles --------------------------------------------------------------------------------------

Told = tuple[str, int, Row]  # a row of `metadata.csv`: the file's name, its number, its cells


def _sidecar(name: str, source: Source, left: list[Left]) -> list[Told]:
    told: list[Told] = []
    broken: list[Left] = []
    try:
        for number, record in records(name, source, broken):
            told.append((name, number, record))
    except Exception as error:
        broken.append(("file", name, f"cannot be read: {files.why(error)}"))
    # Its rows are about articles, and none themselves.
    left += [("metadata" if what == "row" else what, place, reason) for what, place, reason in broken]
    return told


def _join_sidecars(
    rows: list[Row],
    sidecars: Mapping[str, list[Told]],
    left: list[Left],
    chosen: Mapping[str, list[str]],
    whole: bool,
) -> dict[str, str]:
    """What `metadata.csv` says of a file goes before what the file says of itself: the files it dates, and which one did.

    Where the `whole` folder is read, each row of it must name a file there.
    """
    dated_by: dict[str, str] = {}
    if not sidecars:
        return dated_by
    by_file: dict[str, list[Row]] = {}
    for row in rows:
        by_file.setdefault(row["file"], []).append(row)
        by_file.setdefault(str(PurePosixPath(row["file"]).with_suffix("")), []).append(row)
    for folder, told in sidecars.items():
        places: dict[str, str] = {}
        for sidecar, number, record in told:
            place = f"{sidecar}, row {number}"
            key = next((column for column in record if plain(column) in FILE_NAMES), None)
            if key is None:
                left.append(("file", sidecar, "has no column `file`"))
                break
            name = _text(record.pop(key)).strip()
            matched = by_file.get(str(PurePosixPath(folder) / name), [])
            if not matched:
                if whole:
                    left.append(("metadata", place, f"there is no file {name[:200]!r}"))
                continue
            file = matched[0]["file"]
            if file in places:
                again = f"{file[:200]!r} is named again: what {place} says of it counts"
                left.append(("metadata", places[file], again))
            places[file] = place
            own = {role: names for role, names in chosen.items() if record.keys() & {*names}}
            given = _row("", 0, record, _about(record, own))
            if given["date_column"]:
                dated_by[file] = sidecar
            for row in matched:
                row |= {column: value for column, value in given.items() if value}
    return dated_by


# --- the table -------------------------------------------------------------------------------------------------------


def _raw_table(rows: list[Row]) -> pd.DataFrame:
    for row in rows:
        row["source"] = row.get("source") or _site(row.get("url", ""))
    for row, doc_id in zip(rows, _doc_ids(rows), strict=True):
        row["doc_id"] = doc_id
    rows.sort(key=lambda row: row["doc_id"])
    columns = [*RAW, *sorted({column for row in rows for column in row} - {*RAW, "id"})]
    table = pd.DataFrame({column: [row.get(column, "") for row in rows] for column in columns})
    return table.astype({column: "str" for column in columns if column != "row"})


def _doc_ids(rows: list[Row]) -> list[str]:
    """The source's own id where no other article has it; else the file's name before it; else that and a digest of the row.

    So an article keeps its id when others are added, unless they come with the same one.
    """
    own = [_clean_id(row.get("id", "")) for row in rows]
    stems = [_clean_id(PurePosixPath(row["file"]).name.split(".")[0]) or "article" for row in rows]
    named = [f"{stem}-{mine}" if mine else "" for stem, mine in zip(stems, own, strict=True)]
    unique = {mine for mine, n in Counter(own).items() if mine and n == 1}
    prefixed = {name for name, n in Counter(named).items() if name and n == 1}.difference(own)
    taken = unique | prefixed
    seen: Counter[str] = Counter()
    made = []
    for row, stem, mine, name in zip(rows, stems, own, named, strict=True):
        doc_id = mine if mine in unique else name if name in prefixed else ""
        made.append(doc_id or _free(f"{stem}-{_digest(row)}", taken, seen))
    return made


def _free(name: str, taken: set[str], seen: Counter[str]) -> str:
    """The name, with a number behind it where a row that holds the same has it."""
    while True:
        seen[name] += 1
        numbered = name if seen[name] == 1 else f"{name}-{seen[name]}"
        if numbered not in taken:
            return numbered


def _clean_id(value: str) -> str:
    """An id as something to show: no spaces or signs, nothing that could be a way out of a folder."""
    bare = re.sub(r"[^\w.:/@+-]+", "_", value.strip())
    return re.sub(r"(^|/)\.{1,2}(?=/|$)", r"\1_", bare).lstrip("/")[:120]


def _digest(row: Row) -> str:
    """Of a file its text, so that a sidecar changes no id; of a table's row every cell, so that rows differ if they do."""
    cells = [row["text"]] if not row["row"] else [f"{key}={row[key]}" for key in sorted(row) if key != "row"]
    return hashlib.sha256("\0".join(cells).encode("utf-8", "replace")).hexdigest()[:10]


def _site(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _nothing(path: Path, left: list[Left]) -> str:
    if not left:
        return f"articles: {path} holds no files."
    shown = "; ".join(f"{label}: {reason}" for _, label, reason in left[:3])
    more = f"; and {len(left) - 3} more" if len(left) > 3 else ""
    advice = dict.fromkeys(todo for sign, todo in ADVICE if any(sign in reason for _, _, reason in left))
    return " ".join([f"articles: nothing in {path} could be read as an article. {shown}{more}.", *advice])


def _place(row: Row) -> str:
    return f"{row['file']}, row {row['row']}" if row["row"] else row["file"]
