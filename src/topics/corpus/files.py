"""A file, folder or archive to what there is to read: the name of each file and where its bytes come from.

Everything that comes in is hostile until read: names in archives are labels and never paths, sizes are bounded while
reading, links that lead out of the folder and things that are no files are passed over with a row.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from topics.corpus.corrections import beside
from topics.tables import BESIDE, UserError, nearest

ARTICLE_SUFFIXES = {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".mhtml", ".mht"}
TABLE_SUFFIXES = {".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".xlsm"}
COMPRESSED: Mapping[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")
SIDECAR = "metadata.csv"
READ_ELSEWHERE = set(BESIDE) - {SIDECAR}

MAX_UNPACKED = 20_000_000_000  # bytes that one archive or compressed file may unpack to
MAX_DEPTH = 2  # archives in archives

Left = tuple[str, str, str]  # of a row of DROPPED: what, its name, the reason
Source = Path | Callable[[], BinaryIO]  # a file on disk, or what opens one in an archive


def check_path(path: Path) -> None:
    """Raises `UserError` where there is no file or folder, or none that may be opened."""
    try:
        if path.is_dir():
            os.scandir(path).close()
        if path.is_dir() or path.is_file():
            return
    except OSError as error:
        raise UserError(f"articles: {path} cannot be opened: {why(error)}. Ask for the right to read it.") from None
    if path.exists():
        raise UserError(f"articles: {path} is neither a folder nor a regular file.")
    there = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
    hint = nearest(path.name, there) or " Give a file or a folder of articles."
    raise UserError(f"articles: {path} is not there.{hint}")


def files_in(path: Path, left: list[Left]) -> Iterator[tuple[str, Source]]:
    """Each file to read, also those in archives; `left` takes in what is passed over."""
    if not path.is_dir():
        yield from _to_read(path.name, path, left)
        if (sidecar := beside(path, SIDECAR)) and path.name.lower() != SIDECAR:
            yield sidecar.name, sidecar
        return
    for name, file in _walk(path, left):
        yield from _to_read(name, file, left)


def opened(name: str, source: Source) -> BinaryIO:
    """The bytes of a file, unpacked where its name says that it is compressed."""
    stream = _stream(source)
    unpack = COMPRESSED.get(PurePosixPath(name.lower()).suffix)
    return unpack(stream, "rb") if unpack else stream


def read_at_most(stream: BinaryIO, limit: int) -> bytes:
    """All bytes of a stream; raises `ValueError` where there are more."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"more than {limit:,} bytes")
    return data


def suffix_of(name: str) -> str:
    """What tells the format, in lower case, also of a compressed file.

    >>> suffix_of("News.CSV.gz")
    '.csv'
    """
    path = PurePosixPath(name.lower())
    return PurePosixPath(path.stem).suffix if path.suffix in COMPRESSED else path.suffix


def why(error: BaseException) -> str:
    """What went wrong, on one line and without a path, which is another on every machine."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:200]
    said = " ".join(str(error).split())[:200]
    if isinstance(error, ValueError) and said:
        return said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _stream(source: Source) -> BinaryIO:
    return source.open("rb") if isinstance(source, Path) else source()


def _walk(folder: Path, left: list[Left]) -> Iterator[tuple[str, Path]]:
    """The regular files under a folder, in the order of their names."""
    root = folder.resolve()

    def label(path: str | Path) -> str:
        return _label(Path(path).relative_to(root).as_posix())

    def shut_to_us(error: OSError) -> None:
        left.append(("file", label(error.filename), f"a folder that cannot be opened: {why(error)}"))

    for here, folders, files in os.walk(root, onerror=shut_to_us):
        shut = {name: "a link to a folder" for name in folders if Path(here, name).is_symlink()}
        shut |= {name: "a hidden folder" for name in folders if name.startswith(".")}
        shut |= {name: "what a browser saved beside a page" for name in folders if _beside_page(name, files)}
        left += [("file", label(Path(here, name)), reason) for name, reason in sorted(shut.items())]
        folders[:] = sorted(set(folders) - set(shut))
        for file in (Path(here, name) for name in sorted(files)):
            if reason := _no_file(file, root):
                left.append(("file", label(file), reason))
            else:
                yield label(file), file


def _beside_page(folder: str, files: list[str]) -> bool:
    """Whether a folder holds the advertisements and frames of a page that a browser saved: `page_files` beside `page.html`."""
    page = folder.removesuffix("_files")
    return page != folder and not {f"{page}.html", f"{page}.htm"}.isdisjoint(files)


def _no_file(file: Path, root: Path) -> str:
    """Why something in a folder is no file to read, or nothing."""
    try:
        target = file.resolve(strict=True)
        kind = target.stat().st_mode
    except (OSError, RuntimeError) as error:
        return f"cannot be read: {why(error)}"
    if not target.is_relative_to(root):
        return "a link out of the folder"
    return "" if stat.S_ISREG(kind) else "not a regular file"


def _to_read(name: str, source: Source, left: list[Left], depth: int = 0) -> Iterator[tuple[str, Source]]:
    """The file itself, the files in it where it is an archive, or none."""
    base, suffix = PurePosixPath(name).name, suffix_of(name)
    if base.lower() in READ_ELSEWHERE:
        if base != name:
            left.append(("file", name, f"{base} is read in the folder given, not in one within it"))
    elif base.startswith(".") or "__MACOSX" in name:
        left.append(("file", name, "a hidden file"))
    elif re.match(r"readme(?![a-z])", base.lower()):
        left.append(("file", name, "a README is not an article"))
    elif base.lower().endswith(ARCHIVE_SUFFIXES):
        yield from _in_archive(name, source, left, depth)
    elif suffix in ARTICLE_SUFFIXES or suffix in TABLE_SUFFIXES:
        yield name, source
    else:
        left.append(("file", name, f"format {suffix or 'without a suffix'} is not read"))


def _in_archive(name: str, source: Source, left: list[Left], depth: int) -> Iterator[tuple[str, Source]]:
    if depth >= MAX_DEPTH:
        left.append(("file", name, f"archives nested more than {MAX_DEPTH} deep"))
        return
    told, unpacked, found = len(left), 0, False
    members = _zip_members if name.lower().endswith(".zip") else _tar_members
    try:
        with _stream(source) as stream:
            for label, size, open_member in members(stream, name, left):
                unpacked, found = unpacked + size, True
                if unpacked > MAX_UNPACKED:
                    left.append(("file", name, f"unpacks to more than {MAX_UNPACKED:,} bytes: the rest is not read"))
                    return
                yield from _to_read(label, open_member, left, depth + 1)
        if not found and len(left) == told:
            left.append(("file", name, "an archive without files"))
    except Exception as error:  # what was read before the damage stays
        left.append(("file", name, f"archive cannot be read: {why(error)}"))


def _zip_members(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[str, int, Any]]:
    with tempfile.TemporaryFile() as whole, zipfile.ZipFile(_in_any_order(stream, whole)) as archive:
        for member in sorted(archive.infolist(), key=lambda m: m.filename):
            label = f"{name}/{_label(member.filename)}"
            if member.is_dir():
                continue
            if member.flag_bits & 1:
                left.append(("file", label, "encrypted"))
            else:
                yield label, member.file_size, partial(archive.open, member)


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


def _tar_members(stream: BinaryIO, name: str, left: list[Left]) -> Iterator[tuple[str, int, Any]]:
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            label = f"{name}/{_label(member.name)}"
            if member.isfile():
                yield label, member.size, partial(archive.extractfile, member)
            elif not member.isdir():
                left.append(("file", label, "not a regular file"))


def _label(name: str) -> str:
    """A name as something to show: no control characters, nothing that could be a way out of a folder."""
    parts = (part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."})
    shown = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "\ufffd", "/".join(parts))
    return shown.encode("utf-8", "replace").decode()[:500]
