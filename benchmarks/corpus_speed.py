"""Time of each stage from files to corpus, memory as articles are added, and repeats among many articles beside datasketch.

    python benchmarks/corpus_speed.py ARTICLES [--rounds 5] [--workers 2] [--repeats 100000] [--folder 2000]

Wall and processor time (this process and its workers) of each stage; memory is the peak of this process above what the tables hold. Repeats are made
articles of 300 words, one in ten with a twentieth of its words changed: precision and recall are against those. datasketch gets the same shingles of five words,
128 permutations and threshold, up to 20,000 articles.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import resource
import sys
import tempfile
import time
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from record import record

from topics.corpus.clean import clean_articles
from topics.corpus.dates import date_articles
from topics.corpus.language import add_language
from topics.corpus.read import read_articles
from topics.corpus.repeats import find_repeats

MOST_BESIDE = 20_000  # articles that datasketch gets


def processor() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def by_stage(path: Path, workers: int, repetition: int) -> None:
    """Each stage with workers of its own, for the processor time of workers is known when they have ended."""
    made: dict[str, Any] = {}
    stages = {
        "read": lambda many: read_articles(path, map=many),
        "clean": lambda many: clean_articles(made["read"][0], map=many),
        "language": lambda many: add_language(made["clean"][0], map=many),
        "dates": lambda many: date_articles(made["language"], made["read"][0], map=many),
        "repeats": lambda many: find_repeats(made["dates"][0], map=many),
    }
    together = np.zeros(2)
    for name, work in stages.items():
        cpu = processor()
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            list(pool.map(abs, range(8)))  # started before the clock
            wall = time.perf_counter()
            made[name] = work(pool.map)
            wall = time.perf_counter() - wall
        cpu = processor() - cpu
        together += (wall, cpu)
        print(f"{name:<10} {wall:6.2f} s wall, {cpu:6.2f} s of processor (starting workers included)", flush=True)
        case = f"news, {workers} workers"
        record("corpus_speed", f"{case}, by stage: {name}", "topics", "wall time", wall, "s", repetition)
        record("corpus_speed", f"{case}, by work: {name}", "topics", "processor time", cpu, "s", repetition)
    for measure, spent in zip(("wall time", "processor time"), together, strict=True):
        record("corpus_speed", f"{case}, all stages", "topics", measure, spent, "s", repetition)
    print(
        f"{len(made['read'][0]):,} articles, {made['language']['n_words'].sum():,} words, {len(made['repeats']):,} repeats"
    )


def planted(n: int) -> tuple[pd.DataFrame, set[frozenset[int]]]:
    """Made articles, and the pairs of them that repeat each other."""
    rng = np.random.default_rng(1)
    words = np.array([f"w{i}" for i in range(30_000)])
    rows = rng.choice(30_000, (n, 300))
    again = np.sort(rng.choice(n // 2, n // 10, replace=False))  # each is like one of the second half
    rows[again] = rows[again + n // 2]
    rows[again[:, None], rng.choice(300, (len(again), 5))] = rng.choice(30_000, (len(again), 5))
    texts = [" ".join(words[row]) for row in rows]
    table = pd.DataFrame(
        {"doc_id": [f"{i:07d}" for i in range(n)], "text": texts, "date": "", "not_before": "", "n_words": 300}
    )
    return table, {frozenset((int(i), int(i) + n // 2)) for i in again}


def ours(table: pd.DataFrame) -> set[frozenset[int]]:
    found = find_repeats(table)
    return {frozenset((int(a), int(b))) for a, b in zip(found["doc_id"], found["repeats"], strict=True)}


def datasketch(table: pd.DataFrame) -> set[frozenset[int]]:
    from datasketch import MinHash, MinHashLSH

    index, pairs = MinHashLSH(threshold=0.7, num_perm=128), set()
    words = (text.split() for text in table["text"])
    shingles = ([" ".join(of[at : at + 5]).encode() for at in range(len(of) - 4)] for of in words)
    for i, sketch in enumerate(MinHash.generator(shingles, num_perm=128)):
        pairs |= {frozenset((i, int(other))) for other in index.query(sketch)}
        index.insert(str(i), sketch)
    return pairs


def many_repeats(n: int, repetition: int) -> None:
    table, true = planted(n)
    sides = {"topics": ours}
    if n <= MOST_BESIDE and importlib.util.find_spec("datasketch"):
        sides["datasketch"] = datasketch
    elif n <= MOST_BESIDE:
        print("left out: datasketch is not installed")
    for side, work in sides.items():
        before, wall, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), processor()
        found = work(table)
        wall, cpu = time.perf_counter() - wall, processor() - cpu
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        precision, recall = len(found & true) / max(1, len(found)), len(found & true) / len(true)
        print(f"{n:,} articles, {side}: {len(found):,} repeats ({len(true):,} planted) in {wall:.0f} s wall, {cpu:.0f} s of processor, "
              f"one worker; {memory:,.0f} MB more; precision {precision:.3f}, recall {recall:.3f}", flush=True)  # fmt: skip
        figures = [("processor time", cpu, "s"), ("precision", precision, ""), ("recall", recall, "")]
        figures += [("memory", memory, "MB")] if repetition == 0 and side == "topics" else []
        for measure, value, unit in figures:
            record("corpus_speed", f"repeats among {n:,} made articles", side, measure, value, unit, repetition)


def memory(n: int) -> None:
    """The peak while reading and cleaning a folder of `n` and of 4 `n` files, beside the size of the table."""
    for size in (n, 2 * n, 4 * n):
        with tempfile.TemporaryDirectory() as folder:
            for i in range(size):
                Path(folder, f"{i}.txt").write_text(f"Story {i}. " + "The council met again. " * 150, encoding="utf-8")
            tracemalloc.start()
            raw, _ = read_articles(folder)
            cleaned, _, _ = clean_articles(raw)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            held = sum(int(t.memory_usage(deep=True).sum()) for t in (raw, cleaned))
            print(f"{size:,} files: peak {peak / 1e6:,.0f} MB, tables {held / 1e6:,.0f} MB", flush=True)
            for side, value in (("topics", peak), ("topics, what the tables hold", held)):
                record(
                    "corpus_speed", "peak while reading and cleaning", side, "memory", value / 1e6, "MB", articles=size
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, nargs="*", default=[], help="numbers of made articles")
    parser.add_argument("--folder", type=int, default=0)
    given = parser.parse_args()
    for repetition in range(given.rounds):
        by_stage(given.articles, given.workers, repetition)
        for n in given.repeats:
            if n <= MOST_BESIDE or repetition == 0:  # the large one once
                many_repeats(n, repetition)
    if given.folder:
        memory(given.folder)


if __name__ == "__main__":
    sys.exit(main())
