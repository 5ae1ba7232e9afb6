"""Latent Dirichlet allocation: fitting a model, and turning a model back into tables.

The sampler is collapsed Gibbs sampling (`kernels.sweep_dense`, or `sweep` for very many topics), exact and sequential, with an asymmetric prior over the topics of a
unit and a symmetric one over the terms of a topic, both learned from the data (Wallach, Mimno & McCallum 2009).
gensim stops at this module: `to_gensim`, `from_gensim`, and `engine="gensim"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from topics.models import kernels
from topics.models.chain import DENSE, EXACT, Chain, Collapsed, CollapsedDense, Map, PartlyCollapsed, sweep
from topics.tables import LEVEL, UserError, conform
from topics.words.counts import Counts

STARTS, FIRST = 5, 30  # short starts, the best of which goes on; sweeps of each
LEAST_SWEEPS = 200  # of a fit where words are many
SMALL, PART = 200_000, 10_000  # words up to which starts have all of them; beyond, so many for each topic
DRAW_BYTES = 32_000_000  # a fit keeps about so much of posterior draws, but four at the least
PARTS = 20  # of a fit, each of which is told when it is done
IN_LABEL = 3  # terms of a label
LEADING = 10  # terms of a topic in TOPICS
GENSIM: dict[str, Any] = {
    "iterations": 10_000,
    "gamma_threshold": 1e-12,
    "minimum_probability": 0.0,
}  # of models handed out
PASSES = 10  # of gensim over the articles
EPS = np.finfo(float).tiny


@dataclass(frozen=True)
class TopicModel:
    """A fitted model; topics in the order of their share, so that row 0 is topic 1.

    `draws_doc` (n_draws, n_units, n_topics) and `draws_term` (n_draws * n_topics, n_terms) are the posterior draws: how many tokens of
    each unit, and of each term, had each topic in the same state of the chain. Given them, a unit's shares are
    Dirichlet(draws_doc + alpha) and a topic's terms Dirichlet(draws_term + beta). `trace` has a row for every look at the chain: sweep, and log
    p(words, topics) per token in nats. `engine` is what made it; a model from gensim has no draws and no trace.
    """

    doc_topic: np.ndarray  # float64 (n_units, n_topics), rows sum to 1
    topic_term: np.ndarray  # float64 (n_topics, n_terms), rows sum to 1
    doc_ids: np.ndarray  # str (n_units,): the article of each unit
    terms: np.ndarray  # str (n_terms,)
    alpha: np.ndarray  # float64 (n_topics,): prior of a unit's shares
    beta: float  # prior of a topic's terms
    seed: int
    draws_doc: np.ndarray  # uint16 or uint32
    draws_term: sp.csr_matrix  # int32
    trace: np.ndarray  # float64 (n_looks, 2)
    term_n: np.ndarray  # float64 (n_terms,): tokens of each term in the fit
    topic_n: np.ndarray  # float64 (n_topics,): tokens of each topic, mean over the samples
    engine: str = "gibbs"

    @property
    def n_topics(self) -> int:
        return len(self.alpha)


# --- fitting --------------------------------------------------------------------------------------------------------


def fit(
    counts: Counts,
    *,
    n_topics: int,
    seed: int,
    engine: str = "gibbs",
    sweeps: int | None = None,
    samples: int = 20,
    alpha: np.ndarray | float | None = None,
    beta: float | None = None,
    map: Map = map,
    tick: Callable[[], object] = bool,
) -> TopicModel:
    """Fit LDA with `n_topics` topics: the mean of `samples` spaced states of a Gibbs chain after burn-in.

    The chain begins where the best of short ones stands (`begun`). Then the first half of the `sweeps` is burn-in, in which both priors are
    learned, unless `alpha` (a number or one for each topic) or `beta` is given; the second half gives the samples, with the priors
    held. `sweeps` defaults to `default_sweeps`. The same counts, values and seed give the same bytes.

    `engine="parallel"` is for one large fit in many threads: another sampler of the same distribution, whose work goes over `map` (a thread
    pool's), with the same bytes for any number of threads. `engine="gensim"` fits with gensim's online variational Bayes.
    `tick` is called `PARTS` times while the chain runs.

    Raises `UserError` where there is nothing to fit or a value is out of range.

    >>> model = fit(example_counts(), n_topics=2, seed=1)
    >>> model.doc_topic.shape, model.topic_term.sum(axis=1).round(9).tolist()
    ((8, 2), [1.0, 1.0])
    """
    how: dict[str, Any] = {"sweeps": sweeps, "samples": samples, "alpha": alpha, "beta": beta}
    return fit_seeds(counts, n_topics=n_topics, seeds=[seed], engine=engine, map=map, tick=tick, **how)[0]


def fit_seeds(
    counts: Counts,
    *,
    n_topics: int,
    seeds: Sequence[int],
    engine: str = "gibbs",
    sweeps: int | None = None,
    samples: int = 20,
    alpha: np.ndarray | float | None = None,
    beta: float | None = None,
    map: Map = map,
    tick: Callable[[], object] = bool,
) -> list[TopicModel]:
    """What `fit` gives for each of these seeds, to the byte; five seeds together take half the time of five in turn (`kernels.sweep_dense`).

    >>> models = fit_seeds(example_counts(), n_topics=2, seeds=[1, 2])
    >>> bool((models[0].doc_topic == fit(example_counts(), n_topics=2, seed=1).doc_topic).all())
    True
    """
    given = {"engine": engine, "sweeps": sweeps, "samples": samples, "alpha": alpha, "beta": beta}
    for seed in seeds:
        _check(counts, n_topics=n_topics, seed=seed, **given)
    counts = _in_form(counts)
    if engine == "gensim":
        return [_fit_gensim(counts, n_topics=n_topics, seed=seed) for seed in seeds]
    sweeps = sweeps or default_sweeps(int(counts.matrix.sum()))
    sampler = partial(PartlyCollapsed, map=map) if engine == "parallel" else sampler_of(counts, n_topics)
    chains = begun(counts, sampler, sweeps, n_topics=n_topics, seeds=seeds, alpha=alpha, beta=beta)
    burn_in = sweeps // 2
    spacing = max(1, (sweeps - burn_in) // samples)
    pause = max(10, burn_in // 100)
    learning = set(range(pause, burn_in + 1, pause))
    sampled = set(range(burn_in + spacing, burn_in + samples * spacing + 1, spacing))
    last, done = max(sampled), 0
    means = [_Means(chain, samples) for chain in chains]
    for stop in sorted(learning | sampled):
        sweep(chains, stop - done)
        for chain, mean in zip(chains, means, strict=True):
            chain.look()
            if stop in learning:
                chain.learn_priors()
            else:
                mean.add()
        for _ in range(len(chains) * (stop * PARTS // last - done * PARTS // last)):
            tick()
        done = stop
    models = [mean.model(counts, seed) for mean, seed in zip(means, seeds, strict=True)]
    return [_by_share(replace(model, engine=engine), counts) for model in models]


def sampler_of(counts: Counts, n_topics: int) -> Callable[..., Chain]:
    """The quicker one of two exact samplers of the same distribution."""
    most = int(counts.matrix.sum(axis=0).max())
    return CollapsedDense if n_topics <= DENSE and most <= EXACT else Collapsed


def begun(
    counts: Counts, sampler: Callable[..., Chain], sweeps: int, *, n_topics: int, seeds: Sequence[int], **priors: Any
) -> list[Chain]:
    """For each seed a chain that has left most poor local modes behind: the best of five short ones, by the log-likelihood.

    One start in two or three ends in a mode that mixes two topics. Where there are many words, the short chains have units drawn at
    random, 10,000 words for each topic, which tell the modes apart; each unit of the whole then begins in the topic that its words fit best.
    Where topics are so many that this would cost more than three tenths of the `sweeps` to come, one chain begins, with all words: of
    fewer, many topics would be narrow ones, and stay so.
    """
    n_words, enough = int(counts.matrix.sum()), starting_words(counts, n_topics, sweeps)
    begin = partial(sampler, n_topics=n_topics, **priors)
    if not enough:
        return _short([begin(counts, seed=seed) for seed in seeds])
    if enough == n_words:
        return [_best(counts, begin, seed) for seed in seeds]
    order = [np.random.default_rng([seed, 2]).permutation(counts.matrix.shape[0]) for seed in seeds]
    parts = [_part(counts, each, enough) for each in order]
    best = [_best(part, begin, seed) for part, seed in zip(parts, seeds, strict=True)]
    return [begin(counts, seed=seed, start=STARTS, after=after) for seed, after in zip(seeds, best, strict=True)]


def _best(counts: Counts, begin: Callable[..., Chain], seed: int) -> Chain:
    """The short chain of the highest log-likelihood."""
    return max(_short([begin(counts, seed=seed, start=start) for start in range(STARTS)]), key=Chain.log_likelihood)


def _part(counts: Counts, order: np.ndarray, n_words: int) -> Counts:
    """The first units in this order that have so many words."""
    sizes = np.asarray(counts.matrix.sum(axis=1)).ravel()
    units = np.sort(order[: np.searchsorted(np.cumsum(sizes[order]), n_words) + 1])
    return replace(counts, matrix=counts.matrix[units], unit_doc=counts.unit_doc[units])


def starting_words(counts: Counts, n_topics: int, sweeps: int) -> int:
    """How many words each of the five short chains has; 0 where there is one chain alone, of all words.

    >>> starting_words(example_counts(), 2, 200)
    120
    """
    n_words = int(counts.matrix.sum())
    if n_words <= SMALL:
        return n_words
    return PART * n_topics if STARTS * FIRST * PART * n_topics <= 0.3 * sweeps * n_words else 0


def _short(chains: list[Chain]) -> list[Chain]:
    for _ in range(FIRST // 10):
        sweep(chains, 10)
        for chain in chains:
            chain.learn_priors()
    return chains


def default_sweeps(n_words: int) -> int:
    """Sweeps of a fit: many where they cost little, 200 from 200,000 words on.

    >>> default_sweeps(2_000), default_sweeps(100_000), default_sweeps(25_000_000)
    (1000, 400, 200)
    """
    return int(np.clip(4e7 / max(n_words, 1), LEAST_SWEEPS, 1000)) // 20 * 20


class _Means:
    """Sums over the samples of a chain, and the draws that are kept."""

    def __init__(self, chain: Chain, samples: int) -> None:
        self.chain = chain
        self.unit_sum = np.zeros((chain.n_units, len(chain.alpha)))
        self.topic_term = np.zeros((len(chain.alpha), chain.n_terms))
        self.n = 0
        one = 2 * chain.n_units * len(chain.alpha) + 8 * int(np.minimum(chain.term_n, len(chain.alpha)).sum())
        self.every = max(1, -(-samples // max(4, DRAW_BYTES // max(one, 1))))  # every how many-th sample is kept
        self.units: list[np.ndarray] = []
        self.terms: list[sp.csr_matrix] = []

    def add(self) -> None:
        chain = self.chain
        units, terms = chain.unit_topics(), chain.topic_terms()
        self.unit_sum += units
        inverse = 1.0 / (chain.topic_n + chain.n_terms * chain.beta)
        topic = np.repeat(np.arange(len(inverse)), np.diff(terms.indptr))
        self.topic_term += inverse[:, None] * chain.beta
        self.topic_term[topic, terms.indices] += terms.data * inverse[topic]
        if self.n % self.every == 0:
            self.units.append(units.astype(np.uint16 if chain.unit_n.max(initial=0) < 65_536 else np.uint32))
            self.terms.append(terms)
        self.n += 1

    def model(self, counts: Counts, seed: int) -> TopicModel:
        chain = self.chain
        doc_topic = (self.unit_sum / self.n + chain.alpha) / (chain.unit_n + chain.alpha.sum())[:, None]
        return TopicModel(
            doc_topic=doc_topic / doc_topic.sum(axis=1, keepdims=True),
            topic_term=self.topic_term / self.topic_term.sum(axis=1, keepdims=True),
            doc_ids=np.asarray(counts.doc_ids)[counts.unit_doc],
            terms=np.asarray(counts.terms),
            alpha=chain.alpha,
            beta=chain.beta,
            seed=seed,
            draws_doc=np.stack(self.units),
            draws_term=sp.vstack(self.terms, format="csr"),
            trace=np.array(chain.trace).reshape(-1, 2),
            term_n=chain.term_n.astype(np.float64),
            topic_n=self.unit_sum.sum(axis=0) / self.n,
        )


def _by_share(model: TopicModel, counts: Counts) -> TopicModel:
    """The model with its topics in the order of their share of the articles, the largest first."""
    share = article_shares(model, counts).mean(axis=0)
    order = np.argsort(-share, kind="stable")
    n_draws, n_topics = len(model.draws_doc), model.n_topics
    rows = (np.arange(n_draws)[:, None] * n_topics + order).ravel()
    return replace(
        model,
        doc_topic=np.ascontiguousarray(model.doc_topic[:, order]),
        topic_term=np.ascontiguousarray(model.topic_term[order]),
        alpha=model.alpha[order],
        topic_n=model.topic_n[order],
        draws_doc=np.ascontiguousarray(model.draws_doc[:, :, order]),
        draws_term=model.draws_term[rows] if n_draws else model.draws_term,
    )


# --- checks ---------------------------------------------------------------------------------------------------------


def _in_form(counts: Counts) -> Counts:
    """The counts with their matrix as `Counts` has it, from any matrix that holds the same: of another form or type, unsorted, with zeros kept."""
    matrix = sp.csr_matrix(counts.matrix, dtype=np.int32)
    if matrix.has_canonical_format and matrix.data.all():
        return replace(counts, matrix=matrix)
    matrix = matrix.copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return replace(counts, matrix=matrix)


def _check(counts: Counts, **given: Any) -> None:
    if not isinstance(counts, Counts):
        raise UserError(f"models: counts must be Counts, as topics.words gives them. Got {type(counts).__name__}.")
    matrix = sp.csr_matrix(counts.matrix)
    problems = []
    units, articles, terms = len(counts.unit_doc), len(counts.doc_ids), len(counts.terms)
    if matrix.shape != (units, terms) or (units and not 0 <= counts.unit_doc.min() <= counts.unit_doc.max() < articles):
        problems.append(
            f"a matrix of {matrix.shape[0]} units and {matrix.shape[1]} terms does not go with {units} units of {articles} articles and {terms} terms"
        )
    elif not np.isfinite(np.asarray(matrix.data, float)).all() or (matrix.data < 0).any():
        problems.append("counts must be whole numbers of 0 or more; some are negative or not numbers")
    elif (matrix.data != np.floor(matrix.data)).any():
        problems.append("counts must be whole numbers; some have fractions")
    elif matrix.shape[1] == 0 or matrix.sum() == 0:
        problems.append(
            "there are no words to fit: all were left out as too rare, too common or stop words. "
            "Give more articles, lower min_docs or raise max_share"
        )
    for name, least in (("n_topics", 1), ("samples", 1), ("sweeps", 2), ("seed", 0)):
        value = given[name]
        if (value is not None or name != "sweeps") and (
            isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
        ):
            problems.append(f"{name} must be a whole number of {least} or more. Got {value!r}")
    if given["engine"] not in ("gibbs", "parallel", "gensim"):
        problems.append(f"engine must be gibbs, parallel or gensim. Got {given['engine']!r}")
    for name in ("alpha", "beta"):
        value = given[name]
        if value is not None and not (np.isfinite(value).all() and (np.asarray(value) > 0).all()):
            problems.append(f"{name} must be above 0. Got {value!r}")
        elif np.size(value) not in (1, given["n_topics"] if name == "alpha" else 1):
            problems.append(f"{name} must be one number{' or one for each topic' * (name == 'alpha')}. Got {value!r}")
    if problems:
        raise UserError("models: " + "; ".join(problems) + ".")


# --- tables -----------------------------------------------------------------------------------------------------------


def _weights(counts: Counts) -> sp.csr_matrix:
    """(n_articles with words, n_units): what each unit weighs in its article; rows sum to 1, units weigh by their tokens."""
    unit_n = np.asarray(counts.matrix.sum(axis=1), float).ravel()
    units = np.flatnonzero(unit_n)
    found, rows = np.unique(counts.unit_doc[units], return_inverse=True)
    weight = unit_n[units] / np.bincount(rows, unit_n[units])[rows]
    return sp.csr_matrix((weight, (rows, units)), shape=(len(found), len(unit_n)))


def articles(counts: Counts) -> np.ndarray:
    """The doc_ids of the articles that have a term, in canonical order: the rows of `article_shares`.

    An article without a term of the vocabulary has no topics: it is in no share, no mean and no table of the models.
    """
    unit_n = np.asarray(counts.matrix.sum(axis=1)).ravel()
    return np.asarray(counts.doc_ids)[np.unique(counts.unit_doc[unit_n > 0])]


def article_shares(model: TopicModel, counts: Counts) -> np.ndarray:
    """The share of each topic in each article: (n_articles, n_topics), rows sum to 1 and stand as `articles` says."""
    return np.asarray(_weights(counts) @ model.doc_topic)


def doc_topics(model: TopicModel, counts: Counts) -> pd.DataFrame:
    """The share of each topic in each article: one row per article and topic.

    Shares of an article add up to 1; an article's share is its units' shares weighted by their tokens.

    >>> doc_topics(fit(example_counts(), n_topics=2, seed=1), example_counts()).columns.tolist()
    ['n_topics', 'doc_id', 'topic', 'share']
    """
    names = articles(counts)
    table = {
        "n_topics": model.n_topics,
        "doc_id": np.repeat(names, model.n_topics),
        "topic": np.tile(np.arange(1, model.n_topics + 1), len(names)),
        "share": article_shares(model, counts).ravel(),
    }
    return conform(pd.DataFrame(table), "doc_topics")


def topic_terms(model: TopicModel, n: int = 20) -> pd.DataFrame:
    """The `n` most probable terms of each topic: one row per topic and term.

    `frex` (Bischof & Airoldi 2012, as in R's stm) is the harmonic mean, both weighing half, of where a term stands among the terms of
    its topic by probability and by exclusivity, from 0 to 1; `exclusivity` is the term's probability in the topic over the sum of those in all.

    >>> topic_terms(fit(example_counts(), n_topics=2, seed=1), 3).columns.tolist()
    ['n_topics', 'topic', 'rank', 'term', 'probability', 'frex', 'exclusivity']
    """
    n = min(n, len(model.terms))
    top = top_terms(model, n)
    rows = np.arange(model.n_topics)[:, None]
    table = {
        "n_topics": model.n_topics,
        "topic": np.repeat(np.arange(1, model.n_topics + 1), n),
        "rank": np.tile(np.arange(1, n + 1), model.n_topics),
        "term": model.terms[top].ravel(),
        "probability": model.topic_term[rows, top].ravel(),
        "frex": frex(model, terms=top).ravel(),
        "exclusivity": (model.topic_term[rows, top] / model.topic_term.sum(axis=0)[top]).ravel(),
    }
    return conform(pd.DataFrame(table), "topic_terms")


def top_terms(model: TopicModel, n: int = 10) -> np.ndarray:
    """Indices of the `n` most probable terms of each topic, ties by the order of the terms: (n_topics, n)."""
    n = min(n, len(model.terms))
    found = np.empty((model.n_topics, n), np.intp)
    least = np.partition(model.topic_term, -n, axis=1)[:, -n]  # most terms need not be sorted
    for row, probabilities, smallest in zip(found, model.topic_term, least, strict=True):
        likely = np.flatnonzero(probabilities >= smallest)
        row[:] = likely[np.argsort(-probabilities[likely], kind="stable")[:n]]
    return found


def frex(model: TopicModel, weight: float = 0.5, shrink: bool = True, terms: np.ndarray | None = None) -> np.ndarray:
    """FREX of the terms in every topic, as R's stm: (n_topics, n_terms), each from 0 to 1; or of `terms`, indices (n_topics, n), alone.

    The harmonic mean of two ranks, cut to shares: of the term's probability in the topic, and of its exclusivity
    (its probability over the sum of its probabilities in all topics); `weight` is that of exclusivity. With `shrink` the
    exclusivity of rare terms is pulled towards even (the James-Stein estimate of Hausser & Strimmer 2009), for
    a term that came three times will look exclusive wherever it fell.
    """
    exclusive = model.topic_term / model.topic_term.sum(axis=0)
    if shrink:
        exclusive = _towards_even(exclusive, model.term_n)
    asked = np.broadcast_to(np.arange(len(model.terms)), exclusive.shape) if terms is None else terms
    return 1.0 / (weight / _ranks(exclusive, asked) + (1 - weight) / _ranks(model.topic_term, asked))


def _towards_even(shares: np.ndarray, n: np.ndarray) -> np.ndarray:
    even = 1 / len(shares)
    spread = ((shares - even) ** 2).sum(axis=0)
    noise = (shares * (1 - shares)).sum(axis=0) / np.maximum(n - 1, 1e-9)
    pull = np.clip(noise / np.maximum(spread, 1e-30), 0, 1)
    return pull * even + (1 - pull) * shares


def _ranks(values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The ranks of the values at `asked` in their row, smallest first and ties sharing their mean, as a share of the row."""
    ranks = np.empty(asked.shape)
    for row, given, places in zip(ranks, values, asked, strict=True):
        in_order = np.sort(given)
        below, up_to = (np.searchsorted(in_order, given[places], side) for side in ("left", "right"))
        row[:] = (below + up_to + 1) / 2
    return ranks / values.shape[1]


def share_draws(
    model: TopicModel, counts: Counts, groups: np.ndarray | None = None, n: int | None = None
) -> np.ndarray:
    """Draws of each group's mean share of each topic: (n, n_groups, n_topics), each row sums to 1.

    `groups` is a whole number for each of `articles(counts)`, from 0; a negative one leaves the article out. Without it all articles are
    one group. A group's share is the unweighted mean of its articles' shares. Draw `i` takes the topics of all
    tokens from one state of the chain, and each unit's shares from their distribution given these: what differs between draws is what
    *these* articles, given these topics, leave open (not which articles were at hand, nor how a chain from another start would end).
    A model without draws (gensim's) gives none: (0, n_groups, n_topics).
    """
    weights = _weights(counts)
    groups = np.zeros(weights.shape[0], int) if groups is None else np.asarray(groups)
    inside = groups >= 0
    n_groups = int(groups.max(initial=-1)) + 1
    size = np.bincount(groups[inside], minlength=n_groups)
    average = sp.csr_matrix(
        (1 / size[groups[inside]], (groups[inside], np.flatnonzero(inside))), (n_groups, len(groups))
    )
    by_unit = (average @ weights).tocsr()
    kept = len(model.draws_doc)
    n = 0 if not kept else n or int(np.clip(2e7 / model.doc_topic.size, 100, 1000))
    rng = np.random.default_rng([model.seed, 2])
    draws = np.empty((n, n_groups, model.n_topics))
    for i in range(n):
        gammas = rng.standard_gamma(model.draws_doc[i * kept // n] + model.alpha)
        draws[i] = by_unit @ (gammas / np.maximum(gammas.sum(axis=1, keepdims=True), EPS))
    return draws


def distinctive_labels(model: TopicModel, hide: Iterable[str] = ()) -> list[str]:
    """A label of each topic: of its 15 most probable terms the three of highest FREX; no two alike.

    Terms of `hide` are passed over. Where two topics would have the same label, the smaller one takes its next terms.

    >>> len(set(distinctive_labels(fit(example_counts(), n_topics=2, seed=1))))
    2
    """
    hidden, found, taken = set(hide), list[list[int]](), list[set[int]]()
    top = top_terms(model, 15 + len(hidden))
    for leading, scores in zip(top, frex(model, terms=top), strict=True):
        scored = dict(zip(leading, scores, strict=True))
        kept = [term for term in leading if model.terms[term] not in hidden][:15] or list(leading[:IN_LABEL])
        ranked = sorted(kept, key=lambda term: (-scored[term], term))
        options = [ranked[start : start + IN_LABEL] for start in range(max(1, len(ranked) - IN_LABEL + 1))]
        found.append(next((terms for terms in options if set(terms) not in taken), options[0]))
        taken.append(set(found[-1]))
    return [", ".join(model.terms[term] for term in terms) for terms in found]


def topics(model: TopicModel, counts: Counts, hide: Iterable[str] = (), intervals: bool = True) -> pd.DataFrame:
    """A row for each topic: its share of the articles with a 95 % interval, and its ten most probable terms.

    The interval is the middle 95 % of `share_draws`: these articles, given these topics; without `intervals`, which take most of the time, it is missing. `stability`, `coherence` and `exclusivity` are missing here: they are
    `stability.stability`'s and `scores`' to say. `label` is that of `distinctive_labels` until a person gives one. Terms of `hide` are left out of lists and labels.
    """
    draws = share_draws(model, counts) if intervals else np.empty((0, 1, model.n_topics))
    low, high = np.quantile(draws[:, 0], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0) if len(draws) else [np.nan, np.nan]
    hidden = set(hide)
    leading = model.terms[top_terms(model, LEADING + len(hidden))].tolist()
    words = [[term for term in row if term not in hidden][:LEADING] for row in leading]
    table = {
        "n_topics": model.n_topics,
        "topic": np.arange(1, model.n_topics + 1),
        "label": distinctive_labels(model, hidden),
        "share": article_shares(model, counts).mean(axis=0),
        "share_low": low,
        "share_high": high,
        "stability": np.nan,
        "coherence": np.nan,
        "exclusivity": np.nan,
        "terms": [", ".join(row) for row in words],
    }
    return conform(pd.DataFrame(table), "topics")


# --- articles that the fit has not seen ----------------------------------------------------------------------------------


def infer(
    matrix: sp.csr_matrix,
    topic_term: np.ndarray,
    alpha: np.ndarray,
    *,
    tolerance: float = GENSIM["gamma_threshold"],
    rounds: int = GENSIM["iterations"],
) -> np.ndarray:
    """The topics of other units, the model's topics held: Dirichlet parameters, (n_units, n_topics); divide by the row's sum for shares.

    `matrix` counts the model's terms. Variational Bayes as in `LdaModel.inference`, to the same fixed point, but from one start for
    all units and with no chance in it.

    >>> model = fit(example_counts(), n_topics=2, seed=1)
    >>> gamma = infer(example_counts().matrix, model.topic_term, model.alpha)
    >>> bool(np.allclose(gamma.sum(axis=1), 15 + model.alpha.sum()))
    True
    """
    rows = sp.csr_matrix(matrix)
    gamma = np.ones((rows.shape[0], len(alpha)))
    kernels.infer(
        rows.indptr.astype(np.int64),
        rows.indices.astype(np.int32),
        rows.data.astype(np.float64),
        np.ascontiguousarray(topic_term.T, dtype=np.float64),
        np.asarray(alpha, np.float64),
        gamma,
        float(tolerance),
        int(rounds),
    )
    return gamma


# --- gensim ---------------------------------------------------------------------------------------------------------


def to_gensim(model: TopicModel) -> Any:
    """The model as a `gensim.models.LdaModel`, double precision: for `CoherenceModel`, `save`, `get_document_topics`, pyLDAvis.

    `get_topics()` is `topic_term`, `id2word` a gensim `Dictionary` in which term number i is `terms[i]`, and inference runs until it stands still, so that it agrees with
    `infer`, save for a unit whose words two near-equal topics explain alike: gensim starts at random, and may end at the other.

    >>> model = fit(example_counts(), n_topics=2, seed=1)
    >>> bool(np.allclose(to_gensim(model).get_topics(), model.topic_term, atol=1e-12))
    True
    """
    from gensim.corpora import Dictionary
    from gensim.models import LdaModel

    dictionary = Dictionary()
    dictionary.token2id = {term: i for i, term in enumerate(model.terms.tolist())}
    dictionary.cfs = dict(enumerate(model.term_n.astype(int).tolist()))
    handed = LdaModel(
        num_topics=model.n_topics,
        id2word=dictionary,
        alpha=model.alpha,
        eta=model.beta,
        dtype=np.float64,
        random_state=model.seed % 2**32,
        **GENSIM,
    )
    size = model.topic_n + len(model.terms) * model.beta
    handed.state.sstats = model.topic_term * size[:, None] - model.beta
    handed.state.numdocs = len(model.doc_ids)
    handed.expElogbeta = model.topic_term.copy()
    return handed


def from_gensim(
    trained: Any, corpus: Iterable[Sequence[tuple[int, float]]], doc_ids: Sequence[str] | None = None, seed: int = 0
) -> tuple[TopicModel, Counts]:
    """A trained gensim LDA and its corpus of bags of words, as a model and counts for the same tables and reports.

    Articles are named by `doc_ids`, else by their number. Their shares come from the trained model's own topics by `infer`. There are no
    posterior draws in variational Bayes, so intervals that rest on them are missing. Raises `UserError` where what is given is no such model or corpus, doc_ids are not one for each
    article, the corpus is empty, has terms that the model lacks or weights (as of TF-IDF) in place of counts.
    """
    if not hasattr(trained, "num_terms"):
        raise UserError(f"from_gensim: trained must be a gensim LdaModel. Got {type(trained).__name__}.")
    try:
        bags = [{int(term): float(n) for term, n in dict(bag).items()} for bag in corpus]
    except (TypeError, ValueError):
        raise UserError(
            "from_gensim: corpus must be a bag of words for each article, as Dictionary.doc2bow gives it: (term, times) pairs."
        ) from None
    used = {term for bag in bags for term in bag}
    if not used or max(used) >= trained.num_terms:
        said = f"Its terms go to number {max(used)}" if used else "It has no words"
        raise UserError(f"from_gensim: corpus must be bags of the {trained.num_terms} terms of the model. {said}.")
    if any(n != int(n) for bag in bags for n in bag.values()):
        raise UserError("from_gensim: corpus must hold counts of words, not weights. Give the one before TF-IDF.")
    names = np.array([f"{i:07d}" for i in range(len(bags))] if doc_ids is None else doc_ids, dtype=str)
    if len(set(names)) != len(bags):
        raise UserError(
            f"from_gensim: doc_ids must be one name for each of {len(bags)} articles. Got {len(set(names))}."
        )
    words = np.array([str(trained.id2word[i]) for i in range(trained.num_terms)])
    columns, rows = np.argsort(words, kind="stable"), np.argsort(names, kind="stable")
    cells = [(row, term, n) for row, bag in enumerate(bags) for term, n in bag.items()]
    row, term, n = np.array(cells).reshape(-1, 3).T
    matrix = sp.csr_matrix((n, (row.astype(int), term.astype(int))), shape=(len(bags), len(words)))
    ordered = matrix[rows][:, columns].astype(np.int32)
    ordered.sort_indices()
    counts = Counts(names[rows], words[columns], ordered, np.arange(len(bags), dtype=np.int32))
    return _by_share(_from_trained(trained, counts, columns, seed), counts), counts


def _from_trained(trained: Any, counts: Counts, columns: np.ndarray, seed: int) -> TopicModel:
    """The TopicModel of a gensim model whose term number `columns[i]` is `counts.terms[i]`."""
    alpha = np.asarray(trained.alpha, np.float64)
    topic_term = np.asarray(trained.get_topics(), np.float64)[:, columns]
    gamma = infer(counts.matrix, np.asarray(trained.expElogbeta, np.float64)[:, columns], alpha)
    return TopicModel(
        doc_topic=gamma / gamma.sum(axis=1, keepdims=True),
        topic_term=topic_term / topic_term.sum(axis=1, keepdims=True),
        doc_ids=np.asarray(counts.doc_ids)[counts.unit_doc],
        terms=np.asarray(counts.terms),
        alpha=alpha,
        beta=float(np.mean(trained.eta)),
        seed=seed,
        draws_doc=np.zeros((0, *gamma.shape), np.uint16),
        draws_term=sp.csr_matrix((0, topic_term.shape[1]), dtype=np.int32),
        trace=np.zeros((0, 2)),
        term_n=np.asarray(counts.matrix.sum(axis=0), float).ravel(),
        topic_n=(gamma - alpha).sum(axis=0),
        engine="gensim",
    )


def _fit_gensim(counts: Counts, *, n_topics: int, seed: int) -> TopicModel:
    """A fit by gensim's online variational Bayes, both priors learned; the articles are streamed."""
    from gensim.matutils import Sparse2Corpus
    from gensim.models import LdaModel

    trained = LdaModel(
        Sparse2Corpus(counts.matrix, documents_columns=False),
        num_topics=n_topics,
        id2word=dict(enumerate(np.asarray(counts.terms).tolist())),
        alpha="auto",
        eta="auto",
        passes=PASSES,
        dtype=np.float64,
        random_state=seed % 2**32,
        eval_every=None,
    )
    return _by_share(_from_trained(trained, counts, np.arange(len(counts.terms)), seed), counts)


# --- an example -------------------------------------------------------------------------------------------------------


def example_counts() -> Counts:
    """Eight small articles, four on each of two themes: for examples in docstrings."""
    matrix = np.zeros((8, 6), np.int32)
    matrix[:4, :3], matrix[4:, 3:] = 5, 5
    terms = np.array(["bus", "road", "tram", "virus", "vaccine", "ward"])
    return Counts(np.array([f"a{i}" for i in range(8)]), terms, sp.csr_matrix(matrix), np.arange(8, dtype=np.int32))
