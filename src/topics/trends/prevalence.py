"""Shares over time, of topics here and of keywords in their own module, and the trends of both.

Three questions are kept apart for topics: (a) how sure are the shares in *these articles, given these topics*: draws of the
posterior; (b) *articles like these*: days (weeks, where successive days are alike) are also resampled within sources; (c) *other
runs*: the shares by every seed, never blended into an interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import expit, logit, ndtri, stdtrit

from topics import tables
from topics.trends.periods import FEWEST_PERIODS, positions, season_terms
from topics.trends.statistics import (
    FEWEST_BLOCKS,
    LEVEL,
    block_weights,
    effective_numbers,
    indicator,
    mann_kendall,
    period_model,
    q_values,
    selected_intervals,
    sen_slope,
    wilson,
)

FEWEST_ARTICLES = 5  # a period with fewer does not enter a trend
FEWEST_MENTIONS = 20  # no trend of a name with fewer articles that mention it, or that do not
TEST_PERIODS = 20  # Mann-Kendall is given a p only from so many periods on
# How alike periods are is learned from names or from periods: under so many periods a trend needs a family of so many names.
FEWEST_NAMES = {12: 10, 24: 5, 60: 2}
MOST_ALIKE = 0.8  # no trend where the estimated correlation of successive periods is above this
SMALL_OUTLET = 0.02  # part of the articles under which outlets are held constant as one
BLOCK_OF_NAMES = 256  # names worked on at once, which bounds memory

METHOD = "log-odds per period; AR(1) errors by REML, averaged over their likelihood in the family; t reference"


def clusters(inside: pd.DataFrame, length: str) -> list[np.ndarray]:
    """Codes of the clusters of articles within a period, each nested in the next: source and day, day, week."""
    source = inside["source"].astype("category").cat.codes.to_numpy(dtype="int64")
    day, week = inside["day"].to_numpy(), inside["week"].to_numpy()
    codes = [pd.factorize(pd.MultiIndex.from_arrays([source, day]))[0].astype("int64")]
    if length != "day":
        codes.append(day)
    if length not in ("day", "week"):
        codes.append(week)
    return codes


def in_blocks(n_names: int) -> list[slice]:
    return [slice(start, start + BLOCK_OF_NAMES) for start in range(0, n_names, BLOCK_OF_NAMES)]


def shares(
    values: sparse.spmatrix, placed: pd.DataFrame, periods: pd.DataFrame, length: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share and effective number of articles, (n_periods, n_names), and design effects (see `effective_numbers`)."""
    position = positions(placed, periods)
    rows = position >= 0
    values = sparse.csr_matrix(values)[rows]
    if not len(periods):
        return tuple(np.zeros((*more, 0, values.shape[1])) for more in ((), (), (1,)))  # type: ignore[return-value]
    codes = clusters(placed[rows], length)
    parts = [
        effective_numbers(values[:, part], position[rows], codes, len(periods)) for part in in_blocks(values.shape[1])
    ]
    share, n, effect = (np.concatenate(arrays, axis=-1) for arrays in zip(*parts, strict=True))
    return share, n, effect


def outlet_cells(
    values: sparse.spmatrix,
    placed: pd.DataFrame,
    periods: pd.DataFrame,
    n: np.ndarray,
    totals: pd.DataFrame | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Share and effective number of articles of each outlet in each period, both (n_periods, n_outlets, n_names): what `period_model` holds constant.

    n: (n_periods, n_names) effective numbers of `shares`, dealt out to the outlets by their articles; totals: articles published, a row a
    period, a column an outlet, in place of those collected. Outlets with fewer than a fiftieth of the articles are one.
    """
    position = positions(placed, periods)
    rows = np.flatnonzero(position >= 0)
    outlet = placed["source"].iloc[rows]
    part = outlet.value_counts(normalize=True)
    small = part.index[part < SMALL_OUTLET]
    outlets, code = np.unique(outlet.where(~outlet.isin(small), "").to_numpy(dtype=str), return_inverse=True)
    shape = (len(periods), len(outlets))
    cell = indicator(position[rows] * len(outlets) + code, shape[0] * shape[1])
    said = np.asarray((cell @ sparse.csr_matrix(values)[rows]).todense()).reshape(*shape, -1)
    n_docs = np.asarray(cell.sum(axis=1)).reshape(shape)
    if totals is not None:
        merged = totals.rename(columns=lambda name: "" if name in small else name).T.groupby(level=0).sum().T
        n_docs = merged[outlets].to_numpy(dtype=float)
    worth = n[:, None] / np.maximum(n_docs.sum(axis=1), 1)[:, None, None]
    return said / np.maximum(n_docs, 1)[..., None], n_docs[..., None] * worth


TOPIC_SHARE = "mean share of an article’s counted words"
GIVEN_TOPICS = "(a) these articles, given these topics: posterior draws"
LIKE_THESE = "(b) articles like these: posterior draws, and days resampled within sources"
OTHER_RUNS = "(c) other runs: seed {}"


def topic_blocks(placed: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """The block (source and day) of each article, -1 where it is in no period, and one row a block.

    The codes are what `models.lda.share_draws` takes as groups. Columns: ordinal (of the period), source, n_docs, n_words.

    >>> table = pd.DataFrame({"doc_id": ["a", "b", "c"], "source": "x", "ordinal": [5, 5, -1], "day": [9, 9, -3], "week": 1, "n_words": 10})
    >>> codes, blocks = topic_blocks(table)
    >>> codes.tolist(), blocks.values.tolist()
    ([0, 0, -1], [[5, 'x', 2, 20]])
    """
    inside = placed["ordinal"] >= 0
    groups = placed[inside].groupby(["ordinal", "source", "day"], sort=True)
    codes = np.full(len(placed), -1, dtype="int64")
    codes[inside.to_numpy()] = groups.ngroup().to_numpy()
    blocks = groups.agg(n_docs=("doc_id", "size"), n_words=("n_words", "sum")).reset_index()
    return codes, blocks.drop(columns="day")


def topic_series(
    draws: np.ndarray,
    blocks: pd.DataFrame,
    doc_topic: np.ndarray,
    placed: pd.DataFrame,
    periods: pd.DataFrame,
    length: str,
    *,
    other_runs: Mapping[int, np.ndarray] | None = None,
    resamples: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """SERIES of topics: the unweighted mean of the articles' shares of each topic, per period.

    draws: (n_draws, n_blocks, n_topics) posterior draws of the blocks' mean shares; blocks: of `topic_blocks`; doc_topic (n_docs, n_topics):
    the articles' shares in the order of `placed`; other_runs: such shares of other seeds, their topics matched to these.
    One row a topic, period and question, which stands in `method`: (a) has percentiles of the draws as interval, none where
    there are no draws; (b) adds a resampling of blocks within sources to every draw, on the log-odds scale, stretched by t
    over normal quantiles and by what the blocks do not hold (days are alike, weeks are alike); none from fewer than eight
    blocks; (c) is one row a seed: a tick, no interval.
    """
    effects = shares(sparse.csr_matrix(doc_topic), placed, periods, length)[2]
    of_block, where = positions(blocks, periods), positions(placed, periods)
    rows = [] if len(periods) else [pd.DataFrame(columns=["topic", *tables.SERIES, "partial", "note"])]
    for i in range(len(periods)):
        here, members = np.flatnonzero(where == i), np.flatnonzero(of_block == i)
        facts = {column: periods[column].iloc[i] for column in ("period", "n_docs", "n_words", "partial")}
        estimate = doc_topic[here].mean(axis=0) if len(here) else np.full(doc_topic.shape[1], np.nan)
        rng = np.random.default_rng([seed, int(periods["ordinal"].iloc[i])])
        widen = np.sqrt(effects[-1, i] / effects[0, i])
        for method, low, high, note in _topic_intervals(
            estimate, draws[:, members], blocks.iloc[members], widen, resamples, rng
        ):
            rows.append(_rows(facts, method, estimate, low, high, note))
        for run, other in (other_runs or {}).items() if len(here) else ():
            rows.append(
                _rows(facts, OTHER_RUNS.format(run), other[here].mean(axis=0), np.nan, np.nan, "a tick, no interval")
            )
    table = pd.concat(rows, ignore_index=True)
    table["kind"], table["n_topics"], table["source"] = "topic", doc_topic.shape[1], ""
    table["level"], table["unit"] = LEVEL, TOPIC_SHARE
    table = table.sort_values(["topic", "method"], kind="stable").drop(columns="topic")
    return tables.conform(table, "series")


def _rows(facts: Mapping[str, Any], method: str, estimate: Any, low: Any, high: Any, note: str) -> pd.DataFrame:
    topic = np.arange(1, len(estimate) + 1)
    rows = pd.DataFrame({"topic": topic, "name": topic.astype(str), "estimate": estimate, "low": low, "high": high})
    return rows.assign(**facts, method=method, note=note)


def _topic_intervals(
    estimate: np.ndarray,
    draws: np.ndarray,
    blocks: pd.DataFrame,
    widen: np.ndarray,
    resamples: int,
    rng: np.random.Generator,
) -> list[tuple[str, Any, Any, str]]:
    """Method, low, high and note for the questions (a) and (b) in one period."""
    if not len(blocks):
        gap = "no articles in this period"
        return [(GIVEN_TOPICS, np.nan, np.nan, gap), (LIKE_THESE, np.nan, np.nan, gap)]
    if not len(draws):
        none = "this model has no posterior draws: no interval"
        return [(GIVEN_TOPICS, np.nan, np.nan, none), (LIKE_THESE, np.nan, np.nan, none)]
    tail = (1 - LEVEL) / 2
    size = blocks["n_docs"].to_numpy(dtype=float)
    given = np.quantile(draws.transpose(0, 2, 1) @ size / size.sum(), [tail, 1 - tail], axis=0)
    answers = [(GIVEN_TOPICS, given[0], given[1], "")]
    if len(blocks) < FEWEST_BLOCKS:
        return [*answers, (LIKE_THESE, np.nan, np.nan, f"fewer than {FEWEST_BLOCKS} blocks: no interval")]
    weight = block_weights(pd.factorize(blocks["source"].to_numpy())[0], resamples, rng) * size
    drawn = np.einsum("rb,rbk->rk", weight, draws[np.arange(resamples) % len(draws)]) / weight.sum(
        axis=1, keepdims=True
    )
    centre = logit(estimate)
    stretch = widen * stdtrit(len(blocks) - 1, 1 - tail) / ndtri(1 - tail)
    low, high = (
        expit(centre + stretch * (logit(end) - centre)) for end in np.quantile(drawn, [tail, 1 - tail], axis=0)
    )
    return [*answers, (LIKE_THESE, low, high, "")]


def topic_trends(
    doc_topic: np.ndarray,
    placed: pd.DataFrame,
    periods: pd.DataFrame,
    length: str,
    *,
    withheld: Mapping[str, str] | None = None,
    seasons: Mapping[str, list[tuple[str, str]]] | None = None,
) -> pd.DataFrame:
    """TRENDS of topics by the period model, on the mean shares of articles; see `trends_of`.

    doc_topic: (n_docs, n_topics) in the order of `placed`. `withheld`: topic number as text, and the sentence that says why (an unstable topic).
    """
    values = sparse.csr_matrix(doc_topic)
    share, n, _ = shares(values, placed, periods, length)
    n_topics = doc_topic.shape[1]
    names = [str(topic) for topic in range(1, n_topics + 1)]
    table = trends_of(
        np.clip(share, 1e-6, 1 - 1e-6),
        n,
        periods,
        length,
        names,
        ["topic"] * n_topics,
        withheld=withheld,
        seasons=seasons,
        cells=outlet_cells(values, placed, periods, n) if len(periods) else None,
    )
    return table.assign(n_topics=n_topics)


def trends_of(
    share: np.ndarray,
    n: np.ndarray,
    periods: pd.DataFrame,
    length: str,
    names: Sequence[object],
    kinds: Sequence[str],
    *,
    mentioning: np.ndarray | None = None,
    withheld: Mapping[str, str] | None = None,
    seasons: Mapping[str, list[tuple[str, str]]] | None = None,
    cells: tuple[np.ndarray, np.ndarray] | None = None,
) -> pd.DataFrame:
    """TRENDS of shares (n_periods, n_names) that rest on effective numbers of articles `n`: one row a name.

    `slope, low, high` in log-odds per period, `p` of the period model, `q` over all names of this call that are tested (the
    `family`, whose size stands in `n_family`). More columns: `start`, `end` (fitted shares at the ends of the line that is shown), `first`, `last`
    (the periods of these ends: the first up to which, and the last from which on, two mentions are to be expected, see `shown_ends`), `selected_low, selected_high` (the interval to quote of a name that is a finding: wide enough for its having
    been chosen out of the family), `correlation` (of successive periods), `peak, peak_share`
    (period whose share has the highest low end of its interval), `n_too_few` (how many articles mention it where these are too few), `sen` (Sen's slope of the share per period), `tau` and `tau_p` (Mann-Kendall,
    p from 20 periods on), `raw_slope, raw_p` (the same of the articles as collected, whatever outlets they are of), `season`, `note`.

    cells: share and effective number by outlet, (n_periods, n_outlets, n_names), of `outlet_cells`: then the trend is the change within
    outlets, which a change in their mix does not move.

    A name is not tested, its slope is nan and its note says why, if `withheld` says so, with fewer than eight periods of five
    articles of outlets that mention it, fewer than 20 articles that mention it (or do not), or where its periods are so alike from one to the next
    that a trend cannot be told from a slow swing.
    """
    noun = "topic" if set(kinds) == {"topic"} else "name"
    used = (periods["n_docs"].to_numpy() >= FEWEST_ARTICLES) if len(periods) else np.zeros(0, dtype=bool)
    notes, too_few = _refusals(used, periods, length, names, mentioning, withheld or {})
    table = _empty_rows(names, kinds, length, int(used.sum()))
    tested = np.flatnonzero(notes == "")
    if len(tested):
        kept = periods[used]
        times = kept["ordinal"].to_numpy(dtype=float)
        terms, season_note = season_terms(kept, length, seasons)
        season = terms if terms.size else None
        raw = period_model(share[used][:, tested], n[used][:, tested], times, season)
        within = None if cells is None or cells[0].shape[1] == 1 else [part[used][..., tested] for part in cells]
        fit = raw if within is None else period_model(within[0], within[1], times, season)
        table.loc[tested, ["raw_slope", "raw_p"]] = np.column_stack([raw["slope"], raw["p"]])
        table.loc[tested, "correlation"] = fit["correlation"]
        for refused, note in _refused_by_fit(fit, within, len(kept), length, noun):
            notes[tested[refused & (notes[tested] == "")]] = note
        kept_in = notes[tested] == ""
        tested, fit = tested[kept_in], {key: value[kept_in] for key, value in fit.items()}
        for column in ("slope", "low", "high", "p", "start", "end"):
            table.loc[tested, column] = fit[column]
        table.loc[tested, "q"] = q_values(fit["p"])
        intervals = selected_intervals(fit["mixture"], fit["df"], table.loc[tested, "q"].to_numpy())
        table.loc[tested, ["selected_low", "selected_high"]] = np.column_stack(intervals)
        for end, at in (("first", 0), ("last", -1)):
            table[end] = kept["period"].iloc[at]
            table.loc[tested, end] = kept["period"].to_numpy()[fit[end]]
        table["season"] = season_note
        table = _described(table, share[used], n[used], kept)
    table["note"], table["n_too_few"] = notes, too_few
    told = ~table["name"].isin(list(withheld or {}))  # a peak would be a claim too
    table["peak"], table["peak_share"] = table["peak"].where(told, ""), table["peak_share"].where(told)
    table["family"] = f"{len(tested)} {noun}s tested together"
    table["n_family"] = len(tested)
    return tables.conform(table, "trends")


def _refused_by_fit(
    fit: Mapping[str, np.ndarray], within: list[np.ndarray] | None, n_periods: int, length: str, noun: str
) -> list[tuple[Any, str]]:
    """Which names are not tested after all, as the model of their periods shows, and why."""
    refused: list[tuple[Any, str]] = []
    if within is not None:
        share, n = within
        told = ((n * (share.max(axis=0) > 0)).sum(axis=1) > 0).sum(axis=0)
        few = f"The outlets that mention it have articles in fewer than {FEWEST_PERIODS} {length}s."
        refused.append((told < FEWEST_PERIODS, few))
    n_names = len(fit["p"])
    for longer, names in FEWEST_NAMES.items():
        if n_names < names and n_periods < longer:  # the first that holds is the one that is told
            alone = f"From {n_names} {noun}{'s' * (n_names > 1)} alone nobody can tell how alike {n_periods} {length}s are; a trend needs {names} {noun}s or {longer} {length}s."
            refused.append((np.ones(n_names, dtype=bool), alone))
    swing = f"Its {length}s are so alike from one to the next that a trend cannot be told from a slow swing; no test is made."
    return [*refused, (fit["correlation"] > MOST_ALIKE, swing)]


def _refusals(
    used: np.ndarray,
    periods: pd.DataFrame,
    length: str,
    names: Sequence[object],
    mentioning: np.ndarray | None,
    withheld: Mapping[str, str],
) -> tuple[np.ndarray, np.ndarray]:
    """For each name the sentence that says why it is not tested, or nothing; and how many articles mention it where that is why, else nan."""
    notes, too_few = np.full(len(names), "", dtype=object), np.full(len(names), np.nan)
    for i, name in enumerate(names):
        if str(name) in withheld:
            notes[i] = withheld[str(name)]
        elif used.sum() < FEWEST_PERIODS:
            held = "No" if not used.any() else f"Only {used.sum()}"
            many = f"{length} holds" if used.sum() < 2 else f"{length}s hold"
            notes[i] = (
                f"{held} {many} {FEWEST_ARTICLES} articles or more; under {FEWEST_PERIODS} {length}s no test can tell a trend from chance."
            )
        elif mentioning is not None:
            with_it, without = (
                mentioning[used, i].sum(),
                periods["n_docs"].to_numpy()[used].sum() - mentioning[used, i].sum(),
            )
            if min(with_it, without) < FEWEST_MENTIONS:
                fewest = round(float(min(with_it, without)))
                one = fewest == 1
                do = ("mentions it" if one else "mention it") if with_it < without else f"do{'es' * one} not mention it"
                where = f"in {length}s of {FEWEST_ARTICLES} articles or more"
                notes[i] = f"Only {fewest} article{'s' * (not one)} {where} {do}; a trend needs {FEWEST_MENTIONS}."
                too_few[i] = fewest if with_it < without else np.nan
    return notes, too_few


def _empty_rows(names: Sequence[object], kinds: Sequence[str], length: str, n_periods: int) -> pd.DataFrame:
    numbers = (
        "slope", "low", "high", "p", "q", "start", "end", "selected_low", "selected_high",
        "correlation", "sen", "tau", "tau_p", "raw_slope", "raw_p",
    )  # fmt: skip
    table = pd.DataFrame({"kind": list(kinds), "name": [str(name) for name in names]})
    table["n_topics"] = pd.array([pd.NA] * len(table), dtype="Int64")
    table[list(numbers)] = np.nan
    return table.assign(
        level=LEVEL,
        unit=f"log-odds per {length}",
        n_periods=n_periods,
        method=METHOD,
        first="",
        last="",
        season="",
        peak="",
        peak_share=np.nan,
    )


def _described(table: pd.DataFrame, share: np.ndarray, n: np.ndarray, kept: pd.DataFrame) -> pd.DataFrame:
    """Sen's slope, Mann-Kendall and the highest period for every name, also those that are not tested."""
    times = kept["ordinal"].to_numpy(dtype=float)
    table["sen"] = [sen_slope(column, times) for column in share.T]
    tau = np.array([mann_kendall(column) for column in share.T])
    table["tau"] = tau[:, 0]
    table["tau_p"] = tau[:, 1] if len(times) >= TEST_PERIODS else np.nan
    at = wilson(share, n)[0].argmax(axis=0)  # by the low end of the interval, so that 2 of 2 articles are no peak
    table["peak"], table["peak_share"] = kept["period"].to_numpy()[at], share[at, np.arange(share.shape[1])]
    return table
