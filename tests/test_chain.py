"""The sampler for many threads: exact summation, Geweke's joint test, planted topics, the same bytes for any number of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from test_kernels import TOKENS, State, geweke, visits_as_often_as_summation_says
from worlds import come_back, counts_of, planted, same

from topics.models.chain import CollapsedDense, PartlyCollapsed, blocks, dense, sweep
from topics.models.lda import fit


def chain_of(unit: Any, term: Any, n_terms: int, alpha: list[float], beta: float, seed: int) -> PartlyCollapsed:
    matrix = np.zeros((max(unit) + 1, n_terms), int)
    np.add.at(matrix, (unit, term), 1)
    return PartlyCollapsed(counts_of(matrix), n_topics=len(alpha), seed=seed, alpha=np.array(alpha), beta=beta)


def test_the_chain_visits_every_state_as_often_as_exact_summation_says() -> None:
    unit, term = zip(*TOKENS, strict=True)
    chain = chain_of(unit, term, 3, [0.6, 0.3], 0.25, seed=5)

    def sweep() -> np.ndarray:
        chain.sweep()
        return chain.token_topic

    assert visits_as_often_as_summation_says(State(TOKENS, 3, [0.6, 0.3], 0.25).log_joint, sweep, 6_000)


def one_sweep(unit: Any, term: Any, topic: Any, alpha: Any, beta: float, key: int) -> np.ndarray:
    order = np.lexsort((term, unit))  # a chain has a unit's tokens in the order of their terms
    chain = chain_of(unit, term, 4, alpha, beta, seed=key)
    chain.set(topic[order])
    chain.sweep()
    drawn = np.empty_like(topic)
    drawn[order] = chain.token_topic
    return drawn


def test_geweke_the_sampler_leaves_the_joint_distribution_in_place() -> None:
    assert (np.abs(geweke(0.4, n=2_000, sweep=one_sweep)) < 4).all()


def test_planted_topics_come_back_with_the_same_bytes_for_any_number_of_threads() -> None:
    world = planted(n_topics=5, n_docs=150, length=100)
    model = fit(world.counts, n_topics=5, seed=1, sweeps=120, samples=10, engine="parallel")
    come_back(world, model)
    for threads in (2, 5):
        with ThreadPoolExecutor(threads) as pool:
            again = fit(world.counts, n_topics=5, seed=1, sweeps=120, samples=10, engine="parallel", map=pool.map)
        assert same(model, again)


def test_chains_abreast_draw_as_each_alone_also_when_their_company_changes() -> None:
    counts = planted(n_topics=5, n_docs=60, length=50).counts

    def chains(*seeds: int) -> list[CollapsedDense]:
        return [CollapsedDense(counts, n_topics=11, seed=seed) for seed in seeds]

    one, two, three = chains(1, 2, 3)
    sweep([one, two], 5)
    two.learn_priors()
    sweep([three, two], 3)
    sweep([two], 2)
    sweep([one, two, three], 4)
    (alone,) = chains(2)
    alone.sweep(5)
    alone.learn_priors()
    alone.sweep(9)
    assert (two.sweeps, two.counter, two.beta) == (alone.sweeps, alone.counter, alone.beta)
    assert np.array_equal(two.token_topic, alone.token_topic)
    for chain in (one, two, three):
        kept = dense(chain.token_term, chain.token_topic, chain.n_terms, 11)
        assert np.array_equal(chain.counted, kept)
        assert np.array_equal(chain.topic_n, kept.sum(axis=0)[:11])


@pytest.mark.parametrize("sizes", [[1], [0, 0, 3], [9_000, 1, 0, 20_000], [100] * 5_000])
def test_blocks_hold_every_item_once_and_in_order(sizes: list[int]) -> None:
    parts = blocks(np.cumsum([0, *sizes]))
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(len(sizes)))
