"""Kill a run at random moments, many times: nothing good is lost, nothing is left behind, and the next run is right.

    python benchmarks/run_kills.py [--kills 200] [--seed 1] [--articles FILE_OR_FOLDER]

One good run is made first, with small settings. Then, again and again, a run with one setting changed is started and, at a moment drawn
by chance from the time that such a run takes, ended: by SIGKILL of it and everything it started (a power cut), by SIGINT to its group
(Ctrl-C), by SIGTERM, or by SIGKILL of one of its kernels alone. After each: the last good report has its bytes still, every kept result that stands is whole, no process of the
run is alive. At the end a run goes through, nothing of the killed ones is left, and its tables and figures are those of a run from an empty store. POSIX only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
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
WAYS = ("power cut", "Ctrl-C", "SIGTERM", "kernel killed")


class Trial:
    """A folder in which runs are made and killed."""

    def __init__(self, folder: Path, articles: Path) -> None:
        self.folder, self.out, self.cache, self.articles = folder, folder / "out", folder / "cache", articles

    def start(self, followed: str = "", cache: str = "cache", out: str = "out") -> subprocess.Popen[bytes]:
        """A run in a group of its own; `followed` is a word to follow, so that something is to be made anew."""
        config = self.folder / f"{cache}.yml"
        lines = {"cache": cache, "seeds": [1, 2], "topic_counts": [2], "keywords": [followed] if followed else []}
        config.write_text(json.dumps(lines), encoding="utf-8")  # JSON is YAML
        command = [sys.executable, "-m", "topics", "reports", str(self.articles), "--config", str(config), "--name", "run", "--out", str(self.folder / out)]  # fmt: skip
        said = (self.folder / "said.txt").open("wb")
        return subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)

    def finish(self, *given: str) -> float:
        """Run to the end; the seconds it took."""
        started = time.monotonic()
        if self.start(*given).wait() != 0:
            raise SystemExit((self.folder / "said.txt").read_text(encoding="utf-8"))
        return time.monotonic() - started

    def whole(self) -> list[str]:
        """What is wrong after a kill, in words."""
        run = self.out / "run"
        made = json.loads((run / provenance.FILE).read_text(encoding="utf-8"))["outputs"]
        wrong = [] if provenance.outputs(run) == made else ["the last good report was changed"]
        for entry in self.cache.glob("[!.]*/"):
            if (entry / store.MANIFEST).exists():
                files = json.loads((entry / store.MANIFEST).read_text(encoding="utf-8"))["files"]
                if any(store.file_digest(entry / name) != value for name, value in files.items()):
                    wrong.append(f"kept result {entry.name} is damaged")
        return wrong


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
    if way == "power cut":
        for member in members:
            send(member, signal.SIGKILL)
    elif way == "kernel killed" and len(members) > 1:
        send(chance.choice(members[1:]), signal.SIGKILL)
    else:
        os.killpg(run.pid, signal.SIGINT if way == "Ctrl-C" else signal.SIGTERM)
    try:
        run.wait(timeout=120)
    except subprocess.TimeoutExpired:
        raise SystemExit(f"{way}: still alive after two minutes") from None
    deadline = time.monotonic() + 20
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
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--articles", type=Path, default=HERE.parent / "data" / "sample")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    wrong: list[str] = []
    ways: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        trial = Trial(Path(place), given.articles.resolve())
        trial.finish()
        long = trial.finish("word0")
        print(f"a run that makes its pages anew takes {long:.1f} s; killing {given.kills}", flush=True)
        for i in range(given.kills):
            way = WAYS[i % len(WAYS)]
            run = trial.start(f"word{i + 1}")
            time.sleep(chance.uniform(0, long))
            ways[way if run.poll() is None else "was done before"] += 1
            if run.poll() is None:
                end(run, way, chance)
            wrong += [f"kill {i} ({way}): {what}" for what in trial.whole()]
            print(f"{i + 1} of {given.kills}: {way}, {len(wrong)} losses so far", file=sys.stderr, flush=True)
        trial.finish("last")
        left = sorted(path.name for path in trial.out.iterdir() if path.is_dir())
        wrong += [] if left == ["run"] else [f"left behind: {', '.join(left)}"]
        trial.finish("last", "empty", "again")
        last, fresh = (
            json.loads((folder / "run" / provenance.FILE).read_text()) for folder in (trial.out, trial.folder / "again")
        )
        wrong += provenance.differences(last, fresh)
    print("; ".join(f"{n} {way}" for way, n in ways.items()), flush=True)
    print(
        "\n".join(wrong)
        or "nothing good was lost, nothing was left behind, the last run is that of an empty store to the byte"
    )
    record("kills", "sample", "topics", "runs killed", given.kills, "runs")
    record("kills", "sample", "topics", "losses", len(wrong), "losses")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
