"""A run: everything computed, each notebook executed in a process of its own, the folder put in place whole.

The run is made in a folder beside and exchanged for the last one when all of it stands. A run that fails leaves the last good one
as it was, and its own evidence in `NAME.failed`. What was computed and every notebook that was executed are kept in the store, so that
the next try goes on where this one stopped; where nothing was changed since the last good run, that one stands.
"""

from __future__ import annotations

import _thread
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from topics import store
from topics.report import provenance
from topics.settings import FIELDS, PATHS, Settings, articles_path, deciding, place, project_folder
from topics.tables import UserError, nearest, replace_file, write_table

NOTEBOOKS = project_folder() / "notebooks"
NAME = re.compile(r"[^\W_][\w.-]{0,79}")
RESERVED = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*[. ]|.*\.failed|index\.html|ledger\.csv", re.I
)  # names that Windows or we have taken
LAST_LINES = 12


def reports(settings: Settings, *, name: str | None = None, out: str | Path | None = None) -> int:
    """Make the run `out/name` from the articles of the settings; return the exit status, 0 or 1.

    Raises `UserError` for a mistake in what was given, before anything is written.
    """
    name = run_name(name, articles_path(settings))
    folder = Path(place("out", out or project_folder() / "reports")).absolute()
    check_places(articles_path(settings), folder, name)
    started = time.monotonic()
    with heeded() as check, one_at_a_time(folder, name):
        if said := standing(settings, folder / name):
            print(
                f"{said}\nNothing was changed since this report was made: it stands.\n{where(folder / name, started)}"
            )
            return 0
        with workplace(folder, name) as work:
            try:
                made = make_run(settings, work, name, folder)
                from topics.report import index

                check(last=True)
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

    write_settings(settings, work, settings.topic_counts)
    with Notebooks(settings, work) as notebooks:
        notebooks.begin()
        made = pipeline.everything(settings, tell=tell, track=track, ready=notebooks.start)
        from topics.report import html, index, public

        corpus = provenance.corpus_digest(made["inputs"])
        made |= {"name": name, "ledger": index.ledger_line(runs, corpus, made["topic_counts"])}
        for table, rows in made["tables"].items():
            write_table(rows, work / "tables", table)
        tell("front page")
        pages = page_names(made["topic_counts"], made["few"])
        limit = public.Limit(made["corpus"]) if settings.public else None
        record = provenance.record(settings, made)
        html.begin(work)
        data = index.gather(made, record, pages)
        notebooks.write_pages(pages, name, limit)
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


# --- names and places ---------------------------------------------------------------------------------------------------


def run_name(name: str | None, articles: Path) -> str:
    """The name of the run's folder: as given, or made from the articles' name.

    >>> run_name(None, Path("corpora/My articles (2).zip"))
    'My-articles-2'
    """
    if name is None:
        stem = articles.name if articles.is_dir() else articles.name.split(".")[0]
        made = re.sub(r"[^\w.-]+", "-", stem).strip("-._")[:80].rstrip("-._")
        return made if made and not RESERVED.fullmatch(made) else f"articles-{made}".rstrip("-")
    if not NAME.fullmatch(name) or RESERVED.fullmatch(name):
        raise UserError(
            f"NAME must begin with a letter or figure and go on with letters, figures, '.', '-' or '_', "
            "80 at most, and not end in .failed or a point, nor be index.html, ledger.csv or a name that Windows keeps "
            f"for itself. Got {name!r}."
        )
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


class Check(Protocol):
    """Raises `KeyboardInterrupt` where one was swallowed on its way; after the `last`, nothing that comes is heeded any more."""

    def __call__(self, *, last: bool = False) -> None: ...


@contextmanager
def heeded() -> Iterator[Check]:
    """Ctrl-C and the like end the run wherever they come; gives a check, for one that a library's bare `except` swallowed.

    Python lets nothing out of an object that is being deleted, an import that is broken off may leave the lock of all imports closed, so
    that other threads wait for ever, and a process for notebooks that is broken off in its start is known to nobody: there it is put off,
    and comes again a moment later. After the last check a run is a moment from its end, and goes to it: else it would say that it
    stopped while its report stands.
    """
    asked: list[int] = []
    settled = False
    later: list[threading.Timer] = []
    tell = sys.unraisablehook

    def ask(number: int, frame: FrameType | None) -> None:
        if settled:
            return
        asked.append(number)
        if must_finish(frame):
            put_off(number)
        else:
            end()

    def end() -> None:
        for timer in later:
            timer.cancel()
        raise KeyboardInterrupt

    def check(*, last: bool = False) -> None:
        nonlocal settled
        if asked:
            end()
        settled = last

    def put_off(number: int) -> None:
        timer = threading.Timer(0.05, ask_main_thread, [number])
        timer.daemon = True
        later.append(timer)
        timer.start()

    def swallowed(met: Any) -> None:
        if asked and met.exc_type is KeyboardInterrupt:
            put_off(asked[-1])
        else:
            tell(met)

    names = ("SIGINT", "SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    ours = [each for each in known if signal.getsignal(each) is signal.default_int_handler]
    for each in ours:
        signal.signal(each, ask)
    sys.unraisablehook = swallowed
    try:
        yield check
    finally:
        for timer in later:
            timer.cancel()
        sys.unraisablehook = tell
        for each in ours:
            signal.signal(each, signal.default_int_handler)


def must_finish(frame: FrameType | None) -> bool:
    """Whether what runs in a frame is part of an import, or of starting processes for notebooks."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib") or frame.f_code is Kernels.begin.__code__:
            return True
        frame = frame.f_back
    return False


def ask_main_thread(number: int) -> None:
    """Send the signal to the main thread itself, which it wakes where the system can."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))


@contextmanager
def workplace(folder: Path, name: str) -> Iterator[Path]:
    """An empty folder beside the run's own, gone afterwards; what a killed run left is put right first.

    Its name is new each time: a process that outlives its run writes into nobody's.
    """
    if not (folder / name).exists() and (folder / f".{name}.old").exists():  # killed between two renames
        os.replace(folder / f".{name}.old", folder / name)
    for left in folder.glob(f".{name}.*"):
        if left.is_dir() and left.name[len(name) + 2 :].split("-")[0] in ("part", "old"):
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
    import traceback

    shutil.rmtree(failed, ignore_errors=True)
    try:
        os.replace(work, failed)
        for half in failed.rglob("*.part"):  # written by a notebook's process that was stopped
            half.unlink(missing_ok=True)
        write_text(failed / "error.txt", "".join(traceback.format_exception(problem)))
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


def write_settings(settings: Settings, work: Path, topic_counts: Sequence[int] | str) -> None:
    text = settings_text(settings, work, topic_counts)
    replace_file(work / "config.yml", lambda path: write_text(path, text))


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


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, with forward slashes; absolute where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


# --- notebooks ----------------------------------------------------------------------------------------------------------


class Notebooks:
    """The notebooks of a run: each is executed as soon as the results are there that it shows, as many at once as there are workers."""

    def __init__(self, settings: Settings, work: Path) -> None:
        from topics import pipeline

        self.settings, self.work = settings, work
        self.kernels = Kernels(work / ".jupyter")
        self._pool = ThreadPoolExecutor(pipeline.worker_count(settings))
        self._waiting: dict[str, Future[None]] = {}

    def __enter__(self) -> Notebooks:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind:
            self.kernels.kill()
        self._pool.shutdown(cancel_futures=True)
        self.kernels.kill()
        if not kind:
            shutil.rmtree(self.work / ".jupyter", ignore_errors=True)

    def begin(self) -> None:
        """Start the processes that will be wanted: they load what pages need while the articles are read."""
        executed_before = any(Path(self.settings.cache).glob("page-*"))
        self.kernels.begin(2 if executed_before else 4)

    def start(self, made: Mapping[str, Any]) -> None:
        """Execute the notebooks that show nothing but what is made; one that has failed since raises."""
        for done in [each for each in self._waiting.values() if each.done()]:
            done.result()
        for job in notebook_jobs(self.work, made, self.settings):
            if job["page"] not in self._waiting:
                self._waiting[job["page"]] = self._pool.submit(run_child, job, self.work, self.kernels)

    def write_pages(self, pages: list[tuple[str, str]], collection: str, limit: Any = None) -> None:
        """Make each executed notebook into a page, in the order of `pages`, topics first where quotations are limited."""
        from topics.report import html, public

        order = sorted(pages, key=lambda page: not page[0].startswith("03")) if limit else pages
        files = [(file, title) for file, title in order if Path(file).stem in self._waiting]
        for file, title in track(files, total=len(files), what="pages"):
            self._waiting[Path(file).stem].result()
            executed = self.work / "notebooks" / f"{Path(file).stem}.ipynb"
            if limit:
                public.shorten_notebook(limit, executed)
            html.page(executed, self.work / file, title=title, nav=pages, collection=collection)


def notebook_jobs(work: Path, made: Mapping[str, Any], settings: Settings) -> list[dict[str, Any]]:
    """What each execution is told that shows nothing but what is `made`: notebook, name of its page, parameters, where it is kept; the page wanted first is first.

    The key holds all that a page can show but the run's own name and the other pages: the keys of the results that it may read, every
    setting, the source and the libraries.
    """
    plan: list[tuple[str, str, dict[str, Any]]] = [("01_corpus", "01_corpus", {})]
    if (
        "comparison" in made
    ):  # not before, though it shows no fit: two workers have enough to do, and are idle after the fits
        plan.append(("04_keyword_trends", "04_keyword_trends", {}))
    if "splits" in made:
        plan.append(("02_topic_counts", "02_topic_counts", {}))
    counts = sorted(made.get("reading", ()), key=lambda count: count != made["suggested"])
    plan += [("03_topics", f"03_topics_{count:02d}", {"n_topics": count}) for count in counts]
    shared = [made[name].key for name in ("corpus", "words", "keywords", "keyness", "companions")]
    values = {name: value for name, value in deciding(settings).items() if name not in ("topic_counts", "public")}
    values["concepts"] = str(settings.concepts)  # page 04 names the file

    def key(notebook: str, parameters: dict[str, Any]) -> str:
        inputs = [*shared, store.file_digest(NOTEBOOKS / f"{notebook}.ipynb")]
        if notebook in ("02_topic_counts", "03_topics"):
            inputs += [made["comparison"].key, made["splits"].key]
        if count := parameters.get("n_topics"):
            described = (made[name].get(count) for name in ("topics", "reading", "topics_over_time"))
            inputs += [result.key for result in described if result is not None]
        return store.key("page", room="report", values=values | parameters, inputs=inputs)

    return [
        {"notebook": NOTEBOOKS / f"{notebook}.ipynb", "page": page, "parameters": parameters, "cache": Path(settings.cache), "key": key(notebook, parameters)}
        for notebook, page, parameters in plan
    ]  # fmt: skip


def page_names(topic_counts: Sequence[int], few: bool) -> list[tuple[str, str]]:
    """Every page of a run, in order: its file and its short title."""
    what = "reading groups" if few else "topics"
    topics = [(f"03_topics_{count:02d}.html", f"{count} {what}") for count in topic_counts]
    first = [("index.html", "Findings"), ("01_corpus.html", "Articles"), ("02_topic_counts.html", "How many topics")]
    return [*first, *topics, ("04_keyword_trends.html", "Keywords")]


LOADED = ("report.corpus_page", "report.counts_page", "report.keywords_page", "report.topic_sections")


class Kernels:
    """The processes that execute notebooks; `kill` ends all of them."""

    def __init__(self, home: Path) -> None:
        self.home, self._stopped, self._begun = home, False, 0
        self._running: dict[str, Any] = {}
        self._spare: list[tuple[Path, Any]] = []
        self._lock = threading.Lock()

    def begin(self, n: int) -> None:
        """Start so many processes for notebooks to come, which load meanwhile what these need."""
        load = [*(f"__import__('topics.{module}') and None" for module in LOADED), "__import__('gc').freeze()"]
        for _ in range(n):
            with self._lock:
                self._spare.append(self._new(load))

    @contextmanager
    def start(self, name: str) -> Iterator[Any]:
        """A process for this notebook, one that was begun where there is any."""
        with self._lock:
            if self._stopped:
                raise RuntimeError(f"{name}: stopped")
            self._running[name] = self._spare.pop(0) if self._spare else self._new([])
        try:
            yield self._running[name][1]
        finally:
            with self._lock:
                _, kernel = self._running.pop(name)
            kernel.shutdown_kernel(now=True)

    def _new(self, lines: Sequence[str]) -> tuple[Path, Any]:
        """A kernel of this very Python that begins with these lines, whatever kernels are installed at home; nothing of it is written there."""
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import KernelManager

        self._begun += 1
        home = self.home / str(self._begun)
        home.mkdir(parents=True, exist_ok=True)
        settled = {f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
        settled |= {"IPYTHONDIR": str(home / "ipython"), "PYDEVD_DISABLE_FILE_VALIDATION": "1", "PYTHONSAFEPATH": "1"}
        settled |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JUPYTER_PLATFORM_DIRS": "1"}
        settled["PYTHONPATH"] = os.pathsep.join([str(store.PACKAGE.parent), os.environ.get("PYTHONPATH", "")]).rstrip(
            os.pathsep
        )  # this very source
        specs = KernelSpecManager(kernel_dirs=[], data_dir=str(home), allowed_kernelspecs=set())
        kernel = KernelManager(
            kernel_name="python3", kernel_spec_manager=specs, connection_file=str(home / "kernel.json")
        )
        kernel.client_class = (
            "jupyter_client.asynchronous.AsyncKernelClient"  # one that waits would not see a kernel die
        )
        # Jupyter's own watch over the runner misses one that was killed before the kernel had loaded, where orphans do not go to process 1.
        orphan = f"__import__('os').getppid() != {os.getpid()} and __import__('os')._exit(1) or None"
        begin = [orphan, *lines] if os.name == "posix" else list(lines)
        with (home / "kernel.txt").open("wb") as said:
            kernel.start_kernel(
                extra_arguments=["--log-level=ERROR", f"--IPKernelApp.exec_lines={begin!r}"],
                cwd=str(NOTEBOOKS),
                env=os.environ | settled,
                stdout=said,
                stderr=said,
            )
        return home, kernel

    def last_lines(self, name: str) -> str:
        """What the process itself said last."""
        said = (self._running[name][0] / "kernel.txt").read_text(encoding="utf-8", errors="replace")
        return "\n".join(said.strip().splitlines()[-LAST_LINES:])

    def kill(self) -> None:
        with self._lock:
            self._stopped = True
            for _, kernel in self._running.values():
                kernel.provisioner.process.kill()
            for _, kernel in self._spare:
                kernel.shutdown_kernel(now=True)
            self._spare.clear()


def run_child(job: Mapping[str, Any], work: Path, kernels: Kernels) -> None:
    """The executed copy of a notebook with its figures and tables, from the store or a process of its own, put into `work`."""
    kept = store.keep(job["cache"], job["key"], lambda: executed(job, work, kernels))
    for file, content in kept["files"].items():
        path = work / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes())
    (work / "notebooks").mkdir(exist_ok=True)
    write_text(work / "notebooks" / f"{job['page']}.ipynb", kept["notebook"])


def executed(job: Mapping[str, Any], work: Path, kernels: Kernels) -> store.Result:
    """The executed copy of a notebook as text (`notebook`) and what it wrote (`files`: bytes by path)."""
    import numpy as np

    out = kernels.home / job["page"] / "out"
    seen = {"out": relative(out, NOTEBOOKS), "config": relative(work / "config.yml", NOTEBOOKS)}
    copy = work / "notebooks" / f"{job['page']}.ipynb"
    execute(job["notebook"], {"articles": None, **seen, **job["parameters"]}, copy, kernels)
    forget_the_machine(copy, {seen["out"]: "..", seen["config"]: "../config.yml"})
    files = sorted(path for path in out.rglob("*") if path.is_file())
    found = {path.relative_to(out).as_posix(): np.fromfile(path, np.uint8) for path in files}
    return {"notebook": copy.read_text(encoding="utf-8"), "files": found}


def execute(notebook: Path, parameters: Mapping[str, Any], copy: Path, kernels: Kernels) -> None:
    """Execute a notebook with its parameters; an unknown name of a parameter stops it before the kernel starts.

    Raises `RuntimeError` with the failing cell and its last lines; the copy then holds what was executed.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # a grammar of addresses that no notebook has: a second
    import logging

    from topics.report.html import IMPORTING

    with IMPORTING:
        import nbformat
        import papermill
        from nbclient.exceptions import DeadKernelError
        from papermill.exceptions import PapermillExecutionError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it says is said once, by us
    known = papermill.inspect_notebook(str(notebook))
    for name in parameters:
        if name not in known:
            raise RuntimeError(f"{notebook.name} has no parameter {name!r}.{nearest(name, known)}")
    copy.parent.mkdir(parents=True, exist_ok=True)
    cells: dict[int, Any] = {}
    with kernels.start(copy.stem) as kernel:
        try:
            papermill.execute_notebook(
                str(notebook), str(copy), parameters=parameters, kernel_name="python3", km=kernel, progress_bar=False,
                start_timeout=300, request_save_on_cell_execute=False, on_cell_start=lambda cell, cell_index: cells.update({cell_index: cell}),
            )  # fmt: skip
        except PapermillExecutionError as problem:
            last = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(problem.traceback[-1:])).splitlines()[-LAST_LINES:]
            said = f"{problem.ename}: {problem.evalue}"
            failing, lines = problem.cell_index, said if last == [said] else "\n".join([said, *last])
        except (DeadKernelError, RuntimeError):  # killed, out of memory, or never started
            nbformat.write(nbformat.v4.new_notebook(cells=list(cells.values())), copy)
            failing, lines = (
                max(cells, default=0),
                f"its process died (killed, or out of memory)\n{kernels.last_lines(copy.stem)}",
            )
        else:
            return
    source = (cells[failing].source if failing in cells else "").strip() or "before the first"
    raise RuntimeError(f"{copy.stem}, cell {failing} ({source.splitlines()[0]}): {lines.strip()}")


def forget_the_machine(path: Path, places: Mapping[str, str]) -> None:
    """Take papermill's record (paths, times) and the chance in it out of an executed notebook: `provenance.json` is the run's record.

    `places` are paths of the run as it was made, and what they are seen from the executed copy.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        cell.metadata.pop("papermill", None)
        cell.metadata.pop("execution", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"  # papermill draws one at random
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


def summary(data: Mapping[str, Any]) -> str:
    """What was found and what was left out, in a few lines."""
    lines = [data["verdict"], *(f"! {warning}" for warning in data["warnings"])]
    lines += [f"- {finding['text']}" for finding in data["findings"]]
    return "\n".join([*lines, f"Left out: {data['left_out']}"])


def where(folder: Path, started: float) -> str:
    return f"Open {shown(folder / 'index.html')}  ({time.monotonic() - started:.1f} s)"
