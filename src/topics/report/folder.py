"""The folder of a run: its name, one run at a time in it, made beside and put in place whole; what is left where a run fails."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from topics.report import provenance
from topics.tables import UserError

BYTES = 180  # of a file's 255, for a run's folders bear more than its name
NAME = re.compile(r"[^\W_][\w.-]{0,79}")
RESERVED = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[. ]|.*\.failed|index\.html|ledger\.csv", re.I
)  # names that Windows or we have taken


def check_name(name: str | None) -> None:
    """Raises `UserError` for a name that no run's folder can have."""
    if name is not None and (not NAME.fullmatch(name) or RESERVED.fullmatch(name) or len(name.encode()) > BYTES):
        raise UserError(
            f"NAME must begin with a letter or figure and go on with letters, figures, '.', '-' or '_', "
            f"80 at most (in UTF-8 {BYTES} bytes), and not end in .failed or a point, nor be index.html, ledger.csv or a name that Windows keeps "
            f"for itself. Got {name!r}."
        )


def run_name(name: str | None, articles: Path) -> str:
    """The name of the run's folder: as given, or made from the articles' name.

    >>> run_name(None, Path("corpora/My articles (2).zip"))
    'My-articles-2'
    """
    if name is None:
        stem = articles.name if articles.is_dir() else articles.name.split(".")[0]
        made = re.sub(r"[^\w.-]+", "-", stem).strip("-._")[:80]
        made = made.encode()[:BYTES].decode(errors="ignore").rstrip("-._")
        return made if made and not RESERVED.fullmatch(made) else f"articles-{made}".rstrip("-")
    check_name(name)
    return name


def check_places(articles: Path, folder: Path, name: str) -> None:
    """Raises `UserError` where a run would read its own report, or take the place of its articles or of what is no run."""
    read, written, final = articles.resolve(), folder.resolve(), folder / name
    if read.is_dir() and written.is_relative_to(read):
        raise UserError(
            f"{folder}: lies inside the folder of articles {articles}; the next run would read its own report. "
            "Give another folder: --out DIR."
        )
    if read.is_relative_to(written / name):
        raise UserError(
            f"{final}: holds the articles {articles}; the report would take their place. Give another --name."
        )
    if final.is_file() or (final.is_dir() and any(final.iterdir()) and not (final / provenance.FILE).exists()):
        raise UserError(f"{final}: is no report, and one would take its place. Give another --name or --out.")


@contextmanager
def one_at_a_time(folder: Path, name: str) -> Iterator[None]:
    """Wait for another run on the same folder, and say so."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f".{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f"Another run is writing {folder / name}; waiting for it ...", file=sys.stderr)
            lock.acquire()
    except OSError as problem:
        raise UserError(f"{folder}: cannot be written ({problem.strerror}). Give another folder: --out DIR.") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def workplace(folder: Path, name: str) -> Iterator[Path]:
    """An empty folder beside the run's own, gone afterwards; what a killed run left is put right first.

    Its name is new each time: a process that outlives its run writes into nobody's.
    """
    if not (folder / name).exists() and (folder / f".{name}.old").exists():  # killed between two renames
        os.replace(folder / f".{name}.old", folder / name)
    for left in folder.iterdir() if folder.exists() else ():
        if left.is_dir() and re.fullmatch(rf"\.{re.escape(name)}\.(part-\d+-\d+|old)", left.name):
            shutil.rmtree(left, ignore_errors=True)
    work = folder / f".{name}.part-{os.getpid()}-{time.time_ns()}"
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        clear(work)


def clear(folder: Path, tries: int = 20) -> None:
    """Delete a folder, also where a process that was just killed still writes, and where Ctrl-C comes meanwhile: it is heeded afterwards."""
    asked = False
    while folder.exists() and (tries := tries - 1) >= 0:
        try:
            shutil.rmtree(folder, ignore_errors=True)
            if folder.exists():
                time.sleep(0.05)
        except KeyboardInterrupt:
            asked = True
    if asked:
        raise KeyboardInterrupt


def put_in_place(work: Path, final: Path) -> None:
    """Exchange the finished folder for the one that stands under its name, once its bytes are on the disk."""
    for path in work.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    if not final.exists():
        os.replace(work, final)
    elif not exchange(work, final):
        old = final.with_name(f".{final.name}.old")
        os.replace(final, old)
        try:
            os.replace(work, final)
        except OSError:
            os.replace(old, final)
            raise
        shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Give two folders each other's names in one step, where the system has such a step: Linux and macOS have, Windows has not."""
    import ctypes

    names = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(library.renamex_np(*names, 2) == 0)
        return bool(library.renameat2(-100, names[0], -100, names[1], 2) == 0)
    except (OSError, AttributeError, TypeError):
        return False


def keep_evidence(work: Path, failed: Path, problem: BaseException) -> Path:
    """What the failed run had made, and what went wrong, under `NAME.failed`."""
    shutil.rmtree(failed, ignore_errors=True)
    try:
        os.replace(work, failed)
        for half in failed.rglob("*.part"):  # written by a notebook's process that was stopped
            half.unlink(missing_ok=True)
        said = "".join(traceback.format_exception(problem))
        (failed / "error.txt").write_text(said, encoding="utf-8", errors="backslashreplace")
    except OSError:  # a full disk: say it on the screen at least
        pass
    return failed
