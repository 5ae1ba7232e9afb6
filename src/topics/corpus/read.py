"""Files and folders to one table of articles as they were found, and a row for everything that was not read.

Everything that comes in is hostile until read: names in archives are labels and never paths, sizes are bounded while
reading, links that lead out of the folder and things that are no files are passed over with a row.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import itertools
import json
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pandas as pd

from topics.corpus import html
from topics.corpus.corrections import beside
from topics.corpus.encoding import SAMPLE, decode, decode_lines, guess_encoding, looks_like_text
from topics.tables import BESIDE, UserError, dropped, nearest

ARTICLE_SUFFIXES = {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml"}
TABLE_SUFFIXES = {".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet"}
COMPRESSED: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")

MAX_ARTICLE = 20_000_000  # bytes of one article's file
MAX_CELL = 20_000_000  # characters of one cell of a table
MAX_LINE = 64_000_000  # bytes of one line of a table
MAX_TABLE = (
    2_000_000_000  # bytes of a table that must be in memory whole (JSON, Parquet), or of an archive in an archive
)
MAX_UNPACKED = 20_000_000_000  # bytes that one archive or compressed file may unpack to
MAX_LOST = 1000  # lines that are looked through for the next record after a broken one
FEW_LOST = 20  # lines, where a record cannot be told from prose
MAX_DEPTH = 2  # archives in archives
BROKEN_ARCHIVE = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
BLOCK = 16  # files that go to a worker at once
MAX_HELD = 100_000_000  # bytes of files out of archives that wait for a worker
WAVE = 32  # blocks that are under way at once, so that memory does not grow with the number of articles

# Names that a column may have, best first; compared in lower case, without accents, with everything but letters and digits as "_".
NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "full_text", "fulltext", "article_text", "article_body", "body_text", "articlebody",
             "main_text", "maintext", "article", "story", "document", "transcript", "speech", "texte", "contenu", "texto",
             "inhalt", "testo", "noi_dung", "raw_text", "clean_text", "description", "summary", "abstract"),
    "title": ("title", "headline", "heading", "article_title", "head", "subject", "titre", "titulo", "titel", "tieu_de", "name"),
    "date": ("date", "published", "publish_date", "publication_date", "published_at", "date_published", "datepublished",
             "published_date", "pub_date", "pubdate", "date_publish", "publishedat", "article_date", "webpublicationdate",
             "datetime", "timestamp", "published_time", "time", "created_at", "created", "day", "fecha", "datum", "ngay", "year"),
    "url": ("url", "article_url", "source_url", "article_source_link", "link", "permalink", "web_url", "weburl", "href", "uri"),
    "source": ("source", "outlet", "publisher", "newspaper", "source_name", "site", "site_name", "sitename", "publication",
               "domain", "media", "journal", "hostname", "news_source", "source_domain"),
    "id": ("doc_id", "id", "article_id", "uuid", "document_id", "docid", "fileid", "file_id", "guid", "_id", "articleid"),
}  # fmt: skip
ROLES = tuple(NAMES)
END = "\0end of the file\0"  # a line that none holds
RAW = ("doc_id", "file", "row", "source", "url", "title", "text", "date_column", "date_metadata", "date_html")
TAKEN = frozenset(
    {"date", "date_precision", "date_source", "date_text", "not_before", "not_after", "language", "n_words", *RAW}
)
SIDECAR = "metadata.csv"
ADVICE = (  # what is to be done, by what a reason of DROPPED says
    ("no column of text", "Set `columns` to name the column of text."),
    ("without rows", "Give a table with a row for each article."),
    ("format .xls", "Save the spreadsheet as CSV."),
    ("format .ods", "Save the spreadsheet as CSV."),
    ("format .docx", "Save the document as text."),
    ("format .pdf", "Save the document as text."),
    ("archive cannot be read", "Download or pack the archive anew."),
    ("without files", "Put articles into the archive."),
)
READ_ELSEWHERE = set(BESIDE) - {SIDECAR}

Row = dict[str, Any]
Left = tuple[str, str, str, str, int]  # a row of DROPPED


def read_articles(
    path: str | Path, *, columns: Mapping[str, str | list[str]] | None = None, map: Callable[..., Iterable[Any]] = map
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
    _check_path(path)
    chosen = _check_columns(columns)
    left: list[Left] = []
    rows: list[Row] = []
    used: dict[str, dict[str, list[str]]] = {}
    there: dict[str, None] = {}  # the columns of all tables
    sidecars: dict[str, list[Row]] = {}
    singles: list[tuple[str, Any]] = []
    held = 0
    for name, opener in _jobs(path, left):
        if PurePosixPath(name).name.lower() == SIDECAR:
            sidecars.setdefault(str(PurePosixPath(name).parent), []).extend(_sidecar_rows(name, opener, left))
        elif _suffix(name) in TABLE_SUFFIXES:
            rows.extend(_table_rows(name, opener, chosen, left, used, there))
        else:
            singles.append((name, _portable(opener)))
            held += len(singles[-1][1]) if isinstance(singles[-1][1], bytes) else 0
            if len(singles) >= BLOCK * WAVE or held > MAX_HELD:
                _read_singles(singles, rows, left, map)
                held = 0
    _read_singles(singles, rows, left, map)
    told = [column for records in sidecars.values() for record in records[:1] for column in record if column != "_row"]
    asked = {role: names for role, names in chosen.items() if there or role != "text"}  # a sidecar has no text
    _check_found(asked, list(dict.fromkeys([*there, *told])))
    dated_by = _join_sidecars(rows, sidecars, left, chosen, whole=path.is_dir())
    rows = [row for row in rows if _has_text(row, left)]
    if not rows:
        raise UserError(_nothing(path, left))
    raw = _raw_table(rows)
    raw.attrs |= {"columns": used, "sidecars": dated_by}
    return raw, dropped(sorted(left))


def columns_found(names: Iterable[str], columns: Mapping[str, str | list[str]] | None = None) -> dict[str, list[str]]:
    """Which of a table's columns has which role: role → column names, by what is set and else by name.

    >>> columns_found(["article_id", "Publish Date", "headline", "body", "section"])
    {'text': ['body'], 'title': ['headline'], 'date': ['Publish Date'], 'id': ['article_id']}
    """
    names = list(names)
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)
    found: dict[str, list[str]] = {}
    for role in ROLES:
        wanted = (columns or {}).get(role)
        if wanted is not None:
            listed = [wanted] if isinstance(wanted, str) else list(wanted)
            found[role] = [name for name in listed if name in names]
        else:
            found[role] = next(([plain[n]] for n in NAMES[role] if n in plain and [plain[n]] not in found.values()), [])
    if not found["text"] and "text" not in (columns or {}):
        found["text"] = found["title"]  # a table of headlines
    return {role: used for role, used in found.items() if used}


# --- what there is to read -------------------------------------------------------------------------------------------


def _check_path(path: Path) -> None:
    try:
        if path.is_dir():
            os.scandir(path).close()
        if path.is_dir() or path.is_file():
            return
    except OSError as error:
        raise UserError(f"articles: {path} cannot be opened: {_why(error)}. Ask for the right to read it.") from None
    if path.exists():
        raise UserError(f"articles: {path} is neither a folder nor a regular file.")
    beside = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    hint = nearest(path.name, beside) or " Give a file or a folder of articles."
    raise UserError(f"articles: {path} is not there.{hint}")


def _check_columns(columns: Mapping[str, str | list[str]] | None) -> dict[str, str | list[str]]:
    unknown = sorted(set(columns or {}) - set(ROLES))
    if unknown:
        raise UserError(f"columns: no such role: {', '.join(unknown)}. The roles are {', '.join(ROLES)}.")
    return {role: used for role, used in (columns or {}).items() if used}


def _check_found(chosen: Mapping[str, str | list[str]], there: list[str]) -> None:
    """Each column that is set must be one of a table's, where there are tables."""
    wanted = [(role, name) for role, names in chosen.items() for name in ([names] if isinstance(names, str) else names)]
    missing = [(role, name) for role, name in wanted if there and name not in there]
    if missing:
        said = ", ".join(f"{name!r} (for {role})" for role, name in missing)
        hint = nearest(missing[0][1], there)
        raise UserError(f"columns: no table has a column {said}.{hint} The columns are: {', '.join(there)[:500]}.")


Opener = Callable[[], BinaryIO]


def _jobs(path: Path, left: list[Left]) -> Iterator[tuple[str, Opener]]:
    """Each file to read, as its name and a function that opens it; archives are opened on the way."""
    if path.is_dir():
        for name, file in _walk(path, left):
            yield from _open(name, partial(_open_file, file), left, named=False)
    else:
        yield from _open(path.name, partial(_open_file, path), left, named=True)
        if (sidecar := beside(path, SIDECAR)) and path.name.lower() != SIDECAR:
            yield sidecar.name, partial(_open_file, sidecar)


def _open_file(path: Path) -> BinaryIO:
    return open(path, "rb")


def _walk(folder: Path, left: list[Left]) -> Iterator[tuple[str, Path]]:
    """The regular files under a folder, in the order of their names."""
    root = folder.resolve()

    def shut_to_us(error: OSError) -> None:
        left.append(_left("file", _label(Path(error.filename), root), f"a folder that cannot be opened: {_why(error)}"))

    for here, folders, files in os.walk(root, onerror=shut_to_us, followlinks=False):
        shut = {name: "a link to a folder" for name in folders if Path(here, name).is_symlink()}
        shut |= {name: "a hidden folder" for name in folders if name.startswith(".")}
        shut |= {name: "what a browser saved beside a page" for name in folders if _beside_page(name, files)}
        left.extend(_left("file", _label(Path(here, name), root), reason) for name, reason in sorted(shut.items()))
        folders[:] = sorted(set(folders) - set(shut))
        for name in sorted(files):
            file = Path(here, name)
            reason = _no_file(file, root)
            if reason:
                left.append(_left("file", _label(file, root), reason))
            else:
                yield _label(file, root), file


def _beside_page(folder: str, files: list[str]) -> bool:
    """Whether a folder holds the advertisements and frames of a page that a browser saved: `page_files` beside `page.html`."""
    page = folder.removesuffix("_files")
    return page != folder and not {f"{page}.html", f"{page}.htm"}.isdisjoint(files)


def _no_file(file: Path, root: Path) -> str | None:
    try:
        target = file.resolve(strict=True)
        kind = target.stat().st_mode
    except (OSError, RuntimeError) as error:
        return f"cannot be read: {_why(error)}"
    if not target.is_relative_to(root):
        return "a link out of the folder"
    return None if stat.S_ISREG(kind) else "not a regular file"


def _open(name: str, opener: Opener, left: list[Left], named: bool, depth: int = 0) -> Iterator[tuple[str, Opener]]:
    base = PurePosixPath(name).name
    suffix = _suffix(name)
    if base.lower() in READ_ELSEWHERE:
        if base != name:
            left.append(_left("file", name, f"{base} is read in the folder given, not in one within it"))
        return
    if base.startswith(".") or "__MACOSX" in name:
        left.append(_left("file", name, "a hidden file"))
    elif base.lower().startswith("readme"):
        left.append(_left("file", name, "a README is not an article"))
    elif base.lower().endswith(ARCHIVE_SUFFIXES):
        yield from _open_archive(name, opener, left, depth)
    elif suffix in ARTICLE_SUFFIXES or suffix in TABLE_SUFFIXES:
        yield name, partial(_unpacked, opener, base)
    elif named:
        raise UserError(f"articles: {name} is not of a format that is read: {', '.join(sorted(ARTICLE_SUFFIXES | TABLE_SUFFIXES))}, "
                        "these in .zip or .tar, or with .gz, .bz2 or .xz."
                        + "".join(f" {todo}" for sign, todo in ADVICE if f"format {suffix}".startswith(sign)))  # fmt: skip
    else:
        left.append(_left("file", name, f"format {suffix or 'without a suffix'} is not read"))


def _unpacked(opener: Opener, base: str) -> BinaryIO:
    unpack = COMPRESSED.get(PurePosixPath(base.lower()).suffix)
    return unpack(opener(), "rb") if unpack else opener()


def _open_archive(name: str, opener: Opener, left: list[Left], depth: int) -> Iterator[tuple[str, Opener]]:
    if depth >= MAX_DEPTH:
        left.append(_left("file", name, f"archives nested more than {MAX_DEPTH} deep"))
        return
    told = len(left)
    members = _zip_members if name.lower().endswith(".zip") else _tar_members
    try:
        with opener() as stream:
            unpacked = found = 0
            for member, size, open_member in members(stream, name, left):
                unpacked, found = unpacked + size, found + 1
                if unpacked > MAX_UNPACKED:
                    left.append(
                        _left("file", name, f"unpacks to more than {MAX_UNPACKED:,} bytes: the rest is not read")
                    )
                    return
                yield from _open(f"{name}/{_member_label(member)}", open_member, left, named=False, depth=depth + 1)
            if not found and len(left) == told:
                left.append(_left("file", name, "an archive without files"))
    except BROKEN_ARCHIVE as error:
        left.append(_left("file", name, f"archive cannot be read: {_why(error)}"))


def _zip_members(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[str, int, Opener]]:
    with tempfile.TemporaryFile() as whole, zipfile.ZipFile(_in_any_order(stream, whole)) as archive:
        for member in sorted(archive.infolist(), key=lambda m: m.filename):
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                left.append(_left("file", f"{name}/{_member_label(member.filename)}", "encrypted"))
            else:
                yield member.filename, member.file_size, partial(archive.open, member)  # type: ignore[misc]


def _in_any_order(stream: BinaryIO, whole: BinaryIO) -> BinaryIO:
    """A stream that can be read in any order, as a zip must be: out of a tar, which is read from front to back, a copy in `whole`."""
    try:
        if stream.seekable():
            return stream
    except AttributeError:  # what tarfile gives of a tar that is read so
        pass
    shutil.copyfileobj(stream, whole)
    whole.seek(0)
    return whole


def _tar_members(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[str, int, Opener]]:
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            if member.isfile():
                yield member.name, member.size, partial(archive.extractfile, member)  # type: ignore[misc]
            elif not member.isdir():
                left.append(_left("file", f"{name}/{_member_label(member.name)}", "not a regular file"))


# --- single articles -------------------------------------------------------------------------------------------------


def _portable(opener: Any) -> Any:
    """What a worker can open: a path as it stands; out of an archive, the bytes."""
    inner = opener.args[0]
    if getattr(inner, "func", None) is _open_file:
        return opener
    try:
        with opener() as stream:
            return _read_at_most(stream, MAX_ARTICLE)
    except Exception as error:
        return f"cannot be read: {_why(error)}"


def _read_singles(
    singles: list[tuple[str, Any]], rows: list[Row], left: list[Left], map: Callable[..., Iterable[Any]]
) -> None:
    """Read what waits, in blocks, and let go of it."""
    for some, others in map(_read_block, [singles[at : at + BLOCK] for at in range(0, len(singles), BLOCK)]):
        rows += some
        left += others
    singles.clear()


def _read_block(block: list[tuple[str, Any]]) -> tuple[list[Row], list[Left]]:
    """The articles of some files, and what was left out."""
    rows: list[Row] = []
    left: list[Left] = []
    for name, source in block:
        try:
            rows.append(_article(name, _bytes_of(source)))
        except Exception as error:  # whatever one file does, the others are read
            left.append(_left("file", name, _why(error)))
    return rows, left


def _bytes_of(source: Any) -> bytes:
    """The bytes of a file that `_portable` made ready."""
    if isinstance(source, bytes):
        return source
    if isinstance(source, str):
        raise ValueError(source)
    with source() as stream:
        return _read_at_most(stream, MAX_ARTICLE)


def _article(name: str, data: bytes) -> Row:
    suffix = _suffix(name)
    if suffix in {".html", ".htm", ".xhtml"}:
        return {"file": name, "row": 0, **html.extract(decode(data, html=True))}
    text = decode(data)
    if not looks_like_text(text):
        raise ValueError("its bytes are not text")
    meta, text = _front_matter(text) if suffix in {".md", ".markdown"} else ({}, text)
    found = columns_found(meta)
    row = _row(name, 0, meta, {role: used for role, used in found.items() if role != "text"})
    return {**row, "text": text}


def _front_matter(text: str) -> tuple[Row, str]:
    """The `key: value` lines between `---` at the head of a Markdown file, and the text after them."""
    match = re.match(r"---\n((?:[\w .-]+:[^\n]*\n|[ \t-][^\n]*\n)+)---\n", text)
    if not match:
        return {}, text
    pairs = (line.split(":", 1) for line in match[1].splitlines() if re.match(r"[\w.-]", line))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}, text[match.end() :]


# --- tables ----------------------------------------------------------------------------------------------------------


def _table_rows(
    name: str,
    opener: Opener,
    columns: Mapping[str, Any],
    left: list[Left],
    used: dict[str, dict[str, list[str]]],
    there: dict[str, None],
) -> Iterator[Row]:
    """The articles of a table, one after the other; `there` takes in the names of its columns."""
    suffix = _suffix(name)
    records = {".parquet": _parquet, ".json": _json, ".jsonl": _json_lines, ".ndjson": _json_lines}.get(suffix, _csv)
    by_record = records in (_json, _json_lines)  # whose records need not have the same columns
    found: dict[str, list[str]] = {}
    number, told = 0, len(left)
    try:
        with opener() as stream:
            for number, record in records(stream, name, left):
                if by_record or not found:
                    found = columns_found(record, columns)
                    there.update(dict.fromkeys(map(str, record)))
                if "text" in found:
                    used.setdefault(name, found)
                    yield _row(name, number, record, found)
                    continue
                reason = f"no column of text; the columns are: {', '.join(map(str, record))[:500]}"
                left.append(_left("row", f"{name}, row {number}", reason) if by_record else _left("file", name, reason))
                if not by_record:
                    return
        if not number and len(left) == told:
            left.append(_left("file", name, "a table without rows"))
    except Exception as error:  # a damaged table gives the rows before the damage
        left.append(_left("file", name, f"cannot be read further: {_why(error)}"))


def _row(name: str, number: int, record: Mapping[str, Any], found: Mapping[str, list[str]]) -> Row:
    def said(role: str, value: Any) -> str:
        return _text(_prose(value) if role == "text" else _named(value))

    cell = {role: "\n\n".join(filter(None, (said(role, record.get(c)) for c in found.get(role, [])))) for role in ROLES}
    used = {column for columns in found.values() for column in columns}
    row: Row = {
        "file": name, "row": number, "id": cell["id"].strip(), "source": cell["source"].strip(), "url": cell["url"].strip(), "title": cell["title"].strip(),
        "text": cell["text"], "date_column": cell["date"].strip(), "date_metadata": "", "date_html": "",
    }  # fmt: skip
    for column, value in record.items():
        whole = column not in used or _named(value) is not value  # an object of which the name alone was taken
        if column and whole and not str(column).startswith("Unnamed:"):
            row[_extra(str(column))] = _text(value)
    return row


def _extra(column: str) -> str:
    column = _sound(column)
    return f"{column}_given" if column in TAKEN or column in ROLES else column


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, str):
        return _sound(value[:MAX_CELL]).replace("\r\n", "\n").replace("\r", "\n")
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


def _csv(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[int, Row]]:
    lines = _text_lines(stream, name, left)
    head = next((line for line in lines if line.strip()), "")
    if not head:
        raise ValueError("empty")
    if "\r" in _outside_quotes(head).rstrip("\r\n"):  # lines that end as on old Macs: all came as one
        lines = (part for line in [head, *lines] for part in io.StringIO(line, newline=None))
        head = next(line for line in lines if line.strip())
    if told := re.fullmatch(r"sep=(.)\s*", head):  # the line by which Excel is told how cells are told apart
        head = next((line for line in lines if line.strip()), "")
    delimiter = (
        "\t" if _suffix(name) in {".tsv", ".tab"} else max(",;\t|", key=lambda sign: _outside_quotes(head).count(sign))
    )
    delimiter = told[1] if told else delimiter
    before = csv.field_size_limit(MAX_CELL)
    try:
        records = _split(itertools.chain([head], lines), delimiter)
        header, wrong = next(records)
        if wrong:
            raise ValueError(f"its header cannot be read: {wrong}")
        names = _told_apart([column.strip() for column in header], name, left)
        number = 0
        for cells, wrong in records:
            number += 1
            if wrong:
                left.append(_left("row", f"{name}, row {number}", wrong))
            elif not cells:
                number -= 1  # an empty line is no row
            elif len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
                left.append(
                    _left("row", f"{name}, row {number}", f"has {len(cells)} cells where the header has {len(names)}")
                )
            else:
                yield number, dict(zip(names, cells, strict=False))
    finally:
        csv.field_size_limit(before)


def _told_apart(names: list[str], table: str, left: list[Left]) -> list[str]:
    """The names of columns; one that stands again gets its place behind it, and a row of DROPPED says so."""
    first: dict[str, int] = {}
    taken = set(names)
    told = []
    for at, name in enumerate(names, start=1):
        new = name
        if name and first.setdefault(name, at) != at:
            new = next(free for i in itertools.count(at) if (free := f"{name} ({i})") not in taken)
            said = f"both are named {name[:80]!r}: the first counts, the other is {new[:84]!r}"
            left.append(_left("column", f"{table}, columns {first[name]} and {at}", said))
        taken.add(new)
        told.append(new)
    return told


def _split(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], str]]:
    """The records of a CSV as cells and what is wrong; after a quote that is never closed, on from the next record."""
    waiting: deque[str] = deque()  # lines that such a quote took in
    taken: list[str] = []  # the lines of one record

    def one_by_one() -> Iterator[str]:
        while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
            taken.append(line)
            yield line

    table = csv.reader(one_by_one(), delimiter=delimiter)
    width, last = 0, ""
    while True:
        taken.clear()
        cells, wrong = [], ""
        try:
            cells = next(table)
        except StopIteration:
            return
        except csv.Error as error:
            wrong = f"broken CSV: {error}"
        headed, width = width > 0, width or len(cells)
        doubtful = len(taken) > 1 or len(cells) != width or sum(line.count('"') for line in taken) % 2
        if doubtful and _amiss(taken, delimiter):
            again = _next_record(taken, 1, delimiter, width)
            if not again and _ends_in_quotes(taken, delimiter):
                again = len(taken)
            if not again and len(cells) != width > 1:  # the quote that opens the next cell closed this one
                told_apart = _begins_a_record(last, delimiter, width)  # as the last sound row does
                end = len(taken)
                for line in itertools.islice(one_by_one(), MAX_LOST if told_apart else FEW_LOST):
                    if _begins_a_record(line, delimiter, width):
                        again = len(taken) - 1
                        break
                again = again or (len(taken) if told_apart else end)
            if again:
                cells, wrong = [], f"a quote that opens here is not closed: {_lines(again)} left out. Close it"
                waiting.extendleft(reversed(taken[again:]))
                table = csv.reader(one_by_one(), delimiter=delimiter)
        last = taken[0] if headed and cells and not wrong else last
        yield cells, wrong


def _amiss(taken: list[str], delimiter: str) -> bool:
    """Whether the quotes of a record's lines do not match."""
    try:
        list(csv.reader(taken, delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


def _next_record(taken: list[str], start: int, delimiter: str, width: int) -> int:
    found = (at for at in range(start, len(taken)) if _begins_a_record(taken[at], delimiter, width))
    return next(found, 0)


def _ends_in_quotes(lines: list[str], delimiter: str) -> bool:
    try:
        return list(csv.reader([*lines, END], delimiter=delimiter))[-1] != [END]
    except csv.Error:
        return False


def _begins_a_record(line: str, delimiter: str, width: int) -> bool:
    """Whether a line reads as a record of the table, or as the head of one, and not as a line of prose with commas."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return False
    prose = any(cell[:1].isspace() for cell in cells[1:]) or any(c.endswith('"') and c.count('"') % 2 for c in cells)
    whole = len(cells) == width or (len(cells) < width and _ends_in_quotes([line], delimiter))
    return len(cells) > 1 and whole and not prose


def _lines(n: int) -> str:
    return "its line is" if n == 1 else f"its {n:,} lines are"


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


def _json_lines(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[int, Row]]:
    yield from _json_by_line(_text_lines(stream, name, left), name, left)


def _json_by_line(lines: Iterable[str], name: str, left: list[Left]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            left.append(_left("row", f"{name}, row {number}", f"broken JSON: {_why(error)}"))
            continue
        if isinstance(record, dict):
            yield number, record
        else:
            left.append(_left("row", f"{name}, row {number}", "not a JSON object"))


def _json(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[int, Row]]:
    text = decode(_read_at_most(stream, MAX_TABLE))
    try:
        whole = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        if "\n" not in text[: error.pos].strip():  # a document a line, under the name of one document
            yield from _json_by_line(io.StringIO(text), name, left)
            return
        raise ValueError("more than one JSON document, and not one a line") from error
    for number, record in enumerate(_records(whole, name, left), start=1):
        if isinstance(record, dict):
            yield number, record
        else:
            left.append(_left("row", f"{name}, row {number}", "not a JSON object"))


def _records(whole: Any, name: str, left: list[Left]) -> list[Any]:
    """The list of articles in a JSON document: the document, the lists in it, its values, or itself."""
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, dict):
        return [whole]
    if "text" in columns_found(whole):
        return _by_columns(whole) or [whole]
    lists = {key: value for key, value in whole.items() if isinstance(value, list) and value}
    of_records = {key: value for key, value in lists.items() if any(isinstance(item, dict) for item in value)}
    if of_records:
        read = {key: value for key, value in of_records.items() if _have_text(value)} or of_records
        others = {key: f"a list of {len(lists[key])} without a column of text" for key in lists if key not in read}
        left.extend(_left("list", f"{name}, {key[:80]!r}", reason) for key, reason in others.items())
        return [record for records in read.values() for record in records]
    if whole and all(isinstance(value, dict) for value in whole.values()):
        return [{"id": key, **value} for key, value in whole.items()]
    return [whole]


def _by_columns(table: Row) -> list[Any]:
    """The rows of a table that was written column by column, each by row (as pandas does) or as a list; none where it is no such table."""
    columns = list(table.values())
    if all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        return [{name: column[row] for name, column in table.items()} for row in columns[0]]
    if len(columns) > 1 and all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]
    return []


def _have_text(records: list[Any]) -> bool:
    """Whether one of the records has a text of its own, not a title alone."""
    roles = (columns_found(record) for record in records if isinstance(record, dict))
    return any("text" in found and found["text"] != found.get("title") for found in roles)


def _parquet(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[int, Row]]:
    import pyarrow.parquet

    data = io.BytesIO(_read_at_most(stream, MAX_TABLE))
    number = 0
    for batch in pyarrow.parquet.ParquetFile(data).iter_batches(batch_size=1000):
        for record in batch.to_pylist():
            number += 1
            yield number, record


def _text_lines(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[str]:
    buffered = io.BufferedReader(stream, 1 << 20) if isinstance(stream, io.RawIOBase) else stream
    sample = buffered.read(SAMPLE)
    encoding = guess_encoding(sample, whole=len(sample) < SAMPLE)
    if encoding.startswith(("utf-16", "utf-32")):  # a line end is more than a byte here: read whole
        return iter(io.StringIO(decode(sample + _read_at_most(buffered, MAX_TABLE // 8))))
    return decode_lines(_byte_lines(sample, buffered, name, left), encoding)


def _byte_lines(sample: bytes, stream: BinaryIO, name: str, left: list[Left]) -> Iterator[bytes]:
    """Lines of bytes; one that is too long is left out with a row, and never in memory whole."""
    head = io.BytesIO(sample)
    total = len(sample)
    for number in itertools.count(1):
        line = head.readline()
        if not line.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 1)
            total += len(rest)
            line += rest
        if not line:
            return
        if total > MAX_UNPACKED:
            raise ValueError(f"more than {MAX_UNPACKED:,} bytes")
        if len(line) > MAX_LINE:
            left.append(_left("row", f"{name}, line {number}", f"longer than {MAX_LINE:,} bytes"))
            while line and not line.endswith(b"\n") and total <= MAX_UNPACKED:
                line = stream.readline(MAX_LINE)
                total += len(line)
            continue
        yield line


# --- a file beside the articles --------------------------------------------------------------------------------------


def _sidecar_rows(name: str, opener: Opener, left: list[Left]) -> Iterator[Row]:
    broken: list[Left] = []
    try:
        with opener() as stream:
            for number, record in _csv(stream, name, broken):
                yield {"_row": f"{name}, row {number}", **record}
    except Exception as error:
        left.append(_left("file", name, f"cannot be read: {_why(error)}"))
    for stage, what, place, reason, n in broken:  # its rows are about articles, and none themselves
        left.append((stage, "metadata" if what == "row" else what, place, reason, n))


def _join_sidecars(
    rows: list[Row],
    sidecars: Mapping[str, list[Row]],
    left: list[Left],
    chosen: Mapping[str, str | list[str]],
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
    for folder, records in sidecars.items():
        places: dict[str, str] = {}
        for record in records:
            place = record.pop("_row")
            key = next(
                (column for column in record if _plain(column) in {"file", "filename", "file_name", "path"}), None
            )
            if key is None:
                left.append(_left("file", place.rsplit(",", 1)[0], "has no column `file`"))
                break
            name = _text(record.pop(key)).strip()
            matched = by_file.get(str(PurePosixPath(folder) / name) if folder != "." else name, [])
            if not matched and whole:
                left.append(_left("metadata", place, f"there is no file {name[:200]!r}"))
            file = matched[0]["file"] if matched else ""
            if file in places:
                again = f"{file[:200]!r} is named again: what {place} says of it counts"
                left.append(_left("metadata", places[file], again))
            if file:
                places[file] = place
            own = {
                role: used
                for role, used in chosen.items()
                if record.keys() & {*([used] if isinstance(used, str) else used)}
            }
            given = _row("", 0, record, {r: c for r, c in columns_found(record, own).items() if r != "text"})
            if file and given["date_column"]:
                dated_by[file] = place.rsplit(",", 1)[0]
            for row in matched:
                row.update(
                    {
                        column: value
                        for column, value in given.items()
                        if value and column not in {"file", "row", "text"}
                    }
                )
    return dated_by


# --- the table -------------------------------------------------------------------------------------------------------


def _has_text(row: Row, left: list[Left]) -> bool:
    if row["text"].strip():
        return True
    left.append(_left("article", _place(row), "no text"))
    return False


def _raw_table(rows: list[Row]) -> pd.DataFrame:
    for row in rows:
        row["source"] = row.get("source") or _site(row.get("url", ""))
    for row, doc_id in zip(rows, _doc_ids(rows), strict=True):
        row["doc_id"] = doc_id
    rows.sort(key=lambda row: row["doc_id"])
    more = sorted({column for row in rows for column in row} - set(RAW) - {"id"})
    return pd.DataFrame({column: [row.get(column, "") for row in rows] for column in (*RAW, *more)}).astype(
        {column: "str" for column in (*RAW, *more) if column != "row"}
    )


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
    plain = re.sub(r"[^\w.:/@+-]+", "_", value.strip())
    return re.sub(r"(^|/)\.{1,2}(?=/|$)", r"\1_", plain).lstrip("/")[:120]


def _digest(row: Row) -> str:
    """Of a file its text, so that a sidecar changes no id; of a table's row every cell, so that rows differ if they do."""
    cells = [row["text"]] if not row["row"] else [f"{key}={row[key]}" for key in sorted(row) if key != "row"]
    return hashlib.sha256("\0".join(cells).encode("utf-8", "replace")).hexdigest()[:10]


def _site(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


# --- small words -----------------------------------------------------------------------------------------------------


def _nothing(path: Path, left: list[Left]) -> str:
    if not left:
        return f"articles: {path} holds no files."
    shown = "; ".join(f"{label}: {reason}" for _, _, label, reason, _ in left[:3])
    more = f"; and {len(left) - 3} more" if len(left) > 3 else ""
    advice = dict.fromkeys(todo for sign, todo in ADVICE if any(sign in reason for _, _, _, reason, _ in left))
    return " ".join([f"articles: nothing in {path} could be read as an article. {shown}{more}.", *advice])


def _left(what: str, name: str, reason: str) -> Left:
    return ("read", what, name, reason, 1)


def _place(row: Row) -> str:
    return f"{row['file']}, row {row['row']}" if row["row"] else row["file"]


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:200]  # without the path, which is another on every machine
    said = " ".join(str(error).split())
    return (
        said[:200]
        if isinstance(error, ValueError) and said
        else f"{type(error).__name__}{': ' + said[:200] if said else ''}"
    )


def _plain(name: Any) -> str:
    bare = unicodedata.normalize("NFKD", str(name).strip().lower().replace("đ", "d"))
    bare = "".join(
        sign for sign in bare if not unicodedata.combining(sign)
    )  # nội dung and título as noi_dung and titulo
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_") if bare != "_id" else "_id"


def _suffix(name: str) -> str:
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in COMPRESSED else path.suffix


def _label(file: Path, root: Path) -> str:
    return _member_label(file.relative_to(root).as_posix())


def _member_label(name: str) -> str:
    """A name as something to show: no control characters, nothing that could be a way out of a folder."""
    parts = (part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."})
    return (
        re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "\ufffd", "/".join(parts))
        .encode("utf-8", "replace")
        .decode()[:500]
    )


def _read_at_most(stream: BinaryIO, limit: int) -> bytes:
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"more than {limit:,} bytes")
    return data
