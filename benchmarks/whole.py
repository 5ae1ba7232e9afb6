"""The whole: `topics reports` from nothing, with another topic count, and with nothing changed, beside the plain way.

    python benchmarks/whole.py ARTICLES [--case NAME] [--rounds 5] [--bound FITS] [--seeds 1 2 3 4 5] [--workers 2] [--cold] [--report FOLDER]

The plain way is `plain.py`: papermill notebook after notebook, nbconvert after each, gensim's LdaModel and CoherenceModel over the same topic counts × seeds,
nothing kept. Its time is given without and with the reference and held-out fits that our page on topic counts shows. It has no intervals, no tests, no stability: less than our pages. As it keeps nothing, another topic
count costs it the same again; `its topics notebook alone` is what is left if its user runs that one notebook only. Ours starts each round with an
empty store, and compiled as set-up leaves it (gensim comes compiled, too); with `--cold` also with nothing compiled. With `--bound`, only so many of its fits are made and scored (each count with the first seed, then with the second), and their time is multiplied up: the case says so.
Wall and processor time (all processes) of each; and of each of our stages (time in one thread, what it waits for in other stages taken off) and notebooks. Of our
pages: how heavy they are, and how soon a headless Chromium, where there is one, first shows something.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from record import record

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


# --- ours, with a log of its stages -----------------------------------------------------------------------------------------


def inside(log: Path, arguments: list[str]) -> int:
    """`python -m topics …`, with the time of every step that the store builds, every notebook and the rest written to `log`."""
    import numpy as np

    from topics import __main__ as command_line

    spent: dict[str, float] = defaultdict(float)
    worked: dict[str, float] = defaultdict(float)
    waiting = threading.local()

    def clocked(name: Callable[..., str], function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **more: Any) -> Any:
            outer, waiting.inner = getattr(waiting, "inner", np.zeros(2)), np.zeros(2)
            started = np.array([time.perf_counter(), time.thread_time()])
            try:
                return function(*given, **more)
            finally:
                whole = np.array([time.perf_counter(), time.thread_time()]) - started
                own = whole - waiting.inner
                spent[name(*given, **more)] += float(own[0])
                worked[name(*given, **more)] += float(own[1])
                waiting.inner = outer + whole

        return run

    started = time.perf_counter()
    from topics import pipeline, store
    from topics.report import html, index, run

    pipeline._make = clocked(lambda *given: "step fit", pipeline._make)
    keep = store.keep
    store.keep = lambda folder, key, build, **more: keep(
        folder,
        key,
        build if key.startswith("page-") else clocked(lambda: f"step {key.rpartition('-')[0]}", build),
        **more,
    )
    run.Notebooks._put = clocked(lambda _, job: f"notebook {job.page}", run.Notebooks._put)
    run.write_pages = clocked(lambda *given: "waiting for notebooks, making pages", run.write_pages)
    run.write_table = clocked(lambda *given: "writing tables", run.write_table)
    for module, name in ((index, "gather"), (html, "front_page")):
        setattr(module, name, clocked(lambda *given: "front page", getattr(module, name)))
    spent["imports"] = time.perf_counter() - started
    status = command_line.main(arguments)
    log.write_text(json.dumps({"stage": spent, "step": worked}), encoding="utf-8")
    return status


Stages = dict[str, dict[str, float]]  # wall time by stage, and the processor time of the thread that made it


def ours(given: argparse.Namespace, folder: Path, *more: str, log: Path | None = None) -> tuple[float, float]:
    """Wall and processor seconds of one command on the store in `folder`; its stages are left in `log`."""
    config = folder / "config.yml"
    config.write_text(f"cache: {folder / 'cache'}\nworkers: {given.workers}\n", encoding="utf-8")
    begin = [str(HERE / "whole.py"), "--inside", str(log)] if log else ["-m", "topics"]
    command = [
        sys.executable,
        *begin,
        "reports",
        str(given.articles),
        "--config",
        str(config),
        "--out",
        str(folder / "reports"),
    ]
    command += ["--name", "run", "--seeds", *map(str, given.seeds), *more]
    return timed(command, {"NUMBA_CACHE_DIR": str(folder / "kernels")})


def set_up(folder: Path) -> None:
    """What set-up compiles, compiled into the folder that this round's runs use."""
    code = "from topics.models.sweep import warm; warm(); warm(n_topics=400)"
    timed([sys.executable, "-c", code], {"NUMBA_CACHE_DIR": str(folder / "kernels")})


def timed(command: list[str], more: dict[str, str] | None = None) -> tuple[float, float]:
    """Wall and processor seconds of a command and of all that it starts; one that fails stops the benchmark."""
    path = os.pathsep.join([str(ROOT / "src"), str(HERE)])
    before, started = used(), time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path} | (more or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    return wall, used() - before


def used() -> float:
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


# --- the plain way ----------------------------------------------------------------------------------------------------------


Times = dict[str, tuple[float, float]]


def plain_way(given: argparse.Namespace, folder: Path, grid: list[int], n_topics: int) -> Times:
    """Wall and processor seconds of each notebook, executed and converted, one after the other; of its references apart."""
    import nbformat
    from plain import NOTEBOOKS

    log = folder / "fits.json"
    values = {
        "articles": str(Path(given.articles).resolve()), "concepts": str(ROOT / "data" / "concepts.yml"), "grid": grid,
        "seeds": given.seeds, "bound": given.bound, "log": str(log), "n_topics": n_topics,
    }  # fmt: skip
    spent: Times = {}
    for name, cells in NOTEBOOKS.items():
        head = "%matplotlib inline\nimport plain\nfrom pathlib import Path\n"
        head += f"plain.OUT = Path({str(folder)!r})\n" + "\n".join(
            f"{key} = {value!r}" for key, value in values.items()
        )
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (head, *cells)])
        begun, executed = folder / f"{name}.ipynb", folder / f"{name}.executed.ipynb"
        nbformat.write(notebook, begun)
        run = timed(
            [sys.executable, "-m", "papermill", "-k", "python3", "--no-progress-bar", str(begun), str(executed)]
        )
        page = timed([sys.executable, "-m", "nbconvert", "--to", "html", "--log-level", "ERROR", str(executed)])
        spent[name] = (run[0] + page[0], run[1] + page[1])
    fits = json.loads(log.read_text(encoding="utf-8"))
    wall, cpu = spent["02_topic_counts"]
    for of in fits.values():  # what is left out under --bound, at the price of what was made
        wall, cpu = wall + (of["more"] - 1) * of["wall"], cpu + (of["more"] - 1) * of["cpu"]
    apart = [sum(fits[text]["more"] * fits[text][what] for text in ("shuffled", "train")) for what in ("wall", "cpu")]
    return spent | {"02_topic_counts": (wall - apart[0], cpu - apart[1]), REFERENCES: (apart[0], apart[1])}


REFERENCES = "02_topic_counts, reference and held-out fits"


# --- together ---------------------------------------------------------------------------------------------------------------


def tell(case: str, side: str, wall: float, cpu: float | None, repetition: int) -> None:
    print(
        f"{case:60s} {side:38s} wall {wall:8.2f} s" + (f"   processor {cpu:8.2f} s" if cpu is not None else ""),
        flush=True,
    )
    record("whole", case, side, "wall time", wall, "s", repetition)
    if cpu is not None:
        record("whole", case, side, "processor time", cpu, "s", repetition)


def tell_stages(case: str, stages: Stages, repetition: int) -> None:
    for by, measure in (("stage", "wall time, summed over threads"), ("step", "processor time of its thread")):
        for stage, seconds in sorted(stages[by].items(), key=lambda item: -item[1]):
            if seconds >= 0.05 and (by == "stage" or stage.startswith("step ")):
                print(f"    {stage:50s} {seconds:7.2f} s {measure}")
                record(
                    "whole",
                    f"{case}, by {by}: {stage.removeprefix('step ')}",
                    "topics",
                    measure,
                    seconds,
                    "s",
                    repetition,
                )


def one_round(given: argparse.Namespace, repetition: int) -> None:
    import pandas as pd

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        log = folder / "stages.json"
        if given.cold:
            cold = ours(given, folder)
            shutil.rmtree(folder)
            folder.mkdir()
        set_up(folder)
        wall, cpu = ours(given, folder, log=log)
        stages = json.loads(log.read_text(encoding="utf-8"))
        scores = pd.read_csv(folder / "reports" / "run" / "tables" / "scores.csv")
        grid = sorted(int(k) for k in scores["n_topics"].unique())
        chosen = int(pd.read_csv(folder / "reports" / "run" / "tables" / "topics.csv")["n_topics"].iloc[0])
        other = next(k for k in range(chosen + 1, 1000) if k not in grid)
        scaled = f" (plain way scaled from {given.bound} of {len(given.seeds) * len(grid)} fits)" if given.bound else ""
        case = f"{given.case}, from nothing{scaled}"
        tell(case, "topics", wall, cpu, repetition)
        if given.cold:
            tell(case, "topics, nothing compiled", *cold, repetition)
        tell_stages(f"{given.case}, from nothing", stages, repetition)
        tell_pages(given.case, folder / "reports" / "run", repetition)
        if given.report:
            shutil.copytree(folder / "reports" / "run", given.report, dirs_exist_ok=True)
        plain = plain_way(given, folder, grid, chosen)
        sides = plain_sides(plain)
        for side, (seconds, processor) in sides.items():
            tell(case, side, seconds, processor, repetition)
        for name, (seconds, _) in plain.items():
            print(f"    {name:50s} {seconds:7.2f} s")
            record(
                "whole",
                f"{given.case}, from nothing, by notebook: {name}",
                "plain way",
                "time of the notebook",
                seconds,
                "s",
                repetition,
            )
        case = f"{given.case}, another topic count{scaled}"
        wall, cpu = ours(given, folder, "--topics", str(other), log=log)
        tell(case, "topics", wall, cpu, repetition)
        tell_stages(f"{given.case}, another topic count", json.loads(log.read_text(encoding="utf-8")), repetition)
        for side, (seconds, processor) in (
            sides | {"plain way, its topics notebook alone": plain["03_topics"]}
        ).items():
            tell(case, side, seconds, processor, repetition)
        wall, cpu = ours(given, folder, "--topics", str(other))
        tell(f"{given.case}, nothing changed", "topics", wall, cpu, repetition)


FIRST_VIEW = """() => new Promise(done => new PerformanceObserver(seen => {
    const found = seen.getEntriesByName("first-contentful-paint");
    if (found.length) done(found[0].startTime);
}).observe({type: "paint", buffered: true}))"""


def tell_pages(case: str, run: Path, repetition: int) -> None:
    """How heavy each page is; and, where there is a Chromium, when it first shows something, from the disk."""
    found = {page.name: {"page weight": page.stat().st_size / 1e6} for page in sorted(run.glob("*.html"))}
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium and importlib.util.find_spec("playwright"):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for name, measured in found.items():
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto((run / name).as_uri(), wait_until="load")
                measured["first view"] = page.evaluate(FIRST_VIEW) / 1000
                page.close()
            browser.close()
    for name, measured in found.items():
        for measure, value in measured.items():
            unit = "MB" if measure == "page weight" else "s"
            print(f"    {name:50s} {value:7.2f} {unit} {measure}", flush=True)
            record("whole", f"{case}, page {name}", "topics", measure, value, unit, repetition)


def plain_sides(plain: Times) -> Times:
    """Its time over all notebooks, without and with the reference fits."""
    with_all = [sum(of) for of in zip(*plain.values(), strict=True)]
    without = [whole - part for whole, part in zip(with_all, plain[REFERENCES], strict=True)]
    return {"plain way": (without[0], without[1]), "plain way, with reference fits": (with_all[0], with_all[1])}


def imports(case: str, rounds: int) -> None:
    code = "from time import perf_counter as now; start = now(); import topics; print(now() - start)"
    for repetition in range(rounds):
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        tell(f"{case}, import topics", "topics", float(done.stdout), None, repetition)


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        return inside(Path(sys.argv[2]), sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", nargs="?", default=str(ROOT / "data" / "sample"))
    parser.add_argument("--case", default="sample")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first round, where rounds are run one by one"
    )
    parser.add_argument(
        "--bound", type=int, help="fits of the plain way that are made and scored; the others are reckoned"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cold", action="store_true", help="also from nothing with nothing compiled")
    parser.add_argument("--report", type=Path, help="a folder in which our report is left, to be looked at")
    given = parser.parse_args()
    for repetition in range(given.first, given.first + given.rounds):
        one_round(given, repetition)
    imports(given.case, given.rounds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
