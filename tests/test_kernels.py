"""The compiled loops against enumeration, exact summation, Geweke's joint test and other libraries."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaln, psi
from scipy.stats import chisquare

from topics.models import kernels
from topics.models.chain import dense


class State:
    """The arrays of a sampler over tokens given as (unit, term), in order of units."""

    def __init__(
        self, tokens: list[tuple[int, int]], n_terms: int, alpha: list[float], beta: float, key: int = 1
    ) -> None:
        unit = np.array([d for d, _ in tokens])
        self.term = np.array([w for _, w in tokens], np.uint32)
        self.start = np.searchsorted(unit, np.arange(unit.max() + 2)).astype(np.uint64)
        self.unit, self.n_terms, self.alpha, self.beta = unit, n_terms, np.array(alpha), beta
        self.key, self.counter = np.uint64(key), np.uint64(0)
        self.bits = max(1, (len(alpha) - 1).bit_length())
        room = -(-np.minimum(np.bincount(self.term, minlength=n_terms), len(alpha)) // 4) * 4
        self.term_start = np.concatenate([[0], np.cumsum(room)]).astype(np.uint64)
        self.cells = np.zeros(self.term_start[-1], np.uint32)
        self.used = np.zeros(n_terms, np.uint64)
        self.topic_n = np.zeros(len(alpha))

    def set(self, topic: Any) -> State:
        self.topic = np.array(topic, np.uint32)
        kernels.count_topics(self.topic, self.term, self.bits, self.cells, self.term_start, self.used, self.topic_n)
        return self

    def sweep(self) -> State:
        lists = (self.bits, self.cells, self.term_start, self.used, self.topic_n)
        priors = (self.alpha, self.beta, self.key, self.counter, np.uint64(1))
        self.counter = kernels.sweep(self.topic, self.term, self.start, *lists, *priors)
        return self

    def log_joint(self, topic: Any) -> float:
        """log p(terms, topics), both Dirichlet distributions integrated out, written down from the definition."""
        n_topics, total = len(self.alpha), 0.0
        for d in range(self.unit.max() + 1):
            n = np.bincount(np.array(topic)[self.unit == d], minlength=n_topics)
            total += gammaln(self.alpha.sum()) - gammaln(n.sum() + self.alpha.sum())
            total += (gammaln(n + self.alpha) - gammaln(self.alpha)).sum()
        for k in range(n_topics):
            n = np.bincount(self.term[np.array(topic) == k], minlength=self.n_terms)
            total += gammaln(self.n_terms * self.beta) - gammaln(n.sum() + self.n_terms * self.beta)
            total += (gammaln(n + self.beta) - gammaln(self.beta)).sum()
        return float(total)


class Dense(State):
    """The same with a count for every term and topic."""

    def set(self, topic: Any) -> Dense:
        self.topic = np.array(topic, np.uint32)
        self.counted = dense(self.term, self.topic, self.n_terms, len(self.alpha))
        self.topic_n = self.counted.sum(axis=0, dtype=float)[: len(self.alpha)]
        return self

    def sweep(self) -> Dense:
        key, counter = np.array([self.key]), np.array([self.counter])
        lists = (self.counted[:, None], self.topic_n[None], self.alpha[None], np.array([self.beta]))
        kernels.sweep_dense(self.topic[None], self.term, self.start, *lists, key, counter, np.uint64(1))
        self.counter = counter[0]
        return self


EACH = pytest.mark.parametrize("layout", [State, Dense])
TOKENS = [(0, 0), (0, 0), (0, 1), (1, 1), (1, 2), (2, 0), (2, 2)]


TEN = [0.3, 0.8, 0.5, 0.1, 0.9, 0.4, 0.2, 0.7, 0.6, 0.3]


@EACH
@pytest.mark.parametrize(
    ("tokens", "topics", "alpha"),
    [
        (TOKENS, [0, 2, 1, 1, 0, 2, 2], TEN[:3]),
        (TOKENS, [0, 2, 1, 1, 0, 2, 9], TEN),
        (TOKENS, [9, 2, 1, 1, 0, 2, 9], TEN),  # summed by eight, its own topic stands in the second row
        # a term that has all of ten topics, so that its mass is summed in three blocks, the last of them not full
        ([*TOKENS, *[(2, 0)] * 12], [0, 2, 1, 1, 0, 2, 9, *range(10), 4, 7], TEN),
    ],
    ids=["three topics", "ten topics", "the last of ten", "a term in ten topics"],
)
def test_the_first_draw_of_a_sweep_has_the_probabilities_that_enumeration_gives(
    layout: type[State], tokens: list[tuple[int, int]], topics: list[int], alpha: list[float]
) -> None:
    state = layout(tokens, 3, alpha, 0.2)
    weight = np.exp([state.log_joint([k, *topics[1:]]) for k in range(len(alpha))])
    n = 12_000
    drawn = np.zeros(len(alpha))
    for key in range(n):
        state.key, state.counter = np.uint64(key * 7919 + 1), np.uint64(0)
        drawn[state.set(topics).sweep().topic[0]] += 1
    assert chisquare(drawn, n * weight / weight.sum()).pvalue > 1e-4


def visits_as_often_as_summation_says(log_joint: Callable[..., float], sweep: Callable[[], Any], n: int) -> bool:
    """Whether a chain over the seven tokens visits each of their 128 states as often as the sum over all says."""
    states = list(itertools.product(range(2), repeat=len(TOKENS)))
    weight = np.exp([log_joint(topic) for topic in states])
    seen = np.zeros(len(states))
    powers = 2 ** np.arange(len(TOKENS))[::-1]
    for _ in range(n):
        for _ in range(4):  # states four sweeps apart are nearly independent here
            topic = sweep()
        seen[topic @ powers] += 1
    expected = n * weight / weight.sum()
    common = expected > 10
    assert common.sum() > 40
    seen, expected = [[*x[common], x[~common].sum()] for x in (seen, expected)]
    return chisquare(seen, expected).pvalue > 1e-4


@EACH
def test_the_chain_visits_every_state_as_often_as_exact_summation_says(layout: type[State]) -> None:
    state = layout(TOKENS, 3, [0.6, 0.3], 0.25, key=5).set([0] * len(TOKENS))
    assert visits_as_often_as_summation_says(state.log_joint, lambda: state.sweep().topic, 20_000)


def test_the_counts_kept_through_sweeps_are_those_of_the_topics() -> None:
    rng = np.random.default_rng(0)
    tokens = sorted((int(d), int(w)) for d, w in zip(rng.integers(0, 30, 600), rng.zipf(1.5, 600) % 20, strict=True))
    state = State(tokens, 20, [0.1] * 7, 0.05).set(rng.integers(0, 7, 600))
    for _ in range(50):
        state.sweep()
    for w in range(20):
        mine = state.cells[state.term_start[w] : state.term_start[w] + state.used[w]]
        true = np.bincount(state.topic[state.term == w], minlength=7)
        assert {int(cell & 7): int(cell >> 3) for cell in mine} == {k: int(n) for k, n in enumerate(true) if n}
        assert len(mine) == (true > 0).sum()
        assert not state.cells[state.term_start[w] + state.used[w] : state.term_start[w + 1]].any()
    assert (state.topic_n == np.bincount(state.topic, minlength=7)).all()
    whole = Dense(tokens, 20, [0.1] * 7, 0.05).set(state.topic)
    for _ in range(50):
        whole.sweep()
    kept, kept_n = whole.counted, whole.topic_n
    assert (whole.topic != state.topic).any()
    assert (kept == whole.set(whole.topic).counted).all()
    assert (kept_n == whole.topic_n).all()


def _joint_statistics(topic: np.ndarray, term: np.ndarray, unit: np.ndarray) -> list[float]:
    """Statistics that depend on topics, on terms and on both."""
    units = np.zeros((4, 3))
    np.add.at(units, (unit, topic), 1)
    words = np.zeros((3, 4))
    np.add.at(words, (topic, term), 1)
    return [(units**2).sum(), (words**2).sum(), (words.sum(axis=1) ** 2).sum(), words[0].sum(), words[0, 0]]


def one_sweep(unit: np.ndarray, term: np.ndarray, topic: np.ndarray, alpha: np.ndarray, beta: float, key: int) -> Any:
    tokens = list(zip(unit.tolist(), term.tolist(), strict=True))
    return State(tokens, 4, alpha.tolist(), beta, key).set(topic).sweep().topic


def one_dense_sweep(unit: Any, term: Any, topic: np.ndarray, alpha: np.ndarray, beta: float, key: int) -> Any:
    tokens = list(zip(unit.tolist(), term.tolist(), strict=True))
    return Dense(tokens, 4, alpha.tolist(), beta, key).set(topic).sweep().topic


def geweke(sampler_beta: float, n: int = 3_000, sweep: Callable[..., np.ndarray] = one_sweep) -> np.ndarray:
    """z-scores of Geweke's joint test (2004): draws from the prior against a chain that alternates sampler and data."""
    rng = np.random.default_rng(3)
    alpha, beta, n_terms = np.array([0.5, 0.9, 0.3]), 0.4, 4
    unit = np.repeat(np.arange(4), 5)

    def words_given(topic: np.ndarray) -> np.ndarray:
        topic_term = rng.dirichlet(np.full(n_terms, beta), size=3)
        return np.array([rng.choice(n_terms, p=topic_term[k]) for k in topic])

    def from_prior() -> tuple[np.ndarray, np.ndarray]:
        shares = rng.dirichlet(alpha, size=4)
        topic = np.array([rng.choice(3, p=shares[d]) for d in unit])
        return topic, words_given(topic)

    prior = np.array([_joint_statistics(*from_prior(), unit) for _ in range(n)])
    topic, term = from_prior()
    chain = []
    for i in range(n):
        topic = sweep(unit, term, topic, alpha, sampler_beta, i + 1)
        term = words_given(topic)
        chain.append(_joint_statistics(topic, term, unit))
    blocks = (
        np.array(chain).reshape(50, -1, 5).mean(axis=1)
    )  # means of blocks, since steps of a chain depend on each other
    error = np.sqrt(prior.var(axis=0) / n + blocks.var(axis=0, ddof=1) / 50)
    return (prior.mean(axis=0) - np.array(chain).mean(axis=0)) / error


@pytest.mark.parametrize("sweep", [one_sweep, one_dense_sweep])
def test_geweke_the_sampler_leaves_the_joint_distribution_in_place(sweep: Callable[..., np.ndarray]) -> None:
    assert (np.abs(geweke(0.4, sweep=sweep)) < 4).all()


def test_geweke_catches_a_sampler_with_another_prior() -> None:
    assert (np.abs(geweke(2.4, n=1_500)) > 5).any()


def test_the_stream_of_numbers_is_even_and_does_not_depend_on_its_neighbours() -> None:
    numbers = np.array([kernels.uniform(np.uint64(9), np.uint64(i)) for i in range(20_000)])
    assert chisquare(np.histogram(numbers, 50, (0, 1))[0]).pvalue > 1e-4
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.03
    assert kernels.uniform(np.uint64(9), np.uint64(777)) == numbers[777]
    # SplitMix64's published first output for seed 1234567 is 6457827717110365317
    assert kernels.uniform(np.uint64(1234567), np.uint64(1)) == (6457827717110365317 >> 11) / 2**53


@pytest.mark.parametrize("x", [1e-3, 0.05, 0.5, 1.0, 3.3, 12.0, 1e4])
def test_digamma_is_scipys(x: float) -> None:
    assert kernels.digamma(x) == pytest.approx(psi(x), rel=1e-12, abs=1e-13)
