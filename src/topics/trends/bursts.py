"""Bursts and breaks: stretches of periods in which a name is unusually common, and points from which on it is.

Both are scans with an error rate: the largest statistic over all stretches (or points) is compared with the largest in series that
the name's own model gives where there is none: beta-binomial counts whose shocks follow from period to period.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from topics import tables
from topics.trends.keywords import FIXED_MIX
from topics.trends.periods import FEWEST_PERIODS
from topics.trends.prevalence import FEWEST_ARTICLES, FEWEST_MENTIONS
from topics.trends.statistics import q_values

LONGEST = 1 / 3  # part of the periods that a burst may last
DRAWS = 999  # series drawn of each name
AT_ONCE = 20_000  # series drawn at once, which bounds memory
CAP = 0.75  # shocks of a name count as no larger than this quantile of the family's, as its own burst is among them
METHOD = "beta-binomial scan, threshold from series drawn without bursts"


def bursts(
    series: pd.DataFrame,
    periods: pd.DataFrame,
    correlation: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """BURSTS: for each name its strongest burst and its strongest break, whether or not they stand the test (`q`).

    series: of `keywords.keyword_series`; periods: of `periods.calendar`. One row a name and `what` ("burst" or "break");
    `start` and `end` are periods (a break lasts from its start to the last period), `weight` half the square of its score,
    p that of the scan, q over all names tested of the same `what`. More columns: `share_in`, `share_out` (of
    articles), `n_in` (articles mentioning it in the stretch), `method`.

    Where there are several outlets, all is about the share to be expected of the period's outlets (indirect standardisation), so that a change of
    their mix is no burst. Law: with over-dispersion k (moments, per name) a period of n articles is worth n / (1 + (n - 1) k); the stretch is that of the largest
    score for a higher share in it than outside (a break: any other share after it), its score that with k about the two levels.
    p = (1 + series drawn whose largest is as large) / (1 + draws), or beyond their reach the tail of a Gumbel distribution fitted to their
    largest. Series are drawn with the name's share and the articles of the periods, log-odds shocks of AR(1): their variance that of k, but no larger
    than the upper quartile of the family (or what is left once the stretch is taken out); their `correlation` (of
    successive periods, by name, from the period model) the median of the family. No row for a name with
    fewer than 20 articles that mention it, nor where there are fewer than eight periods of five articles.
    Sources: Kulldorff 1997, Commun. Stat. Theory Methods 26 (scan); Abrams, Kulldorff and Kleinman 2010, Int. J. Health Geogr. 9 (Gumbel).

    >>> months = [f"2018-{m:02d}" for m in range(24)]
    >>> series = pd.DataFrame({"name": "tax", "kind": "keyword", "source": "", "unit": "share of articles", "period": months,
    ...                        "n_docs": 100, "n_mentioning": 5}).assign(n_mentioning=lambda t: t["n_mentioning"].where(t.index // 3 != 3, 30))
    >>> found = bursts(series, pd.DataFrame({"period": months, "n_docs": 100}))
    >>> found.loc[0, ["what", "start", "end"]].tolist(), bool(found.loc[0, "q"] < 0.05)
    (['burst', '2018-09', '2018-11'], True)
    """
    rows = series[(series["source"] == "") & series["unit"].str.startswith("share")]
    wide = rows.pivot(index="period", columns="name", values="n_mentioning").reindex(periods["period"])
    n_docs = periods["n_docs"].to_numpy()
    used = np.flatnonzero(n_docs >= FEWEST_ARTICLES)
    y, n = wide.to_numpy(dtype=float)[used], n_docs[used].astype(float)
    enough = (y.sum(axis=0) >= FEWEST_MENTIONS) & ((n[:, None] - y).sum(axis=0) > 0)
    if len(used) < FEWEST_PERIODS or not enough.any():
        none = tables.empty("bursts").assign(what=[], p=[], share_in=[], share_out=[], n_in=[], method=[])
        return none.astype({"what": "str", "n_in": "int64", "method": "str"})
    y, names = y[:, enough], wide.columns.to_numpy()[enough]
    known = [value for value in (correlation or {}).values() if np.isfinite(value)]
    carry = (float(np.median(known)) if known else 0.0) ** np.diff(used, prepend=used[0])
    label = periods["period"].to_numpy(dtype=object)[used]
    outlets = series[~series["source"].isin(["", FIXED_MIX]) & series["unit"].str.startswith("share")]
    expected = expected_shares(outlets, label, names, y, n)
    found = scan(y, n, expected)
    left = np.minimum(found["burst"]["dispersion"], found["break"]["dispersion"])
    drawn = _drawn(y, n, expected, carry, left, draws, np.random.default_rng(seed))
    frames = []
    for what, stretch in found.items():
        first, last = stretch["first"], stretch["last"]
        inside = (np.arange(len(n))[:, None] >= first) & (np.arange(len(n))[:, None] <= last)
        frame = pd.DataFrame({"name": names, "what": what, "start": label[first], "end": label[last]})
        frame["weight"], frame["p"] = stretch["z"] ** 2 / 2, scan_p(stretch["z"], drawn[what])
        frame["q"], frame["n_in"] = q_values(frame["p"]), (y * inside).sum(axis=0).astype("int64")
        for side, there in (("share_in", inside), ("share_out", ~inside)):
            frame[side] = (y * there).sum(axis=0) / (n[:, None] * there).sum(axis=0)
        frames.append(frame)
    table = pd.concat(frames).sort_values(["name", "what"], ascending=[True, False], ignore_index=True)
    table["kind"] = table["name"].map(rows.drop_duplicates("name").set_index("name")["kind"])
    return tables.conform(table.assign(method=METHOD), "bursts")


def expected_shares(
    outlets: pd.DataFrame, periods: np.ndarray, names: np.ndarray, y: np.ndarray, n: np.ndarray
) -> np.ndarray:
    """Share of each name in each period if every outlet kept its own share of the whole span: (n_periods, n_names).

    outlets: rows of SERIES of single outlets, none where there is one; y, n: articles that mention it and all articles. Law: sum of n times the share is that of y.
    """
    share = np.broadcast_to(y.sum(axis=0) / n.sum(), y.shape)
    if outlets.empty:
        return share
    expected = np.zeros(y.shape)
    for _, rows in outlets.groupby("source"):
        n_docs, said = (
            rows.pivot(index="period", columns="name", values=column).loc[periods, names].to_numpy()
            for column in ("n_docs", "n_mentioning")
        )
        expected += (
            n_docs * (said.sum(axis=0) + share) / (n_docs.sum(axis=0) + 1)
        )  # an outlet of few articles is much like all
    expected *= y.sum(axis=0) / expected.sum(axis=0)
    return np.clip(expected / n[:, None], 1e-6, 1 - 1e-6)


def scan(y: np.ndarray, n: np.ndarray, expected: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Strongest burst and break of each name: `z` (score), `first`, `last` (rows) and `dispersion` (k about the two levels).

    y, expected: (n_periods, n_names), articles that mention it and their expected share; n: (n_periods,) articles.
    """
    unit = expected * (1 - expected)  # change of a share for one of its log-odds
    excess, found = y / n[:, None] - expected, {}
    worth = _worth(n, dispersion(y, n, expected, 1))
    level = (worth * excess).sum(axis=0) / (worth * unit).sum(axis=0)
    best = _largest(worth * (excess - level * unit), worth * unit, max(2, int(len(n) * LONGEST)))
    row = np.arange(len(n))[:, None]
    for what, (first, last) in best.items():
        inside = (row >= first) & (row <= last)
        parts = (inside, ~inside)
        shift = [(n[:, None] * excess * part).sum(axis=0) / (n[:, None] * unit * part).sum(axis=0) for part in parts]
        k = dispersion(y, n, np.clip(expected + unit * np.where(inside, *shift), 1e-6, 1 - 1e-6), 2)
        worth = _worth(n, k)
        information = [(worth * unit * part).sum(axis=0) for part in parts]
        shift = [(worth * excess * part).sum(axis=0) / whole for part, whole in zip(parts, information, strict=True)]
        z = (shift[0] - shift[1]) / np.sqrt(1 / information[0] + 1 / information[1])
        found[what] = {"z": z if what == "burst" else np.abs(z), "first": first, "last": last, "dispersion": k}
    return found


def _drawn(
    y: np.ndarray,
    n: np.ndarray,
    expected: np.ndarray,
    carry: np.ndarray,
    left: np.ndarray,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Largest scores in series without bursts or breaks, (draws, n_names) of each; left: the dispersion once the stretch is taken out."""
    unit = (expected * (1 - expected)).mean(axis=0)  # the variance of log-odds shocks is dispersion / unit
    own = dispersion(y, n, expected, 1) / unit
    deviation = np.sqrt(np.minimum(own, np.maximum(np.quantile(own, CAP), left / unit)))
    drawn: dict[str, list[np.ndarray]] = {"burst": [], "break": []}
    for names in np.array_split(np.arange(len(own)), max(1, len(own) * draws // AT_ONCE)):
        shocks = rng.normal(size=(len(n), draws, len(names)))
        for i in range(1, len(n)):
            shocks[i] = carry[i] * shocks[i - 1] + np.sqrt(1 - carry[i] ** 2) * shocks[i]
        mean = np.broadcast_to(expected[:, None, names], shocks.shape).reshape(len(n), -1)
        shocks = (shocks * deviation[names]).reshape(len(n), -1)
        said = rng.binomial(n[:, None].astype(int), expit(logit(mean) + shocks)).astype(float)
        for what, found in scan(said, n, mean).items():
            drawn[what].append(found["z"].reshape(draws, -1))
    return {what: np.concatenate(parts, axis=1) for what, parts in drawn.items()}


def dispersion(y: np.ndarray, n: np.ndarray, fitted: np.ndarray, n_fitted: int) -> np.ndarray:
    """Beta-binomial over-dispersion k about fitted shares, by moments: Pearson's X2 has the mean T - n_fitted + k sum (n - 1); 0 to 1."""
    pearson = ((y - n[:, None] * fitted) ** 2 / (n[:, None] * fitted * (1 - fitted))).sum(axis=0)
    return np.clip((pearson - (len(n) - n_fitted)) / max((n - 1).sum(), 1), 0, 1)


def _worth(n: np.ndarray, k: np.ndarray) -> np.ndarray:
    """What each period's articles are worth under beta-binomial over-dispersion, per name: n / (1 + (n - 1) k)."""
    return n[:, None] / (1 + (n[:, None] - 1) * k)


def _largest(excess: np.ndarray, worth: np.ndarray, longest: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """First and last period of the stretch (burst) and of the point (break) of largest score, of each name."""
    n_periods, n_names = excess.shape
    sums = np.concatenate([np.zeros((1, n_names)), np.cumsum(excess, axis=0)])
    weights = np.concatenate([np.zeros((1, n_names)), np.cumsum(worth, axis=0)])
    total = weights[-1]
    best, first, last = np.full(n_names, -np.inf), np.zeros(n_names, dtype="int64"), np.zeros(n_names, dtype="int64")
    for length in range(1, longest + 1):
        inside = weights[length:] - weights[:-length]
        z = (sums[length:] - sums[:-length]) / np.sqrt(inside * (1 - inside / total))
        at = z.argmax(axis=0)
        top = z[at, np.arange(n_names)]
        better = top > best
        best, first = np.where(better, top, best), np.where(better, at, first)
        last = np.where(better, at + length - 1, last)
    after = total - weights[2:-2]  # a break leaves two periods or more on either side
    z = np.abs(sums[-1] - sums[2:-2]) / np.sqrt(after * (1 - after / total))
    return {"burst": (first, last), "break": (z.argmax(axis=0) + 2, np.full(n_names, n_periods - 1))}


def scan_p(z: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """p of each name's largest statistic among those drawn, (n_draws, n_names); a Gumbel tail where none is as large."""
    n_draws = len(drawn)
    above = (drawn >= z - 1e-12).sum(axis=0)
    spread = drawn.std(axis=0) * np.sqrt(6) / np.pi
    tail = -np.expm1(-np.exp(-(z - (drawn.mean(axis=0) - np.euler_gamma * spread)) / np.maximum(spread, 1e-12)))
    return np.where(above > 0, (1 + above) / (1 + n_draws), np.minimum(tail, 1 / (1 + n_draws)))
