"""How a run was made: a record with digests of all that went in and came out, its rebuilding, and how two runs differ."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from topics import __version__, store
from topics.settings import Settings, articles_path, deciding, load, place, project_folder
from topics.tables import UserError, nearest, replace_file

if TYPE_CHECKING:
    import pandas as pd

FILE = "provenance.json"
LIBRARIES = (
    "gensim", "nltk", "numpy", "scipy", "pandas", "pyarrow", "numba", "matplotlib", "papermill", "nbconvert", "trafilatura",
    "htmldate", "charset-normalizer", "ftfy", "simplemma", "rensa", "py3langid",
)  # fmt: skip
ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # what a terminal would act on
TOLERANCE = 1e-6  # relative: what another kind of processor may change
WITHIN = ", within the tolerance"
SAME_BYTES = ("tables/", "figures/")  # what a rebuilt run must repeat to the byte
RUN_COUNT = '<p class="ledger">'  # the line of the front page that tells how many runs there were
CHOSEN = ("topic_counts", "grid", "day", "topics", "python", "processor", "instructions", "system")
OWN = {
    "code": "the source of topics",
    "lock": "the lock",
    "concepts": "the file of concepts",
    "labels": "the file of labels",
}
KINDS = {"inputs": list, "settings": dict, "libraries": dict, "notebooks": dict, "outputs": dict, "summary": str}
COMPARED = {  # what `diff` reads of a run's tables
    "articles": {"doc_id", "file", "title"},
    "dropped": {"id", "reason"},
    "topics": {"n_topics", "topic", "label", "share", "share_low", "share_high"},
    "topic_terms": {"n_topics", "topic", "rank", "term", "probability"},
}


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
    """What decided a run, with what it chose: `topic_counts, grid, seeds`, the `day` where one decides ("" where none does), and the
    `instructions` that its processor has for sums: others round otherwise in the last digits.
    """
    import numpy as np

    chosen: dict[str, Any] = {name: list(everything[name]) for name in ("topic_counts", "grid", "seeds")}
    chosen["instructions"] = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
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


def runs_folder(out: str | Path | None) -> Path:
    """The folder of the runs: as given, else the project's `reports`."""
    return Path(place("out", out or project_folder() / "reports")).absolute()


class Run(NamedTuple):
    """A run that stands: its folder, which bears its name, and its record."""

    folder: Path
    record: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.name

    def table(self, name: str) -> pd.DataFrame:
        """A table of the run. Raises `UserError` where it cannot be read or is none of ours."""
        import pandas as pd

        try:
            table = pd.read_parquet(self.folder / "tables" / f"{name}.parquet")
        except (OSError, ValueError, KeyError) as problem:
            why = " ".join(str(problem).split())
            raise UserError(f"{self.name}: table {name} cannot be read ({why}). Run `make reports` again.") from None
        if missing := sorted(COMPARED[name] - set(table)):
            raise UserError(
                f"{self.name}: table {name} has no column {', '.join(missing)}: it is none of ours. Run `make reports` again."
            )
        return table


def read(name: str | None, out: str | Path | None) -> Run:
    """A run by its name; the only one where none is named. Raises `UserError` with the runs that there are."""
    runs = runs_folder(out)
    names = sorted(path.parent.name for path in runs.glob(f"*/{FILE}") if not path.parent.name.startswith("."))
    if name is None and len(names) == 1:
        name = names[0]
    if name is None:
        said = f"several runs; name one of {', '.join(names)}" if names else "no run yet: `make reports` makes one"
        raise UserError(f"{runs}: there {'are' if names else 'is'} {said}.")
    if name not in names:
        there = f"There are: {', '.join(names)}." if names else "There is none yet: `make reports` makes one."
        raise UserError(f"{runs}: no run named {name!r}.{nearest(name, names)} {there}")
    try:
        record = json.loads((runs / name / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise UserError(f"{runs / name / FILE}: cannot be read ({problem}). Run `make reports` again.") from None
    if not _is_record(record):
        raise UserError(f"{runs / name / FILE}: is damaged, or no record of a run. Run `make reports` again.")
    return Run(runs / name, record)


def _is_record(record: Any) -> bool:
    """Whether a value has what `verify` and `diff` read of a run's record."""
    return (
        isinstance(record, dict)
        and all(isinstance(record.get(name), kind) for name, kind in KINDS.items())
        and OWN.keys() <= record.keys()
        and all(isinstance(item, dict) and {"file", "sha256"} <= item.keys() for item in record["inputs"])
    )


# --- rebuilding -----------------------------------------------------------------------------------------------------------


def verify(name: str | None, *, out: str | Path | None, make: Callable[[Settings, Path, str, Path], Any]) -> int:
    """Rebuild a run from nothing and say what, if anything, differs; return 0 where no table, no figure and no page does, else 1.

    On another kind of processor or system a table or figure does not differ whose numbers are within `TOLERANCE`, and pages are not compared.
    """
    folder, old = read(name, out)
    standing, made = outputs(folder), old["outputs"]
    with tempfile.TemporaryDirectory(prefix="topics-verify-", ignore_cleanup_errors=True) as place:
        os.environ["MPLCONFIGDIR"] = place  # nothing is written at home
        work = Path(place, "run")
        work.mkdir()
        settings, _ = load(folder / "config.yml", {"cache": str(Path(place, "cache"))})
        try:
            make(settings, work, folder.name, folder.parent)
        except (OSError, RuntimeError) as problem:
            print(f"{folder.name}: cannot be rebuilt: {problem}", file=sys.stderr)
            return 1
        new = json.loads((work / FILE).read_text(encoding="utf-8"))
        compared, differ = results_apart(folder, made, work, new["outputs"])
        elsewhere = any(old.get(what) != new.get(what) for what in ("processor", "system", "instructions"))
        pages, otherwise = (0, []) if elsewhere else pages_apart(folder, made, work, new["outputs"])
    touched = [f"{file} was changed" for file in made if file in standing and standing[file] != made[file]]
    touched += [f"{file} is gone" for file in made if file not in standing]
    touched += [f"{file} was added" for file in standing if file not in made]
    within = elsewhere and all(line.endswith(WITHIN) for line in differ)
    same = f"all {compared} tables and figures{f' and {pages} pages' if pages else ''} are the same to the byte"
    if differ or otherwise:
        counted = [f"{len(differ)} of {compared} tables and figures"] * bool(differ or not otherwise)
        counted += [f"{len(otherwise)} of {pages} pages"] * bool(otherwise)
        same = f"{' and '.join(counted)} differ{WITHIN if within else ''}"
    print(f"{folder.name}: rebuilt from nothing; {same}.")
    for title, lines in (
        ("What decides a run was changed since:", causes(old, new)),
        ("What came out otherwise:", [*differ, *otherwise]),
        ("In the folder itself, after the run:", touched),
    ):
        print(listed(title, lines, 30), end="")
    return int(bool(differ and not within) or bool(otherwise or touched))


def listed(title: str, lines: list[str], most: int) -> str:
    """A title and its lines, `most` of them; nothing where there are none."""
    rest = [f"… and {len(lines) - most:,} more"] if len(lines) > most else []
    shown = [ACTING.sub("\ufffd", line) for line in [title, *(f"- {line}" for line in [*lines[:most], *rest])]]
    return "".join(f"{line}\n" for line in shown) if lines else ""


def results_apart(one: Path, before: Mapping[str, str], other: Path, after: Mapping[str, str]) -> tuple[int, list[str]]:
    """How many tables and figures two runs have, and those that are not the same to the byte, each with how far they are apart.

    `before` and `after` are the digests of the runs' files; a table is one, as CSV and Parquet, and so is a figure.
    """
    names = sorted(
        {file.rpartition(".")[0] for file in {**before, **after} if file.startswith(SAME_BYTES)}, reverse=True
    )
    lines = []
    for name in names:
        digests = [{file: made[file] for file in made if file.rpartition(".")[0] == name} for made in (before, after)]
        if not all(digests):
            lines.append(f"{name} {'is not made any more' if digests[0] else 'was not made before'}")
        elif digests[0] != digests[1]:
            file = name + (".parquet" if f"{name}.parquet" in before else ".svg")
            lines.append(f"{name} differs{_how_far(one / file, other / file)}")
    return len(names), lines


def pages_apart(one: Path, before: Mapping[str, str], other: Path, after: Mapping[str, str]) -> tuple[int, list[str]]:
    """How many pages two runs have, and those that are not the same to the byte, but for the front page's count of runs.

    `before` and `after` are the digests of the runs' files. A page that was changed after its run is not compared.
    """
    names = sorted(file for file in {**before, **after} if file.endswith(".html"))
    lines = []
    for name in names:
        if name not in before or name not in after:
            lines.append(f"{name} {'is not made any more' if name in before else 'was not made before'}")
        elif before[name] != after[name] and outputs(one).get(name) == before[name]:
            read = [(folder / name).read_text(encoding="utf-8").splitlines() for folder in (one, other)]
            old, new = ([line for line in page if not line.startswith(RUN_COUNT)] for page in read)
            apart = sum(a != b for a, b in zip_longest(old, new))
            lines += [f"{name} differs in {apart:,} of its {len(old):,} lines"] if apart else []
    return len(names), lines


def _how_far(one: Path, other: Path) -> str:
    """How far two tables, or the numbers of two figures, are apart, in words: another kind of processor rounds otherwise."""
    import pandas as pd

    try:
        before, after = (_drawn(path) if path.suffix == ".svg" else pd.read_parquet(path) for path in (one, other))
    except (OSError, ValueError):
        return ": it cannot be read"
    if one.suffix == ".svg" and list(before["what"]) != list(after["what"]):
        return ": other lines, shapes or words are drawn in it"
    if list(before) != list(after) or len(before) != len(after):
        return f": {len(before):,} rows of {len(before.columns)} columns before, {len(after):,} of {len(after.columns)} now"
    numbers = list(before.select_dtypes("number"))
    gaps = [str(column) for column in numbers if (before[column].isna() != after[column].isna()).any()]
    texts = [str(column) for column in before if column not in numbers and not before[column].equals(after[column])]
    if gaps or texts:
        return f" in {', '.join([*texts, *gaps])}"
    scale = before[numbers].abs().clip(lower=1.0 if one.suffix == ".svg" else 1e-12)  # a point is the least of a figure
    apart = float(((before[numbers] - after[numbers]).abs() / scale).fillna(0).to_numpy().max(initial=0))
    far = f"{apart:.1g} of their size at most" if apart < 1 else "more than their size"
    return f": numbers by {far}{WITHIN if apart <= TOLERANCE else ''}"


def _drawn(path: Path) -> pd.DataFrame:
    """What an SVG figure is made of, as a table: `what` stands between numbers, and the numbers.

    Names of its parts that matplotlib makes of digits of their shape become numbers, in the order in which they come.
    """
    import pandas as pd

    known: dict[str, int] = {}
    named = re.compile(r"(?<=[#\"])[a-z][0-9a-f]{10}(?=[)\"])")
    text = named.sub(lambda name: str(known.setdefault(name[0], len(known))), path.read_text(encoding="utf-8"))
    parts = re.split(r"(-?\d+\.?\d*)", text)
    return pd.DataFrame({"what": [*parts[::2]], "number": pd.Series([*parts[1::2], 0], dtype=float)})


# --- two runs -------------------------------------------------------------------------------------------------------------

# Of a file that the first run alone has, the second alone, or that is another in each; of a value in the first, in the second.
SINCE = ("is gone", "is new", "was changed", "before", "now")


def causes(old: Mapping[str, Any], new: Mapping[str, Any], words: Sequence[str] = SINCE) -> list[str]:
    """What decided two runs and is not the same, in words: articles last, since of many of them not all are listed."""
    alone, other, changed, of_old, of_new = words
    lines = []
    for name, before, after in _pairs(*(_values(record) for record in (old, new))):
        lines.append(f"{name}: {_said(before)} {of_old}, {_said(after)} {of_new}")
    for file, before, after in _pairs(*(_files(record) for record in (old, new))):
        lines.append(f"{file} {alone if after is None else other if before is None else changed}")
    return lines


def _pairs(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Every name whose value is not the same in both, with both values; None: it has none."""
    pairs = [(name, one.get(name), other.get(name)) for name in dict.fromkeys([*one, *other])]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _files(record: Mapping[str, Any]) -> dict[str, str | None]:
    """The digest of everything that a run read, by what it is called in words."""
    files = {said: record[name] for name, said in OWN.items()}
    files |= {f"notebook {name}": value for name, value in record["notebooks"].items()}
    return files | {f"article file {item['file']}": item["sha256"] for item in record["inputs"]}


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    """The values that decided a run: settings (the topic counts as they came out), software, the day where it counts."""
    chosen = {name: record.get(name) for name in CHOSEN}
    return record["settings"] | record["libraries"] | chosen


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "", {}) else str(value)


def diff(a: str, b: str, *, out: str | Path | None) -> str:
    """How two runs differ, in words: what decided them, the articles in and out, the topics matched and changed, what the front pages say."""
    one, other = read(a, out), read(b, out)
    words = (f"is in {a} alone", f"is in {b} alone", "is not the same in both", f"in {a}", f"in {b}")
    decided = causes(one.record, other.record, words) or ["nothing differs"]
    parts = [
        listed(f"{a} and {b}: what decided them", decided, 40),
        _articles_apart(one, other),
        _topics_apart(one, other),
    ]
    said = {run.name: run.record["summary"].splitlines() for run in (one, other)}
    for name, others in ((a, said[b]), (b, said[a])):
        alone = [line.lstrip("!- ") for line in said[name] if line not in others]
        parts.append(listed(f"Said on the front page of {name} alone:", alone, 40))
    return "\n".join(filter(None, parts)).rstrip()


def _articles_apart(one: Run, other: Run) -> str:
    """Articles of one run alone, with what became of them in the other, and articles that are not the same in both.

    The tables of a report to publish have no texts; texts are then not compared.
    """
    tables = {run.name: run.table("articles").set_index("doc_id") for run in (one, other)}
    public = [run.name for run in (one, other) if run.record["settings"].get("public")]
    lines = (
        [f"texts are withheld in the public report {' and '.join(public)}, so they are not compared"] if public else []
    )
    for here, there in ((one, other), (other, one)):
        own, others = tables[here.name], tables[there.name]
        out = there.table("dropped").drop_duplicates("id").set_index("id")["reason"]
        files = set(others["file"]) if others["file"].is_unique else set()
        for doc in own.index.difference(others.index):
            row = own.loc[doc]
            why = f"; left out of {there.name}: {out[doc]}" if doc in out.index else ""
            why = f"; {there.name} has another text in its file" if row["file"] in files else why
            lines.append(f"only in {here.name}: {_article(doc, row)}{why}")
    before, after = tables[one.name], tables[other.name]
    both = before.index.intersection(after.index)
    passed = {"file", "row", "text"} if public else {"file", "row"}
    columns = [column for column in before if column in after and column not in passed]
    unlike = before.loc[both, columns].astype(str) != after.loc[both, columns].astype(str)
    lines += [
        f"not the same in both: {_article(doc, before.loc[doc])} ({', '.join(unlike.columns[row])})"
        for doc, row in zip(both, unlike.to_numpy(), strict=True)
        if row.any()
    ]
    title = f"Articles: {len(before):,} in {one.name}, {len(after):,} in {other.name}, {len(both):,} in both"
    return listed(title, lines or ["the same in both"], 20)


def _article(doc: str, row: pd.Series) -> str:
    return f"“{row['title']}” ({doc})" if row["title"] else doc


class Fit(NamedTuple):
    """The topics of one count of a run: their table, their ten leading words, and the probabilities of their terms."""

    run: str
    topics: pd.DataFrame
    words: dict[Any, list[str]]
    terms: pd.DataFrame

    @classmethod
    def read(cls, run: Run, count: int) -> Fit:
        tables = (run.table(name) for name in ("topics", "topic_terms"))
        topics, terms = (table[table["n_topics"] == count] for table in tables)
        leading = terms.sort_values("rank").groupby("topic")["term"].agg(lambda words: list(words)[:10])
        wide = terms.pivot_table(index="topic", columns="term", values="probability")
        return cls(run.name, topics.set_index("topic"), dict(leading), wide)

    def said(self, topic: int) -> str:
        return f"{topic} “{self.topics['label'][topic]}”"

    def share(self, topic: int) -> str:
        from topics.report import html

        value, low, high = map(float, self.topics.loc[topic, ["share", "share_low", "share_high"]])
        return html.interval(value, low, high, percent=True, digits=1)


def _topics_apart(one: Run, other: Run) -> str:
    """The topics of every count of the first run beside those of the second, at the same count or the nearest there is."""
    from topics.corpus import audit

    counts = [sorted(set(run.table("topics")["n_topics"])) for run in (one, other)]
    counted = all(len(run.table("articles")) >= audit.FEW for run in (one, other))
    pairs = [(count, min(counts[1], key=lambda near: abs(near - count))) for count in counts[0]]
    return "\n".join(_matched(Fit.read(one, i), Fit.read(other, j), counted) for i, j in pairs)


def _matched(one: Fit, other: Fit, counted: bool) -> str:
    """The topics of two fits side by side: a pair are each the most similar of the other, by the cosine of their terms' probabilities."""
    import numpy as np

    every = one.terms.columns.union(other.terms.columns)
    rows = [fit.terms.reindex(columns=every).fillna(0).to_numpy() for fit in (one, other)]
    alike = np.divide(rows[0] @ rows[1].T, np.outer(*(np.linalg.norm(matrix, axis=1) for matrix in rows)))
    same, lines, left = 0, [], set(other.topics.index)
    for i, j in enumerate(alike.argmax(axis=1)):
        topic, near = one.terms.index[i], other.terms.index[j]
        words, others = one.words[topic], other.words[near]
        if alike[:, j].argmax() != i or not set(words) & set(others):
            lines.append(f"{one.said(topic)} of {one.run} has no counterpart in {other.run}")
            continue
        left.discard(near)
        same += set(words) == set(others)
        moved = [f"topic {near} in {other.run}"] if near != topic else []
        if counted and (before := one.share(topic)) != (after := other.share(near)):
            moved.append(f"share {before} in {one.run}, {after} in {other.run}")
        for run, own, theirs in ((one.run, words, others), (other.run, others, words)):
            if only := [word for word in own if word not in theirs]:
                moved.append(f"leading in {run} alone: {', '.join(only)}")
        if moved:
            lines.append(f"{one.said(topic)}, {alike[i, j]:.2f} alike: {'; '.join(moved)}")
    lines += [f"{other.said(topic)} of {other.run} has no counterpart in {one.run}" for topic in sorted(left)]
    n, m = len(one.topics), len(other.topics)
    return listed(
        f"{n} topics of {one.run} beside {m} of {other.run}: {same} of {n} have the same ten words first",
        lines or ["and nothing else differs"],
        200,
    )
