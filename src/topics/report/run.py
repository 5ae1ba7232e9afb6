"""A run: everything computed, each notebook executed in a process of its own, the folder put in place whole.

The run is made in a folder beside and exchanged for the last one when all of it stands. A run that fails leaves the last good one
as it was, and its own evidence in `NAME.failed`. What was computed and every notebook that was executed are kept in the store, so that
the next try goes on where this one stopped; where nothing was changed since the last good run, that one stands.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics import store
from topics.many import worker_count
from topics.report import provenance
from topics.report.execution import NOTEBOOKS, Job, Notebooks, relative
from topics.report.folder import check_places, keep_evidence, one_at_a_time, put_in_place, run_name, workplace
from topics.report.interrupts import heeded
from topics.settings import FIELDS, PATHS, Settings, articles_path, deciding
from topics.tables import UserError, replace_file, write_table

if TYPE_CHECKING:
    from topics.report import public


def reports(settings: Settings, *, name: str | None = None, out: str | Path | None = None) -> int:
    """Make the run `out/name` from the articles of the settings; return the exit status, 0 or 1.

    Raises `UserError` for a mistake in what was given, before anything is written.
    """
    name = run_name(name, articles_path(settings))
    folder = provenance.runs_folder(out)
    check_places(articles_path(settings), folder, name)
    started = time.monotonic()
    with heeded() as settle, one_at_a_time(folder, name):
        if said := standing(settings, folder / name):
            print(
                f"{said}\nNothing was changed since this report was made: it stands.\n{where(folder / name, started)}"
            )
            return 0
        with workplace(folder, name) as work:
            try:
                made = make_run(settings, work, name, folder)
                from topics.report import index

                settle()
                index.enter(folder, made["entry"])
                put_in_place(work, folder / name)
            except UserError:
                raise
            except (Exception, KeyboardInterrupt) as problem:
                evidence = keep_evidence(work, folder / f"{name}.failed", problem)
                print(failure(problem, evidence, folder / name), file=sys.stderr)
                if isinstance(problem, KeyboardInterrupt):
                    raise
                return 1
        shutil.rmtree(folder / f"{name}.failed", ignore_errors=True)
        try:
            index.write_runs(folder)
        except OSError as problem:  # the report stands; only the list of reports is old
            print(f"{folder / 'index.html'}: cannot be written ({problem.strerror}).", file=sys.stderr)
    print(f"{made['summary']}\n{where(folder / name, started)}")
    return 0


def standing(settings: Settings, folder: Path) -> str:
    """What the last good run said, where nothing that decides it and no file of it was changed since; else nothing."""
    try:
        record = json.loads((folder / provenance.FILE).read_text(encoding="utf-8"))
        same = (
            record.items() >= json.loads(json.dumps(provenance.decided(settings))).items()
            and record["day"] in ("", date.today().isoformat())
            and (folder / "config.yml").read_text(encoding="utf-8")
            == settings_text(settings, folder, record["topic_counts"])
            and provenance.outputs(folder) == record["outputs"]
        )
        return record["summary"] if same else ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""


def make_run(settings: Settings, work: Path, name: str, runs: Path) -> dict[str, Any]:
    """Everything of a run in the folder `work`; returns what the front page says, the `summary` and the ledger's `entry`."""
    from topics import pipeline

    pipeline.check_by_hand(settings)
    write_settings(settings, work, settings.topic_counts)
    with Notebooks(work, Path(settings.cache), worker_count(settings.workers)) as notebooks:
        notebooks.begin()

        def ready(made: Mapping[str, Any]) -> None:
            notebooks.start(notebook_jobs(made, settings))

        made = pipeline.everything(settings, tell=tell, track=track, ready=ready)
        from topics.report import html, index, public

        corpus = provenance.corpus_digest(made["inputs"])
        made |= {"name": name, "ledger": index.ledger_line(runs, corpus, made["topic_counts"])}
        for table, rows in made["tables"].items():
            write_table(rows, work / "tables", table)
        ready(made)
        tell("front page")
        pages = page_names(made["topic_counts"], made["few"])
        limit = public.Limit(made["corpus"]) if settings.public else None
        record = provenance.record(settings, made)
        html.begin(work)
        data = index.gather(made, record, pages)
        write_pages(notebooks, pages, name, limit)
    write_settings(settings, work, made["topic_counts"])
    html.front_page(data, work / "index.html")
    if limit:
        public.shorten_page(limit, work / "index.html")
        public.shorten_tables(limit, work / "tables")
    data["summary"] = summary(data)
    provenance.write(record | {"summary": data["summary"]}, work)
    store.trim(Path(settings.cache), int(settings.cache_gb * 1e9))
    entry = {
        "name": name,
        "corpus": corpus,
        "settings": store.digest(record["settings"])[:12],
        "articles": len(made["corpus"]["articles"]),
        "topic_counts": " ".join(map(str, made["topic_counts"])),
        "verdict": data["verdict"],
    }
    return data | {"entry": entry}


# --- settings of the run ---------------------------------------------------------------------------------------------


def write_settings(settings: Settings, work: Path, topic_counts: Sequence[int] | str) -> None:
    text = settings_text(settings, work, topic_counts)
    replace_file(work / "config.yml", lambda path: path.write_text(text, encoding="utf-8", newline="\n"))


def settings_text(settings: Settings, folder: Path, topic_counts: Sequence[int] | str) -> str:
    """All settings in force as the file that the notebooks of the run, `verify` and a reader take up; paths as seen from `folder`."""
    import yaml

    values: dict[str, Any] = {}
    for name in FIELDS:
        value = articles_path(settings) if name == "articles" else getattr(settings, name)
        value = relative(Path(value), folder) if name in PATHS else value
        values[name] = list(value) if isinstance(value, tuple) else value
    values["topic_counts"] = topic_counts if isinstance(topic_counts, str) else list(topic_counts)
    return "# The settings in force when this run was made.\n" + yaml.safe_dump(
        values, sort_keys=False, allow_unicode=True
    )


# --- pages -----------------------------------------------------------------------------------------------------------


def notebook_jobs(made: Mapping[str, Any], settings: Settings) -> list[Job]:
    """The executions that show nothing but what is `made`; the page wanted first is first.

    The key holds all that a page can show but the run's own name and the other pages: the keys of the results that it may read, every
    setting, the source and the libraries.
    """
    shared = [made[name].key for name in ("corpus", "words", "keywords", "keyness", "companions")]
    values = {name: value for name, value in deciding(settings).items() if name not in ("topic_counts", "public")}
    values["concepts"] = str(settings.concepts)  # page 04 names the file

    def job(notebook: str, page: str, *shown: store.Kept, **parameters: Any) -> Job:
        path = NOTEBOOKS / f"{notebook}.ipynb"
        inputs = [*shared, store.file_digest(path), *(result.key for result in shown)]
        return Job(path, page, parameters, store.key("page", room="report", values=values | parameters, inputs=inputs))

    jobs, fits = [], []
    if "reading" in made:
        fits = [made["comparison"], made["splits"]]
        for count in sorted(made["reading"], key=lambda count: count != made["suggested"]):
            own = [made[name][count] for name in ("topics", "reading", "topics_over_time") if count in made[name]]
            jobs.append(job("03_topics", f"03_topics_{count:02d}", *fits, *own, n_topics=count))
    jobs += [job("04_keyword_trends", "04_keyword_trends"), job("01_corpus", "01_corpus")]
    if "tables" in made:  # the shortest: it fills what the others leave when the tables are written
        jobs.append(job("02_topic_counts", "02_topic_counts", *fits))
    return jobs


def page_names(topic_counts: Sequence[int], few: bool) -> list[tuple[str, str]]:
    """Every page of a run, in order: its file and its short title."""
    what = "reading groups" if few else "topics"
    topics = [(f"03_topics_{count:02d}.html", f"{count} {what}") for count in topic_counts]
    first = [("index.html", "Findings"), ("01_corpus.html", "Articles"), ("02_topic_counts.html", "How many topics")]
    return [*first, *topics, ("04_keyword_trends.html", "Keywords")]


def write_pages(
    notebooks: Notebooks, pages: list[tuple[str, str]], collection: str, limit: public.Limit | None
) -> None:
    """Make each executed notebook into a page, in the order of `pages`, topics first where quotations are limited."""
    from topics.report import html, public

    made = [(file, title) for file, title in pages if file != "index.html"]
    if limit:
        made.sort(key=lambda page: not page[0].startswith("03"))
    for file, title in track(made, total=len(made), what="pages"):
        executed = notebooks.copy(Path(file).stem)
        if limit:
            public.shorten_notebook(limit, executed)
        html.page(executed, notebooks.work / file, title=title, nav=pages, collection=collection)


# --- what the person at the terminal sees ----------------------------------------------------------------------------


def failure(problem: BaseException, evidence: Path, last_good: Path) -> str:
    stands = f" The last good report stands in {shown(last_good)}." if last_good.exists() else ""
    what = "stopped" if isinstance(problem, KeyboardInterrupt) else f"failed: {str(problem) or type(problem).__name__}"
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        full = shown(Path(problem.filename or evidence.parent))
        what = f"failed: no space is left on the disk of {full}. Free some, or name a folder on another: cache in config.yml, OUT for reports"
    return f"The run {what}\nEvidence: {shown(evidence)}.{stands} What was finished is kept; run again to go on."


def shown(path: Path) -> str:
    """A path as a person reads it: relative where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)


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


def summary(data: Mapping[str, Any]) -> str:
    """What was found and what was left out, in a few lines."""
    lines = [data["verdict"], *(f"! {warning}" for warning in data["warnings"])]
    lines += [f"- {finding['text']}" for finding in data["findings"]]
    return "\n".join([*lines, f"Left out: {data['left_out']}"])


def where(folder: Path, started: float) -> str:
    return f"Open {shown(folder / 'index.html')}  ({time.monotonic() - started:.1f} s)"
