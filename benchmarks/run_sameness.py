"""Make the same run under other circumstances, each time from nothing, and compare tables, figures and pages byte by byte.

    python benchmarks/run_sameness.py [--articles FOLDER] [--seeds 1 2 3 4 5] [--case NAME …]

Each case changes several things at once: the number of workers, the hash seed, the order in which folders list their files, the time zone, the language and encoding of the
system, where articles, store and reports lie, whether kernels are compiled already. `rows` deals out the rows of every table of articles in another order: then the numbers of rows, and they
alone, differ. `processor` makes numpy, OpenBLAS and numba work as on a processor without wide instructions (x86-64 alone): there the promise is a tolerance, and what differs is said.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from record import record

from topics.report import provenance

HERE = Path(__file__).resolve().parent
SHUFFLED = """
import os, random
listed, scanned = os.listdir, os.scandir

class Scanned:
    def __init__(self, items): self.items = iter(items)
    def __iter__(self): return self
    def __next__(self): return next(self.items)
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def close(self): pass

def dealt(items):
    random.shuffle(items)
    return items

os.listdir = lambda *given: dealt(listed(*given))
os.scandir = lambda *given: Scanned(dealt(list(scanned(*given))))
"""  # a sitecustomize: every folder lists its files in an order of chance
NARROW = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": "", "OPENBLAS_CORETYPE": "Prescott"}
NARROW["NPY_DISABLE_CPU_FEATURES"] = "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"
CASES = {  # workers, what is laid out otherwise, environment; the first is what the others are compared with
    "one worker": (1, "", {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}),
    "two workers": (2, "files", {"PYTHONHASHSEED": "7", "TZ": "Asia/Ho_Chi_Minh", "LC_ALL": "tr_TR"}),
    "three workers": (3, "files", {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "rows": (2, "rows", {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE", "OPENBLAS_NUM_THREADS": "2"}),
    "processor": (2, "", NARROW),
}  # fmt: skip


def locales(folder: Path) -> dict[str, str]:
    """Turkish and German as an old system has them, if the system can make them; the variable that leads to them."""
    folder.mkdir()
    for name, coded in (("tr_TR", "ISO-8859-9"), ("de_DE", "ISO-8859-1")):
        made = shutil.which("localedef") and subprocess.run(
            ["localedef", "-i", name, "-f", coded, folder / name], capture_output=True, check=False
        )
        if not made or made.returncode:
            print(f"no locale {name}: the system's own stays", file=sys.stderr)
    return {"LOCPATH": str(folder)}


def lay(articles: Path, folder: Path, what: str, chance: random.Random) -> Path:
    """The articles in another place, written in another order; with `rows` their tables' rows too."""
    copy = folder / "bài báo, another place" / articles.name
    files = [path for path in articles.rglob("*") if path.is_file()]
    chance.shuffle(files)
    for path in files:
        target = copy / path.relative_to(articles)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if what == "rows" and path.suffix == ".csv":
            with path.open(encoding="utf-8", newline="") as read:
                first, *rows = csv.reader(read)
            chance.shuffle(rows)
            with target.open("w", encoding="utf-8", newline="") as write:
                csv.writer(write, lineterminator="\n").writerows([first, *rows])
    return copy


def make(name: str, given: argparse.Namespace, folder: Path) -> Path:
    """The folder of the run of a case, with store, reports and articles in a place of its own."""
    workers, laid, environment = CASES[name]
    place = folder / name
    (place / "site").mkdir(parents=True)
    articles = lay(given.articles, place, laid, random.Random(name)) if laid else given.articles
    (place / "site" / "sitecustomize.py").write_text(SHUFFLED if laid else "", encoding="utf-8")
    config = place / "config.yml"
    config.write_text(json.dumps({"cache": "store", "workers": workers, "seeds": given.seeds}), encoding="utf-8")
    path = os.pathsep.join([str(place / "site"), str(HERE.parent / "src")])
    more = environment | locales(place / "locales") | {"PYTHONPATH": path}
    more |= {"NUMBA_CACHE_DIR": str(place / "kernels")} if laid or environment is NARROW else {}
    command = [sys.executable, "-m", "topics", "reports", articles, "--name", "run", "--config", config, "--out", place / "reports"]  # fmt: skip
    done = subprocess.run([*map(str, command)], env=os.environ | more, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr.decode(errors='replace')}")
    return place / "reports" / "run"


def apart(one: Path, other: Path, case: str) -> tuple[int, list[str]]:
    """How many tables, figures and, on one kind of processor, pages of two runs were compared, and what differs, in words."""
    before, after = (json.loads((run / provenance.FILE).read_text(encoding="utf-8"))["outputs"] for run in (one, other))
    compared, found = provenance.results_apart(one, before, other, after)
    if case != "processor":
        pages, otherwise = provenance.pages_apart(one, before, other, after)
        compared, found = compared + pages, [*found, *otherwise]
    if case == "rows":  # the number of an article's row is where it stands
        found = [line for line in found if not line.startswith("tables/articles ")]
        tables = (pd.read_parquet(run / "tables" / "articles.parquet").drop(columns="row") for run in (one, other))
        found += [] if next(tables).equals(next(tables)) else ["tables/articles differs in more than rows' numbers"]
    return compared, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--articles", type=Path, default=HERE.parent / "data" / "sample")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--case", nargs="+", choices=list(CASES)[1:], default=list(CASES)[1:])
    given = parser.parse_args()
    given.articles = given.articles.resolve()
    first, broken = next(iter(CASES)), 0
    with tempfile.TemporaryDirectory() as place:
        base = make(first, given, Path(place))
        for name in given.case:
            compared, found = apart(base, make(name, given, Path(place)), name)
            print(f"{name}: {compared} tables, figures and pages, {len(found)} differ", *found, sep="\n  ", flush=True)
            record(
                "sameness",
                f"{given.articles.name}, {name}",
                "topics",
                "tables, figures and pages compared",
                compared,
                "files",
            )
            record("sameness", f"{given.articles.name}, {name}", "topics", "that differ", len(found), "files")
            beyond = [line for line in found if name != "processor" or not line.endswith(provenance.WITHIN)]
            record(
                "sameness",
                f"{given.articles.name}, {name}",
                "topics",
                "that differ beyond the promise",
                len(beyond),
                "files",
            )
            broken += len(beyond)
    return int(bool(broken))


if __name__ == "__main__":
    raise SystemExit(main())
