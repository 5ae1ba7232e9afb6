"""Shares over time, of topics here and of keywords in their own module, and the trends of both.

Three questions are kept apart for topics: (a) how sure are the shares in *these articles, given these topics*: draws of the
posterior; (b) *articles like these*: days (weeks, where successive days are alike) are also resampled within sources; (c) *other
runs*: the shares by every seed, never blended into an interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from topics import tables
from topics.trends.periods import FEWEST_PERIODS, season_terms
from topics.trends.statistics import LEVEL, mann_kendall, period_model, q_values, sen_slope, shrink

FEWEST_ARTICLES = 5  # a period with fewer does not enter a trend
FEWEST_MENTIONS = 20  # no trend of a name with fewer articles that mention it, or that do not
TEST_PERIODS = 20  # Mann-Kendall is given a p only from so many periods on
MOST_ALIKE = (
    (12, 0.40),
    (24, 0.50),
    (10_000, 0.65),
)  # up to so many periods, no trend where the estimated correlation is higher
Q = 0.05

METHOD = "log-odds per period, AR(1) errors by REML averaged over their likelihood, t reference"


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
    mixed: tuple[np.ndarray, np.ndarray] | None = None,
    family: str | None = None,
) -> pd.DataFrame:
    """TRENDS of shares (n_periods, n_names) that rest on effective numbers of articles `n`: one row a name.

    `slope, low, high` in log-odds per period, `p` of the period model, `q` over all names of this call that are tested (the
    `family`, whose size stands in `n_family`). More columns: `start`, `end` (fitted shares of the first and last period tested), `first`, `last`
    (these periods), `shrunken, shrunken_low, shrunken_high` (the slope drawn towards none by the whole family: what to quote of
    the largest), `correlation` (of successive periods), `sen` (Sen's slope of the share per period), `tau` and `tau_p` (Mann-Kendall,
    p from 20 periods on), `fixed_mix_slope` (the same slope at a fixed mix of outlets), `season`, `note`.

    A name is not tested, its slope is nan and its note says why, if `withheld` says so, with fewer than eight periods of five
    articles, fewer than 20 articles that mention it (or do not), or where its periods are so alike from one to the next
    that no test we know holds its size in so few of them.
    """
    used = (periods["n_docs"].to_numpy() >= FEWEST_ARTICLES) if len(periods) else np.zeros(0, dtype=bool)
    notes = _refusals(used, periods, length, names, mentioning, withheld or {})
    table = _empty_rows(names, kinds, length, int(used.sum()))
    tested = np.flatnonzero(notes == "")
    if len(tested):
        kept = periods[used]
        times = kept["ordinal"].to_numpy(dtype=float)
        season, season_note = season_terms(kept, length, seasons)
        fit = period_model(share[used][:, tested], n[used][:, tested], times, season if season.size else None)
        limit = next(limit for most, limit in MOST_ALIKE if used.sum() <= most)
        alike = fit["correlation"] > limit
        notes[tested[alike]] = (
            f"Its {used.sum()} {length}s are so alike from one to the next that a trend cannot be told from a slow swing; no test is made."
        )
        table.loc[tested, "correlation"] = fit["correlation"]
        tested, fit = tested[~alike], {key: value[~alike] for key, value in fit.items()}
        for column in ("slope", "low", "high", "p", "start", "end"):
            table.loc[tested, column] = fit[column]
        table.loc[tested, "q"] = q_values(fit["p"])
        for column, values in zip(
            ("shrunken", "shrunken_low", "shrunken_high"), shrink(fit["slope"], fit["error"]), strict=True
        ):
            table.loc[tested, column] = values
        table["first"], table["last"] = kept["period"].iloc[0], kept["period"].iloc[-1]
        table["season"] = season_note
        table = _described(table, share[used], times)
        if mixed is not None:
            table.loc[tested, "fixed_mix_slope"] = _at_fixed_mix(mixed, used, periods, tested)
    table["note"] = notes
    table["family"] = family or f"{len(tested)} names tested together"
    table["n_family"] = len(tested)
    return tables.conform(table, "trends")


def _refusals(
    used: np.ndarray,
    periods: pd.DataFrame,
    length: str,
    names: Sequence[object],
    mentioning: np.ndarray | None,
    withheld: Mapping[str, str],
) -> np.ndarray:
    """For each name the sentence that says why it is not tested, or nothing."""
    notes = np.full(len(names), "", dtype=object)
    for i, name in enumerate(names):
        if str(name) in withheld:
            notes[i] = withheld[str(name)]
        elif used.sum() < FEWEST_PERIODS:
            notes[i] = (
                f"Only {used.sum()} {length}s hold {FEWEST_ARTICLES} articles or more; under {FEWEST_PERIODS} no test can tell a trend from chance."
            )
        elif mentioning is not None:
            with_it, without = (
                mentioning[used, i].sum(),
                periods["n_docs"].to_numpy()[used].sum() - mentioning[used, i].sum(),
            )
            if min(with_it, without) < FEWEST_MENTIONS:
                which = "mention it" if with_it < without else "do not mention it"
                notes[i] = f"Only {min(with_it, without):.0f} articles {which}; a trend needs {FEWEST_MENTIONS}."
    return notes


def _empty_rows(names: Sequence[object], kinds: Sequence[str], length: str, n_periods: int) -> pd.DataFrame:
    numbers = (
        "slope", "low", "high", "p", "q", "start", "end", "shrunken", "shrunken_low", "shrunken_high",
        "correlation", "sen", "tau", "tau_p", "fixed_mix_slope",
    )  # fmt: skip
    table = pd.DataFrame({"kind": list(kinds), "name": [str(name) for name in names]})
    table["n_topics"] = pd.array([pd.NA] * len(table), dtype="Int64")
    table[list(numbers)] = np.nan
    return table.assign(
        level=LEVEL, unit=f"log-odds per {length}", n_periods=n_periods, method=METHOD, first="", last="", season=""
    )


def _described(table: pd.DataFrame, share: np.ndarray, times: np.ndarray) -> pd.DataFrame:
    """Sen's slope and Mann-Kendall for every name, also those that are not tested."""
    table["sen"] = [sen_slope(column, times) for column in share.T]
    tau = np.array([mann_kendall(column) for column in share.T])
    table["tau"] = tau[:, 0]
    table["tau_p"] = tau[:, 1] if len(times) >= TEST_PERIODS else np.nan
    return table


def _at_fixed_mix(
    mixed: tuple[np.ndarray, np.ndarray], used: np.ndarray, periods: pd.DataFrame, tested: np.ndarray
) -> np.ndarray:
    """Slopes of the standardised shares; nan where fewer than eight periods have the outlets for them."""
    share, n = mixed[0][:, tested], mixed[1][:, tested]
    there = used & (n > 0).all(axis=1)
    if there.sum() < FEWEST_PERIODS or not len(tested):
        return np.full(len(tested), np.nan)
    return period_model(share[there], n[there], periods["ordinal"].to_numpy(dtype=float)[there])["slope"]
