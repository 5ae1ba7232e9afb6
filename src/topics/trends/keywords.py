"""Keywords and concepts over time: how many articles mention them, how often, and whether that moves.

Everything rests on one matrix of mentions, (n_docs, n_names): how often each name stands in each article, rows in the order
of `periods.place`. The article is the unit that is sampled, since words clump: an article that says a thing fifty times
mentions it once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import ndtri

from topics import tables
from topics.trends.periods import positions
from topics.trends.prevalence import FEWEST_BLOCKS, clusters, outlet_cells, shares, trends_of
from topics.trends.statistics import LEVEL, MOVED, block_weights, indicator, wilson

MIX_PRESENT = 0.8  # part of the fixed mix of sources that must be present for a standardised share

FEWEST_AT_PEAK = 5  # articles that mention a name in the period in which it is said to have been highest
FEW_PERIODS = 24  # under so many the test errs more than stated where shocks last long (METHODS.md)
FIXED_MIX = "(fixed mix)"
MIX_CHANGED = "their mix of outlets changed"
TOLD = 0.05  # largest p of the articles as collected at which it is said how they move
SHARE, RATE = "share of articles", "mentions per 10,000 words"


def keyword_series(
    placed: pd.DataFrame,
    periods: pd.DataFrame,
    length: str,
    mentions: sparse.spmatrix,
    names: Sequence[str],
    kinds: Sequence[str],
    *,
    seed: int = 0,
    totals: pd.DataFrame | None = None,
    draws: int = 999,
) -> pd.DataFrame:
    """SERIES: for each name and period the share of articles that mention it and its rate per 10,000 words.

    One row a name, period, unit and composition: all articles (`source` ""), each outlet (its name), and a fixed mix of
    outlets (`(fixed mix)`). More columns: `n_mentioning` (articles), `n_mentions`, `partial`, `note` (why there is no interval).
    Shares have Wilson's interval on the effective number of articles; rates a bootstrap of days within sources. Periods
    without articles are rows without estimate, so that a gap stays a gap.
    """
    mentions = sparse.csr_matrix(mentions).astype(float)
    frames = []
    every = {"": np.ones(len(placed), dtype=bool)}
    outlets = sorted(placed.loc[placed["ordinal"] >= 0, "source"].unique())
    if len(outlets) > 1:
        every |= {outlet: (placed["source"] == outlet).to_numpy() for outlet in outlets}
    for source, rows in every.items():
        part, there = placed[rows], mentions[rows]
        share, n, effect = shares(there > 0, part, periods, length)
        counted = None if totals is None or source else totals.sum(axis=1).to_numpy()
        frames.append(_share_rows(part, periods, there, share, n, effect[-1], counted).assign(source=source))
        if source == "":
            frames.append(_rate_rows(part, periods, there, effect, draws, seed).assign(source=source))
    if len(outlets) > 1:
        frames.append(_fixed_mix(placed, periods, length, mentions, outlets).assign(source=FIXED_MIX))
    table = pd.concat(frames, ignore_index=True)
    column = table.pop("column").to_numpy()
    table["name"], table["kind"] = np.asarray(names, dtype=object)[column], np.asarray(kinds, dtype=object)[column]
    table["n_topics"] = pd.array([pd.NA] * len(table), dtype="Int64")
    table["level"] = LEVEL
    return tables.conform(table, "series")


def _frame(periods: pd.DataFrame, n_names: int, **arrays: np.ndarray) -> pd.DataFrame:
    """A table of one row a name and period from arrays (n_periods, n_names) or (n_periods,)."""
    n_periods = len(periods)
    table = {
        "column": np.repeat(np.arange(n_names), n_periods),
        "period": np.tile(periods["period"].to_numpy(dtype=object), n_names),
        "partial": np.tile(periods["partial"].to_numpy(dtype=bool), n_names),
    }
    for name, array in arrays.items():
        array = np.broadcast_to(array[:, None] if array.ndim == 1 else array, (n_periods, n_names))
        table[name] = array.T.ravel()
    return pd.DataFrame(table)


def _sums(part: pd.DataFrame, periods: pd.DataFrame, values: sparse.csr_matrix) -> np.ndarray:
    """Sums of the values (n_docs, n_names) over the articles of each period: (n_periods, n_names)."""
    position = positions(part, periods)
    rows = np.flatnonzero(position >= 0)
    in_period = sparse.csr_matrix((np.ones(len(rows)), (position[rows], rows)), (len(periods), len(part)))
    return np.asarray((in_period @ values).todense())


def _share_rows(
    part: pd.DataFrame,
    periods: pd.DataFrame,
    mentions: sparse.csr_matrix,
    share: np.ndarray,
    n: np.ndarray,
    effect: np.ndarray,
    totals: np.ndarray | None,
) -> pd.DataFrame:
    one = sparse.csr_matrix(np.ones((len(part), 1)))
    words = sparse.csr_matrix(part["n_words"].to_numpy(dtype=float)[:, None])
    n_docs, n_words = _sums(part, periods, one)[:, 0], _sums(part, periods, words)[:, 0]
    mentioning = _sums(part, periods, mentions > 0)
    if totals is not None:
        share, n = mentioning / np.maximum(totals, 1)[:, None], totals[:, None] / effect
    low, high = wilson(share, n)
    table = _frame(
        periods,
        mentions.shape[1],
        n_docs=n_docs.astype("int64"),
        n_words=n_words.astype("int64"),
        estimate=share,
        low=low,
        high=high,
        n_mentioning=mentioning.astype("int64"),
        n_mentions=_sums(part, periods, mentions).astype("int64"),
    )
    return table.assign(
        unit=SHARE if totals is None else "share of all articles published",
        method="Wilson on the effective number of articles",
        note=np.where(table["n_docs"] == 0, "no articles in this period", ""),
    )


def _rate_rows(
    part: pd.DataFrame, periods: pd.DataFrame, mentions: sparse.csr_matrix, effects: np.ndarray, draws: int, seed: int
) -> pd.DataFrame:
    ordinal, words = part["ordinal"].to_numpy(), part["n_words"].to_numpy(dtype=float)
    shape = (len(periods), mentions.shape[1])
    n_docs, n_words, n_blocks = (np.zeros(len(periods), dtype="int64") for _ in range(3))
    rate, variance, mentioning, number = (np.full(shape, np.nan) for _ in range(4))
    for i, period in enumerate(periods["ordinal"]):
        here = np.flatnonzero(ordinal == period)
        counts = mentions[here]
        mentioning[i], number[i] = counts.getnnz(axis=0), np.asarray(counts.sum(axis=0)).ravel()
        n_docs[i], n_words[i] = len(here), words[here].sum()
        if n_words[i]:
            inside = part.iloc[here]
            code = clusters(inside, "day")[0]
            block, first = np.unique(code, return_index=True)
            stratum = pd.factorize(inside["source"].to_numpy()[first])[0]
            n_blocks[i] = len(block)
            rate[i] = 1e4 * number[i] / n_words[i]
            if len(block) >= FEWEST_BLOCKS:
                total = indicator(code, len(block)) @ counts
                weight = block_weights(stratum, draws, np.random.default_rng([seed, int(period)]))
                drawn = 1e4 * (weight @ total.toarray()) / (weight @ np.bincount(code, weights=words[here]))[:, None]
                variance[i] = drawn.var(axis=0) * effects[-1, i] / effects[0, i]
    low, high = rate_interval(rate, variance, n_words)
    table = _frame(
        periods,
        mentions.shape[1],
        n_docs=n_docs,
        n_words=n_words,
        estimate=rate,
        low=low,
        high=high,
        n_mentioning=mentioning.astype("int64"),
        n_mentions=number.astype("int64"),
        n_blocks=n_blocks,
    )
    few = table.pop("n_blocks") < FEWEST_BLOCKS
    notes = ["no articles in this period", f"fewer than {FEWEST_BLOCKS} blocks: no interval"]
    note = np.select([table["n_docs"] == 0, few], notes, "")
    return table.assign(unit=RATE, method="score interval, variance by bootstrap of days within sources", note=note)


def rate_interval(rate: np.ndarray, variance: np.ndarray, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the score intervals of rates per 10,000 words, (n_periods, n_names), from their bootstrap variances.

    Law: the variance of a rate r is taken as k r 10,000 / words, with k, how much mentions clump, pooled over the periods of a name
    (not below 1, Poisson's); the ends are the r with |estimate - r| = z sqrt(k r 10,000 / words), so that few mentions, or none,
    still have an upper end above what was seen. nan where the variance is.

    >>> low, high = rate_interval(np.array([[2.0]]), np.array([[0.5]]), np.array([40_000]))
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([[1.01]], [[3.95]])
    """
    known = np.isfinite(variance)
    each = 1e4 / np.maximum(words, 1)[:, None]
    expected = (np.nan_to_num(rate) * known).sum(axis=0)
    clump = (np.where(known, variance, 0.0) / each).sum(axis=0) / np.maximum(expected, 1e-12)
    z2 = ndtri(0.5 + LEVEL / 2) ** 2
    scale = np.maximum(clump, 1.0) * each * z2
    half = np.sqrt(np.nan_to_num(rate) * scale + scale**2 / 4)
    low, high = (np.where(known, np.maximum(rate + scale / 2 + sign * half, 0), np.nan) for sign in (-1, 1))
    return low, high


def _fixed_mix(
    placed: pd.DataFrame, periods: pd.DataFrame, length: str, mentions: sparse.csr_matrix, outlets: list[str]
) -> pd.DataFrame:
    """Shares as they would be if every period had the sources in the proportions of the whole span."""
    share, n = fixed_mix(placed, periods, length, mentions, outlets)
    low, high = wilson(share, n)
    n_docs = periods["n_docs"].to_numpy()
    table = _frame(
        periods,
        mentions.shape[1],
        n_docs=n_docs,
        n_words=periods["n_words"].to_numpy(),
        estimate=share,
        low=low,
        high=high,
    )
    absent = f"outlets that make up more than {100 * (1 - MIX_PRESENT):.0f} % of the articles have none in this period"
    return table.assign(
        unit=SHARE,
        method="standardised to the mix of outlets of the whole span; Wilson on the effective number of articles",
        note=np.where(np.isnan(table["estimate"]), absent, ""),
    )


def fixed_mix(
    placed: pd.DataFrame, periods: pd.DataFrame, length: str, mentions: sparse.csr_matrix, outlets: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Standardised shares and the effective number of articles behind them, both (n_periods, n_names).

    Law: share = sum over outlets of (its part of all articles) x (its share in the period), over the outlets present,
    nan where these make up less than four fifths; its variance is the sum of the squared parts times their variances.
    """
    inside = placed[placed["ordinal"] >= 0]
    part_of_all = inside["source"].value_counts(normalize=True).reindex(outlets).to_numpy()
    present = np.zeros((len(periods), 1))
    total, smoothed, variance = (np.zeros((len(periods), mentions.shape[1])) for _ in range(3))
    for outlet, part in zip(outlets, part_of_all, strict=True):
        rows = (placed["source"] == outlet).to_numpy()
        share, n, _ = shares(mentions[rows] > 0, placed[rows], periods, length)
        smooth = (np.nan_to_num(share * n) + 0.5) / (n + 1)  # an outlet's 0 of 3 does not count as certain
        there = part * (n[:, :1] > 0)
        present, total, smoothed = present + there, total + there * np.nan_to_num(share), smoothed + there * smooth
        variance = variance + np.where(there > 0, there**2 * smooth * (1 - smooth) / np.where(n > 0, n, 1), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share, middle = total / present, smoothed / present
        n = np.minimum(middle * (1 - middle) * present**2 / variance, periods["n_docs"].to_numpy()[:, None])
    known = present >= MIX_PRESENT - 1e-9
    return np.where(known, share, np.nan), np.where(known, n, 0.0)


def keyword_trends(
    placed: pd.DataFrame,
    periods: pd.DataFrame,
    length: str,
    mentions: sparse.spmatrix,
    names: Sequence[str],
    kinds: Sequence[str],
    *,
    withheld: Mapping[str, str] | None = None,
    totals: pd.DataFrame | None = None,
    seasons: Mapping[str, list[tuple[str, str]]] | None = None,
) -> pd.DataFrame:
    """TRENDS: for each name the slope of the log-odds that an article mentions it; see `trends_of` for columns and rules.

    `withheld` gives names whose trend may not be shown, with the sentence that says why (see `searched_for`).
    """
    mentions = sparse.csr_matrix(mentions) > 0
    share, n, effects = shares(mentions, placed, periods, length)
    mentioning = _sums(placed, periods, mentions)
    if totals is not None:
        published = np.maximum(totals.sum(axis=1).to_numpy()[:, None], 1)
        share, n = mentioning / published, published / effects[-1]
        periods = periods.assign(n_docs=published)
    cells = outlet_cells(mentions, placed, periods, n, totals) if len(periods) else None
    table = trends_of(
        share, n, periods, length, names, kinds, mentioning=mentioning, withheld=withheld, seasons=seasons, cells=cells
    )
    clear = peaks_stand_clear(share, n, mentioning, periods["period"].tolist(), table["peak"].tolist())
    return table.assign(peak=table["peak"].where(clear, ""), peak_share=table["peak_share"].where(clear))


def peaks_stand_clear(
    share: np.ndarray, n: np.ndarray, mentioning: np.ndarray, periods: Sequence[str], peaks: Sequence[str]
) -> np.ndarray:
    """Whether each name's highest period is more than the highest of many by chance; share, n, mentioning: (n_periods, n_names).

    Law: five articles mention it there, and the low end of the interval there, of level 1 - .05 / (periods with articles), lies above the
    share of all other periods together.

    >>> said = np.array([[1, 9], [0, 2], [0, 1], [0, 2]])
    >>> peaks_stand_clear(said / 20, np.full((4, 2), 20.0), said, ["2018", "2019", "2020", "2021"], ["2018", "2018"]).tolist()
    [False, True]
    """
    clear = np.zeros(len(peaks), dtype=bool)
    for name, peak in enumerate(peaks):
        if peak not in periods:
            continue
        at, weight = periods.index(peak), np.nan_to_num(n[:, name])
        rest = np.where(np.arange(len(periods)) == at, 0, weight)
        others = (rest * np.nan_to_num(share[:, name])).sum() / max(rest.sum(), 1e-12)
        low = wilson(share[at, name], n[at, name], 1 - (1 - LEVEL) / max(1, (weight > 0).sum()))[0]
        clear[name] = mentioning[at, name] >= FEWEST_AT_PEAK and low > others
    return clear


def findings(trends: pd.DataFrame, q: float = MOVED) -> pd.DataFrame:
    """What rose, what fell, and what cannot be said and why: one row a name of TRENDS, sturdiest first.

    Columns: kind, name, verdict ("rose", "fell", "cannot say"), sentence. A name rose or fell only if its q is at most `q`. All else cannot be said,
    and the sentence says why; where the articles as collected move otherwise than the outlets do, it says that too.
    """
    rows = []
    for row in trends.itertuples(index=False):
        verdict, sentence = _finding(row, q)
        rows.append((row.kind, row.name, verdict, sentence, verdict == "cannot say", row.p))
    table = pd.DataFrame(rows, columns=["kind", "name", "verdict", "sentence", "unsaid", "p"])
    return table.sort_values(["unsaid", "p", "name"], ignore_index=True).drop(columns=["unsaid", "p"])


def _finding(row: Any, q: float) -> tuple[str, str]:
    length = row.unit.rsplit(" ", 1)[-1]
    what = "Topic" if row.kind == "topic" else "Mention of"
    if row.note:
        most = f" It was highest in {row.peak}, {_percent(row.peak_share)}." if row.peak else ""
        return "cannot say", f"{what} {row.name}: {row.note}{most}"
    shares = f"{_percent(row.start)} of articles in {row.first}, {_percent(row.end)} in {row.last}, on the fitted line"
    if row.raw_slope != row.slope:
        shares += ", at the outlets’ mix of the whole span"
    if row.kind == "topic":
        shares = shares.replace("of articles", "of an article’s counted words")
    direction = "rose" if row.slope > 0 else "fell"
    few = f" In so few {length}s a slow swing could look the same." if row.n_periods < FEW_PERIODS else ""
    mix = _composition(row, length)
    if row.q > q:
        return "cannot say", (
            f"{what} {row.name}: no trend can be told from chance among the {row.n_family} {'topics' if row.kind == 'topic' else 'names'} tested over {row.n_periods} {length}s ({shares}; {_odds(row.slope, row.low, row.high, length)}).{mix}"
        )
    odds = _odds(row.slope, row.selected_low, row.selected_high, length, "95 % after selection")
    return direction, f"{what} {row.name} {direction}: {shares}; {odds}, over {row.n_periods} {length}s.{few}{mix}"


def _odds(slope: float, low: float, high: float, length: str, level: str = "95 %") -> str:
    return f"odds times {np.exp(slope):.3f} a {length}, {level} {np.exp(low):.3f} to {np.exp(high):.3f}"


def _composition(row: Any, length: str) -> str:
    """A word where the articles as collected move otherwise than their outlets do, and no chance explains it."""
    if row.low <= row.raw_slope <= row.high or row.raw_p > TOLD:
        return ""
    return (
        f" In the articles as collected the odds change by {np.exp(row.raw_slope):.3f} a {length}, since {MIX_CHANGED}."
    )


def _percent(share: float) -> str:
    """A share in words a page can use.

    >>> _percent(0.1234), _percent(0.0042), _percent(0.00004)
    ('12 %', '0.4 %', 'under 0.1 %')
    """
    if share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"


def searched_for(names: Mapping[str, Sequence[str]], collection: Mapping[str, Any]) -> dict[str, str]:
    """Names that the articles were found by, each with the sentence that withholds its trend.

    names: a name and the words that count as it. Whole words are compared, without regard to case; `*` on either side is any part of a word.

    >>> list(searched_for({"smart city": ["smart cit*"], "tax": ["tax"], "AI": ["AI"]}, {"terms": ["Smart cities"], "query": "ta*"}))
    ['smart city', 'tax']
    """
    sought = [_words(each) for each in [*collection.get("terms", []), collection.get("query") or ""]]
    return {
        name: f"The articles were found by searching for it, so they cannot show whether {name} is talked about more or less."
        for name, variants in names.items()
        if any(_stands_in(_words(each), words) for each in [name, *variants] for words in sought)
    }


def _stands_in(part: list[str], words: list[str]) -> bool:
    """Whether words stand in a row among others."""
    rows = (words[at : at + len(part)] for at in range(len(words) - len(part) + 1)) if part else ()
    return any(all(fnmatchcase(a, b) or fnmatchcase(b, a) for a, b in zip(part, row, strict=True)) for row in rows)


def _words(text: str) -> list[str]:
    """The words of a text in lower case, each with its `*`."""
    return [word for word in re.findall(r"(?:[^\W_]|\*)+", text.casefold()) if word.strip("*")]
