"""The records of a table, one after the other: CSV, JSON, JSON lines, Parquet, a sheet of Excel; a damaged one gives the rows before the damage."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import warnings
import zipfile
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from typing import Any, BinaryIO

from topics.corpus.columns import columns_found
from topics.corpus.encoding import SAMPLE, decode, decode_lines, guess_encoding
from topics.corpus.files import MAX_UNPACKED, Left, Source, opened, read_at_most, suffix_of, why

# openpyxl warns of styles and of lists to choose from, which nobody reads here.
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")

MAX_CELL = 20_000_000  # characters of one cell
MAX_LINE = 64_000_000  # bytes of one line
MAX_TABLE = 2_000_000_000  # bytes of a table that must be in memory whole (JSON, Parquet, Excel)
EXCEL_CELL = 32_767  # characters, the most that Excel keeps of a cell
OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # how .xls begins, and .xlsx that a password locks
MAX_LOST = 1000  # lines that are looked through for the next record after a broken one
FEW_LOST = 20  # lines, where a record cannot be told from prose
END = "\0end of the file\0"  # a line that none holds
JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}  # of tables whose records need not have the same columns

Record = dict[str, Any]
Numbered = Iterator[tuple[int, Any]]  # records with their numbers, from 1


def records(name: str, source: Source, left: list[Left]) -> Iterator[tuple[int, Record]]:
    """Each record of a table, column → cell, with its number; `left` takes in those that are broken.

    Raises whatever stops the reading.
    """
    suffix = suffix_of(name)
    read = {
        ".parquet": _parquet,
        ".json": _json,
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".xlsx": _xlsx,
        ".xlsm": _xlsx,
    }.get(suffix, _csv)
    with opened(name, source) as stream:
        for number, record in read(stream, name, left):
            if isinstance(record, dict):
                yield number, record
            else:
                left.append(("row", f"{name}, row {number}", "not a JSON object"))


# --- JSON and Parquet ------------------------------------------------------------------------------------------------


def _json_lines(stream: BinaryIO, name: str, left: list[Left]) -> Numbered:
    return _json_by_line(_text_lines(stream, name, left), name, left)


def _json_by_line(lines: Iterable[str], name: str, left: list[Left]) -> Numbered:
    twice = Counter[str]()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = _loaded(line, twice)
        except (ValueError, RecursionError) as error:
            left.append(("row", f"{name}, row {number}", f"broken JSON: {why(error)}"))
        else:
            yield number, record
    _tell_twice(twice, name, left)


def _json(stream: BinaryIO, name: str, left: list[Left]) -> Numbered:
    text = decode(read_at_most(stream, MAX_TABLE))
    twice = Counter[str]()
    try:
        whole = _loaded(text, twice)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
        if "\n" in text[: error.pos].strip():
            raise ValueError("more than one JSON document, and not one a line") from error
        yield from _json_by_line(io.StringIO(text), name, left)
        return
    yield from enumerate(_articles_in(whole, name, left), start=1)
    _tell_twice(twice, name, left)


def _loaded(text: str, twice: Counter[str]) -> Any:
    """What JSON says; `twice` takes in the keys that an object has more than once."""

    def made(pairs: list[tuple[str, Any]]) -> Record:
        record = dict(pairs)
        if len(record) < len(pairs):
            twice.update(key for key, n in Counter(key for key, _ in pairs).items() if n > 1)
        return record

    return json.loads(text, object_pairs_hook=made)


def _tell_twice(twice: Counter[str], name: str, left: list[Left]) -> None:
    for key, n in twice.items():
        left.append(
            ("column", f"{name}, {key[:80]!r}", f"more than once in an object ({n:,} of them): the last counts")
        )


def _articles_in(whole: Any, name: str, left: list[Left]) -> list[Any]:
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
        left += [("list", f"{name}, {key[:80]!r}", reason) for key, reason in others.items()]
        return [record for listed in read.values() for record in listed]
    if whole and all(isinstance(value, dict) for value in whole.values()):
        return [{"id": key, **value} for key, value in whole.items()]
    return [whole]


def _by_columns(table: Record) -> list[Any]:
    """The rows of a table that was written column by column, each by row (as pandas does) or as a list; none where it is no such table."""
    columns = list(table.values())
    if all(isinstance(column, dict) and column.keys() == columns[0].keys() for column in columns):
        return [{name: column[row] for name, column in table.items()} for row in columns[0]]
    if len(columns) > 1 and all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]
    return []


def _have_text(listed: list[Any]) -> bool:
    """Whether one of the records has a text of its own, not a title alone."""
    roles = (columns_found(record) for record in listed if isinstance(record, dict))
    return any("text" in found and found["text"] != found.get("title") for found in roles)


def _parquet(stream: BinaryIO, name: str, left: list[Left]) -> Numbered:
    import pyarrow.parquet

    table = pyarrow.parquet.ParquetFile(io.BytesIO(read_at_most(stream, MAX_TABLE)))
    batches = table.iter_batches(batch_size=1000)
    yield from enumerate((record for batch in batches for record in batch.to_pylist()), start=1)


# --- Excel -----------------------------------------------------------------------------------------------------------


def _xlsx(stream: BinaryIO, name: str, left: list[Left]) -> Numbered:
    """The rows of the first sheet that has any, of those that are shown before those that are hidden; other sheets with rows are told."""
    import openpyxl

    data = read_at_most(stream, MAX_TABLE)
    if data.startswith(OLD_OFFICE):
        raise ValueError("locked by a password, or an .xls of another name")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        if sum(part.file_size for part in parts.infolist()) > MAX_TABLE:
            raise ValueError(f"unpacks to more than {MAX_TABLE:,} bytes")
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    shown = ""
    for sheet in sorted(book.worksheets, key=lambda sheet: sheet.sheet_state != "visible"):
        sheet.reset_dimensions()  # a file may claim sixteen thousand columns
        rows = filter(any, (list(map(_excel_cell, cells)) for cells in sheet.iter_rows(values_only=True)))
        header = next(rows, None)
        if header and shown:
            left.append(("sheet", f"{name}, {sheet.title!r}", f"of the sheets with rows the first is read, {shown!r}"))
        elif header:
            shown = sheet.title
            names = _told_apart([str(column).strip() for column in header], name, left)
            for number, cells in enumerate(rows, start=1):
                if any(isinstance(cell, str) and len(cell) == EXCEL_CELL for cell in cells):
                    cut = f"a cell of {EXCEL_CELL:,} characters, the most that Excel keeps: the rest may be lost"
                    left.append(("cell", f"{name}, row {number}", cut))
                yield number, dict(zip(names, cells, strict=False))


def _excel_cell(value: Any) -> Any:
    """A cell as CSV would have it: nothing as an empty text, a day without the midnight, signs that Excel wrote as numbers."""
    from openpyxl.utils.escape import unescape

    if isinstance(value, str):
        return unescape(value) if "_x" in value else value
    if isinstance(value, datetime):
        return (value.date() if value.time() == time() else value).isoformat()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return "" if value is None else value


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv(stream: BinaryIO, name: str, left: list[Left]) -> Numbered:
    lines = _text_lines(stream, name, left)
    head = next(filter(str.strip, lines), "")
    if not head:
        raise ValueError("empty")
    if "\r" in _outside_quotes(head).rstrip("\r\n"):  # lines that end as on old Macs: all came as one
        lines = (part for line in [head, *lines] for part in io.StringIO(line, newline=None))
        head = next(filter(str.strip, lines))
    told = re.fullmatch(r"sep=(.)\s*", head)  # the line by which Excel is told how cells are told apart
    if told:
        head = next(filter(str.strip, lines), "")
    usual = "\t" if suffix_of(name) in {".tsv", ".tab"} else max(",;\t|", key=_outside_quotes(head).count)
    delimiter = told[1] if told else usual
    before = csv.field_size_limit(MAX_CELL)
    try:
        rows = _split(itertools.chain([head], lines), delimiter)
        header, wrong = next(rows)
        if wrong:
            raise ValueError(f"its header cannot be read: {wrong}")
        names = _told_apart([column.strip() for column in header], name, left)
        filled = ((cells, wrong) for cells, wrong in rows if cells or wrong)  # an empty line is no row
        for number, (cells, wrong) in enumerate(filled, start=1):
            if any(cell.strip() for cell in cells[len(names) :]):
                wrong = f"has {len(cells)} cells where the header has {len(names)}"
            if wrong:
                left.append(("row", f"{name}, row {number}", wrong))
            else:
                yield number, dict(zip(names, cells, strict=False))
    finally:
        csv.field_size_limit(before)


def _outside_quotes(line: str) -> str:
    return re.sub(r'"[^"]*"', "", line)


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
            left.append(("column", f"{table}, columns {first[name]} and {at}", said))
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
            found = (at for at in range(1, len(taken)) if _begins_a_record(taken[at], delimiter, width))
            again = next(found, 0)
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
                left_out = "its line is" if again == 1 else f"its {again:,} lines are"
                cells, wrong = [], f"a quote that opens here is not closed: {left_out} left out. Close it"
                waiting.extendleft(reversed(taken[again:]))
                table = csv.reader(one_by_one(), delimiter=delimiter)
        last = taken[0] if headed and cells and not wrong else last
        yield cells, wrong


def _amiss(lines: list[str], delimiter: str) -> bool:
    """Whether the quotes of a record's lines do not match."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False


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


# --- lines -----------------------------------------------------------------------------------------------------------


def _text_lines(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[str]:
    sample = stream.read(SAMPLE)
    encoding = guess_encoding(sample, whole=len(sample) < SAMPLE)
    if encoding.startswith(("utf-16", "utf-32")):  # a line end is more than a byte here: read whole
        return iter(io.StringIO(decode(sample + read_at_most(stream, MAX_TABLE // 8))))
    return decode_lines(_byte_lines(sample, stream, name, left), encoding)


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
            left.append(("row", f"{name}, line {number}", f"longer than {MAX_LINE:,} bytes"))
            while line and not line.endswith(b"\n") and total <= MAX_UNPACKED:
                line = stream.readline(MAX_LINE)
                total += len(line)
            continue
        yield line
