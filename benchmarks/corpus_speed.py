"""Time of each stage from files to corpus, memory as articles are added, and repeats among 100,000 articles.

    python benchmarks/corpus_speed.py ARTICLES [--workers 2] [--repeats 100000] [--folder 2000]

Wall time and processor time (this process and its workers) of each stage, of one run; memory is the peak of this
process above what the tables hold.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from topics.corpus.clean import clean_articles
from topics.corpus.dates import date_articles
from topics.corpus.language import add_language
from topics.corpus.read import read_articles
from topics.corpus.repeats import find_repeats


def processor() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def by_stage(path: Path, pool: Callable[[], ProcessPoolExecutor]) -> None:
    """Each stage with workers of its own, for the processor time of workers is known when they have ended."""
    made: dict[str, Any] = {}

    def stage(name: str, work: Callable[..., Any]) -> None:
        wall, cpu = time.perf_counter(), processor()
        with pool() as workers:
            list(workers.map(abs, range(8)))  # started before the clock
            wall = time.perf_counter()
            made[name] = work(map=workers.map)
            wall = time.perf_counter() - wall
        print(
            f"{name:<10} {wall:6.2f} s wall, {processor() - cpu:6.2f} s of processor (starting workers included)",
            flush=True,
        )

    stage("read", partial(read_articles, path))
    raw = made["read"][0]
    stage("clean", lambda map: clean_articles(raw, map=map))
    cleaned = made["clean"][0]
    stage("dates", lambda map: date_articles(cleaned, raw, map=map))
    stage("language", lambda map: add_language(made["dates"][0], map=map))
    stage("repeats", lambda map: find_repeats(made["language"], map=map))
    print(f"{len(raw):,} articles, {made['language']['n_words'].sum():,} words, {len(made['repeats']):,} repeats")


def many_repeats(n: int) -> None:
    """Synthetic articles of 300 words, one in ten a near repeat of another with a twentieth of its words changed."""
    rng = np.random.default_rng(1)
    words = np.array([f"w{i}" for i in range(30_000)])
    rows = rng.choice(30_000, (n, 300))
    again = rng.choice(n, n // 10, replace=False)
    rows[again] = rows[(again + 1) % n]
    rows[again[:, None], rng.choice(300, (len(again), 5))] = rng.choice(30_000, (len(again), 5))
    texts = [" ".join(words[row]) for row in rows]
    table = pd.DataFrame(
        {"doc_id": [f"{i:07d}" for i in range(n)], "text": texts, "date": "", "not_before": "", "n_words": 300}
    )
    before, wall, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), processor()
    found = find_repeats(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    changed = set(again.tolist())
    planted = sum((i + 1) % n not in changed for i in changed)
    print(f"{n:,} articles: {len(found):,} repeats ({planted:,} planted) in {time.perf_counter() - wall:.0f} s wall, {processor() - cpu:.0f} s of processor, "
          f"one worker; {(peak - before) / 1024:,.0f} MB above {before / 1024:,.0f} MB")  # fmt: skip


def memory(n: int) -> None:
    """The peak while reading and cleaning a folder of `n` and of 4 `n` files, beside the size of the table."""
    for size in (n, 4 * n):
        with tempfile.TemporaryDirectory() as folder:
            for i in range(size):
                Path(folder, f"{i}.txt").write_text(f"Story {i}. " + "The council met again. " * 150, encoding="utf-8")
            tracemalloc.start()
            raw, _ = read_articles(folder)
            cleaned, _, _ = clean_articles(raw)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            held = sum(int(t.memory_usage(deep=True).sum()) for t in (raw, cleaned))
            print(
                f"{size:,} files: peak {peak / 1e6:,.0f} MB, tables {held / 1e6:,.0f} MB, peak / tables {peak / held:.1f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=0)
    parser.add_argument("--folder", type=int, default=0)
    given = parser.parse_args()
    by_stage(
        given.articles, lambda: ProcessPoolExecutor(given.workers, mp_context=multiprocessing.get_context("spawn"))
    )
    if given.folder:
        memory(given.folder)
    if given.repeats:
        many_repeats(given.repeats)


if __name__ == "__main__":
    sys.exit(main())
