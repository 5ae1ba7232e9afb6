"""How good is a fit? Measures of prediction, coherence, exclusivity and diversity, none of them a judge alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.special import stdtrit

from topics.models import kernels
from topics.models.lda import TopicModel, frex, infer, top_terms
from topics.tables import LEVEL, UserError, conform
from topics.words.counts import Counts

TOP = 10  # terms of a topic that are scored
HALVES = 0  # the seed by which words of a held-out article are seen or foretold
EPSILON = 1e-12  # gensim's, after Röder, Both & Hinneburg 2015


@dataclass(frozen=True)
class Measure:
    """What a measure is: which direction is better, its unit, where it comes from, and what it does not measure."""

    better: str
    unit: str
    source: str
    silent: str


MEASURES = {
    "perplexity": Measure(
        "low",
        "words",
        "document completion, Wallach, Murray, Salakhutdinov & Mimno 2009",
        "whether a reader would understand the topics; not comparable between vocabularies",
    ),
    "gain": Measure(
        "high",
        "nats per word",
        "document completion against the terms' frequencies alone",
        "whether a reader would understand the topics; not comparable between vocabularies",
    ),
    "c_npmi": Measure(
        "high",
        "-1 to 1",
        "Bouma 2009; Aletras & Stevenson 2013; Röder, Both & Hinneburg 2015",
        "whether the topic is more than a fixed phrase; automatic coherence crowns winners that readers do not see (Hoyle et al. 2021)",
    ),
    "c_v": Measure(
        "high",
        "0 to 1",
        "Röder, Both & Hinneburg 2015",
        "differences between rare words; it can reward words that never meet (Hoyle et al. 2021 on all such scores)",
    ),
    "c_uci": Measure(
        "high", "nats", "Newman, Lau, Grieser & Baldwin 2010", "as c_npmi, and it is ruled by the rarest pairs"
    ),
    "u_mass": Measure(
        "high",
        "nats",
        "Mimno, Wallach, Talley, Leenders & McCallum 2011",
        "whether the words tell this topic from others: frequent words score well in any topic",
    ),
    "exclusivity": Measure(
        "high", "0 to 10", "R's stm: FREX, weight 0.7, summed over ten terms", "whether the words belong together"
    ),
    "diversity": Measure(
        "high",
        "0 to 1",
        "Dieng, Ruiz & Blei 2020, over the top ten terms",
        "whether the words of a topic belong together",
    ),
}
BLOCK = 20_000  # cells at a time
MOST_DRAWS = 10  # that a prediction is averaged over
WINDOWS = {"c_v": 110, "c_npmi": 10, "c_uci": 10, "u_mass": None}


# --- coherence --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Windows:
    """In how many windows terms are, alone and together: one pass over the texts that serves every model."""

    terms: np.ndarray  # indices of the terms counted, sorted
    alone: dict[int | None, np.ndarray]  # by size of window
    together: dict[int | None, np.ndarray]  # symmetric; the diagonal is `alone`
    n: dict[int | None, int]


def count_windows(
    words: np.ndarray,
    text_start: np.ndarray,
    terms: Iterable[int] | np.ndarray,
    sizes: Sequence[int | None] = (110, 10, None),
) -> Windows:
    """Count the windows that have `terms`, alone and in pairs; `None` is a window as large as the text.

    `words` holds the words of all texts, one after the other, as indices of terms, with -1 for words that are not in the
    vocabulary (they take up room in a window); text `i` is `words[text_start[i] : text_start[i + 1]]`.

    >>> windows = count_windows(np.array([0, 1, 2, 0, 1]), np.array([0, 3, 5]), [0, 1], sizes=[2])
    >>> windows.n[2], windows.together[2].tolist()
    (3, [[2, 2], [2, 3]])
    """
    chosen = np.unique(np.fromiter(terms, np.int64) if not isinstance(terms, np.ndarray) else terms)
    place = np.full(max(int(words.max(initial=-1)), int(chosen.max(initial=-1))) + 2, -1, np.int32)
    place[chosen] = np.arange(len(chosen), dtype=np.int32)
    code = place[words]  # -1 is the last of `place`, which stays -1
    start = np.asarray(text_start, np.int64)
    alone, together, n = {}, {}, {}
    for size in dict.fromkeys(sizes):
        counted, pairs = np.zeros(len(chosen), np.int64), np.zeros((len(chosen), len(chosen)), np.int32)
        n[size] = int(kernels.count_windows(code, start, np.int64(size or len(words) + 1), counted, pairs))
        alone[size], together[size] = counted, pairs + pairs.T + np.diag(counted)
    return Windows(chosen, alone, together, n)


def coherence(topics: np.ndarray, windows: Windows, measure: str) -> np.ndarray:
    """The coherence of each topic, given as rows of term indices, best first: gensim's numbers.

    `measure` is c_v, c_npmi, c_uci or u_mass with gensim's segmentation, windows and constants (Röder, Both & Hinneburg 2015).
    One term alone has no coherence: NaN.
    """
    size = WINDOWS[measure]
    if topics.shape[1] < 2:
        return np.full(len(topics), np.nan)
    rows = np.searchsorted(windows.terms, topics)
    alone = windows.alone[size][rows] / windows.n[size]
    joint = windows.together[size][rows[:, :, None], rows[:, None, :]] / windows.n[size]
    if measure == "u_mass":
        given = np.log((joint + EPSILON) / alone[:, None, :])
        later, earlier = np.tril_indices(topics.shape[1], -1)
        return given[:, later, earlier].mean(axis=1)
    ratio = np.log((joint + EPSILON) / (alone[:, :, None] * alone[:, None, :]))
    if measure != "c_uci":
        ratio = ratio / -np.log(joint + EPSILON)
    if measure != "c_v":
        return ratio[:, ~np.eye(topics.shape[1], dtype=bool)].mean(axis=1)
    whole = ratio.sum(axis=1)
    length = np.sqrt((ratio**2).sum(axis=2)) * np.sqrt((whole**2).sum(axis=1))[:, None]
    return ((ratio * whole[:, None, :]).sum(axis=2) / length).mean(axis=1)


# --- what topics have to themselves --------------------------------------------------------------------------------------


def exclusivity(model: TopicModel) -> np.ndarray:
    """How much the top ten terms of each topic are its own: the sum of their FREX at weight 0.7, as R's stm does; 0 to 10."""
    top = top_terms(model, TOP)
    return frex(model, weight=0.7, shrink=False, terms=top).sum(axis=1)


def diversity(model: TopicModel, n: int = TOP) -> float:
    """The share of different terms among the top `n` terms of all topics: 1 where no two topics share one."""
    top = top_terms(model, n)
    return len(np.unique(top)) / top.size


# --- prediction ---------------------------------------------------------------------------------------------------------


def split(matrix: sp.csr_matrix, seed: int) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Each unit's words in two halves at random, all tokens of a word in the same: what is seen and what is to be foretold.

    Whole words, since a word that an article has once it tends to have again: were its tokens in both halves, repeating
    what was seen would pass for foresight.
    """
    cells = matrix.tocsr()
    half = np.random.default_rng([seed, 3]).random(cells.nnz) < 0.5
    parts = []
    for keep in (half, ~half):
        part = cells.astype(np.float64)
        part.data = part.data * keep
        part.eliminate_zeros()
        parts.append(part)
    return parts[0], parts[1]


@dataclass(frozen=True)
class Completion:
    """How well the hidden half of held-out units was foretold from the other: log-probabilities in nats, and tokens, by article."""

    log_probability: np.ndarray  # of the hidden tokens under the model, (n_articles,)
    by_frequency: np.ndarray  # the same under the terms' frequencies in the training text alone
    n: np.ndarray  # tokens foretold

    @property
    def perplexity(self) -> tuple[float, float, float]:
        """Among how many equally probable words the model would be as uncertain, with its 95 % interval for articles such as these."""
        mean, low, high = _ratio(self.log_probability, self.n)
        return float(np.exp(-mean)), float(np.exp(-high)), float(np.exp(-low))

    @property
    def gain(self) -> tuple[float, float, float]:
        """Nats per word that the topics add to word frequencies, with its 95 % interval; 0 or less: no themes were found."""
        return _ratio(self.log_probability - self.by_frequency, self.n)


def _ratio(amount: np.ndarray, n: np.ndarray) -> tuple[float, float, float]:
    """Amount per token, and its 95 % interval by the ratio estimator over articles (t with one less than articles)."""
    amount, n = amount[n > 0], n[n > 0]
    if not len(n):
        return np.nan, np.nan, np.nan
    mean = amount.sum() / n.sum()
    if len(n) < 2:
        return float(mean), -np.inf, np.inf
    spread = np.sqrt(((amount - mean * n) ** 2).sum() * len(n) / (len(n) - 1)) / n.sum()
    reach = stdtrit(len(n) - 1, (1 + LEVEL) / 2) * spread
    return float(mean), float(mean - reach), float(mean + reach)


def complete(model: TopicModel, held_out: Counts) -> Completion:
    """Foretell half of the words of articles that the fit has not seen from the other half.

    The probability of a word is averaged over the draws of the model (probabilities, not their logs). The counts must have
    the model's terms, learned on the training articles alone. Perplexities of other vocabularies are not comparable.
    """
    if not np.array_equal(held_out.terms, model.terms):
        raise UserError("scores: the held-out articles must be counted with the terms of the model.")
    seen, hidden = split(held_out.matrix, HALVES)
    rows = np.repeat(np.arange(hidden.shape[0]), np.diff(hidden.indptr))
    probability = np.zeros(hidden.nnz)
    n_draws = 0
    for topic_term in topic_term_draws(model, MOST_DRAWS):
        gamma = infer(seen, topic_term, model.alpha, tolerance=1e-3, rounds=200)
        probability += probabilities(gamma / gamma.sum(axis=1, keepdims=True), topic_term, rows, hidden.indices)
        n_draws += 1
    frequency = (model.term_n + model.beta) / (model.term_n + model.beta).sum()
    article = held_out.unit_doc  # whose paragraphs are alike, so that they count together
    n = np.bincount(article, np.asarray(hidden.sum(axis=1)).ravel())
    by_article = [
        np.bincount(article[rows], np.log(each) * hidden.data, minlength=len(n))
        for each in (probability / n_draws, frequency[hidden.indices])
    ]
    return Completion(by_article[0], by_article[1], n)


def probabilities(shares: np.ndarray, topic_term: np.ndarray, rows: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """The probability of each term in its unit: the sum over topics of share times probability, in blocks for memory's sake."""
    found = np.empty(len(rows))
    for start in range(0, len(rows), BLOCK):
        cells = slice(start, start + BLOCK)
        found[cells] = np.einsum("ij,ji->i", shares[rows[cells]], topic_term[:, terms[cells]])
    return found


def topic_term_draws(model: TopicModel, most: int) -> Iterable[np.ndarray]:
    """The terms' probabilities in each topic, draw by draw, `most` at the most; the model's own where it has no draws."""
    n_topics, kept = model.n_topics, len(model.draws_doc)
    for i in sorted({round(place) for place in np.linspace(0, kept - 1, min(most, kept))}):
        counted = model.draws_term[i * n_topics : (i + 1) * n_topics].toarray() + model.beta
        yield counted / counted.sum(axis=1, keepdims=True)
    if not kept:
        yield model.topic_term


# --- the table ---------------------------------------------------------------------------------------------------------


def scores(model: TopicModel, windows: Windows, completion: Completion | None = None) -> pd.DataFrame:
    """SCORES of a fit: one row per measure; coherence and exclusivity are means over topics."""
    top = top_terms(model, TOP)
    values = {name: float(coherence(top, windows, name).mean()) for name in WINDOWS}
    values |= {"exclusivity": float(exclusivity(model).mean()), "diversity": diversity(model)}
    low, high = {}, {}
    if completion is not None:
        for name in ("perplexity", "gain"):
            values[name], low[name], high[name] = getattr(completion, name)
    table = {
        "n_topics": model.n_topics,
        "seed": model.seed,
        "measure": list(values),
        "value": list(values.values()),
        "better": [MEASURES[name].better for name in values],
        "low": [low.get(name, np.nan) for name in values],
        "high": [high.get(name, np.nan) for name in values],
        "unit": [MEASURES[name].unit for name in values],
    }
    return conform(pd.DataFrame(table), "scores")
