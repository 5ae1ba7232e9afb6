"""Would another run give these topics? Matching topics of two fits, and how far they agree beyond shuffled text.

Two fits to any text, also to one whose words are dealt out to the articles at random, have topics that can be paired and look
alike. Agreement counts only as far as it goes beyond what fits to such shuffled text of the same size reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from topics.models.lda import FIRST, TopicModel
from topics.tables import MATCHES, UserError, conform
from topics.words.counts import Counts

RESAMPLED = 0.8  # of the articles
SHUFFLED_SEEDS = (1, 2, 3)  # three fits to shuffled text give three pairs to compare with


def shuffled(counts: Counts, seed: int = 0) -> Counts:
    """The same words, dealt out to the units at random: each unit keeps its length, each word its frequency; themes are gone."""
    matrix = counts.matrix
    tokens = np.repeat(matrix.indices, matrix.data)
    units = np.repeat(np.arange(matrix.shape[0]), np.asarray(matrix.sum(axis=1)).ravel())
    np.random.default_rng([seed, 4]).shuffle(tokens)
    dealt = sp.csr_matrix((np.ones(len(tokens), matrix.dtype), (units, tokens)), shape=matrix.shape)
    dealt.sum_duplicates()
    return replace(counts, matrix=dealt)


def resampled(counts: Counts, seed: int) -> Counts:
    """Four fifths of the articles, drawn at random, with the same terms and no article twice: to see what hangs on the choice of articles."""
    with_words = np.unique(counts.unit_doc)
    n = max(1, round(RESAMPLED * len(with_words)))
    chosen = np.sort(np.random.default_rng([seed, 5]).choice(with_words, n, replace=False))
    units = np.flatnonzero(np.isin(counts.unit_doc, chosen))
    return replace(counts, matrix=counts.matrix[units], unit_doc=counts.unit_doc[units])


def similarity(a: TopicModel, b: TopicModel) -> np.ndarray:
    """How alike each topic of `a` is to each of `b`, by words and by articles: (a.n_topics, b.n_topics), from 0 to 1.

    The geometric mean of the cosine of their term probabilities and of the correlation of their shares over the units
    that both have (0 where it is negative), so that both must agree. It is 1 for a fit and itself.
    """
    if not np.array_equal(a.terms, b.terms):
        raise UserError("stability: fits with different vocabularies cannot be matched topic by topic.")
    words = _unit_rows(a.topic_term) @ _unit_rows(b.topic_term).T
    rows_a, rows_b = _common_units(a, b)
    if len(rows_a) < 3:
        return words
    articles = _unit_rows(_centred(a.doc_topic[rows_a])) @ _unit_rows(_centred(b.doc_topic[rows_b])).T
    return np.sqrt(words * np.clip(articles, 0, None))


def _unit_rows(matrix: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(length > 0, length, 1)


def _centred(doc_topic: np.ndarray) -> np.ndarray:
    return (doc_topic - doc_topic.mean(axis=0)).T


def _common_units(a: TopicModel, b: TopicModel) -> tuple[np.ndarray, np.ndarray]:
    """The rows of both fits that are the same unit: the same article, and the same of its paragraphs."""
    if np.array_equal(a.doc_ids, b.doc_ids):
        return np.arange(len(a.doc_ids)), np.arange(len(a.doc_ids))
    keys = [list(zip(m.doc_ids, _place(m.doc_ids), strict=True)) for m in (a, b)]
    there = {key: row for row, key in enumerate(keys[1])}
    pairs = [(row, there[key]) for row, key in enumerate(keys[0]) if key in there]
    rows = np.array(pairs, int).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


def _place(doc_ids: np.ndarray) -> np.ndarray:
    """Each unit's number in its article, from 0 (units of an article stand together)."""
    new = np.r_[True, doc_ids[1:] != doc_ids[:-1]]
    position = np.arange(len(doc_ids))
    return position - np.maximum.accumulate(np.where(new, position, 0))


def match(alike: np.ndarray, floor: float = 0.0) -> np.ndarray:
    """For each row the column that it is paired with, or -1: the one-to-one pairing of the largest sum, without pairs below `floor`."""
    from scipy.optimize import linear_sum_assignment  # here, for it is slow to import

    pairs = np.full(len(alike), -1)
    rows, columns = linear_sum_assignment(alike, maximize=True)
    good = alike[rows, columns] >= floor
    pairs[rows[good]] = columns[good]
    return pairs


@dataclass(frozen=True)
class Reference:
    """What fits to shuffled text of the same size reach: the mean similarity of paired topics, and the 95th percentile."""

    mean: float
    floor: float

    def excess(self, agreement: np.ndarray | float) -> np.ndarray:
        """Agreement beyond the reference: 0 is no match, or one as on shuffled text, and 1 the same topic in both fits."""
        return np.clip((np.asarray(agreement) - self.mean) / max(1 - self.mean, 1e-9), 0, 1)


def reference(models: Sequence[TopicModel]) -> Reference:
    """The reference from fits of one topic count to shuffled text, two at the least."""
    alike = [similarity(a, b) for a, b in combinations(models, 2)]
    if not alike:
        raise UserError("stability: fits to shuffled text with two seeds or more are needed to compare with.")
    paired = np.concatenate([matrix[np.arange(len(matrix)), match(matrix)] for matrix in alike])
    return Reference(float(paired.mean()), float(np.quantile(paired, 0.95)))


def representative(models: Sequence[TopicModel]) -> int:
    """Which of several fits of one topic count is most like the others: the one that is shown; the first where all are alike."""
    if len(models) < 3:
        return 0
    agreement = np.zeros((len(models), len(models)))
    for i, j in combinations(range(len(models)), 2):
        alike = similarity(models[i], models[j])
        agreement[i, j] = agreement[j, i] = alike[np.arange(len(alike)), match(alike)].mean()
    return int(agreement.sum(axis=1).argmax())


def stability(
    shown: TopicModel, others: Sequence[TopicModel], shuffled_text: Reference, kind: str = "seed"
) -> pd.DataFrame:
    """How each topic of the fit that is shown comes back in each other fit: one row per topic and fit.

    `similarity` is that of the topic and its pair, 0 where it has none; `excess` the same beyond shuffled text
    (0: no match, or no more than there; 1: the same topic); `topic_b` is the pair's number in the other fit, 0 where there is no match. `kind` says what sets the others apart: seed or articles.
    """
    parts = []
    for other in others:
        alike = similarity(shown, other)
        pairs = match(alike, shuffled_text.floor)
        found = np.where(pairs >= 0, alike[np.arange(len(alike)), pairs], 0.0)
        table = {
            "n_topics": shown.n_topics,
            "topic": np.arange(1, shown.n_topics + 1),
            "kind": kind,
            "seed_b": other.seed,
            "topic_b": pairs + 1,
            "similarity": found,
            "excess": shuffled_text.excess(found),
        }
        parts.append(pd.DataFrame(table))
    return pd.concat(parts, ignore_index=True)


def matches(stable: pd.DataFrame, seed: int) -> pd.DataFrame:
    """MATCHES of the fit that is shown, of this seed: the rows of `stability` whose topic has a pair in the other fit."""
    pairs = stable[stable["topic_b"] > 0].rename(columns={"topic": "topic_a"})
    pairs = pairs.assign(n_topics_a=pairs["n_topics"], seed_a=seed, n_topics_b=pairs["n_topics"])
    return conform(pairs[list(MATCHES)], "matches")


def convergence(models: Sequence[TopicModel]) -> pd.DataFrame:
    """Whether the chains of one topic count stood still while they were sampled, and at the same level: one row per fit.

    `log_likelihood` is the mean of log p(words, topics) per token over the samples, in nats; `drift` what their second half has beyond the
    first; `noise` their standard deviation about a straight line; `behind` how far the fit is below the best seed. `settled` where the drift is
    under 0.01 or within two standard errors. A fit from gensim has no chain and no row.
    """
    rows = []
    for model in models:
        if len(model.trace) < 4:
            continue
        sweep, level = model.trace[model.trace[:, 0] > (model.trace[-1, 0] + FIRST) / 2].T  # the samples
        half = len(level) // 2
        drift = level[half:].mean() - level[:half].mean()
        noise = float(np.std(level - np.polyval(np.polyfit(sweep, level, 1), sweep)))
        settled = bool(abs(drift) < max(0.01, 4 * noise / np.sqrt(len(level))))
        row = {"n_topics": model.n_topics, "seed": model.seed, "log_likelihood": level.mean(), "drift": drift}
        rows.append({**row, "noise": noise, "settled": settled})
    table = pd.DataFrame(rows, columns=["n_topics", "seed", "log_likelihood", "drift", "noise", "settled"])
    return table.assign(behind=table["log_likelihood"].max() - table["log_likelihood"])
