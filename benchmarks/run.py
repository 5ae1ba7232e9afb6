"""Run every benchmark, one after the other, and write what they print to RESULTS.md and results.jsonl beside this file.

    python benchmarks/run.py [--quick] [--corpora FOLDER] [--only NAME …]

Each benchmark is a script of its own that can be run alone; the table below says with which words. Corpora are other people's text and
do not ship: where the folder is not there, the benchmarks that need it are named and left out. Nothing here is part
of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
LIBRARIES = ("gensim", "nltk", "numpy", "scipy", "pandas", "numba", "trafilatura", "htmldate", "simplemma")


class Bench(NamedTuple):
    """A benchmark: its script, its arguments, those of the quick version, and what of the corpora it needs."""

    script: str
    full: tuple[str, ...]
    quick: tuple[str, ...]
    needs: str = ""


NEWS = "{corpora}/dated/NewsArticles.zip"
BENCHES = (
    Bench("corpus_cleaning.py", (), ()),
    Bench("corpus_html.py", ("{corpora}/html",), ("{corpora}/html",), "html"),
    Bench("corpus_speed.py", (NEWS,), (NEWS, "--repeats", "5000"), "dated"),
    Bench("words_speed.py", (NEWS, "5"), (NEWS, "1"), "dated"),
    Bench("models_scale.py", (NEWS,), (), "dated"),
    Bench("models_peers.py", (NEWS,), (NEWS, "--topics", "20", "--seeds", "1", "--sweeps", "50"), "dated"),
    Bench("trends_speed.py", (NEWS, "--repeats", "5"), (NEWS, "--repeats", "1"), "dated"),
    Bench("trends_size.py", (), ("size", "--runs", "20")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a small version of each")
    parser.add_argument(
        "--corpora", type=Path, default=HERE.parents[1] / "shared" / "corpora", help="folder of real corpora"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="scripts to run, by the beginning of their names")
    given = parser.parse_args()
    chosen = [bench for bench in BENCHES if not given.only or bench.script.startswith(tuple(given.only))]
    results = [run(bench, given.quick, given.corpora) for bench in chosen]
    write(results, given.quick)
    return int(any(result["status"] not in ("done", "left out") for result in results))


def run(bench: Bench, quick: bool, corpora: Path) -> dict[str, object]:
    """One benchmark in a process of its own, its output shown as it comes and kept."""
    words = [word.format(corpora=corpora) for word in (bench.quick if quick else bench.full)]
    shown = " ".join(
        ["python", f"benchmarks/{bench.script}", *(word.replace(str(corpora), "CORPORA") for word in words)]
    )
    if (bench.needs and not (corpora / bench.needs).exists()) or (quick and bench.needs and not bench.quick):
        print(
            f"{shown}: left out, {'not part of the quick version' if (corpora / bench.needs).exists() else 'corpora are not there'}"
        )
        return {"command": shown, "status": "left out", "seconds": 0.0, "output": ""}
    print(f"\n$ {shown}", flush=True)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(HERE / bench.script), *words],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    print(done.stdout, end="", flush=True)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
    status = "done" if done.returncode == 0 else f"failed with status {done.returncode}"
    return {"command": shown, "status": status, "seconds": round(time.monotonic() - started, 1), "output": done.stdout}


def write(results: list[dict[str, object]], quick: bool) -> None:
    """RESULTS.md for readers, results.jsonl for programs: one line a benchmark, with date, machine and versions."""
    about = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "quick": quick,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "versions": {name: metadata.version(name) for name in LIBRARIES},
    }
    with (HERE / "results.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(about | result, ensure_ascii=False) + "\n" for result in results)
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())  # type: ignore[union-attr]
    lines = [
        "# Results",
        "",
        f"{about['date']}, {'the quick version, ' if quick else ''}{about['machine']}, Python {about['python']}; {versions}.",
        "",
    ]
    for result in results:
        lines += [
            f"## `{result['command']}`",
            "",
            f"{result['status']}, {result['seconds']} s",
            "",
            "```",
            str(result["output"]).rstrip(),
            "```",
            "",
        ]
    (HERE / "RESULTS.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
