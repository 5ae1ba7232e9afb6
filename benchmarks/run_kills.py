"""Kill a run at random moments, many times: nothing good is lost, nothing is left behind, and the next run is right.

    python benchmarks/run_kills.py [--kills 200] [--minutes M] [--seed 1] [--articles FILE_OR_FOLDER]

One good run is made first. Then, again and again, some of what is kept is taken away (a page and a few steps, drawn by chance), a run is started, and at a moment drawn by chance from the time that
such a run takes it is ended: by SIGKILL of itself, of itself and everything that it started (a power cut) or of one of its kernels, by SIGINT to its group (Ctrl-C), or by SIGTERM. After each: the
report that stands is whole, the last good one or the new one; the ledger can be read; every kept result that stands is whole; no process of the run is alive; a run that could still speak says that it
failed, keeps its evidence in `run.failed` and leaves nothing else, no temporary file either. Every tenth time a run goes to its end: it is whole, and nothing of the killed ones is left. At the end
its tables and figures are those of a run from an empty store. POSIX only.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from record import record

from topics import store
from topics.report import provenance

HERE = Path(__file__).resolve().parent
WAYS = ("runner killed", "power cut", "kernel killed", "Ctrl-C", "SIGTERM")


class Trial:
    """A folder in which runs are made and killed."""

    def __init__(self, folder: Path, articles: Path) -> None:
        self.folder, self.out, self.articles = folder, folder / "out", articles
        self.cache, self.copy, self.temporary = (folder / name for name in ("cache", "copy", "temporary"))
        self.temporary.mkdir()
        self.n = 0

    def start(self, cache: str = "cache", out: str = "out") -> subprocess.Popen[bytes]:
        """A run in a group of its own, which no report stands in for: one setting that decides no number is another each time."""
        self.n += 1
        config = self.folder / f"{cache}.yml"
        lines = {"cache": cache, "seeds": [1, 2], "topic_counts": [2], "cache_gb": 4 + self.n / 1000}
        config.write_text(json.dumps(lines), encoding="utf-8")  # JSON is YAML
        command = [sys.executable, "-m", "topics", "reports", str(self.articles), "--config", str(config), "--name", "run", "--out", str(self.folder / out)]  # fmt: skip
        more = os.environ | {"TMPDIR": str(self.temporary)}
        with (self.folder / "said.txt").open("wb") as said:
            return subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True, env=more)

    def said(self) -> str:
        return (self.folder / "said.txt").read_text(encoding="utf-8")

    def finish(self, *given: str) -> float:
        """Run to the end; the seconds it took."""
        started = time.monotonic()
        if self.start(*given).wait() != 0:
            raise SystemExit(self.said())
        return time.monotonic() - started

    def take_away(self, chance: random.Random) -> None:
        """Put back what earlier killed runs lack, then take one page and a tenth of the steps away."""
        for entry in self.copy.iterdir():
            if not (self.cache / entry.name).exists():
                shutil.copytree(entry, self.cache / entry.name)
        pages = sorted(self.cache.glob("page-*"))
        steps = sorted(entry for entry in self.cache.glob("[!.]*-*") if entry not in pages)
        for entry in [chance.choice(pages), *(step for step in steps if chance.random() < 0.1)]:
            shutil.rmtree(entry)

    def whole(self) -> list[str]:
        """What is wrong with what stands, in words."""
        run = self.out / "run"
        made = json.loads((run / provenance.FILE).read_text(encoding="utf-8"))["outputs"]
        wrong = [] if provenance.outputs(run) == made else ["the report that stands is neither the last nor the new"]
        with (self.out / "ledger.csv").open(encoding="utf-8", newline="") as ledger:
            wrong += [] if all(len(row) == 7 for row in csv.reader(ledger)) else ["the ledger is torn"]
        for entry in self.cache.glob("[!.]*/"):
            manifest = entry / store.MANIFEST
            files = json.loads(manifest.read_text(encoding="utf-8"))["files"] if manifest.exists() else {}
            if any(store.file_digest(entry / name) != value for name, value in files.items()):
                wrong.append(f"kept result {entry.name} is damaged")
        return wrong

    def spoke(self, status: int, had_begun: bool) -> list[str]:
        """What is wrong with what a run says that was not killed itself, and with what it left."""
        if status == 0:  # the kernel had done its work, or the signal came too late
            return []
        if status in (-signal.SIGTERM, -signal.SIGINT) and not had_begun:  # while Python loads, and speaks for itself
            return self.left()
        wrong = [] if status == 1 and "Traceback" not in self.said() else [f"status {status}: {self.said()[-300:]}"]
        if had_begun:
            wrong += [] if (self.out / "run.failed" / "error.txt").exists() else ["no evidence"]
            wrong += [] if "The last good report stands" in self.said() else [f"not said: {self.said()[-300:]}"]
        return wrong + self.left()

    def left(self) -> list[str]:
        """What should not be there once a run has ended by itself: its workplace, half-written files, temporary ones."""
        found = [path for path in self.out.iterdir() if path.name.startswith(".run.") and path.is_dir()]
        found += [*self.out.rglob("*.part"), *self.temporary.iterdir()]
        return [f"left behind: {', '.join(sorted(path.name for path in found))}"] if found else []


def family(process: int) -> list[int]:
    """A process and all that it started, from /proc or ps."""
    rows = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, row.split())) for row in rows.splitlines()]
    found = [process]
    for parent in found:
        found += [pid for pid, of in parents if of == parent]
    return found


def end(run: subprocess.Popen[bytes], way: str, chance: random.Random) -> None:
    """End a run in one of the ways, and wait until nothing of it is alive."""
    members = family(run.pid)
    if way == "kernel killed":
        send(chance.choice(members[1:] or members), signal.SIGKILL)
    elif way in ("runner killed", "power cut"):
        for member in members if way == "power cut" else members[:1]:
            send(member, signal.SIGKILL)
    else:
        os.killpg(run.pid, signal.SIGINT if way == "Ctrl-C" else signal.SIGTERM)
    try:
        run.wait(timeout=120)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{way}: still alive after two minutes") from None
    deadline = time.monotonic() + 120  # a kernel that is loading notices when it has loaded
    while (left := [pid for pid in members if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        raise SystemExit(f"{way}: processes {left} outlived the run")


def send(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, what)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        os.kill(pid, 0)
    except (OSError, IndexError):
        return False
    return not Path("/proc/self").exists()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no more kills after so many minutes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--articles", type=Path, default=HERE.parent / "data" / "sample" / "red-river-dispatch")
    given = parser.parse_args()
    last_start = time.monotonic() + 60 * given.minutes
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs, and theirs, ignore it
    chance = random.Random(given.seed)
    wrong: list[str] = []
    ways: Counter[str] = Counter()
    ran = 0
    with tempfile.TemporaryDirectory() as place:
        trial = Trial(Path(place), given.articles.resolve())
        trial.finish()
        shutil.copytree(trial.cache, trial.copy)
        trial.take_away(chance)
        long = trial.finish()
        used = os.times()
        print(f"a run that makes a page and some steps anew takes {long:.1f} s; killing {given.kills}", flush=True)
        while (kills := ways.total()) < given.kills and time.monotonic() < last_start:
            way = WAYS[kills % len(WAYS)]
            trial.take_away(chance)
            run = trial.start()
            if way == "kernel killed":
                while run.poll() is None and len(family(run.pid)) == 1:
                    time.sleep(0.1)
            time.sleep(chance.uniform(0, long if way != "kernel killed" else long / 2))
            if run.poll() is not None:  # done before: no kill
                ran += 1
            else:
                had_begun = any(trial.out.glob(f".run.part-{run.pid}-*"))
                has_kernel = len(family(run.pid)) > 1
                end(run, way, chance)
                alone = way in ("runner killed", "power cut") or (way == "kernel killed" and not has_kernel)
                ways[way if way != "kernel killed" or has_kernel else "runner killed"] += 1
                if alone:
                    shutil.rmtree(trial.temporary)  # a process that is killed cannot clean its temporary files
                    trial.temporary.mkdir()
                found = trial.whole() + ([] if alone else trial.spoke(run.returncode, had_begun))
                wrong += [f"kill {kills + 1} ({way}): {what}" for what in found]
            if kills % 10 == 9:
                trial.finish()
                wrong += [f"the run after kill {kills + 1}: {what}" for what in trial.whole() + trial.left()]
                wrong += [f"evidence of kill {kills + 1} stays"] if (trial.out / "run.failed").exists() else []
            print(
                f"{kills + 1} of {given.kills}: {way}, {len(wrong)} losses so far",
                *wrong[-1:],
                file=sys.stderr,
                flush=True,
            )
        spent = os.times()
        each = (spent.children_user + spent.children_system - used.children_user - used.children_system) / max(
            ways.total(), 1
        )
        trial.finish()
        trial.finish("empty", "again")
        last, fresh = (folder / "run" for folder in (trial.out, trial.folder / "again"))
        made = (json.loads((run / provenance.FILE).read_text(encoding="utf-8"))["outputs"] for run in (last, fresh))
        wrong += provenance.results_apart(last, next(made), fresh, next(made))[1]
    print(
        "; ".join(f"{n} {way}" for way, n in ways.items()), f"; {ran} had ended before; {each:.1f} s of processor each"
    )
    print("\n".join(wrong) or "nothing good was lost, nothing was left behind, the last run is that of an empty store to the byte")  # fmt: skip
    for way, n in sorted(ways.items()):
        record("kills", way, "topics", "runs killed", n, "runs", given.seed)
    record("kills", "all ways", "topics", "runs killed", ways.total(), "runs", given.seed)
    record("kills", "all ways", "topics", "losses", len(wrong), "losses", given.seed, runs=ways.total())
    record("kills", "all ways", "topics", "processor time of a kill", each, "s", given.seed)
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
