"""How the sampler and the scores grow: time a token and sweep by topics, memory, threads, and coherence against gensim.

    python benchmarks/models_scale.py CORPUS

CORPUS as in `models_peers.py`. CPU time is measured (`time.process_time`), for threads also wall time; medians.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from models_peers import counted, read_texts, tokenised

from topics.models import chain, lda, scores
from topics.words.counts import Counts

TOPICS = (20, 50, 100, 200, 400)


def sweeps_by_topics(counts: Counts, n: int = 60) -> None:
    chains = {k: chain.Collapsed(counts, n_topics=k, seed=1) for k in TOPICS}
    spent: dict[int, list[float]] = {k: [] for k in TOPICS}
    for done in range(1, n + 1):
        for k, state in chains.items():  # one after the other, so that a busy machine is busy for all
            start = time.process_time()
            state.sweep()
            spent[k].append(time.process_time() - start)
            if done % 10 == 0:
                state.learn_priors()
    size = len(chains[50].token_term)
    for k, state in chains.items():
        arrays = (state.token_term, state.token_topic, state.cells)
        print(
            f"{k:4d} topics: {np.median(spent[k][-20:]) / size * 1e9:5.0f} ns a token and sweep (first ten sweeps "
            f"{np.mean(spent[k][:10]) / size * 1e9:.0f}), {sum(a.nbytes for a in arrays) / size:.1f} bytes a token"
        )
    print(f"400 topics take {np.median(spent[400][-20:]) / np.median(spent[50][-20:]):.2f} times as long as 50")


def side_by_side(counts: Counts) -> None:
    def wall(workers: int) -> float:
        start = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda seed: lda.fit(counts, n_topics=50, seed=seed, sweeps=40, samples=4), range(4)))
        return time.perf_counter() - start

    ratio = np.median([wall(1) / wall(2) for _ in range(3)])
    print(
        f"four fits in two threads: {ratio:.2f} times as fast as in one (load {os.getloadavg()[0]:.1f} before the program's own)"
    )


def coherence(texts: list[list[int]], terms: np.ndarray, counts: Counts, grid: tuple[int, ...] = (20, 50)) -> None:
    from gensim.corpora import Dictionary
    from gensim.models import CoherenceModel

    models = [lda.fit(counts, n_topics=k, seed=1, sweeps=40, samples=4) for k in grid]
    tops = [lda.top_terms(model) for model in models]
    words = np.concatenate([np.array(text, np.int64) for text in texts])
    starts = np.cumsum([0, *map(len, texts)])
    named = [[str(terms[i]) for i in text] for text in texts]
    dictionary = Dictionary(named)
    start = time.process_time()
    windows = scores.count_windows(words, starts, np.concatenate([top.ravel() for top in tops]))
    mine = [scores.coherence(top, windows, "c_v") for top in tops]
    ours = time.process_time() - start
    start = time.process_time()
    for top, found in zip(tops, mine, strict=True):
        peer = CoherenceModel(
            topics=terms[top].tolist(), texts=named, dictionary=dictionary, coherence="c_v", processes=1
        )
        print(
            f"largest difference to gensim's c_v: {np.abs(np.array(peer.get_coherence_per_topic()) - found).max():.1e}"
        )
    theirs = time.process_time() - start
    print(
        f"c_v of {len(grid)} models: {theirs:.1f} s by gensim, {ours:.3f} s by us (all four measures): {theirs / ours:.0f} times"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("corpus", type=Path)
    texts, terms = tokenised(read_texts(options.parse_args().corpus))
    counts = counted(texts, terms)
    lda.fit(lda.example_counts(), n_topics=2, seed=1, sweeps=4, samples=1)  # compile
    scores.count_windows(np.array([0, 1]), np.array([0, 2]), np.array([0]))
    coherence(texts, terms, counts)
    sweeps_by_topics(counts)
    side_by_side(counts)


if __name__ == "__main__":
    main()
