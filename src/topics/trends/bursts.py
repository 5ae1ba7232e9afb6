"""Bursts and breaks: stretches of periods in which a name is unusually common, and points from which on it is.

Both are scans with an error rate: the largest statistic over all stretches (or points) is compared with the largest that
the same periods give when blocks of them are put in random order.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from topics import tables
from topics.trends.prevalence import FEWEST_ARTICLES, FEWEST_MENTIONS
from topics.trends.statistics import q_values

LONGEST = 1 / 3  # part of the periods that a burst may last
FEWEST_BLOCKS = 8  # no scan with fewer blocks to permute
PERMUTATIONS = 999
METHOD = "beta-binomial scan, threshold from permuted blocks of periods"


def bursts(
    series: pd.DataFrame,
    periods: pd.DataFrame,
    correlation: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
    permutations: int = PERMUTATIONS,
) -> pd.DataFrame:
    """BURSTS: for each name its strongest burst and its strongest break, whether or not they stand the test (`q`).

    series: of `keywords.keyword_series`; periods: of `periods.calendar`. One row a name and `what` ("burst" or "break");
    `start` and `end` are periods (a break lasts from its start to the last period), `weight` the log-likelihood ratio of the beta-binomial
    model, p that of the scan, q over all names tested of the same `what`. More columns: `share_in`, `share_out` (of
    articles), `n_in` (articles mentioning it in the stretch), `block` (periods to a block), `method`.

    Law: with over-dispersion k (moments, per name) a period of n articles is worth n / (1 + (n - 1) k); the statistic of a stretch is the
    signed score z for a higher share in it than outside (a break: any other share after it). p = (1 + permutations whose
    largest is as large) / (1 + permutations), or beyond their reach the tail of a Gumbel distribution fitted to their largest.
    Blocks are as long as Carlstein's rule says for `correlation` (of successive periods, by name, from the period model), the name's own
    or the median of all, whichever is less, as a burst makes its own name's periods alike. No row for a name with
    fewer than 20 articles that mention it, nor where there are fewer than eight blocks.
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
    names, mentioning, n_docs = wide.columns.to_numpy(), wide.to_numpy(), periods["n_docs"].to_numpy()
    used = np.flatnonzero(n_docs >= FEWEST_ARTICLES)
    enough = (mentioning[used].sum(axis=0) >= FEWEST_MENTIONS) & (
        (n_docs[used, None] - mentioning[used]).sum(axis=0) > 0
    )
    known = {name: value for name, value in (correlation or {}).items() if np.isfinite(value)}
    family = float(np.median([*known.values()])) if known else 0.0
    length = np.array([block_length(len(used), min(known.get(name, family), family)) for name in names], dtype="int64")
    enough &= len(used) // np.maximum(length, 1) >= FEWEST_BLOCKS
    found = []
    for size in np.unique(length[enough]):
        columns = np.flatnonzero(enough & (length == size))
        found.append(_scan(mentioning[used][:, columns], n_docs[used], int(size), seed, permutations, columns))
    if not found:
        return tables.empty("bursts").assign(what=[], p=[], share_in=[], share_out=[], n_in=[], block=[], method=[])
    table = pd.concat(found).sort_values(["column", "what"], ascending=[True, False], ignore_index=True)
    label = periods["period"].to_numpy(dtype=object)[used]
    table["name"] = names[table["column"]]
    table["kind"] = table["name"].map(rows.drop_duplicates("name").set_index("name")["kind"])
    table["start"], table["end"] = label[table["first"]], label[table["last"]]
    table["q"] = table.groupby("what")["p"].transform(q_values)
    return tables.conform(table.drop(columns=["column", "first", "last"]).assign(method=METHOD), "bursts")


def block_length(n_periods: int, correlation: float) -> int:
    """Periods to a block: (2 r / (1 - r^2))^(2/3) n^(1/3), at least 1 (Carlstein 1986, Ann. Stat. 14).

    >>> [block_length(60, r) for r in (0.0, 0.3, 0.6)]
    [1, 3, 6]
    """
    r = min(max(correlation, 0.0), 0.95)
    return max(1, round((2 * r / (1 - r**2)) ** (2 / 3) * n_periods ** (1 / 3)))


def _scan(y: np.ndarray, n: np.ndarray, size: int, seed: int, permutations: int, columns: np.ndarray) -> pd.DataFrame:
    """Strongest burst and break of each name (a column of y each, numbered by `columns`), with the p of the scan."""
    worth = effective(y, n)
    share, pooled = y / n[:, None], (worth * (y / n[:, None])).sum(axis=0) / worth.sum(axis=0)
    excess = worth * (share - pooled)
    scale = np.sqrt(pooled * (1 - pooled))
    n_periods, longest = len(n), max(2, int(len(n) * LONGEST))
    best = _largest(excess, worth, scale, longest)
    rng = np.random.default_rng(seed)
    drawn = {"burst": np.empty((permutations, y.shape[1])), "break": np.empty((permutations, y.shape[1]))}
    for i in range(permutations):
        order = permuted_blocks(n_periods, size, rng)
        for what, (z, _, _) in _largest(excess[order], worth[order], scale, longest).items():
            drawn[what][i] = z
    frames = []
    for what, (z, first, last) in best.items():
        inside = (np.arange(n_periods)[:, None] >= first) & (np.arange(n_periods)[:, None] <= last)
        frames.append(
            pd.DataFrame(
                {
                    "column": columns,
                    "what": what,
                    "first": first,
                    "last": last,
                    "weight": z**2 / 2,
                    "p": scan_p(z, drawn[what]),
                    "share_in": (y * inside).sum(axis=0) / (n[:, None] * inside).sum(axis=0),
                    "share_out": (y * ~inside).sum(axis=0) / (n[:, None] * ~inside).sum(axis=0),
                    "n_in": (y * inside).sum(axis=0),
                    "block": size,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def effective(y: np.ndarray, n: np.ndarray) -> np.ndarray:
    """What each period's articles are worth under beta-binomial over-dispersion, per name: n / (1 + (n - 1) k).

    k by moments from Pearson's statistic: X2 = sum (y - n p)^2 / (n p (1 - p)) has the mean T - 1 + k sum (n - 1).
    """
    pooled = y.sum(axis=0) / n.sum()
    pearson = ((y - n[:, None] * pooled) ** 2 / (n[:, None] * pooled * (1 - pooled))).sum(axis=0)
    k = np.clip((pearson - (len(n) - 1)) / max((n - 1).sum(), 1), 0, 1)
    return n[:, None] / (1 + (n[:, None] - 1) * k)


def permuted_blocks(n_periods: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """An order of the periods: cut into blocks from a random place on, around the end, and the blocks shuffled.

    >>> sorted(permuted_blocks(7, 3, np.random.default_rng(1)).tolist())
    [0, 1, 2, 3, 4, 5, 6]
    """
    turned = np.roll(np.arange(n_periods), -int(rng.integers(n_periods)))
    blocks = [turned[start : start + size] for start in range(0, n_periods, size)]
    return np.concatenate([blocks[i] for i in rng.permutation(len(blocks))])


def _largest(
    excess: np.ndarray, worth: np.ndarray, scale: np.ndarray, longest: int
) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The largest score over all stretches (burst) and all points (break) of each name, with first and last period."""
    n_periods, n_names = excess.shape
    sums = np.concatenate([np.zeros((1, n_names)), np.cumsum(excess, axis=0)])
    weights = np.concatenate([np.zeros((1, n_names)), np.cumsum(worth, axis=0)])
    total = weights[-1]
    best, first, last = np.full(n_names, -np.inf), np.zeros(n_names, dtype="int64"), np.zeros(n_names, dtype="int64")
    for length in range(1, longest + 1):
        inside = weights[length:] - weights[:-length]
        z = (sums[length:] - sums[:-length]) / np.sqrt(inside * (1 - inside / total))
        at = z.argmax(axis=0)
        top = z[at, np.arange(n_names)] / scale
        better = top > best
        best, first = np.where(better, top, best), np.where(better, at, first)
        last = np.where(better, at + length - 1, last)
    after = total - weights[2:-2]  # a break leaves two periods or more on either side
    z = np.abs(sums[-1] - sums[2:-2]) / np.sqrt(after * (1 - after / total))
    at = z.argmax(axis=0)
    broken = (z[at, np.arange(n_names)] / scale, at + 2, np.full(n_names, n_periods - 1))
    return {"burst": (best, first, last), "break": broken}


def scan_p(z: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """p of each name's largest statistic among those drawn, (n_draws, n_names); a Gumbel tail where none is as large."""
    n_draws = len(drawn)
    above = (drawn >= z - 1e-12).sum(axis=0)
    spread = drawn.std(axis=0) * np.sqrt(6) / np.pi
    tail = stats.gumbel_r.sf(z, loc=drawn.mean(axis=0) - np.euler_gamma * spread, scale=np.maximum(spread, 1e-12))
    return np.where(above > 0, (1 + above) / (1 + n_draws), np.minimum(tail, 1 / (1 + n_draws)))
