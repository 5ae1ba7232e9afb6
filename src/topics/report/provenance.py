"""How a run was made: a record with digests of all that went in and came out, its rebuilding, and how two runs differ."""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics import __version__, store
from topics.settings import Settings, articles_path, deciding, load, nearest, project_folder
from topics.tables import UserError, replace_file

if TYPE_CHECKING:
    import pandas as pd

FILE = "provenance.json"
LIBRARIES = (
    "gensim", "nltk", "numpy", "scipy", "pandas", "pyarrow", "numba", "matplotlib", "papermill", "nbconvert", "trafilatura",
    "htmldate", "charset-normalizer", "ftfy", "simplemma", "rensa", "py3langid",
)  # fmt: skip
TOLERANCE = 1e-6  # relative: what another kind of processor may change
SAME_BYTES = ("tables/", "figures/")  # what a rebuilt run must repeat to the byte


def decided(settings: Settings) -> dict[str, Any]:
    """What decides a run: inputs, settings, code, lock, software, processor. Plain values, no time and no place."""
    files = {
        "lock": project_folder() / "requirements.lock",
        "concepts": Path(settings.concepts),
        "labels": Path(settings.labels),
    }
    notebooks = sorted((project_folder() / "notebooks").glob("*.ipynb"))
    return {
        "topics": __version__,
        "inputs": store.inputs(articles_path(settings)),
        "settings": deciding(settings),
        "code": store.package_digest(),
        "notebooks": {path.name: store.file_digest(path) for path in notebooks},
        "python": platform.python_version(),
        "processor": platform.machine(),
        "system": platform.system(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    } | {name: store.file_digest(path) if path.is_file() else None for name, path in files.items()}


def record(settings: Settings, everything: Mapping[str, Any]) -> dict[str, Any]:
    """What decided a run, with what it chose: `topic_counts, grid, seeds`, and the `day` where one decides ("" where none does)."""
    chosen = {name: list(everything[name]) for name in ("topic_counts", "grid", "seeds")}
    return decided(settings) | chosen | {"day": everything["day"]}


def corpus_digest(inputs: list[dict[str, Any]]) -> str:
    """One digest for the files of a corpus, whatever they are called and wherever they lie."""
    return store.digest(sorted(item["sha256"] for item in inputs))[:12]


def write(made: Mapping[str, Any], work: Path) -> None:
    """Write the record beside the outputs, with the digest of each of them."""
    text = json.dumps(dict(made) | {"outputs": outputs(work)}, indent=1, ensure_ascii=False, sort_keys=True)
    replace_file(work / FILE, lambda beside: beside.write_text(text + "\n", encoding="utf-8"))


def outputs(folder: Path) -> dict[str, str]:
    """The digest of every file of a run but the record itself, by its path in the run's folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILE)
    return {path.relative_to(folder).as_posix(): store.file_digest(path) for path in files}


def read(name: str | None, out: str | Path | None) -> tuple[Path, dict[str, Any]]:
    """The folder and the record of a run. Raises `UserError` with the runs that there are."""
    runs = Path(out or project_folder() / "reports").absolute()
    names = sorted(path.parent.name for path in runs.glob(f"*/{FILE}") if not path.parent.name.startswith("."))
    if name is None and len(names) == 1:
        name = names[0]
    if name not in names:
        there = f"There are: {', '.join(names)}." if names else "There is none yet: `make reports` makes one."
        raise UserError(f"{runs}: no run named {name!r}.{nearest(name or '', names)} {there}")
    try:
        return runs / name, json.loads((runs / name / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UserError(f"{runs / name / FILE}: cannot be read ({problem}). Run `make reports` again.") from None


# --- rebuilding -----------------------------------------------------------------------------------------------------------


def verify(name: str | None, *, out: str | Path | None, make: Callable[[Settings, Path, str, Path], Any]) -> int:
    """Rebuild a run from nothing and say what, if anything, differs; return 0 where nothing does, else 1."""
    folder, old = read(name, out)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.verify-", dir=folder.parent))
    try:
        (work / "run").mkdir()
        settings, _ = load(folder / "config.yml", {"cache": str(work / "cache")})
        make(settings, work / "run", folder.name, folder.parent)
        new = json.loads((work / "run" / FILE).read_text(encoding="utf-8"))
        lines = [_how_far(line, folder, work / "run") for line in differences(old, new)]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    standing = outputs(folder)
    lines += [
        f"{file} was changed after the run" for file, value in old["outputs"].items() if standing.get(file) != value
    ]
    compared = [file for file in old["outputs"] if file.startswith(SAME_BYTES)]
    if lines:
        print(f"{folder.name}: {len(lines)} differences")
        print("\n".join(f"- {line}" for line in lines))
        return 1
    print(f"{folder.name}: rebuilt from nothing; all {len(compared)} tables and figures are the same to the byte.")
    return 0


def _how_far(line: str, old: Path, new: Path) -> str:
    """A line on a table that differs, with how far its numbers are apart: another kind of processor rounds otherwise."""
    name = Path(line.split(" differs")[0]).stem
    if not line.startswith("tables/") or not line.endswith(" differs"):
        return line
    before, after = _table(old, name), _table(new, name)
    numbers = list(before.select_dtypes("number"))
    if (
        list(before) != list(after)
        or len(before) != len(after)
        or not before.drop(columns=numbers).equals(after.drop(columns=numbers))
    ):
        return f"{line}, in more than numbers"
    scale = before[numbers].abs().clip(lower=1e-12)
    apart = float(((before[numbers] - after[numbers]).abs() / scale).max().max())
    return f"{line}: its numbers by {apart:.1g} of their size at most{', within the tolerance' if apart <= TOLERANCE else ''}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two records, in words; tables and figures to the byte."""
    lines = []
    before, after = ({item["file"]: item["sha256"] for item in made["inputs"]} for made in (old, new))
    lines += [f"input {file} is gone" for file in before.keys() - after.keys()]
    lines += [f"input {file} is new" for file in after.keys() - before.keys()]
    lines += [f"input {file} was changed" for file in before.keys() & after.keys() if before[file] != after[file]]
    for what in (
        "topics",
        "code",
        "lock",
        "concepts",
        "labels",
        "notebooks",
        "python",
        "processor",
        "system",
        "topic_counts",
        "grid",
        "seeds",
    ):
        if old.get(what) != new.get(what):
            lines.append(f"{what}: {_short(old.get(what))} before, {_short(new.get(what))} now")
    for what in ("settings", "libraries"):
        for name in old[what].keys() | new[what].keys():
            if old[what].get(name) != new[what].get(name):
                lines.append(f"{name}: {old[what].get(name)} before, {new[what].get(name)} now")
    before, after = (
        {file: value for file, value in made["outputs"].items() if file.startswith(SAME_BYTES)} for made in (old, new)
    )
    lines += [f"{file} differs" for file in before.keys() & after.keys() if before[file] != after[file]]
    lines += [f"{file} is not made any more" for file in before.keys() - after.keys()]
    lines += [f"{file} was not made before" for file in after.keys() - before.keys()]
    return sorted(lines)


def _short(value: Any) -> str:
    return value[:12] if isinstance(value, str) else store.digest(value)[:12] if isinstance(value, dict) else str(value)


# --- two runs -------------------------------------------------------------------------------------------------------------


def diff(a: str, b: str, *, out: str | Path | None) -> str:
    """How two runs differ, in words: what decided them, the articles in and out, the topics matched and changed."""
    (folder_a, record_a), (folder_b, record_b) = read(a, out), read(b, out)
    lines = [f"{a} and {b}"]
    decided = [line for line in differences(record_a, record_b) if not line.startswith(SAME_BYTES)]
    lines += [
        "",
        "What decided them:",
        *(f"- {line.replace(' before, ', f' in {a}, ').replace(' now', f' in {b}')}" for line in decided),
    ]
    if not decided:
        lines.append("- nothing differs")
    articles_a, articles_b = (_table(folder, "articles") for folder in (folder_a, folder_b))
    only_a, only_b = (
        sorted(set(x["doc_id"]) - set(y["doc_id"])) for x, y in ((articles_a, articles_b), (articles_b, articles_a))
    )
    lines += ["", f"Articles: {len(articles_a)} in {a}, {len(articles_b)} in {b}."]
    for name, only in ((a, only_a), (b, only_b)):
        if only:
            lines.append(f"- {len(only)} only in {name}: {', '.join(only[:5])}{' …' if len(only) > 5 else ''}")
    lines += ["", "Topics:", *_topics_apart(folder_a, folder_b, a, b)]
    return "\n".join(lines)


def _topics_apart(folder_a: Path, folder_b: Path, a: str, b: str) -> list[str]:
    """For every topic count of both runs, how many topics have the same ten words first, and which have not."""
    terms_a, terms_b = (_table(folder, "topic_terms") for folder in (folder_a, folder_b))
    shared = sorted(set(terms_a["n_topics"]) & set(terms_b["n_topics"]))
    if not shared:
        return ["- no topic count stands in both"]
    lines = []
    for count in shared:
        words_a, words_b = (
            {topic: frozenset(rows["term"][:10]) for topic, rows in table[table["n_topics"] == count].groupby("topic")}
            for table in (terms_a, terms_b)
        )
        best = {
            topic: max(
                ((len(words & other) / len(words | other), number) for number, other in words_b.items()),
                default=(0.0, 0),
            )
            for topic, words in words_a.items()
        }
        same = sum(overlap == 1 for overlap, _ in best.values())
        lines.append(f"- {count} topics: {same} of {len(best)} have the same ten words first")
        lines += [
            f"  - topic {topic} of {a} is nearest topic {number} of {b} ({overlap:.2f} of their words shared)"
            for topic, (overlap, number) in best.items()
            if overlap < 1
        ]
    return lines


def _table(folder: Path, name: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(folder / "tables" / f"{name}.parquet")
    except (OSError, ValueError) as problem:
        raise UserError(f"{folder.name}: table {name} cannot be read ({problem}). Run `make reports` again.") from None
