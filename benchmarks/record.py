"""Figures of a benchmark as JSON lines, so that `run.py` can make tables, ratios and curves of them.

A script measures its sides in turn, round after round, and calls `record` for each single measurement. Where the environment
names a file (`TOPICS_BENCH_LINES=lines.jsonl python benchmarks/words_speed.py …`), the lines go there, after one that says when, where,
with which versions and by which command; `python benchmarks/run.py --keep lines.jsonl` takes them into `results/`. Without it nothing is done.
"""

from __future__ import annotations

import atexit
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

LIBRARIES = (
    "gensim", "nltk", "numpy", "scipy", "pandas", "numba", "trafilatura", "htmldate", "simplemma", "papermill", "nbconvert",
    "tomotopy", "pyrmallet", "topica", "scikit-learn", "datasketch",
)  # fmt: skip


def record(
    benchmark: str, case: str, side: str, measure: str, value: float, unit: str, repetition: int = 0, **more: Any
) -> None:
    """Append one measured figure to the file that the environment names; without it, do nothing.

    `side` is whom the figure is of ("topics", "gensim", …); figures of one `case`, `measure` and `repetition` (and the same `more`) were
    measured in turn and are compared pair by pair. `measure` is "processor time", "wall time", "memory", "perplexity", "npmi", "c_v", "diversity", "precision",
    "recall", "coverage", …; `more` holds what a curve runs over (`sweeps`, `n_topics`, `articles`, `threads`), `seed`, and `error`, the Monte Carlo
    standard error of a simulated rate. A peer's figure that stands in print has `published=True` and is of no repetition.
    """
    file = os.environ.get("TOPICS_BENCH_LINES")
    if file:
        line = {"benchmark": benchmark, "case": case, "side": side, "measure": measure, "value": float(value)}
        line |= {"unit": unit, "repetition": repetition, "run": _run(file), **more}
        _append(file, line)


@cache
def _run(file: str) -> str:
    """The name of this process's run, once what is to be known of it stands in the file."""
    now = datetime.now(UTC)
    run = f"{now:%Y%m%dT%H%M%S}-{os.getpid()}"
    about = {"run": run, "date": f"{now:%Y-%m-%d}", "command": command(), "machine": machine(), "versions": versions()}
    about |= {"commit": commit()}
    begun = clock()
    _append(file, about)
    atexit.register(lambda: _append(file, about | others(begun)))  # said again at the end
    return run


def clock() -> tuple[float, float, float] | None:
    """Seconds: by the clock, of all processors at work, of this process and those it has waited for; None where the system does not say."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    user, nice, system, _, _, *interrupts = map(int, stat.read_text().split()[1:8])
    at_work = (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    return time.monotonic(), at_work, sum(os.times()[:4])


def others(begun: tuple[float, float, float] | None) -> dict[str, float]:
    """How many processors other work has kept busy since then, on average."""
    now = clock()
    if begun is None or now is None:
        return {}
    wall, at_work, own = (new - old for new, old in zip(now, begun, strict=True))
    return {"others": round(max(at_work - own, 0.0) / max(wall, 1e-9), 2)}


def commit() -> str:
    """Which state of the project is measured, where git knows; `-dirty` says that code differed from it (what is kept of earlier calls may)."""
    git = ["git", "-C", str(Path(__file__).parents[1])]
    try:
        head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        code = [*git, "diff", "--quiet", "HEAD", "--", "src", "notebooks", "benchmarks/*.py"]
        dirty = subprocess.run(code, capture_output=True, check=False).returncode
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head.stdout.strip() + "-dirty" * bool(dirty)


def _append(file: str, line: dict[str, Any]) -> None:
    with Path(file).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line, ensure_ascii=False) + "\n")


def command() -> str:
    """How this process was called, with the folder of corpora as CORPORA, and any other place of this machine as FOLDER."""
    script, *words = sys.argv
    words = [re.sub(r".*/corpora(?=/|$)", "CORPORA", word) for word in words]
    words = ["FOLDER" if Path(word).is_absolute() else word for word in words]
    return shlex.join(["python", f"benchmarks/{Path(script).name}", *words])


def machine() -> str:
    """The processor's model and how many cores there are: no name of a host, no path."""
    cpu = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpu.read_text(encoding="utf-8")) if cpu.exists() else None
    model = found[1] if found else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def versions() -> dict[str, str]:
    """The versions of the libraries measured, as far as they are installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
