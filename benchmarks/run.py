"""Run the benchmarks, keep every figure they record, and write RESULTS.md and its figures from all that is kept.

    python benchmarks/run.py [--only NAME …] [--again] [--corpora FOLDER]     makes the calls of the table below that do not stand yet, then writes
    python benchmarks/run.py --quick [--only NAME …] [--corpora FOLDER]        a small version of most
    python benchmarks/run.py --keep LINES …                                    takes in lines recorded by hand (`record.py`), then writes
    python benchmarks/run.py --render                                          writes from what is kept

All calls together take many hours, so that each is kept when it ends and the next `run.py` goes on from there. A call stands as long as all its lines are
kept, and its script, what that imports from here and the code that it measures are, by git, what they were at the commit that the lines name; `--again` makes all of them anew.

Lines are kept in `results/BENCHMARK.jsonl`. A new run replaces what the same command gave before, and the cases that it measured. The
quick version is kept apart (`results/quick`, RESULTS-quick.md) and replaces nothing. Corpora are other people's text and do not ship: benchmarks that need one that
is not there are named and left out, and so are tools that are not installed. Nothing here is part of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import results

HERE = Path(__file__).resolve().parent


class Bench(NamedTuple):
    """A call of a script: its words, those of the quick version (None: not part of it), what of the corpora it needs, and the code that it measures."""

    script: str
    full: tuple[str, ...] | None
    quick: tuple[str, ...] | None
    needs: str = ""
    of: tuple[str, ...] = ("src",)

    def called(self) -> str:
        """The full version as the lines of a run name it (`record.command`)."""
        words = [word.format(corpora="CORPORA") for word in self.full or ()]
        return shlex.join(["python", f"benchmarks/{self.script}", *words])


NEWS = "{corpora}/dated/NewsArticles.zip"
HEADLINES = "{corpora}/dated/guardian_headlines.csv.bz2"
GROUPS = "{corpora}/labelled/20newsgroups-train.jsonl.xz"
SHORT = (
    NEWS, "{corpora}/dated/ungdc_dev.jsonl.xz", "{corpora}/dated/reuters21578_000-010.tar.xz", "{corpora}/dated/sotu_1790-2026.jsonl.xz", "--short", "100000",
)  # fmt: skip
CORPUS, WORDS, MODELS, TRENDS = ((f"src/topics/{room}",) for room in ("corpus", "words", "models", "trends"))
BENCHES = (
    Bench("whole.py", ("--cold",), ("--rounds", "1", "--seeds", "1", "2", "--case", "sample, two seeds")),
    Bench("whole.py", (NEWS, "--case", "news", "--rounds", "1", "--bound", "6"), None, "dated"),
    Bench("run_kills.py", (), None),
    Bench("run_sameness.py", (), None),
    Bench("models_peers.py", None, (NEWS, "--topics", "20", "--seeds", "1", "--sweeps", "60", "--tools", "topics", "tomotopy", "pyrmallet"), "dated"),
    *(Bench("models_peers.py", (NEWS, "--slow", "--topics", k), None, "dated", MODELS) for k in ("20", "50", "100")),
    *(Bench("models_peers.py", (GROUPS, "--slow", "--topics", k), None, "labelled", MODELS) for k in ("20", "50", "100")),
    *(Bench("models_peers.py", (corpus, "--topics", "50", "--tools", "topics", "gensim", "gensim LdaMulticore", "sklearn"), None, needs, MODELS)
      for corpus, needs in ((NEWS, "dated"), (GROUPS, "labelled"))),
    Bench("models_peers.py", (*SHORT, "--topics", "50", "--tools", "topics", "tomotopy", "pyrmallet", "topica"), None, "dated", MODELS),
    Bench("models_peers.py", (*SHORT, "--topics", "50", "--seeds", "1", "--sweeps", "10", "50", "100", "--tools", "topics", "gensim", "gensim LdaMulticore", "sklearn"), None, "dated", MODELS),
    Bench("models_scale.py", None, (HEADLINES, "--case", "sweeps", "samplers", "coherence", "--rounds", "1"), "dated"),
    *(Bench("models_scale.py", (NEWS, "--case", case), None, "dated", MODELS) for case in ("sweeps", "threads", "samplers", "coherence", "grid", "growth")),
    Bench("models_scale.py", (*SHORT, "--case", "growth", "--articles", "12500", "25000", "50000", "--topics", "--tools", "topics", "tomotopy"), None, "dated", MODELS),
    Bench("literature.py", ("{corpora}",), ("{corpora}", "--quick"), "labelled", MODELS),
    Bench("words_speed.py", (NEWS, "5"), (NEWS, "1", "300"), "dated", WORDS),
    Bench("corpus_speed.py", (NEWS, "--rounds", "5", "--repeats", "5000", "100000", "--folder", "2000"), (NEWS, "--rounds", "1", "--repeats", "5000"), "dated", CORPUS),
    Bench("corpus_html.py", ("{corpora}/html", "--rounds", "5"), ("{corpora}/html", "--rounds", "1", "--pages", "25"), "html", CORPUS),
    Bench("corpus_cleaning.py", ("--real", "{corpora}/.."), (), of=CORPUS),
    Bench("trends_speed.py", (NEWS, "--repeats", "5"), (NEWS, "--repeats", "1"), "dated", TRENDS),
    *(Bench("trends_size.py", (table, "--runs", n), ("discoveries", "--runs", "4") if table == "discoveries" else None, of=TRENDS)
      for table, n in (("size", "40"), ("families", "40"), ("thin", "40"), ("power", "40"), ("discoveries", "30"), ("pages", "100"), ("news", "300"), ("keyness", "120"), ("bursts", "20"), ("intervals", "20"))),
    Bench("trends_keyness.py", ("--runs", "40"), ("--runs", "4"), of=TRENDS),
    Bench("topics_coverage.py", ("true", "--runs", "100"), ("true", "--runs", "4"), of=MODELS + TRENDS),
    Bench("topics_coverage.py", ("fits", "--runs", "20"), None, of=MODELS + TRENDS),
    Bench("topics_coverage.py", ("shuffled", "--runs", "100"), None, of=MODELS + TRENDS),
    Bench("topics_coverage.py", ("shuffled", "--runs", "100", "--articles", "36"), None, of=MODELS + TRENDS),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small version of most")
    parser.add_argument("--again", action="store_true", help="also what stands")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="scripts to run, by the beginning of their names")
    parser.add_argument(
        "--corpora", type=Path, default=HERE.parents[1] / "shared" / "corpora", help="folder of real corpora"
    )
    parser.add_argument("--keep", nargs="+", type=Path, metavar="LINES", help="take in lines recorded by hand")
    parser.add_argument("--render", action="store_true", help="only write from what is kept")
    given = parser.parse_args()
    kept = HERE / "results" / "quick" if given.quick else HERE / "results"
    failed = []
    if given.keep:
        keep([line for file in given.keep for line in read(file)], kept)
    elif not given.render:
        for bench in BENCHES:
            if given.only and not bench.script.startswith(tuple(given.only)):
                continue
            if not given.quick and not given.again and (run_before := stands(bench, kept)):
                print(f"stands since {run_before['date']}: {bench.called()}")
            else:
                status = run(bench, given.quick, given.corpora, kept)
                failed += [bench.script] if status else []
    lines = [line for file in sorted(kept.glob("*.jsonl")) for line in read(file)]
    results.write(lines, HERE / ("RESULTS-quick.md" if given.quick else "RESULTS.md"), quick=given.quick)
    for script in failed:
        print(f"{script} failed; what is kept of it is older", file=sys.stderr)
    return int(bool(failed))


def run(bench: Bench, quick: bool, corpora: Path, kept: Path) -> int:
    """One benchmark in a process of its own, its output shown as it comes, its lines kept if it ends well; the exit status."""
    words = bench.quick if quick else bench.full
    if words is None:
        return 0
    if bench.needs and not (corpora / bench.needs).exists():
        print(f"left out: {bench.script} {' '.join(words)} ({bench.needs} is not among the corpora)")
        return 0
    words = tuple(
        word.format(corpora=corpora)
        for word in words
        if corpora.exists() or ("{corpora}" not in word and word != "--real")
    )
    print(f"\n$ python benchmarks/{bench.script} {' '.join(words)}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lines.jsonl")
        path = os.pathsep.join([str(HERE.parent / "src"), str(HERE)])
        environment = os.environ | {"TOPICS_BENCH_LINES": str(file), "PYTHONPATH": path}
        status = subprocess.run(
            [sys.executable, str(HERE / bench.script), *words], env=environment, check=False
        ).returncode
        if not status and file.exists():
            keep(read(file), kept)
    print(f"({time.monotonic() - started:.0f} s, {f'failed with status {status}' if status else 'done'})", flush=True)
    return status


def stands(bench: Bench, kept: Path) -> dict[str, Any] | None:
    """The kept run of the full version of a bench, where neither its script nor what it measures has changed since, by git; else None."""
    runs = [line for file in kept.glob("*.jsonl") for line in read(file) if line.get("command") == bench.called()]
    for known in sorted(runs, key=lambda line: str(line["run"]))[-1:]:
        if known.get("part"):
            break
        scripts = [f"benchmarks/{script}" for script in (bench.script, *imported(bench.script))]
        changed = ["git", "-C", str(HERE.parent), "diff", "--quiet", known.get("commit", ""), "--", *bench.of, *scripts]
        try:
            return None if subprocess.run(changed, capture_output=True, check=False).returncode else known
        except OSError:  # no git
            break
    return None


def imported(script: str) -> list[str]:
    """The scripts of this folder that one imports, but for those that write down."""
    text = (HERE / script).read_text(encoding="utf-8")
    names = dict.fromkeys(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE))
    return [f"{name}.py" for name in names if name != "record" and (HERE / f"{name}.py").exists()]


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def keep(lines: Iterable[dict[str, Any]], folder: Path) -> None:
    """Put new lines in the place of those of the same command, and of the same benchmark and case; a run that loses some of its lines to another's
    is marked as `part`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runs, new = {}, defaultdict(list)
    for line in lines:
        if "command" in line:
            runs[line["run"]] = line
        else:
            new[line["benchmark"]].append(line)
    for benchmark, measured in new.items():
        file = folder / f"{benchmark}.jsonl"
        old = read(file) if file.exists() else []
        cases, commands = {line["case"] for line in measured}, {runs[line["run"]]["command"] for line in measured}
        replaced = {line["run"] for line in old if line.get("command") in commands}
        stays = [
            line for line in old if "command" not in line and line["case"] not in cases and line["run"] not in replaced
        ]
        lost = {line["run"] for line in old if "command" not in line and line["case"] in cases}
        known = {
            line["run"]: line | ({"part": True} if line["run"] in lost else {}) for line in old if "command" in line
        } | runs
        used = dict.fromkeys(line["run"] for line in [*stays, *measured])
        text = "".join(
            json.dumps(line, ensure_ascii=False) + "\n" for line in [*(known[name] for name in used), *stays, *measured]
        )
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
