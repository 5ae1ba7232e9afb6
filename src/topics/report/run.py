"""A run: everything computed, each notebook executed in a process of its own, the folder put in place whole.

The run is made in a folder beside and renamed when all of it stands. A run that fails leaves the last good one as it
was, and its own evidence in `NAME.failed`. What was computed is kept in the store, so that the next try goes on
where this one stopped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from topics import pipeline, store
from topics.report import html, index, provenance
from topics.settings import FIELDS, PATHS, Settings, nearest, project_folder
from topics.tables import UserError, replace_file, write_table

NOTEBOOKS = project_folder() / "notebooks"
NAME = re.compile(r"[^\W_][\w.-]{0,79}")
Tell = Callable[[str], None]


def reports(settings: Settings, *, name: str | None = None, out: str | Path | None = None) -> int:
    """Make the run `out/name` from the articles of the settings; return the exit status, 0 or 1.

    Raises `UserError` for a mistake in what was given, before anything is written.
    """
    articles = pipeline.articles_path(settings)
    name = run_name(name, articles)
    folder = Path(out or project_folder() / "reports").absolute()
    started = time.monotonic()
    with one_at_a_time(folder, name), workplace(folder, name) as work:
        try:
            made = make_run(settings, work, name, folder)
        except UserError:
            raise
        except (Exception, KeyboardInterrupt) as problem:
            evidence = keep_evidence(work, folder / f"{name}.failed", problem)
            print(failure(problem, evidence, folder / name), file=sys.stderr)
            if isinstance(problem, KeyboardInterrupt):
                raise
            return 1
        put_in_place(work, folder / name)
        shutil.rmtree(folder / f"{name}.failed", ignore_errors=True)
        index.enter(folder, made["entry"])
        index.write_runs(folder)
    print(summary(made, folder / name, time.monotonic() - started))
    return 0


def make_run(settings: Settings, work: Path, name: str, runs: Path) -> dict[str, Any]:
    """Everything of a run in the folder `work`; returns what the front page says."""
    made = pipeline.everything(settings, tell=tell, track=track)
    corpus = provenance.corpus_digest(made["inputs"])
    made |= {"name": name, "ledger": index.ledger_line(runs, corpus, made["topic_counts"])}
    write_settings(settings, work / "config.yml", made["topic_counts"])
    for table, rows in made["tables"].items():
        write_table(rows, work / "tables", table)
    pages = page_names(made["topic_counts"])
    run_notebooks(settings, work, made["topic_counts"], made["suggested"], pages, name)
    tell("front page")
    record = provenance.record(settings, made)
    html.begin(work)
    data = index.gather(made, record, pages)
    index.write_front_page(data, work)
    provenance.write(record, work)
    store.trim(Path(settings.cache), int(settings.cache_gb * 1e9))
    topic_counts = " ".join(map(str, made["topic_counts"]))
    entry = {
        "corpus": corpus,
        "settings": store.digest(record["settings"])[:12],
        "articles": len(made["corpus"]["articles"]),
    }
    return data | {"entry": entry | {"name": name, "topic_counts": topic_counts, "verdict": data["verdict"]}}


# --- names and places ---------------------------------------------------------------------------------------------------


def run_name(name: str | None, articles: Path) -> str:
    """The name of the run's folder: as given, or made from the articles' name.

    >>> run_name(None, Path("corpora/My articles (2).zip"))
    'My-articles-2'
    """
    if name is None:
        stem = articles.name if articles.is_dir() else articles.name.split(".")[0]
        return re.sub(r"[^\w.-]+", "-", stem).strip("-._")[:80] or "articles"
    if not NAME.fullmatch(name) or name.endswith(".failed"):
        raise UserError(
            f"NAME must begin with a letter or figure and go on with letters, figures, '.', '-' or '_', "
            f"80 at most, and not end in .failed. Got {name!r}."
        )
    return name


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
    """An empty folder beside the run's own, gone afterwards."""
    work = folder / f".{name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put_in_place(work: Path, final: Path) -> None:
    """Rename the finished folder to its name; the one that stood there goes only then."""
    old = final.with_name(f".{final.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if final.exists():
        os.replace(final, old)
    try:
        os.replace(work, final)
    except OSError:
        if old.exists():
            os.replace(old, final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def keep_evidence(work: Path, failed: Path, problem: BaseException) -> Path:
    """What the failed run had made, and what went wrong, under `NAME.failed`."""
    import traceback

    shutil.rmtree(failed, ignore_errors=True)
    try:
        work.mkdir(parents=True, exist_ok=True)
        (work / "error.txt").write_text("".join(traceback.format_exception(problem)), encoding="utf-8")
        os.replace(work, failed)
    except OSError:  # a full disk: say it on the screen at least
        pass
    return failed


def failure(problem: BaseException, evidence: Path, last_good: Path) -> str:
    stands = f" The last good report stands in {shown(last_good)}." if last_good.exists() else ""
    what = "stopped" if isinstance(problem, KeyboardInterrupt) else f"failed: {problem or type(problem).__name__}"
    return f"The run {what}\nEvidence: {shown(evidence)}.{stands} What was finished is kept; run again to go on."


def shown(path: Path) -> str:
    """A path as a person reads it: relative where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)


# --- settings of the run ------------------------------------------------------------------------------------------------


def write_settings(settings: Settings, path: Path, topic_counts: Sequence[int]) -> None:
    """All settings in force as a file that the notebooks of the run, `verify`, and a reader take up."""
    import yaml

    values: dict[str, Any] = {}
    for name in FIELDS:
        value = getattr(settings, name)
        if name in PATHS:
            target = pipeline.articles_path(settings) if name == "articles" else Path(value)
            value = relative(target, path.parent)
        values[name] = list(value) if isinstance(value, tuple) else value
    values["topic_counts"] = list(topic_counts)
    text = "# The settings in force when this run was made.\n" + yaml.safe_dump(
        values, sort_keys=False, allow_unicode=True
    )
    replace_file(path, lambda beside: beside.write_text(text, encoding="utf-8"))


def relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, with forward slashes; absolute where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


# --- notebooks ----------------------------------------------------------------------------------------------------------


def run_notebooks(
    settings: Settings,
    work: Path,
    topic_counts: Sequence[int],
    suggested: int | None,
    pages: list[tuple[str, str]],
    name: str,
) -> None:
    """Execute every notebook, as many at once as there are workers, and make each into a page."""
    jobs = notebook_jobs(work, topic_counts, suggested, pages, name)
    with ThreadPoolExecutor(pipeline.worker_count(settings)) as pool:
        waiting = {pool.submit(run_child, job, work): job for job in jobs}
        for done in track(as_completed(waiting), total=len(jobs), what="pages"):
            try:
                done.result()
            except RuntimeError:
                for other in waiting:
                    other.cancel()
                raise
    shutil.rmtree(work / ".jupyter", ignore_errors=True)


def notebook_jobs(
    work: Path, topic_counts: Sequence[int], suggested: int | None, pages: list[tuple[str, str]], name: str
) -> list[dict[str, Any]]:
    """What each child process is told: the notebook, its parameters, where its copy and page go; the page wanted first is first."""
    out = relative(work, NOTEBOOKS)
    common = {"articles": None, "config": f"{out}/config.yml", "out": out}
    plan: list[tuple[str, str, dict[str, Any]]] = [
        ("01_corpus", "01_corpus", {}),
        ("02_topic_counts", "02_topic_counts", {}),
    ]
    plan += [("03_topics", f"03_topics_{count:02d}", {"n_topics": count}) for count in topic_counts]
    plan += [("04_keyword_trends", "04_keyword_trends", {})]
    titles = dict(pages)
    return [
        {
            "notebook": str(NOTEBOOKS / f"{notebook}.ipynb"),
            "parameters": common | parameters,
            "executed": str(work / "notebooks" / f"{page}.ipynb"),
            "page": str(work / f"{page}.html"),
            "title": titles[f"{page}.html"],
            "nav": pages,
            "collection": name,
        }
        for notebook, page, parameters in sorted(plan, key=lambda item: item[1] != f"03_topics_{suggested or 0:02d}")
    ]


def page_names(topic_counts: Sequence[int]) -> list[tuple[str, str]]:
    """Every page of a run, in order: its file and its short title."""
    topics = [(f"03_topics_{count:02d}.html", f"{count} topics") for count in topic_counts]
    first = [("index.html", "Findings"), ("01_corpus.html", "Articles"), ("02_topic_counts.html", "How many topics")]
    return [*first, *topics, ("04_keyword_trends.html", "Keywords")]


def run_child(job: Mapping[str, Any], work: Path) -> None:
    """One notebook in one process; raises `RuntimeError` with the failing cell and its last lines."""
    home = work / ".jupyter" / Path(job["page"]).stem
    environment = os.environ | {
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    command = [sys.executable, "-c", "from topics.report.run import child; child()"]
    done = subprocess.run(
        command, input=json.dumps(job), text=True, encoding="utf-8", capture_output=True, env=environment, check=False
    )
    shutil.rmtree(home, ignore_errors=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines()[-12:] or [f"the process ended with status {done.returncode}"]
        raise RuntimeError(f"{Path(job['page']).stem}: " + "\n".join(lines))


def child() -> None:
    """What a child process does: read its job from standard input, execute the notebook, make the page."""
    job = json.loads(sys.stdin.read())
    try:
        execute(job)
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        raise SystemExit(1) from None
    html.page(
        Path(job["executed"]), Path(job["page"]), title=job["title"], nav=job["nav"], collection=job["collection"]
    )


def execute(job: Mapping[str, Any]) -> None:
    """Execute a notebook with its parameters; an unknown name of a parameter stops it before the kernel starts."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    known = papermill.inspect_notebook(job["notebook"])
    for name in job["parameters"]:
        if name not in known:
            raise RuntimeError(f"{Path(job['notebook']).name} has no parameter {name!r}.{nearest(name, known)}")
    executed = Path(job["executed"])
    executed.parent.mkdir(parents=True, exist_ok=True)
    try:
        papermill.execute_notebook(
            job["notebook"], str(executed), parameters=job["parameters"], kernel_name="python3", cwd=str(NOTEBOOKS),
            progress_bar=False, start_timeout=300,
        )  # fmt: skip
    except PapermillExecutionError as problem:
        last = "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", line) for line in problem.traceback[-1:])
        cell = problem.source.strip().splitlines()[0] if problem.source.strip() else ""
        raise RuntimeError(
            f"cell {problem.cell_index} ({cell}): {problem.ename}: {problem.evalue}\n{last[-1500:]}"
        ) from None
    forget_the_machine(executed, {job["parameters"]["out"]: ".."})


def forget_the_machine(path: Path, places: Mapping[str, str]) -> None:
    """Take papermill's record (paths, times) out of an executed notebook: `provenance.json` is the run's record.

    `places` are paths of the run as it was made, and what they are seen from the executed copy.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            for place, seen in places.items():
                cell.source = cell.source.replace(place, seen)
    replace_file(path, lambda beside: nbformat.write(notebook, beside))


# --- what the person at the terminal sees ---------------------------------------------------------------------------------


def tell(line: str) -> None:
    """A line for a stage, on standard error; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"· {line}", file=sys.stderr, flush=True)


def track(items: Iterable[Any], *, total: int, what: str) -> Iterable[Any]:
    """The items, with a bar and the time left on a terminal."""
    if not sys.stderr.isatty():
        return items
    from tqdm import tqdm

    return tqdm(items, total=total, desc=f"· {what}", leave=False, file=sys.stderr, dynamic_ncols=True)


def summary(data: Mapping[str, Any], folder: Path, seconds: float) -> str:
    """What was found, where it is and what was left out, in a few lines."""
    lines = [data["verdict"], *(f"! {warning}" for warning in data["warnings"])]
    lines += [f"- {finding['text']}" for finding in data["findings"]]
    lines += [f"Left out: {data['left_out']}"]
    lines += [f"Open {shown(folder / 'index.html')}  ({seconds:.0f} s)"]
    return "\n".join(lines)
