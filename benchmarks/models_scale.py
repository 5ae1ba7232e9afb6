"""How the sampler, its peers and the scores grow: by topics, articles and threads; and a whole grid with its scores against gensim.

    python benchmarks/models_scale.py CORPUS --case sweeps threads samplers coherence grid growth
    python benchmarks/models_scale.py CORPUS … --short 100000 --case growth --articles 25000 50000 100000 --topics --tools topics tomotopy

CORPUS and `--short` as in `models_peers.py`. Processor time is of all threads; where threads are what is measured, wall time stands beside it. Sides take turns,
round after round; the seeds of a round are its own.

- sweeps: nanoseconds a token and sweep by topics, for each sampler, one chain alone and five abreast, and bytes a token beside the tables of the vocabulary
- threads: four fits in one and in two threads; one fit by `engine="parallel"` in one and in two
- samplers: perplexity of both samplers, from the same start, against processor time
- coherence: c_v of the models of a grid from one pass, against a gensim CoherenceModel each
- grid: fits of all seeds and all scores, in as many threads as there are cores, also with a quarter of the sweeps, against gensim's LdaModel (10 passes; it has no threads of its own) and CoherenceModel
  c_v (processes as it chooses them, whose processor time is not counted: one fewer than cores); with `--most`, on the first articles alone, and the case says so
- growth: processor time and memory of a fit of 50 sweeps (5 passes) by topics and by articles, each fit of each tool in a process of its own. Memory is the
  most that the process held beyond its start with the articles as the tool takes them, so it is Linux's alone; LdaMulticore, which is many processes, is left out
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import models_peers
import numpy as np
from models_peers import TOOLS, Spent, corpus, counted
from record import record

from topics.many import worker_count
from topics.models import lda, scores, sweep
from topics.models.chain import DENSE, Chain, Collapsed, CollapsedDense, PartlyCollapsed
from topics.models.chain import sweep as sweep_abreast
from topics.words.counts import Counts

TOPICS = (2, 5, 10, 20, 50, 100, DENSE, 400)
GRID = (5, 10, 20, 30, 40, 50)
QUARTER = lda.LEAST_SWEEPS // 4
GROWN = (20, 50, 100, 200)


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What the work gives, and the seconds it took: of processors, and of the clock."""
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    return found, time.process_time() - processor, time.perf_counter() - wall


def tell(case: str, side: str, measure: str, value: float, unit: str, repetition: int = 0, **more: Any) -> None:
    print(f"{case}: {side}, {measure} {value:.4g} {unit} {more or ''}", flush=True)
    record("models_scale", case, side, measure, value, unit, repetition, **more)


def sweeps(name: str, counts: Counts, repetition: int, n: int = 20) -> None:
    size = int(counts.matrix.sum())
    for side, sampler, topics, abreast in (
        ("topics", partial(lda.sampler_of, counts), TOPICS, 1),
        ("topics, five chains abreast", lambda _: CollapsedDense, TOPICS[:-1], 5),
        ("topics, lists for few topics too", lambda _: Collapsed, TOPICS[:-1], 1),
        ("topics, parallel", lambda _: PartlyCollapsed, TOPICS, 1),
    ):
        chains = {k: [sampler(k)(counts, n_topics=k, seed=10 * repetition + i) for i in range(abreast)] for k in topics}
        spent: dict[int, list[float]] = {k: [] for k in topics}
        for done in range(1, n + 1):
            for k, states in chains.items():  # one after the other, so that a busy machine is busy for all
                spent[k].append(timed(partial(sweep_abreast, states))[1] / abreast)
                if done % 10 == 0:
                    for state in states:
                        state.learn_priors()
        middle = {k: float(np.median(values[n // 2 :])) for k, values in spent.items()}
        for k, (state, *_) in chains.items():
            tell(
                f"{name}, a sweep", side, "processor time", middle[k] / size * 1e9, "ns a token", repetition, n_topics=k
            )
            tokens = [
                state.token_term,
                state.token_topic,
                getattr(state, "by_term", None),
                getattr(state, "cells", None),
            ]
            held = sum(array.nbytes for array in tokens if array is not None)
            tell(f"{name}, a chain", side, "memory", held / size, "bytes a token", repetition, n_topics=k)
        if {50, 400} <= set(topics):
            tell(
                f"{name}, a sweep at 400 topics over one at 50",
                side,
                "ratio",
                middle[400] / middle[50],
                "times",
                repetition,
            )


def threads(name: str, counts: Counts, repetition: int) -> None:
    def grid(workers: int) -> Any:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda seed: lda.fit(counts, n_topics=50, seed=seed, sweeps=20, samples=2), range(4)))

    def one(workers: int) -> Any:
        with ThreadPoolExecutor(workers) as pool:
            return lda.fit(counts, n_topics=50, seed=1, sweeps=20, samples=2, engine="parallel", map=pool.map)

    for case, work in (("four fits", grid), ("one fit, engine parallel", one)):
        took = []
        for workers in (1, 2):
            _, processor, wall = timed(partial(work, workers))
            tell(f"{name}, {case}", "topics", "processor time", processor, "s", repetition, threads=workers)
            tell(f"{name}, {case}", "topics", "wall time", wall, "s", repetition, threads=workers)
            took.append(wall)
        tell(f"{name}, {case}, one thread over two", "topics", "ratio", took[0] / took[1], "times", repetition)


def samplers(name: str, counts: Counts, repetition: int, n: int = 100) -> None:
    """Both samplers from the same start: log-likelihood a token against processor time."""
    held = np.random.default_rng(0).random(counts.matrix.shape[0]) < 0.2
    train, test = (
        Counts(counts.doc_ids, counts.terms, counts.matrix[rows], np.arange(rows.sum(), dtype=np.int32))
        for rows in (~held, held)
    )
    chains: dict[str, Chain] = {
        "topics": CollapsedDense(train, n_topics=50, seed=repetition),
        "topics, parallel": PartlyCollapsed(train, n_topics=50, seed=repetition),
    }
    spent = dict.fromkeys(chains, 0.0)
    for done in range(1, n + 1):
        for side, chain in chains.items():
            spent[side] += timed(chain.sweep)[1]
            if done % 10 == 0:
                chain.learn_priors()
            if done % 20 == 0:
                about = {"sweeps": done, "n_topics": 50, "repetition": repetition, "seed": repetition}
                topic_term = chain.topic_terms().toarray() + chain.beta
                topic_term /= topic_term.sum(axis=1, keepdims=True)
                tell(f"{name}, both samplers", side, "processor time", spent[side], "s", **about)
                tell(f"{name}, both samplers", side, "perplexity", completion(test, topic_term, chain.alpha), "words", **about)  # fmt: skip


def completion(test: Counts, topic_term: np.ndarray, alpha: np.ndarray) -> float:
    seen, hidden = scores.split(test.matrix, 0)
    rows = np.repeat(np.arange(hidden.shape[0]), np.diff(hidden.indptr))
    gamma = lda.infer(seen, topic_term, alpha, tolerance=1e-3, rounds=200)
    found = scores.probabilities(gamma / gamma.sum(axis=1, keepdims=True), topic_term, rows, hidden.indices)
    return float(np.exp(-(np.log(found) * hidden.data).sum() / hidden.data.sum()))


def together(texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([np.array(text, np.int64) for text in texts]), np.cumsum([0, *map(len, texts)])


def coherence(name: str, texts: list[list[int]], terms: np.ndarray, counts: Counts, repetition: int) -> None:
    from gensim.corpora import Dictionary
    from gensim.models import CoherenceModel

    tops = [lda.top_terms(lda.fit(counts, n_topics=k, seed=repetition, sweeps=20, samples=1)) for k in GRID]
    words, starts = together(texts)
    named = [[str(terms[i]) for i in text] for text in texts]
    dictionary = Dictionary(named)

    def ours() -> list[np.ndarray]:
        windows = scores.count_windows(words, starts, np.concatenate([top.ravel() for top in tops]), sizes=(110,))
        return [scores.coherence(top, windows, "c_v") for top in tops]

    mine, spent, _ = timed(ours)
    case = f"{name}, c_v of {len(tops)} models"
    tell(case, "topics", "processor time", spent, "s", repetition)
    theirs, apart = 0.0, 0.0
    for top, found in zip(tops, mine, strict=True):
        given = {"topics": terms[top].tolist(), "texts": named, "dictionary": dictionary, "coherence": "c_v"}
        model = CoherenceModel(**given, processes=1)
        values, spent, _ = timed(model.get_coherence_per_topic)
        theirs += spent
        apart = max(apart, float(np.abs(np.array(values) - found).max()))
    tell(case, "gensim", "processor time", theirs, "s", repetition)
    tell(case, "topics", "difference to gensim's", apart, "0 to 1", repetition)


def grid(
    name: str, texts: list[list[int]], terms: np.ndarray, counts: Counts, seeds: list[int], repetition: int
) -> None:
    from gensim.corpora import Dictionary
    from gensim.models import CoherenceModel, LdaModel

    words, starts = together(texts)
    named = [[str(terms[i]) for i in text] for text in texts]
    dictionary = Dictionary(named)
    bags = [dictionary.doc2bow(text) for text in named]

    def ours(sweeps: int | None = None) -> None:
        workers = worker_count("auto")
        companies = sweep.companies(sweep.jobs(GRID, seeds, "whole"), len(texts), workers)
        companies.sort(key=lambda company: -company[0].n_topics * len(company))  # as the pipeline does
        with ThreadPoolExecutor(workers) as pool:
            models = list(itertools.chain(*pool.map(lambda jobs: sweep.fit_jobs(counts, jobs, sweeps), companies)))
            windows = scores.count_windows(words, starts, np.concatenate([lda.top_terms(m).ravel() for m in models]))
            list(pool.map(lambda model: scores.scores(model, windows), models))

    def theirs() -> None:
        for k, seed in itertools.product(GRID, seeds):
            model = LdaModel(bags, id2word=dictionary, num_topics=k, passes=10, random_state=seed, eval_every=None)
            CoherenceModel(model, texts=named, dictionary=dictionary, coherence="c_v").get_coherence()

    case = f"{name}, grid of {len(GRID)} counts × {len(seeds)} seeds, with scores"
    for side, work in (("topics", ours), (f"topics, {QUARTER} sweeps", partial(ours, sweeps=QUARTER)), ("gensim", theirs)):  # fmt: skip
        _, processor, wall = timed(work)
        tell(case, side, "processor time", processor, "s", repetition)
        tell(case, side, "wall time", wall, "s", repetition)


def growth(
    name: str,
    texts: list[list[int]],
    terms: np.ndarray,
    articles: list[int],
    topics: list[int],
    tools: list[str],
    repetition: int,
) -> None:
    everything = f"{name}, all {len(texts):,} articles"
    plan = [(f"{name}, 50 topics", n, 50, {"articles": n}) for n in [*articles, len(texts)] if n <= len(texts)]
    plan += [(everything, len(texts), k, {"n_topics": k}) for k in topics]
    known = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texts.npz")
        words, starts = together(texts)
        np.savez(file, words=words, starts=starts, terms=terms)
        for case, n, k, about in plan:
            for tool in tools:
                if (tool, n, k) not in known:
                    with ProcessPoolExecutor(1, get_context("spawn")) as process:
                        known[tool, n, k] = process.submit(alone, tool, file, n, k, repetition).result()
                spent = known[tool, n, k]
                tell(case, tool, "processor time", spent.cpu, "s", repetition, **about)
                if np.isfinite(spent.memory):
                    tell(case, tool, "memory", spent.memory, "MiB", repetition, **about)


def alone(tool: str, file: Path, n: int, k: int, seed: int) -> Spent:
    """What a fit of the first `n` articles takes in a process that has done nothing else; ours keeps as many draws as it does for a user."""
    models_peers.KEPT = lda.DRAW_BYTES
    with np.load(file) as kept:
        words, starts, terms = kept["words"], kept["starts"], kept["terms"]
    texts = [part.tolist() for part in np.split(words, starts[1:-1])[:n]]
    TOOLS[tool](counted(texts[:50], terms), texts[:50], 2, 0, 50)  # compile, load
    return TOOLS[tool](counted(texts, terms), texts, k, seed, 50)[1]


CASES = ("sweeps", "threads", "samplers", "coherence", "grid", "growth")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("corpus", type=Path, nargs="+")
    options.add_argument("--case", nargs="+", choices=CASES, default=CASES)
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="of the grid")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--short", type=int, metavar="N", help="articles are N paragraphs of all corpora")
    options.add_argument("--most", type=int, metavar="N", help="only the first N articles")
    options.add_argument("--articles", type=int, nargs="*", default=[1000, 2000], help="growth: fewer than all of them")
    options.add_argument("--topics", type=int, nargs="*", default=GROWN, help="growth: with all articles")
    growing = [tool for tool in TOOLS if " " not in tool]
    options.add_argument("--tools", nargs="+", choices=growing, default=growing, help="growth")
    given = options.parse_args()
    name, texts, terms = corpus(given.corpus, given.short, given.most)
    tools = [tool for tool in given.tools if tool == "topics" or importlib.util.find_spec(tool)]
    for tool in sorted(set(given.tools) - set(tools)):
        print(f"left out: {tool} is not installed")
    for engine in ("gibbs", "parallel"):
        sweep.warm(engine)  # compile
    counts = counted(texts, terms)
    print(f"{name}: {len(texts):,} articles, {int(counts.matrix.sum()):,} tokens, {len(terms):,} terms", flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")
    work: dict[str, Callable[[int], None]] = {
        "sweeps": partial(sweeps, name, counts),
        "threads": partial(threads, name, counts),
        "samplers": partial(samplers, name, counts),
        "coherence": partial(coherence, name, texts, terms, counts),
        "grid": partial(grid, name, texts, terms, counts, given.seeds),
        "growth": partial(growth, name, texts, terms, given.articles, given.topics, tools),
    }
    for repetition, case in itertools.product(range(1, given.rounds + 1), given.case):
        work[case](repetition)


if __name__ == "__main__":
    main()
