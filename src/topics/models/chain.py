"""Gibbs chains over the topics of all tokens: their state, a sweep, their priors, their log-likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.special import gammaln, psi

from topics.models import kernels
from topics.tables import UserError
from topics.words.counts import Counts

Map = Callable[..., Iterable[Any]]
DENSE = 200  # topics up to which a count for every term and topic is quicker than lists of those that a term has
EXACT = 1 << 24  # up to here single precision has every whole number
PULL = 0.25  # words for each unit: the weight that holds a topic's pseudo-count to the mean of all
PIECE = 40  # words of a unit that begin in one topic
AT_ONCE = 2_000_000  # tokens drawn in one call of a kernel: some tenth of a second
BLOCKS = 64  # at the most, whatever the number of threads, since each has its own stream of chance


class Chain:
    """A Gibbs chain over the topics of all tokens; how a sweep is done is its subclasses' affair.

    `start` tells chains of one seed apart; `after` is a chain on some of the same units, from whose topics and priors this one begins.
    """

    def __init__(
        self,
        counts: Counts,
        *,
        n_topics: int,
        seed: int,
        alpha: np.ndarray | float | None = None,
        beta: float | None = None,
        start: int = 0,
        after: Chain | None = None,
    ) -> None:
        matrix = counts.matrix
        self.n_units, self.n_terms = matrix.shape
        self.unit_n = np.asarray(matrix.sum(axis=1)).ravel().astype(np.int64)
        self.unit_start = starts(self.unit_n)
        self.token_term = np.repeat(matrix.indices, matrix.data).astype(np.uint32)
        self.term_n = np.bincount(self.token_term, minlength=self.n_terms)
        self.alpha = np.broadcast_to(np.float64(5.0 / n_topics if alpha is None else alpha), n_topics).copy()
        self.beta = float(0.1 if beta is None else beta)  # begun high, it ends at a lower perplexity than from 0.01
        self.learns_alpha, self.learns_beta = alpha is None, beta is None
        self.key = np.random.SeedSequence([seed, start]).generate_state(1, np.uint64)[0]
        rng = np.random.default_rng([seed, 1, start])
        self.topic_n = np.zeros(n_topics)
        self.trace: list[tuple[float, float]] = []
        self.sweeps = 0
        if after is not None:
            self.alpha, self.beta, self.sweeps = after.alpha.copy(), after.beta, after.sweeps
            topic_term = after.topic_terms().toarray() + after.beta
            fits = matrix @ np.log(topic_term / topic_term.sum(axis=1, keepdims=True)).T + np.log(after.alpha)
            self.token_topic = np.repeat(fits.argmax(axis=1).astype(np.uint32), self.unit_n)
        else:
            self.token_topic = in_pieces(self.unit_n, n_topics, rng)

    def sweep(self, times: int = 1) -> None:
        """Draw the topic of every token, so many times."""
        sweep([self], times)

    @classmethod
    def _sweep(cls, chains: Sequence[Any], times: int) -> None:
        raise NotImplementedError

    def topic_terms(self) -> sp.csr_matrix:
        """How many tokens of each term have each topic: (n_topics, n_terms), sparse."""
        raise NotImplementedError

    def filled(self) -> np.ndarray:
        """The numbers above zero of `topic_terms`, in no order."""
        return self.topic_terms().data

    def unit_topics(self) -> np.ndarray:
        """How many tokens of each unit have each topic: (n_units, n_topics)."""
        counted = np.zeros((self.n_units, len(self.alpha)), np.int32)
        kernels.count_units(self.token_topic, self.unit_start, counted)
        return counted

    def learn_priors(self) -> None:
        """Move the priors that are not given a step towards where the counts are most probable (fixed point of Minka 2000).

        One step and not all the way: a prior that runs ahead of the topics holds them where they happen to be (METHODS.md).
        """
        if self.learns_alpha:
            self.alpha = learned_alpha(self.unit_topics(), self.alpha)
        if self.learns_beta:
            self.beta = learned_beta(self.filled(), self.topic_n, self.n_terms, self.beta)

    def look(self) -> None:
        """Note the log-likelihood of words and topics per token."""
        self.trace.append((float(self.sweeps), self.log_likelihood() / max(len(self.token_term), 1)))

    def log_likelihood(self) -> float:
        """log p(words, topics | priors) in nats, topic-word and unit-topic probabilities integrated out."""
        alpha, total = self.alpha, self.alpha.sum()
        units = self.unit_topics()
        topics, sizes, times = distinct(units)
        words = float((times * (gammaln(sizes + alpha[topics]) - gammaln(alpha[topics]))).sum())
        words += float((gammaln(total) - gammaln(self.unit_n + total)).sum())
        size, times = np.unique(self.filled(), return_counts=True)
        words += float((times * (gammaln(size + self.beta) - gammaln(self.beta))).sum())
        smooth = self.n_terms * self.beta
        return words + float((gammaln(smooth) - gammaln(self.topic_n + smooth)).sum())


def sweep(chains: Sequence[Chain], times: int = 1) -> None:
    """Draw the topic of every token in chains of one sampler on the same tokens, so many times; each as it would be drawn by itself.

    Few calls of a kernel, which other threads do not hold up, none so long that Ctrl-C waits for it.
    """
    at_once = max(1, AT_ONCE // max(1, len(chains) * len(chains[0].token_term)))
    for done in range(0, times, at_once):
        chains[0]._sweep(chains, min(at_once, times - done))


class Collapsed(Chain):
    """For very many topics: each token given all others, one after the other, exact and sequential; lists of the topics of each term (`kernels.sweep`)."""

    def __init__(self, counts: Counts, *, n_topics: int, seed: int, **more: Any) -> None:
        super().__init__(counts, n_topics=n_topics, seed=seed, **more)
        self.counter = np.uint64(0)
        block = int(kernels.BLOCK)
        self.term_start = starts(-(-np.minimum(self.term_n, n_topics) // block) * block)
        self.bits = max(1, (n_topics - 1).bit_length())
        if self.term_n.max() >= 1 << (32 - self.bits):
            word = counts.terms[self.term_n.argmax()]
            raise UserError(
                f"models: {word!r} comes too often ({self.term_n.max():,} times) for {n_topics} topics. Drop it."
            )
        self.cells = np.zeros(self.term_start[-1], np.uint32)
        self.used = np.zeros(self.n_terms, np.uint64)
        self.lists = (self.bits, self.cells, self.term_start, self.used, self.topic_n)
        kernels.count_topics(self.token_topic, self.token_term, *self.lists)

    @classmethod
    def _sweep(cls, chains: Sequence[Collapsed], times: int) -> None:
        for chain in chains:
            tokens = (chain.token_topic, chain.token_term, chain.unit_start)
            chance = (chain.key, chain.counter, np.uint64(times))
            counter = kernels.sweep(*tokens, *chain.lists, chain.alpha, chain.beta, *chance)
            chain.counter = np.uint64(counter)  # not the plain int that it is, for which all would be compiled again
            chain.sweeps += times

    def topic_terms(self) -> sp.csr_matrix:
        cells, used = self._used()
        shape = (self.n_terms, len(self.alpha))
        by_term = sp.csr_matrix(
            (cells >> self.bits, cells & np.uint32((1 << self.bits) - 1), starts(used)), shape=shape
        )
        return by_term.astype(np.int32).T.tocsr()

    def filled(self) -> np.ndarray:
        return self._used()[0] >> self.bits

    def _used(self) -> tuple[np.ndarray, np.ndarray]:
        """The cells that hold something, term by term, and how many there are of each term."""
        used = self.used.astype(np.int64)
        inside = np.repeat(self.term_start[:-1].astype(np.int64) - starts(used)[:-1].astype(np.int64), used)
        return self.cells[inside + np.arange(len(inside))], used


class CollapsedDense(Chain):
    """The default unless topics are very many: the same law from a count for every term and topic (`kernels.sweep_dense`)."""

    def __init__(self, counts: Counts, *, n_topics: int, seed: int, **more: Any) -> None:
        super().__init__(counts, n_topics=n_topics, seed=seed, **more)
        self.counter = np.uint64(0)
        self.counted = dense(self.token_term, self.token_topic, self.n_terms, n_topics)
        self.topic_n = self.counted[:, :n_topics].sum(axis=0, dtype=np.float64)
        self.abreast: tuple[np.ndarray, ...] = ()  # of all chains that went abreast last, of which this one has views

    @classmethod
    def _sweep(cls, chains: Sequence[CollapsedDense], times: int) -> None:
        tokens, counted, topic_n = _abreast(chains)
        alpha, beta = np.stack([chain.alpha for chain in chains]), np.array([chain.beta for chain in chains])
        key, counter = (np.array([getattr(chain, name) for chain in chains], np.uint64) for name in ("key", "counter"))
        shared = (chains[0].token_term, chains[0].unit_start)
        kernels.sweep_dense(tokens, *shared, counted, topic_n, alpha, beta, key, counter, np.uint64(times))
        for chain, reached in zip(chains, counter, strict=True):
            chain.counter = reached
            chain.sweeps += times

    def topic_terms(self) -> sp.csr_matrix:
        return sp.csr_matrix(self.counted[:, : len(self.alpha)].T.astype(np.int32))

    def filled(self) -> np.ndarray:
        return self.counted[self.counted > 0].astype(np.int64)


def _abreast(chains: Sequence[CollapsedDense]) -> tuple[np.ndarray, ...]:
    """The arrays of these chains in one each, as `kernels.sweep_dense` wants them: `token_topic`, `counted`, `topic_n`."""
    together, axes = chains[0].abreast, {"token_topic": 0, "counted": 1, "topic_n": 0}
    if not together or len(together[0]) != len(chains) or any(chain.abreast is not together for chain in chains):
        together = tuple(np.stack([getattr(chain, name) for chain in chains], axis) for name, axis in axes.items())
        for place, chain in enumerate(chains):
            chain.abreast = together
            for (name, axis), array in zip(axes.items(), together, strict=True):
                setattr(chain, name, np.moveaxis(array, axis, 0)[place])
    return together


class PartlyCollapsed(Chain):
    """For one large fit in many threads: the terms' probabilities in each topic are drawn, then all tokens given them.

    A valid Gibbs chain with the same distribution (Magnusson, Jonsson, Villani & Broman 2018); given the probabilities units do not
    depend on each other. Work goes in blocks of terms and of units over `map`; each block has its own streams
    of chance and sums are added in their order, so that the bytes are the same for any number of threads.
    """

    def __init__(self, counts: Counts, *, n_topics: int, seed: int, map: Map = map, **more: Any) -> None:
        super().__init__(counts, n_topics=n_topics, seed=seed, **more)
        self.map = map
        self.by_term = np.argsort(self.token_term, kind="stable").astype(np.uint32)
        self.term_first = starts(self.term_n)
        self.term_blocks, self.unit_blocks = blocks(self.term_first), blocks(self.unit_start)
        shape = (self.n_terms, n_topics)
        self.counted = np.zeros(shape, np.int32)
        self.term_topic, self.running = np.empty(shape), np.empty(shape)
        self.set(self.token_topic)

    @classmethod
    def _sweep(cls, chains: Sequence[PartlyCollapsed], times: int) -> None:
        for chain in chains:
            for _ in range(times):
                chain._draw()

    def _draw(self) -> None:
        totals = self._each(self._draw_topics, self.term_blocks)
        self.inverse = 1.0 / np.maximum(np.sum(totals, axis=0), np.finfo(float).tiny)
        self._each(self._scale, self.term_blocks)
        self._each(self._draw_tokens, self.unit_blocks)
        self.set(self.token_topic)
        self.sweeps += 1

    def topic_terms(self) -> sp.csr_matrix:
        return sp.csr_matrix(self.counted.T)

    def set(self, token_topic: np.ndarray) -> None:
        """Give every token its topic."""
        self.token_topic[:] = token_topic
        self._each(self._count, self.term_blocks)
        self.topic_n[:] = self.counted.sum(axis=0)

    def _each(self, step: Callable[[int, slice], Any], parts: list[slice]) -> list[Any]:
        return list(self.map(step, range(len(parts)), parts))

    def _draw_topics(self, block: int, terms: slice) -> np.ndarray:
        stream = np.random.Philox(key=np.array([self.key, self.sweeps * BLOCKS + block], np.uint64))
        self.term_topic[terms] = np.random.Generator(stream).standard_gamma(self.counted[terms] + self.beta)
        return self.term_topic[terms].sum(axis=0)

    def _scale(self, block: int, terms: slice) -> None:
        self.term_topic[terms] *= self.inverse
        np.cumsum(self.term_topic[terms] * self.alpha, axis=1, out=self.running[terms])

    def _draw_tokens(self, block: int, units: slice) -> None:
        counter = np.uint64(self.sweeps) * np.uint64(len(self.token_term))
        tokens = (self.token_topic, self.token_term, self.unit_start)
        kernels.sweep_given(*tokens, units.start, units.stop, self.term_topic, self.running, self.key, counter)

    def _count(self, block: int, terms: slice) -> None:
        kernels.count_terms(self.token_topic, self.by_term, self.term_first, terms.start, terms.stop, self.counted)


def in_pieces(unit_n: np.ndarray, n_topics: int, rng: np.random.Generator) -> np.ndarray:
    """Topics to begin with: each unit is dealt out to pieces of `PIECE` words or so, and each piece has a topic drawn at random.

    A start with every token by itself takes longer (0.04 nats a token behind after 50 sweeps); with whole units, a long one begins as a
    topic, and stays one that nobody shares (METHODS.md).
    """
    pieces = -(-unit_n // PIECE)
    first = np.repeat(np.cumsum(pieces) - pieces, unit_n)
    which = (rng.random(len(first)) * np.repeat(pieces, unit_n)).astype(np.int64)
    return rng.integers(0, n_topics, int(pieces.sum()), np.uint32)[first + which]


def dense(token_term: np.ndarray, token_topic: np.ndarray, n_terms: int, n_topics: int) -> np.ndarray:
    """How many tokens of each term have each topic, with columns of zeros as `kernels.sweep_dense` wants them.

    Single precision halves what must be fetched; whole numbers up to `EXACT` are exact in it.

    >>> dense(np.array([0, 1, 1]), np.array([0, 1, 1]), 2, 2).tolist()
    [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    counted = np.zeros((n_terms, -(-n_topics // kernels.EIGHT) * kernels.EIGHT), np.float32)
    np.add.at(counted, (token_term, token_topic), 1.0)
    return counted


def blocks(start: np.ndarray) -> list[slice]:
    """Items in runs of about as many tokens each, `BLOCKS` where there are many; item `i` has tokens `start[i]` up to `start[i + 1]`.

    >>> blocks(np.array([0, 4000, 5000, 7000]))
    [slice(0, 1, None), slice(1, 3, None)]
    """
    n_tokens = int(start[-1])
    inner = np.linspace(0, n_tokens, min(BLOCKS, n_tokens // 4_000 + 1) + 1)[1:-1]
    cuts = [0, *np.searchsorted(start, inner).tolist(), len(start) - 1]
    return [slice(a, b) for a, b in pairwise(cuts) if a < b]


def starts(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.uint64)


def distinct(units: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different counts above zero of each topic and how often each comes: topics, counts, times."""
    sizes = np.zeros((units.shape[1], int(units.max(initial=0)) + 1), np.int64)
    kernels.histogram(units, sizes)
    topics, n = np.nonzero(sizes[:, 1:])
    return topics, n + 1, sizes[topics, n + 1]


def learned_alpha(units: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """One step from `alpha` towards the most probable asymmetric Dirichlet prior of these topic counts of units, shrunk towards its mean.

    Each pseudo-count has itself the prior Gamma(2, n_topics / 2), which weighs as much as one more unit that holds the topic: without
    it a handful of units, each of one topic, would drive all pseudo-counts to zero and the chain to a stand. And each moves towards
    the mean of all, by a weight of `PULL` words for each unit: where the pseudo-count of a topic may follow it all the way down, topics
    become narrow, of a few articles each (METHODS.md). Where topics are few it hardly shows.
    """
    topics, sizes, times = distinct(units)
    lengths, n_units = np.unique(units.sum(axis=1), return_counts=True)
    gain = np.bincount(topics, times * (psi(sizes + alpha[topics]) - psi(alpha[topics])), minlength=len(alpha))
    cost = (n_units * (psi(lengths + alpha.sum()) - psi(alpha.sum()))).sum()
    told = (
        alpha * gain + 1
    )  # about so many words of units came by the prior itself: what a pseudo-count is learned from
    own = told / (cost + len(alpha) / 2)
    trust = told.mean() / (told.mean() + PULL * len(units))
    return trust * own + (1 - trust) * own.mean()


def learned_beta(cells: np.ndarray, topic_n: np.ndarray, n_terms: int, beta: float) -> float:
    """One step from `beta` towards the most probable symmetric Dirichlet prior of these term counts of topics; its own prior is Gamma(1.01, 0.01)."""
    sizes, times = np.unique(cells, return_counts=True)
    gain = (times * (psi(sizes + beta) - psi(beta))).sum()
    cost = n_terms * (psi(topic_n + n_terms * beta) - psi(n_terms * beta)).sum()
    return float((beta * gain + 0.01) / (cost + 0.01))
