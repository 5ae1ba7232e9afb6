"""Results kept under what decided them.

A result's key is a digest of the step's name, its values, the keys of its inputs, the source of the room that makes
it and of everything that room imports from us, and the versions of the libraries that decide it. What has the same
key has the same bytes, so that a step whose key is there is read and not done again.

An entry is a folder of Parquet, npy and JSON files with a manifest of their digests: no pickles. It is written
beside and renamed; one that is damaged or foreign is built again, never trusted. The oldest entries are dropped when the
store grows over its limit.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from topics.tables import BESIDE

PACKAGE = Path(__file__).parent
MANIFEST = "manifest.json"
PART = ".part-"  # how the name of an entry that is being written begins
DISTRIBUTIONS = {"yaml": "PyYAML"}  # where the name to import is not the name to install
# An import as our sources have them, one statement a line: fifty times as fast as a syntax tree, which every process would make of every file.
IMPORT = re.compile(r"^[ \t]*(?:from ([\w.]+) import (\([^)]*\)|[^\n(]+)|import ([^\n]+))", re.M)
Result = dict[str, Any]


# --- keys -----------------------------------------------------------------------------------------------------------


def digest(*parts: Any) -> str:
    """SHA-256 of plain values, told apart by type and order of keys.

    >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1}), digest(1) == digest("1")
    (True, False)
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, allow_nan=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, read once while its stamp stays the same."""
    return _file_digest(path, stamp(path))


def stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file does: its inode, size and time of change."""
    seen = path.stat()
    return seen.st_ino, seen.st_size, seen.st_mtime_ns


@lru_cache(maxsize=100_000)
def _file_digest(path: Path, stamp: tuple[int, int, int]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def key(step: str, *, room: str, values: Mapping[str, Any], inputs: Iterable[str] = ()) -> str:
    """The key of a step's result: its name, then what decides it.

    `room` is the module or package (`"corpus"`, `"models.scores"`) whose source, with all that it imports from us and the
    order of steps in `pipeline`, enters the key; `inputs` are the keys of other results or digests of files.
    """
    return f"{step}-{digest(step, dict(values), list(inputs), code_digest(room), library_versions(room))[:32]}"


@cache
def code_digest(room: str) -> str:
    """SHA-256 of the source of a room, of what it imports from us, and of the order of steps."""
    files = sorted({*_sources(room), PACKAGE / "pipeline.py"})
    return digest([(path.relative_to(PACKAGE).as_posix(), _normal_digest(path)) for path in files])


def package_digest() -> str:
    """SHA-256 of all source of ours."""
    return digest([(path.relative_to(PACKAGE).as_posix(), _normal_digest(path)) for path in _files("")])


@cache
def library_versions(room: str) -> dict[str, str]:
    """The version of every library outside the standard one that a room's source imports, and of Python.

    >>> sorted(library_versions("tables"))
    ['pandas', 'python', 'yaml']
    """
    names = {name for path in _sources(room) for name in _imports(path)[1]}
    versions = {"python": ".".join(map(str, sys.version_info[:2]))}
    for name in sorted(names):
        try:
            versions[name] = metadata.version(DISTRIBUTIONS.get(name, name))
        except metadata.PackageNotFoundError:
            versions[name] = "none"
    return versions


def _sources(room: str) -> set[Path]:
    """The source files of a room and, one after the other, of everything that they import from `topics`."""
    found: set[Path] = set()
    waiting = list(_files(room))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(file for name in _imports(path)[0] for file in _files(name))
    return found


def _files(name: str) -> list[Path]:
    """The files of a module (`"tables"`) or of a whole package (`"corpus"`) of ours."""
    path = PACKAGE.joinpath(*name.split("."))
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return [path.with_suffix(".py")] if path.with_suffix(".py").exists() else []


@cache
def _imports(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """What a source file imports: modules of ours (without `topics.`), and libraries."""
    ours: set[str] = set()
    others: set[str] = set()
    if path.suffix != ".py":
        return frozenset(), frozenset()
    for module, some, whole in IMPORT.findall(path.read_text(encoding="utf-8")):
        listed = re.sub(r"#[^\n]*|[()]", "", some or whole).split(",")
        names = [name.split()[0] for name in listed if name.strip()]
        # Imports are absolute: tests/test_architecture.py.
        for name in [module, *(f"{module}.{name}" for name in names)] if module else names:
            top, _, rest = name.partition(".")
            if top == "topics" and rest:
                ours.add(rest)
            elif top != "topics" and top not in sys.stdlib_module_names:
                others.add(top)
    packages = {name.split(".")[0] for name in ours}  # of a package imported from, its __init__ runs as well
    return frozenset(ours | {f"{name}.__init__" for name in packages}), frozenset(others)


def _normal_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def inputs(path: Path) -> list[dict[str, Any]]:
    """Every file of the articles with its size and digest: one entry a file, in the order of their names.

    What of a name is no UTF-8 is a `?` in `file`, as in the table of articles.
    Of a link to a file of the folder, even of a hidden one (as git-annex keeps its files), those of what it leads to; of a
    file that cannot be read, no digest.
    """
    base = path.parent if path.is_file() else path
    if path.is_file():
        files = [path, *(item for item in _listed(base) if item.name.lower() in BESIDE and item.is_file())]
    else:
        files = sorted(_files_under(path))
    seen = [item for item in files if not any(part.startswith(".") for part in item.relative_to(base).parts)]
    return [
        {
            "file": item.relative_to(base).as_posix().encode("utf-8", "replace").decode(),
            "bytes": item.stat().st_size,
            "sha256": _digest_if_readable(item),
        }
        for item in seen
    ]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _digest_if_readable(path: Path) -> str:
    try:
        return file_digest(path)
    except OSError:  # reading says so, with a row in DROPPED
        return ""


def _files_under(folder: Path) -> Iterator[Path]:
    """The files that the corpus reads: none in a hidden folder, but links to any file of the folder."""
    root = folder.resolve()
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found = (Path(here, name) for name in names)
        yield from (file for file in found if os.path.isfile(file) and file.resolve().is_relative_to(root))


# --- results --------------------------------------------------------------------------------------------------------


class Kept(Mapping[str, Any]):
    """A kept result: a mapping whose values are read when they are asked for, and built again where damaged."""

    def __init__(self, folder: Path, key: str, build: Callable[[], Result], classes: Mapping[str, type]) -> None:
        self.folder, self.key, self._build, self._classes = folder, key, build, classes
        self._manifest = _read_manifest(folder / key)
        self._read: Result = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._read:
            if name not in self._manifest["result"]:
                raise KeyError(name)
            try:
                self._read[name] = self._decoded(name)
            except (OSError, ValueError, KeyError, TypeError):  # damaged: make it anew, once
                shutil.rmtree(self.folder / self.key, ignore_errors=True)
                _write(self.folder, self.key, self._build())
                self._manifest = _read_manifest(self.folder / self.key)
                self._read[name] = self._decoded(name)
        return self._read[name]

    def _decoded(self, name: str) -> Any:
        tree, files = self._manifest["result"][name], self._manifest["files"]
        return _decode(tree, self.folder / self.key, files, self._classes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._manifest["result"])

    def __len__(self) -> int:
        return len(self._manifest["result"])


def is_kept(folder: Path, key: str) -> bool:
    """Whether a readable entry stands under the key."""
    try:
        return _read_manifest(folder / key)["key"] == key
    except (OSError, ValueError, KeyError, RecursionError):
        return False


def keep(folder: Path, key: str, build: Callable[[], Result], *, classes: Iterable[type] = ()) -> Kept:
    """The result under `key`: read where it is kept, else built by `build` and kept.

    `classes` are the frozen dataclasses that may stand in a result. Raises `OSError` where nothing can be written.
    """
    allowed = {item.__name__: item for item in classes}
    if not is_kept(folder, key):
        shutil.rmtree(folder / key, ignore_errors=True)
        _write(folder, key, build())
    with suppress(OSError):  # a store that can only be read serves as well
        os.utime(folder / key / MANIFEST)  # when it was last used
    return Kept(folder, key, build, allowed)


def trim(folder: Path, limit: int) -> None:
    """Drop the entries that were used longest ago until the store holds `limit` bytes or fewer.

    What a killed process left half-written goes after an hour. Another run may drop or finish an entry meanwhile.
    """
    for part in folder.glob(f"{PART}*"):
        with suppress(FileNotFoundError):
            if part.stat().st_mtime < time.time() - 3600:
                shutil.rmtree(part, ignore_errors=True)
    entries = []
    for manifest in folder.glob(f"*/{MANIFEST}"):
        with suppress(FileNotFoundError):
            size = sum(file.stat().st_size for file in manifest.parent.iterdir())
            entries.append((manifest.stat().st_mtime, size, manifest.parent))
    total = sum(size for _, size, _ in entries)
    for _, size, entry in sorted(entries):
        if total <= limit:
            break
        shutil.rmtree(entry, ignore_errors=True)
        total -= size


# --- writing and reading ----------------------------------------------------------------------------------------------


def _write(folder: Path, key: str, result: Result) -> None:
    """Write a result into a new folder beside, then rename it to its key."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=PART, dir=folder))
    try:
        tree = {name: _encode(value, beside, name) for name, value in result.items()}
        files = {path.name: file_digest(path) for path in sorted(beside.iterdir())}
        manifest = json.loads(json.dumps({"key": key, "result": tree, "files": files}))  # as it will be read
        manifest["digest"] = digest(manifest)
        (beside / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        try:
            os.replace(beside, folder / key)
        except OSError:
            if not is_kept(folder, key):  # another process may have been first, with the same bytes
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _read_manifest(entry: Path) -> dict[str, Any]:
    manifest = json.loads((entry / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(manifest, dict) or manifest.pop("digest", None) != digest(manifest):
        raise ValueError("not a manifest of ours, or damaged")
    return manifest


def _encode(value: Any, folder: Path, name: str) -> Any:
    """Write what is not plain into files of `folder`; return a JSON tree that says where."""
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp

    if isinstance(value, pd.DataFrame):
        value.to_parquet(folder / f"{name}.parquet", index=False)
        return {"$table": f"{name}.parquet"}
    if sp.issparse(value):
        rows = value.tocsr()
        parts = {"data": rows.data, "indices": rows.indices, "indptr": rows.indptr, "shape": list(rows.shape)}
        return {"$csr": {part: _encode(item, folder, f"{name}.{part}") for part, item in parts.items()}}
    if isinstance(value, np.ndarray):
        if value.dtype == object or value.dtype.kind == "T":
            value = value.astype(str)
        np.save(folder / f"{name}.npy", value, allow_pickle=False)
        return {"$array": f"{name}.npy"}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        tree = {part: _encode(item, folder, f"{name}.{part}") for part, item in fields.items()}
        return {"$class": type(value).__name__, "fields": tree}
    if isinstance(value, Mapping):
        return {
            "$dict": [
                [_plain(part), _encode(item, folder, f"{name}.{i}")] for i, (part, item) in enumerate(value.items())
            ]
        }
    if isinstance(value, list | tuple):
        return {
            "$list": [_encode(item, folder, f"{name}.{i}") for i, item in enumerate(value)],
            "tuple": isinstance(value, tuple),
        }
    return _plain(value)


def _plain(value: Any) -> Any:
    if hasattr(value, "dtype") and hasattr(value, "item"):  # a number of numpy's
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"the store keeps tables, arrays, matrices, our dataclasses and plain values, not {type(value)}")


def _decode(tree: Any, folder: Path, files: Mapping[str, str], classes: Mapping[str, type]) -> Any:
    def part(item: Any) -> Any:
        return _decode(item, folder, files, classes)

    if not isinstance(tree, dict):
        return tree
    if "$table" in tree:
        import pandas as pd

        return pd.read_parquet(_checked(tree["$table"], folder, files))
    if "$array" in tree:
        import numpy as np

        return np.load(_checked(tree["$array"], folder, files), allow_pickle=False)
    if "$csr" in tree:
        import scipy.sparse as sp

        rows = {name: part(item) for name, item in tree["$csr"].items()}
        return sp.csr_matrix((rows["data"], rows["indices"], rows["indptr"]), shape=tuple(rows["shape"]))
    if "$class" in tree:
        return classes[tree["$class"]](**{name: part(item) for name, item in tree["fields"].items()})
    if "$dict" in tree:
        return {name: part(item) for name, item in tree["$dict"]}
    if "$list" in tree:
        items = [part(item) for item in tree["$list"]]
        return tuple(items) if tree["tuple"] else items
    raise ValueError("not a result of ours")


def _checked(name: str, folder: Path, files: Mapping[str, str]) -> Path:
    """The path of an entry's file, once its bytes have the digest that the manifest names."""
    if Path(name).name != name or file_digest(folder / name) != files[name]:
        raise ValueError(f"{name} is damaged")
    return folder / name
