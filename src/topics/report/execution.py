"""Notebooks executed, each in a process of its own, and made into pages; an executed copy is kept in the store."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from topics import store
from topics.settings import project_folder
from topics.tables import nearest, replace_file

NOTEBOOKS = project_folder() / "notebooks"
LAST_LINES = 12


class Job(NamedTuple):
    """One execution: the notebook, the name of its page, its parameters, and the key that its executed copy is kept under."""

    notebook: Path
    page: str
    parameters: Mapping[str, Any]
    key: str


class Notebooks:
    """The notebooks of a run, made in the folder `work`: each is executed as soon as it is asked for, as many at once as there are workers."""

    def __init__(self, work: Path, cache: Path, workers: int) -> None:
        self.work, self.cache = work, cache
        self.kernels = Kernels(work / ".jupyter", workers)
        self._pool = ThreadPoolExecutor(workers)
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
        executed_before = any(self.cache.glob("page-*"))
        self.kernels.begin(2 if executed_before else 4)

    def start(self, jobs: Iterable[Job]) -> None:
        """Execute the notebooks that were not asked for before; one that has failed since raises."""
        for done in [each for each in self._waiting.values() if each.done()]:
            done.result()
        for job in jobs:
            if job.page not in self._waiting:
                self._waiting[job.page] = self._pool.submit(self._put, job)

    def copy(self, page: str) -> Path:
        """The executed copy of the notebook of a page that was asked for, once it is there."""
        self._waiting[page].result()
        return self._copy(page)

    def _copy(self, page: str) -> Path:
        return self.work / "notebooks" / f"{page}.ipynb"

    def _put(self, job: Job) -> None:
        """The executed copy of a notebook with its figures and tables, from the store or a process of its own, put into `work`."""
        kept = store.keep(self.cache, job.key, lambda: self._executed(job))
        for file, content in kept["files"].items():
            path = self.work / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.tobytes())
        self._copy(job.page).parent.mkdir(exist_ok=True)
        self._copy(job.page).write_text(kept["notebook"], encoding="utf-8", newline="\n")

    def _executed(self, job: Job) -> store.Result:
        """The executed copy of a notebook as text (`notebook`) and what it wrote (`files`: bytes by path)."""
        import numpy as np

        out, copy = self.kernels.home / job.page / "out", self._copy(job.page)
        seen = {"out": relative(out, NOTEBOOKS), "config": relative(self.work / "config.yml", NOTEBOOKS)}
        execute(job.notebook, {"articles": None, **seen, **job.parameters}, copy, self.kernels)
        forget_the_machine(copy, {seen["out"]: "..", seen["config"]: "../config.yml"})
        files = sorted(path for path in out.rglob("*") if path.is_file())
        found = {path.relative_to(out).as_posix(): np.fromfile(path, np.uint8) for path in files}
        return {"notebook": copy.read_text(encoding="utf-8"), "files": found}


LOADED = ("topics.report.corpus_page", "topics.report.counts_page", "topics.report.keywords_page", "topics.report.topic_sections",
          "matplotlib.backends.backend_svg", "matplotlib.backends.backend_pdf", "fontTools.subset")  # fmt: skip
# What is loaded stays, and is not looked through for what could be freed, nor all else after every 700 things made.
LOADING = ["__import__('gc').disable()", *(f"__import__({module!r}) and None" for module in LOADED),
           "__import__('gc').freeze()", "__import__('gc').set_threshold(20_000, 20, 20)", "__import__('gc').enable()"]  # fmt: skip


class Kernels:
    """The processes that execute notebooks; `kill` ends all of them."""

    def __init__(self, home: Path, workers: int = 2) -> None:
        self.home, self.workers, self._stopped, self._begun = home, workers, False, 0
        self._running: dict[str, Any] = {}
        self._spare: list[tuple[Path, Any]] = []
        self._lock = threading.Lock()

    def begin(self, n: int) -> None:
        """Start so many processes for notebooks to come, which load meanwhile what these need.

        Only so many load at once as leave one core to the reading of the articles, for which all else waits; the others follow one by one.
        """
        loading = [self._begin_one(n) for _ in range(max(1, self.workers - 1))]
        Thread(target=self._follow, args=[loading, n], daemon=True).start()

    def _follow(self, loading: list[tuple[Path, Any] | None], n: int) -> None:
        for each in loading:  # which grows
            if each:
                loaded, process = each
                while not loaded.exists() and process.poll() is None:
                    time.sleep(0.05)
                with suppress(OSError):  # one that is wanted and not there is started then, and says what is wrong
                    loading.append(self._begin_one(n))

    def _begin_one(self, n: int) -> tuple[Path, Any] | None:
        """One process more, unless `n` were begun or all are stopped: the file that says that it has loaded, and the process."""
        with self._lock:
            if self._stopped or self._begun >= n:
                return None
            home, kernel = self._new(LOADING)
            self._spare.append((home, kernel))
            return home / "loaded", kernel.provisioner.process

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
        loaded = f"open({str(home / 'loaded')!r}, 'w').close()"
        begin = [orphan, *lines, orphan, loaded] if os.name == "posix" else [*lines, loaded]
        with (home / "kernel.txt").open("wb") as said:
            kernel.start_kernel(
                extra_arguments=["--log-level=ERROR", f"--IPKernelApp.exec_lines={begin!r}"],
                cwd=str(NOTEBOOKS),
                env=os.environ | settled,
                stdout=said,
                stderr=said,
            )
        process: Any = kernel.provisioner
        if process.pgid != process.pid:
            process.pgid = None  # a signal ended it before it had a group of its own: who ends its group would end ours
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


def execute(notebook: Path, parameters: Mapping[str, Any], copy: Path, kernels: Kernels) -> None:
    """Execute a notebook with its parameters; an unknown name of a parameter stops it before the kernel starts.

    A process that dies before the first cell is started once more. Raises `RuntimeError` with the failing cell and its last lines; the copy
    then holds what was executed.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # a grammar of addresses that no notebook has: a second
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
    for again in (True, False):
        with kernels.start(copy.stem) as kernel:
            try:
                papermill.execute_notebook(
                    str(notebook), str(copy), parameters=parameters, kernel_name="python3", km=kernel, progress_bar=False,
                    start_timeout=300, request_save_on_cell_execute=False, on_cell_start=lambda cell, cell_index: cells.update({cell_index: cell}),
                )  # fmt: skip
                return
            except PapermillExecutionError as problem:
                last = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(problem.traceback[-1:])).splitlines()[-LAST_LINES:]
                said = f"{problem.ename}: {problem.evalue}"
                failing, lines = problem.cell_index, said if last == [said] else "\n".join([said, *last])
            except (DeadKernelError, RuntimeError):  # killed, out of memory, or never started
                if again and not cells:  # another program has taken a port meant for it, say
                    continue
                nbformat.write(nbformat.v4.new_notebook(cells=list(cells.values())), copy)
                died = f"its process died (killed, or out of memory)\n{kernels.last_lines(copy.stem)}"
                failing, lines = max(cells, default=0), died
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


def relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, with forward slashes; absolute where there is no way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()
