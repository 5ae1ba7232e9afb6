"""Keyness: which words mark one group of articles against another, out of the whole vocabulary, without being asked for.

The blocks (days, or weeks where successive days are alike) are the sampling unit, not the words: one article, or one day's
story, that repeats a word fifty times is one observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import logit, stdtr, stdtrit

from topics import tables
from topics.trends.periods import ordinals
from topics.trends.statistics import FEWEST_BLOCKS, LEVEL, indicator, q_values

Q = 0.05
FEWEST_ARTICLES = 5  # a term in fewer articles is not tested
FEWEST_TIMES = 3  # the blocks of a group tell how much a term varies that stands there so often or more
PRIOR_PART = 0.01  # the prior is worth this part of the words of both groups
ENOUGH_BLOCKS = 12  # blocks are as long as leaves so many in either group
TERMS_AT_ONCE = 1024
MOST_BINS, TERMS_IN_A_BIN = 8, 100  # of terms of like frequency, whose blocks' likeness is learned together
MOST_ALIKE = 0.9  # correlation of successive blocks, at most
PERMUTED_AT_ONCE = 250
PERMUTATIONS = 1999
FEWER_PERMUTATIONS = 499  # for companions, of which there are some for every name
MOST_PERMUTATIONS = 400_000
METHOD = "log-odds with informative Dirichlet prior; blocks as units; survivors confirmed by permutation of blocks"


def keyness(
    counts: sparse.spmatrix,
    terms: Sequence[str],
    group: np.ndarray,
    block: np.ndarray,
    names: tuple[str, str],
    *,
    source: np.ndarray | None = None,
    only: np.ndarray | None = None,
    seed: int = 0,
    q: float = Q,
    permutations: int = PERMUTATIONS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """KEYNESS of every term between two groups of articles, and DROPPED for the terms that are not tested.

    counts: (n_docs, n_terms); group: (n_docs,) 0, 1, or -1 (in neither); block: (n_docs,) codes; names of groups 0 and 1; source: (n_docs,)
    outlets that are held constant: a term is compared with what its outlets' own words would have given; only: the columns that are tested, if not all. One
    row a term; `group` is the one that it marks. More columns: `share` and `share_against` (of articles with the term), `p`,
    `p_permuted` (nan where the screen did not keep the term), `n_blocks`, `family`.

    Effect: difference of the log-odds of the term in the two groups (each net of what its outlets would have given), each count
    raised by its prior (the term's part of both groups, worth a hundredth of their words). Interval: limits of each group's ratio of count and expected count
    on the root scale, from its variance over the blocks of that group (linearised: Cochran 1977, 6.4; raised where successive blocks are alike; no less than
    Poisson's; none below the prior alone), put together as Zou and Donner 2008 do (Stat. Med. 27). Of a term that one group has fewer than three times the
    standard error is that of the counts times the root of the design effect of the blocks, or the effect over the statistic of the test where
    that is less (test-based interval, Miettinen 1976, Am. J. Epidemiol. 103).
    Test: difference of rates over its standard error from block totals, raised where successive blocks are alike, referred to t with Welch's degrees of freedom;
    Benjamini and Hochberg over all terms tested. What is kept is confirmed by permuting the groups of whole blocks
    (within a block, where blocks hold both groups), the statistic studentised in every permutation and pooled over
    the terms kept; the larger of the two p counts. `dispersion` is Gries' DP over the articles of the group marked, 0
    (even) to 1 (all in one article).
    Sources: Monroe, Colaresi and Quinn 2008, Political Analysis 16; Gries 2008, Int. J. Corpus Linguist. 13; Janssen 1997,
    Stat. Probab. Lett. 36 (studentised permutation).

    >>> counts = sparse.csr_matrix(np.r_[np.tile([[3, 9]], (20, 1)), np.tile([[0, 12]], (20, 1))] + np.arange(80).reshape(40, 2) % 3)
    >>> table, _ = keyness(counts, ["new", "old"], np.repeat([0, 1], 20), np.arange(40), ("early", "late"))
    >>> table.loc[0, ["group", "term"]].tolist(), bool(table.loc[0, "q"] < 0.05)
    (['early', 'new'], True)
    """
    inside = group >= 0
    counts, group = sparse.csr_matrix(counts)[inside].astype(float), np.asarray(group)[inside]
    block = np.unique(np.asarray(block)[inside], return_inverse=True)[1]
    outlet = np.zeros(len(group), dtype=int) if source is None else pd.factorize(np.asarray(source)[inside])[0]
    blocks = [len(np.unique(block[group == side])) for side in (0, 1)]
    with_term = np.stack([counts[group == side].getnnz(axis=0) for side in (0, 1)])
    tested = np.flatnonzero(with_term.sum(axis=0) >= FEWEST_ARTICLES)
    tested = tested if only is None else np.intersect1d(tested, only)
    missing = _not_tested(terms, with_term, tested, blocks)
    if min(blocks) < FEWEST_BLOCKS or not len(tested):
        return tables.empty("keyness"), missing
    words = np.asarray(counts.sum(axis=1)).ravel()
    counts = counts[:, tested]
    cells = _cells(counts, words, group, block, outlet)
    screen = [studentised(cells, cells["side"][None, :], part) for part in _parts(len(tested))]
    z, df, effect = (np.concatenate(arrays, axis=1)[0] for arrays in zip(*screen, strict=True))
    inflation = serial_inflation(cells)
    z = z / np.sqrt(inflation)
    p = 2 * stdtr(df, -np.abs(z))
    kept = np.flatnonzero(q_values(p) <= q)
    permuted = np.full(len(p), np.nan)
    permuted[kept] = _permuted_p(
        cells, kept, z[kept], _draws(len(kept), len(tested), q, permutations), np.random.default_rng(seed)
    )
    p = np.fmax(p, permuted)
    table = _effects(counts, words, group, cells, z, (effect * inflation, inflation), df, names)
    table["term"] = np.asarray(terms, dtype=object)[tested]
    table["p"], table["p_permuted"], table["q"] = p, permuted, q_values(p)
    table["n_blocks"], table["method"], table["family"] = sum(blocks), METHOD, f"{len(tested)} terms tested together"
    alike = np.round(np.log(np.maximum(p, 1e-300)), 9)  # but for rounding, which depends on the kind of processor
    return tables.conform(table.iloc[np.lexsort((table["term"], alike))], "keyness"), missing


def sentence_terms(spans: pd.DataFrame, n_terms: int) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Which terms stand in which sentences, (n_sentences, n_terms) of ones, and the article of each sentence.

    spans: `doc, sentence, name` of every place; name: a column, or -1 for a place of no term.
    """
    named = spans["name"].to_numpy() >= 0
    doc, sentence, name = (spans[column].to_numpy()[named].astype("int64") for column in ("doc", "sentence", "name"))
    unit, row = np.unique(doc << 32 | sentence, return_inverse=True)
    matrix = sparse.csr_matrix((np.ones(len(row)), (row, name)), (len(unit), n_terms))
    matrix.data[:] = 1.0
    return matrix, unit >> 32


def companions(
    sentences: sparse.csr_matrix,
    doc: np.ndarray,
    terms: Sequence[str],
    concept: int,
    *,
    half: np.ndarray | None = None,
    block: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """KEYNESS of the terms in a concept's sentences, against the other sentences of the same articles; and how that changes.

    sentences, doc: of `sentence_terms`; concept: a column. Tested are the terms in five or more of its sentences; a term counts once a
    sentence; articles are the blocks. With `half` (n_docs: 0 early, 1 late, -1 neither) and
    `block` (of time, n_docs) also the concept's own sentences late against early. The concept itself is left out.

    >>> n, rng = 40, np.random.default_rng(1)
    >>> name = np.stack([np.zeros(n), rng.choice([1, 1, 1, 2], n), rng.choice([2, 3, 3], n), rng.choice([1, 2, 3], n)], axis=1)
    >>> spans = pd.DataFrame({"doc": np.repeat(np.arange(n), 4), "sentence": np.tile([0, 0, 1, 1], n), "name": name.ravel().astype(int)})
    >>> table = companions(*sentence_terms(spans, 4), ["city", "smart", "tax", "law"], 0).set_index("term")
    >>> table.loc["smart", "group"]
    'sentences with city'
    """
    with_it = sentences[:, [concept]].toarray()[:, 0] > 0
    near = np.isin(doc, doc[with_it])
    only = np.flatnonzero(sentences[with_it].getnnz(axis=0) >= FEWEST_ARTICLES)
    more: dict[str, Any] = {"only": only[only != concept], "seed": seed, "permutations": FEWER_PERMUTATIONS}
    matrix, unit, with_it = sentences[near], doc[near], with_it[near]
    sides = (f"sentences with {terms[concept]}", "other sentences of the same articles")
    found = [keyness(matrix, terms, np.where(with_it, 0, 1), unit, sides, **more)[0]]
    if half is not None and block is not None:
        sides = (f"early sentences with {terms[concept]}", f"late sentences with {terms[concept]}")
        found.append(keyness(matrix, terms, np.where(with_it, half[unit], -1), block[unit], sides, **more)[0])
    return pd.concat([table for table in found if len(table)] or found[:1], ignore_index=True)


def halves(placed: pd.DataFrame, dates: pd.Series) -> np.ndarray:
    """0 for the earlier half of the dated articles, 1 for the later, -1 without a date; a day is not split: (n_docs,).

    >>> halves(pd.DataFrame({"ordinal": [1, 2, 2, 3, -1]}), pd.Series(["2018-01", "2018-02", "2018-02", "2018-03", ""])).tolist()
    [0, 1, 1, 1, -1]
    """
    inside = (placed["ordinal"] >= 0).to_numpy()
    text = dates.fillna("").astype(str).to_numpy()
    days, n = np.unique(text[inside], return_counts=True)
    early = days[: int(np.abs(np.cumsum(n) - n.sum() / 2).argmin()) + 1] if len(days) > 1 else days
    return np.where(inside, np.where(np.isin(text, early), 0, 1), -1)


def time_blocks(placed: pd.DataFrame, dates: pd.Series, group: np.ndarray) -> tuple[np.ndarray, str]:
    """Blocks of time for `keyness` as codes (n_docs,), and their length in words.

    The longest of year, quarter, month, week and day that leaves 12 blocks in either group, so that what runs for some
    time counts once; if none does, the day. `dates`: ISO text in the order of `placed`. An article whose date is too coarse is
    a block of its own.
    """
    alone, dates = -1 - np.arange(len(placed)), dates.fillna("").astype(str)
    for length in ("year", "quarter", "month", "week", "day"):
        fine = dates.str.len().to_numpy() >= {"year": 4, "quarter": 7, "month": 7}.get(length, 10)
        block = alone.copy()
        block[fine] = ordinals(dates[fine], length)
        if length == "day" or min(len(np.unique(block[(group == side) & fine])) for side in (0, 1)) >= ENOUGH_BLOCKS:
            break
    return block, length


def _parts(n_terms: int) -> list[np.ndarray]:
    return [np.arange(start, min(start + TERMS_AT_ONCE, n_terms)) for start in range(0, n_terms, TERMS_AT_ONCE)]


def _not_tested(terms: Sequence[str], with_term: np.ndarray, tested: np.ndarray, blocks: list[int]) -> pd.DataFrame:
    """DROPPED: every term that is not tested and why."""
    if min(blocks) < FEWEST_BLOCKS:
        reason = (
            f"the smaller group has {min(blocks)} block{'s' * (min(blocks) != 1)} of time; a test needs {FEWEST_BLOCKS}"
        )
        return tables.dropped([("keyness", "vocabulary", "", reason, len(terms))])
    rare = np.setdiff1d(np.arange(len(terms)), tested)
    reason = f"in fewer than {FEWEST_ARTICLES} articles of both groups"
    return tables.dropped(("keyness", "term", str(terms[i]), reason, int(with_term[:, i].sum())) for i in rare)


def _cells(
    counts: sparse.csr_matrix, words: np.ndarray, group: np.ndarray, block: np.ndarray, outlet: np.ndarray
) -> dict[str, Any]:
    """Totals of the cells of block and group: a cell is what moves as a whole when groups are permuted.

    `counts` (n_cells, n_terms); `words`, `side` (n_cells,); `part` (n_terms,) of all words; `outlet_words` (n_cells, n_outlets) and `outlet_part`
    (n_outlets, n_terms), whose product is expected; `pairs` (n_pairs, 2): the two cells of the blocks that hold both groups.
    """
    cell, of = np.unique(np.stack([block, group]), axis=1, return_inverse=True)
    totals = indicator(of, cell.shape[1]) @ counts
    by_outlet = indicator(outlet, outlet.max() + 1)
    outlet_total = np.maximum(by_outlet @ words, 1)[:, None]
    first = np.flatnonzero(cell[0, 1:] == cell[0, :-1])
    return {
        "counts": totals,
        "words": np.bincount(of, weights=words),
        "side": cell[1],
        "part": np.asarray(counts.sum(axis=0)).ravel() / words.sum(),
        "outlet_words": (
            indicator(of, cell.shape[1]) @ sparse.csr_matrix(by_outlet.T.multiply(words[:, None]))
        ).toarray(),
        "outlet_part": (by_outlet @ counts).toarray() / outlet_total,
        "pairs": np.stack([first, first + 1], axis=1),
    }


def studentised(
    cells: dict[str, Any], side: np.ndarray, terms: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Difference of rates over its standard error, Welch's degrees of freedom, and the design effect: (n_draws, n_terms).

    side: (n_draws, n_cells) the group of each cell in each draw. Law: with residuals r = count - expected of the words of each outlet, a block
    adds h = r_0 / words_0 - r_1 / words_1; the difference is the sum of h, its variance the sum over the kinds of blocks
    (group 0, group 1, both) of B / (B - 1) times the sum of squares of h about its mean in that kind.
    """
    residual = _residual(cells, slice(None), terms)
    words = np.maximum(np.stack([(side == group) @ cells["words"] for group in (0, 1)]), 1)
    factor = np.where(side == 0, 1 / words[0][:, None], -1 / words[1][:, None])
    left, right = cells["pairs"].T
    alone = np.ones(len(residual))
    alone[cells["pairs"]] = 0.0
    kinds = [
        (n, (factor * mask) @ residual, (factor * mask) ** 2 @ residual**2)
        for mask in (alone * (side == 0), alone * (side == 1))
        for n in [mask.sum(axis=1)[:, None]]
    ]
    both, squares = factor * (1 - alone), 2 * (factor[:, left] * factor[:, right]) @ (residual[left] * residual[right])
    kinds.append((np.full((len(side), 1), len(left)), both @ residual, both**2 @ residual**2 + squares))
    total, variance, fourth = (np.zeros((len(side), len(terms))) for _ in range(3))
    for n, added, squared in kinds:
        total += added
        spread = np.where(
            n > 1, n / np.maximum(n - 1, 1) * np.maximum(squared - added**2 / np.maximum(n, 1), 0), squared
        )
        variance += spread
        fourth += spread**2 / np.maximum(n - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        poisson = cells["part"][terms] * (1 / words[0] + 1 / words[1])[:, None]
        z = np.where(np.abs(total) > 1e-12, total / np.sqrt(variance), 0.0)
        return z, np.where(fourth > 0, variance**2 / fourth, 1.0), np.maximum(variance / poisson, 1.0)


def serial_inflation(cells: dict[str, Any]) -> np.ndarray:
    """By how much the variance of a sum of blocks is larger than that of independent ones, as successive blocks are alike: (n_terms,), 1 or more.

    Law: 1 + 2 sum over lags k of (1 - k / B) r^k, with r the correlation of a term's successive blocks of one group (their
    order is that of the codes), averaged over terms of like frequency and freed of its bias -1 / B; 1 where r is below 0.
    """
    frequency = np.argsort(np.argsort(cells["part"], kind="stable"))
    n_bins = max(1, min(MOST_BINS, len(frequency) // TERMS_IN_A_BIN))
    bins = frequency * n_bins // len(frequency)
    together, apart, n_blocks = np.zeros(n_bins), np.zeros(n_bins), []
    alone = np.setdiff1d(np.arange(len(cells["side"])), cells["pairs"].ravel())
    for rows in (alone[cells["side"][alone] == side] for side in (0, 1)):
        if len(rows) < FEWEST_BLOCKS:
            continue
        n_blocks.append(len(rows))
        for part in _parts(len(frequency)):
            residual = _residual(cells, rows, part)
            residual = residual - residual.mean(axis=0)
            spread = (residual**2).sum(axis=0)
            alike = (residual[1:] * residual[:-1]).sum(axis=0) / np.maximum(spread, 1e-12) + 1 / len(rows)
            together += np.bincount(bins[part], weights=np.where(spread > 0, alike, 0.0), minlength=n_bins)
            apart += np.bincount(bins[part], weights=spread > 0, minlength=n_bins)
    if not n_blocks:
        return np.ones(len(frequency))
    lag, few = np.arange(1, min(n_blocks))[:, None], min(n_blocks)
    r = np.clip(together / np.maximum(apart, 1), 0, MOST_ALIKE)
    return (1 + 2 * ((1 - lag / few) * r**lag).sum(axis=0))[bins]


def _residual(cells: dict[str, Any], rows: Any, terms: np.ndarray) -> np.ndarray:
    """Count of each cell less what the words of its outlets would give: (n_rows, n_terms)."""
    expected = cells["outlet_words"][rows] @ cells["outlet_part"][:, terms]
    return cells["counts"][rows][:, terms].toarray() - expected


def _draws(n_kept: int, n_tested: int, q: float, least: int) -> int:
    """So many permutations that the terms kept can reach the first threshold of the whole family, within reason."""
    return int(min(max(least, np.ceil(2 * n_tested / q / max(n_kept, 1) ** 2)), MOST_PERMUTATIONS))


def _permuted_p(
    cells: dict[str, Any], kept: np.ndarray, z: np.ndarray, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """p of each kept term among the statistics of all kept terms under permuted groups (both the term's own and pooled)."""
    if not len(kept):
        return np.zeros(0)
    paired = cells["pairs"].ravel()
    alone = np.setdiff1d(np.arange(len(cells["side"])), paired)
    own, pooled, n_pooled = np.zeros(len(kept)), np.zeros(len(kept)), 0
    reached = np.abs(z) * (1 - 1e-9)  # a draw that is the same but for rounding counts, on every processor
    order = np.argsort(reached)
    for start in range(0, draws, PERMUTED_AT_ONCE):
        n = min(PERMUTED_AT_ONCE, draws - start)
        side = np.tile(cells["side"], (n, 1))
        side[:, alone] = rng.permuted(side[:, alone], axis=1)
        flip = rng.integers(0, 2, size=(n, len(cells["pairs"]))).repeat(2, axis=1)
        side[:, paired] = np.where(flip, 1 - side[:, paired], side[:, paired])
        drawn = np.abs(studentised(cells, side, kept)[0])
        own += (drawn >= reached).sum(axis=0)
        above = drawn.size - np.searchsorted(np.sort(drawn, axis=None), reached[order])
        pooled[order] += above
        n_pooled += drawn.size
    own, pooled = (1 + own) / (1 + draws), (1 + pooled) / (1 + n_pooled)
    return np.where(own > 2 / (1 + draws), own, pooled)


def _effects(
    counts: sparse.csr_matrix,
    words: np.ndarray,
    group: np.ndarray,
    cells: dict[str, Any],
    z: np.ndarray,
    inflations: tuple[np.ndarray, np.ndarray],
    df: np.ndarray,
    names: tuple[str, str],
) -> pd.DataFrame:
    """Log-odds with intervals, numbers and dispersion, from the side of the group in which the term is the more frequent; inflations of variance by blocks
    beside independent words, and by successive blocks beside independent ones.
    """
    sides = [counts[group == side].tocsr() for side in (0, 1)]
    number = np.stack([np.asarray(side.sum(axis=0)).ravel() for side in sides])
    n_docs = np.stack([side.getnnz(axis=0) for side in sides])
    dispersion = np.stack([gries_dp(counts, words[group == side]) for side, counts in enumerate(sides)])
    words = np.bincount(group, weights=words)[:, None]
    prior = PRIOR_PART * words.sum()
    raised = number + prior * cells["part"]
    expected = (
        np.stack([cells["outlet_words"][cells["side"] == side].sum(axis=0) for side in (0, 1)]) @ cells["outlet_part"]
    )
    expected = np.clip(expected + prior * cells["part"], 1e-9, words + prior - 1e-9)
    log_odds = logit(raised / (words + prior)) - logit(expected / (words + prior))
    difference = log_odds[0] - log_odds[1]
    reach = _reach(cells, number, raised, difference, z, inflations, stdtrit(df, 0.5 + LEVEL / 2))
    marked = np.where(difference >= 0, 0, 1)
    column = np.arange(counts.shape[1])
    docs = np.array([side.shape[0] for side in sides])
    return pd.DataFrame(
        {
            "group": np.asarray(names, dtype=object)[marked],
            "against": np.asarray(names, dtype=object)[1 - marked],
            "n": number[marked, column].astype("int64"),
            "n_docs": n_docs[marked, column],
            "log_odds": np.abs(difference),
            "low": np.abs(difference) - reach[marked, column],
            "high": np.abs(difference) + reach[1 - marked, column],
            "level": LEVEL,
            "dispersion": dispersion[marked, column],
            "share": n_docs[marked, column] / docs[marked],
            "share_against": n_docs[1 - marked, column] / docs[1 - marked],
        }
    )


def _reach(
    cells: dict[str, Any],
    number: np.ndarray,
    raised: np.ndarray,
    difference: np.ndarray,
    z: np.ndarray,
    inflations: tuple[np.ndarray, np.ndarray],
    t: np.ndarray,
) -> np.ndarray:
    """How far an interval lies below a difference seen from either group, which is how far it lies above it seen from the other: (2, n_terms)."""
    poisson = 1 / raised
    half = t * np.sqrt(np.maximum(inflations[1] * _log_variances(cells), poisson)) / 2
    above, below = 2 * np.log1p(half), -2 * np.log(np.maximum(1 - half, np.sqrt(1 - number / raised)))
    of_test = np.abs(difference) / np.maximum(np.abs(z), 1e-9)
    of_few = t * np.minimum(np.sqrt(inflations[0] * poisson.sum(axis=0)), of_test)
    return np.where(number.min(axis=0) < FEWEST_TIMES, of_few, np.hypot(below, above[::-1]))


def _log_variances(cells: dict[str, Any]) -> np.ndarray:
    """Variance of each group's log of count over expected count, from its blocks: (2, n_terms).

    Law: B / (B - 1) times the sum over the group's B blocks of ((y - R e) / y_g)^2, with R = y_g / e_g the ratio of the group's totals. Unlike the variance under
    the hypothesis that nothing differs (`studentised`) it lets each group vary in its own way about its own rate.
    """
    variances = []
    for part in _parts(cells["counts"].shape[1]):
        count, expected = cells["counts"][:, part].toarray(), cells["outlet_words"] @ cells["outlet_part"][:, part]
        of_part = []
        for group in (0, 1):
            y, e = (cell[cells["side"] == group] for cell in (count, expected))
            total = np.maximum(y.sum(axis=0), 1e-9)
            added = (y - total / np.maximum(e.sum(axis=0), 1e-9) * e) / total
            of_part.append(len(y) / max(len(y) - 1, 1) * (added**2).sum(axis=0))
        variances.append(np.stack(of_part))
    return np.concatenate(variances, axis=1)


def gries_dp(counts: sparse.spmatrix, words: np.ndarray | None = None) -> np.ndarray:
    """Gries' deviation of proportions of each term over the articles: 0 where it is spread as the words are, near 1 where one has all.

    Law: half the sum over articles of |part of the term's places - part of the words|, divided by 1 - the smallest part of the
    words (so that 1 can be reached). nan for a term that stands nowhere. Source: Gries 2008; Lijffijt and Gries 2012, same journal, 17.

    >>> gries_dp(sparse.csr_matrix([[1, 4, 0], [1, 0, 0], [1, 0, 1]])).round(3).tolist()
    [0.333, 0.429, 0.857]
    """
    counts = sparse.csr_matrix(counts).astype(float)
    words = np.asarray(counts.sum(axis=1)).ravel() if words is None else words
    part = words / max(words.sum(), 1)
    total = np.asarray(counts.sum(axis=0)).ravel()
    entries = counts.tocoo()
    gap = np.abs(entries.data / total[entries.col] - part[entries.row]) - part[entries.row]
    summed = 1 + np.bincount(entries.col, weights=gap, minlength=counts.shape[1])
    smallest = part[part > 0].min() if (part > 0).any() else 0.0
    return np.where(total > 0, summed / 2 / max(1 - smallest, 1e-12), np.nan)
