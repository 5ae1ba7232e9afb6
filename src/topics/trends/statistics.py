"""The statistics of this room on plain arrays: intervals, the model of the periods, false discovery rates.

Shapes are named by their axes: `period_name` is (n_periods, n_names). Everything is computed for all names at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit, logit, ndtr, ndtri, stdtr, stdtrit

from topics.tables import LEVEL

FEWEST_BLOCKS = 8  # no interval, and no test of two groups, from fewer blocks of articles
MOVED = 0.025  # largest q of a name that is said to have moved: a run has two families, topics and keywords, and together they err in .05
Array = NDArray[np.float64]

# The grid on which the period model looks for its errors: correlation of successive periods, and the variance of the
# shocks of periods as a multiple of the typical variance of sampling (the harmonic mean of the periods').
CORRELATIONS = np.array([0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9])
SHOCKS = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
LEAN = 0.5  # the prior of a correlation r is (1 - r) to this power,
CAREFUL_LEAN = -0.5  # and to this one in a family too small to teach r
TEACHING = 10  # names of a family that teach r
PRIOR_NAMES = 1.0  # names that the prior of the grid is worth
SCALE_PERIODS = 4.0  # periods' worth of residuals that speak for errors as large as sampling says
END_MENTIONS = 2.0  # mentions to be expected outside the ends of the line that is shown,
END_PART = 0.1  # or this part of all mentions, if that is less
OUTLET_SPREAD = 2.5  # log-odds: weak prior of an outlet's difference from the others
STEP = 1.0  # fitted log-odds move by no more in a round, as the working response holds near the line alone
ROUNDS = 12
FURTHEST = 9.0  # fitted log-odds stay within this (shares between 0.0001 and 0.9999)


def wilson(share: ArrayLike, n: ArrayLike, level: float = LEVEL) -> tuple[Array, Array]:
    """Low and high end of Wilson's score interval for shares of `n` (effective, so not necessarily whole) articles.

    Law: the ends are the shares p with |share - p| = z sqrt(p (1 - p) / n); nan where n is 0.
    Source: Wilson 1927, J. Amer. Statist. Assoc. 22; with the effective number, Dean and Pagano 2015, J. Surv. Stat. Methodol. 3.

    >>> low, high = wilson(0.2, 50)
    >>> round(float(low), 4), round(float(high), 4)
    (0.1124, 0.3304)
    """
    share, n = np.broadcast_arrays(np.asarray(share, dtype=float), np.asarray(n, dtype=float))
    z2 = ndtri(0.5 + level / 2) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = (share + z2 / (2 * n)) / (1 + z2 / n)
        half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    known = n > 0
    return (
        np.where(known, np.clip(middle - half, 0, 1), np.nan),
        np.where(known, np.clip(middle + half, 0, 1), np.nan),
    )


def q_values(p: ArrayLike) -> Array:
    """Benjamini and Hochberg's adjusted p-values over all p that are there; nan stays nan and does not count.

    Law: q of the i-th smallest of m is min over j >= i of m p_j / j. Source: Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57.

    >>> q_values([0.01, 0.04, float("nan"), 0.03]).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    p = np.asarray(p, dtype=float)
    there = np.flatnonzero(np.isfinite(p))
    q = np.full(p.shape, np.nan)
    order = there[np.argsort(p[there], kind="stable")]
    raw = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return q


def sen_slope(values: ArrayLike, times: ArrayLike) -> float:
    """Sen's slope: the median of the slopes between all pairs of periods (1968, J. Amer. Statist. Assoc. 63).

    >>> sen_slope([1, 2, 3, 9], [0, 1, 2, 3])
    1.8333333333333333
    """
    values, times = np.asarray(values, dtype=float), np.asarray(times, dtype=float)
    first, second = np.triu_indices(len(values), 1)
    return float(np.median((values[second] - values[first]) / (times[second] - times[first])))


def mann_kendall(values: ArrayLike) -> tuple[float, float]:
    """Kendall's tau with time (tau-a) and the two-sided p of Mann-Kendall with ties, for independent periods.

    Where periods are alike from one to the next this p is too small, so it is a description here, never a finding.
    Source: Mann 1945, Econometrica 13; Kendall 1975, Rank Correlation Methods.

    >>> tau, p = mann_kendall([1, 2, 3, 4, 5, 6, 7, 8])
    >>> tau, round(p, 5)
    (1.0, 0.00084)
    """
    values = np.asarray(values, dtype=float)
    n = len(values)
    first, second = np.triu_indices(n, 1)
    score = float(np.sign(values[second] - values[first]).sum())
    ties = np.unique(values, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - (ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    z = (score - np.sign(score)) / np.sqrt(variance) if variance > 0 else 0.0
    return score / len(first), float(2 * ndtr(-abs(z)))


def selected_intervals(mixture: Array, df: Array, q: Array) -> tuple[Array, Array]:
    """Intervals of the slopes whose q is at most `MOVED`, wide enough for having been chosen; nan for the others.

    mixture: as `period_model` gives it, with `df` (n_names,); q: (n_names,). Law: with R of m names chosen, intervals of
    level 1 - R (1 - LEVEL) / m leave out the truth in 1 - LEVEL of those chosen, on average.
    Source: Benjamini and Yekutieli 2005, J. Amer. Statist. Assoc. 100 (false coverage rate).

    >>> one = np.array([[[1.0, 0.5, 0.1]], [[1.0, 0.1, 0.1]]])  # weight, slope and error of one point of the grid each
    >>> [side.round(2).tolist() for side in selected_intervals(one, np.array([30, 30]), np.array([0.001, 0.3]))]
    [[0.26, nan], [0.74, nan]]
    """
    chosen = q <= MOVED
    low, high = np.full(len(q), np.nan), np.full(len(q), np.nan)
    if chosen.any():
        tail = (1 - LEVEL) / 2 * chosen.mean()
        weight, slope, error = np.moveaxis(mixture[chosen], -1, 0)
        low[chosen], high[chosen] = (mixture_quantile(weight, slope, error, at, df[chosen]) for at in (tail, 1 - tail))
    return low, high


def mixture_quantile(weight: Array, centre: Array, width: Array, at: float, df: Array) -> Array:
    """Quantiles of mixtures, one a row, of t distributions of `df` (n_names,), by halving what holds them."""
    reach = -stdtrit(df, 1e-7)[:, None]
    low, high = (centre - reach * width).min(axis=1), (centre + reach * width).max(axis=1)
    safe, knots = np.maximum(width, 1e-12), np.sinh(np.linspace(-12, 12, 4001))
    known = {each: stdtr(each, knots) for each in np.unique(df)}
    for _ in range(45):
        half = (low + high) / 2
        deviate = (half[:, None] - centre) / safe
        below = np.empty_like(deviate)
        for each, curve in known.items():
            below[df == each] = np.interp(deviate[df == each], knots, curve)
        left = (weight * below).sum(axis=1) < at
        low, high = np.where(left, half, low), np.where(left, high, half)
    return (low + high) / 2


def whitened_products(
    columns: Array, variance: Array, steps: Array, shock: Array, correlation: Array
) -> tuple[Array, Array]:
    """Cross products of `columns` whitened by AR(1) shocks plus sampling noise, and the log determinants.

    columns (n_names, n_periods, n_columns); variance (n_names, n_periods) of sampling; steps (n_periods,): distance to
    the period before (the first is not used); shock (n_names, n_grid): stationary variance; correlation (n_grid,).
    Returns (n_names, n_grid, n_columns, n_columns) and (n_names, n_grid). The covariance
    shock * correlation^|s - t| + diag(variance) is never built: a Kalman filter runs over the periods, gaps included.
    """
    n_periods, n_columns = columns.shape[1:]
    state = np.zeros((*shock.shape, n_columns))
    spread = shock.copy()
    products = np.zeros((*shock.shape, n_columns, n_columns))
    determinant = np.zeros(shock.shape)
    for i in range(n_periods):
        if i:
            carry = correlation ** steps[i]
            state *= carry[None, :, None]
            spread = carry**2 * spread + shock * (1 - carry**2)
        total = spread + variance[:, i, None]
        innovation = columns[:, i, None, :] - state
        scaled = innovation / np.sqrt(total)[..., None]
        products += scaled[..., :, None] * scaled[..., None, :]
        determinant += np.log(total)
        state += (spread / total)[..., None] * innovation
        spread = spread * variance[:, i, None] / total
    return products, determinant


def restricted_fit(products: Array, determinant: Array, prior: Array, df: Array) -> dict[str, Array]:
    """Generalised least squares at every grid point from whitened products, whose first column is the response.

    df (n_names,): residual degrees of freedom. Gives `coefficients`, `inverse` (of X'X), `scale` (mean square of `SCALE_PERIODS` residuals
    of mean square 1, and of the df found) and `weight`: the restricted likelihood, made to sum to 1 over the grid.
    Law: the prior of the scale is inverse gamma with both parameters `SCALE_PERIODS` / 2, so that the coefficients are t with
    df + `SCALE_PERIODS` degrees of freedom. Without it periods that expect next to no mention, and have none, would count as
    many periods close to the line, and the errors of rare names would come out too small.
    """
    inner, cross = products[..., 1:, 1:], products[..., 1:, 0]
    inverse = np.linalg.inv(inner)
    coefficients = (inverse @ cross[..., None])[..., 0]
    rest = np.maximum(products[..., 0, 0] - (coefficients * cross).sum(axis=-1), 1e-12) + SCALE_PERIODS
    df = df + SCALE_PERIODS
    evidence = -0.5 * (determinant + np.linalg.slogdet(inner)[1] + df[:, None] * np.log(rest))
    weight = learned_weights(np.exp(evidence - evidence.max(axis=1, keepdims=True)), prior)
    return {"coefficients": coefficients, "inverse": inverse, "scale": rest / df[:, None], "weight": weight}


def error_grid(n_names: int) -> Array:
    """The grid of the errors of a family of so many names, a row a point: shock, correlation, prior weight."""
    points = [(0.0, 0.0, 1.0)]
    lean = (1 - CORRELATIONS) ** (LEAN if n_names >= TEACHING else CAREFUL_LEAN)
    points += [(s, r, w) for s in SHOCKS[1:] for r, w in zip(CORRELATIONS, lean / lean.sum(), strict=True)]
    return np.array(points)


def learned_weights(likelihood: Array, prior: Array) -> Array:
    """Weights of grid points for each name, (n_names, n_grid), rows sum to 1: likelihood times how common the points are.

    How common a point is among names is learned from all of them by EM, from `prior` with the force of `PRIOR_NAMES` names: a few
    periods of one name say little of the correlation of its errors, those of many names together say more.
    """
    common = prior / prior.sum()
    for _ in range(50):
        member = likelihood * common
        member /= member.sum(axis=1, keepdims=True)
        common = (PRIOR_NAMES * prior / prior.sum() + member.sum(axis=0)) / (PRIOR_NAMES + len(likelihood))
    member = likelihood * common
    return member / member.sum(axis=1, keepdims=True)


def period_model(
    share: ArrayLike, n: ArrayLike, times: ArrayLike, season: ArrayLike | None = None, level: float = LEVEL
) -> Mapping[str, Array]:
    """The trend of each name within outlets: log-odds of the share, linear in time, with AR(1) shocks of periods over sampling noise.

    share, n: (n_periods, n_names), or (n_periods, n_outlets, n_names) where outlets are held constant: the share and the effective
    number of articles it rests on (0 where an outlet has none); times: (n_periods,), whole numbers, with gaps where
    periods are missing; season: (n_periods, n_terms) further columns, or None.

    Model: logit E[share_ts] = a + a_s + b t + season + u_t, u AR(1) with correlation r and variance v, shared by the outlets s of a
    period; a_s weakly drawn to 0 (normal, SD 2.5); sampling variance mu (1 - mu) / n. So b is the change within outlets, whatever their mix. Fitted by marginal
    quasi-likelihood: a working response is made around the fitted line, a Gaussian
    model with that covariance, times a scale drawn towards 1, is fitted to it by REML, and so on till it stands. r and v are not set at
    their best values, which in few periods makes intervals too short, but averaged over a grid by their restricted
    likelihood: slope and interval are those of the mixture of t distributions, p twice its smaller tail.

    Returns arrays (n_names,): slope, low, high (log-odds per unit of time), p, mixture (n_names, n_grid, 3: weight, slope and error) and df
    of its t distributions, correlation (weighted mean), first and last (positions of `shown_ends`), start and end (fitted share there,
    without season, at the outlets' mix of the whole span).
    Source: Breslow and Clayton 1993, J. Amer. Statist. Assoc. 88 (MQL); Patterson and Thompson 1971, Biometrika 58 (REML).

    >>> n = np.full((16, 1), 200.0)
    >>> fit = period_model(expit(-2 + 0.1 * np.arange(16.0))[:, None], n, np.arange(16))
    >>> bool(fit["low"][0] < 0.1 < fit["high"][0]), bool(fit["p"][0] < 1e-6)
    (True, True)
    """
    share, n = (_by_name(np.asarray(array, dtype=float)) for array in (share, n))
    mix = n.sum(axis=1) / n.sum(axis=(1, 2))[:, None]
    n = np.where((n * share).sum(axis=1, keepdims=True) > 0, n, 0.0)  # an outlet that never mentions it has no slope
    share = np.where(n > 0, share, 0.0)
    times = np.asarray(times, dtype=float)
    centre = times - times.mean()
    terms = [centre, np.ones_like(times)] + ([] if season is None else list(np.asarray(season, dtype=float).T))
    design = np.stack(terms, axis=1)
    df = np.maximum((n > 0).sum(axis=(1, 2)) - (n.sum(axis=1) > 0).sum(axis=1) + 1 - design.shape[1], 1)
    steps = np.diff(times, prepend=times[0])
    grid = error_grid(len(share))
    said = (n * share).sum(axis=1, keepdims=True)
    fitted = np.broadcast_to(logit((said + 0.5) / (n.sum(axis=1, keepdims=True) + 1)), n.shape)
    for _ in range(ROUNDS):
        working, precision = working_response(share, n, fitted)
        columns, precision_of_period, within = collapsed(working, precision, design)
        variance = 1 / np.maximum(precision_of_period, 1e-9)
        told = np.maximum(precision_of_period.sum(axis=1), 1e-9)
        typical = (precision_of_period > 0).sum(axis=1) / told  # not that of periods that say nothing
        shock = typical[:, None] * grid[:, 0]
        products, determinant = whitened_products(columns, variance, steps, shock, grid[:, 1])
        fit = restricted_fit(products + within[:, None], determinant, grid[:, 2], df)
        coefficients = (fit["weight"][..., None] * fit["coefficients"]).sum(axis=1)
        outlets = coefficients[:, design.shape[1] :]
        line = (coefficients[:, : design.shape[1]] @ design.T)[..., None] + (outlets[:, None] if outlets.size else 0.0)
        moved = float(np.max(np.abs(line - fitted) * (n > 0)))
        fitted = np.clip(fitted + np.clip(line - fitted, -STEP, STEP), -FURTHEST, FURTHEST)
        if moved < 1e-4:
            break
    found = summary(fit, grid, df + SCALE_PERIODS, level)
    base = coefficients[:, [1]] + (outlets if outlets.size else 0.0)
    first, last = shown_ends((n * said / np.maximum(n.sum(axis=1, keepdims=True), 1e-12)).sum(axis=2))
    start, end = (
        (mix * (n.sum(axis=1) > 0) * expit(base + (found["slope"] * centre[at])[:, None])).sum(axis=1)
        for at in (first, last)
    )
    return {**found, "first": first, "last": last, "start": start, "end": end}


def shown_ends(expected: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of the periods between which a fitted line is shown, (n_names,) each, from the mentions to be expected, (n_names, n_periods).

    Law: the first period up to which, and the last from which on, `END_MENTIONS` mentions are to be expected at the name's share of the whole
    span, or `END_PART` of all its mentions where that is less. Beyond them the line has nothing to go by but its other end.

    >>> [ends.tolist() for ends in shown_ends(np.array([[0.5, 0.5, 1, 9, 9, 3], [3, 3, 3, 3, 9, 0]]))]
    [[2, 0], [5, 4]]
    """
    enough = np.minimum(END_MENTIONS, END_PART * expected.sum(axis=1, keepdims=True)) - 1e-9
    first = (expected.cumsum(axis=1) >= enough).argmax(axis=1)
    last = expected.shape[1] - 1 - (expected[:, ::-1].cumsum(axis=1) >= enough).argmax(axis=1)
    return first, last


def _by_name(array: Array) -> Array:
    """(n_names, n_periods, n_outlets) of an array with or without outlets."""
    return (array[:, None] if array.ndim == 2 else array).transpose(2, 0, 1)


def working_response(share: Array, n: Array, fitted: Array) -> tuple[Array, Array]:
    """Response and its precision on the log-odds scale around the fitted log-odds."""
    mean = expit(fitted)
    slope = mean * (1 - mean)
    return fitted + (share - mean) / slope, n * slope


def collapsed(working: Array, precision: Array, design: Array) -> tuple[Array, Array, Array]:
    """Response, design and outlets of each period as precision-weighted means over outlets, and what that leaves within periods.

    working, precision (n_names, n_periods, n_outlets); design (n_periods, n_terms). Gives columns (n_names, n_periods, 1 + n_terms +
    n_outlets), the periods' precision, and cross products (n_names, n_columns, n_columns) of the deviations within periods, with the outlets' prior.
    Law: since a period's shock is shared by its outlets, the cross products whitened by shock and sampling are those of the means plus those within.
    """
    n_names, _, n_outlets = working.shape
    total = precision.sum(axis=2)
    part = precision / np.maximum(total, 1e-9)[..., None]
    mean = (part * working).sum(axis=2)[..., None]
    common = np.broadcast_to(design, (n_names, *design.shape))
    n_columns = 1 + design.shape[1]
    if n_outlets == 1:
        return np.concatenate([mean, common], axis=2), total, np.zeros((n_names, n_columns, n_columns))
    within = np.zeros((n_names, n_columns + n_outlets, n_columns + n_outlets))
    off = working - mean
    within[:, 0, 0] = (precision * off**2).sum(axis=(1, 2))
    within[:, 0, n_columns:] = within[:, n_columns:, 0] = (precision * off).sum(axis=1)
    outlets = np.arange(n_columns, n_columns + n_outlets)
    within[:, outlets, outlets] = precision.sum(axis=1) + OUTLET_SPREAD**-2
    within[:, n_columns:, n_columns:] -= np.einsum("nts,ntr->nsr", precision, part)
    return np.concatenate([mean, common, part], axis=2), total, within


def summary(fit: Mapping[str, Array], grid: Array, df: Array, level: float) -> dict[str, Array]:
    """Slope, interval and p from the mixture over the grid."""
    weight = fit["weight"]
    slopes = fit["coefficients"][..., 0]
    errors = np.sqrt(fit["scale"] * fit["inverse"][..., 0, 0])
    above, below = ((weight * stdtr(df[:, None], -side * slopes / errors)).sum(axis=1) for side in (-1, 1))
    tail = (1 - level) / 2
    return {
        "slope": (weight * slopes).sum(axis=1),
        "low": mixture_quantile(weight, slopes, errors, tail, df),
        "high": mixture_quantile(weight, slopes, errors, 1 - tail, df),
        "p": np.minimum(2 * np.minimum(above, below), 1.0),
        "mixture": np.stack([weight, slopes, errors], axis=-1),
        "df": df,
        "correlation": (weight * grid[:, 1]).sum(axis=1),
    }


def effective_numbers(
    values: sparse.spmatrix | Array,
    row_period: NDArray[np.int64],
    clusters: Sequence[NDArray[np.int64]],
    n_periods: int,
) -> tuple[Array, Array, Array]:
    """Shares of articles per period, the effective number of articles behind each, and the design effects.

    values: (n_docs, n_names), 0/1 for mentions or shares of topics; row_period: (n_docs,) position of the period; clusters: codes
    (n_docs,), each nested in the next (source and day, day, week, all within a period).
    Returns share and effective number, (n_periods, n_names), and (n_clusters, n_periods, n_names): the design effect of the
    first kind of cluster alone, of the first two, and so on; the last is the one used. Law: the variance of a share p is p (1 - p) / n_effective, with
    n_effective = n / design effect, and design effect = 1 + sum over the kinds of pairs (same source and day; same day;
    same week) of the correlation of such pairs times their number per article. The correlations are moments pooled
    over all periods of a name, none taken below 0. Source: Kish 1965, Survey Sampling, the design effect.

    >>> y = np.array([[1.0], [1.0], [0.0], [0.0], [1.0], [0.0], [0.0], [1.0]])
    >>> share, n, effect = effective_numbers(y, np.zeros(8, int), [np.array([0, 0, 1, 1, 2, 3, 4, 5])], 1)
    >>> float(share[0, 0]), round(float(effect[-1, 0, 0]), 2)
    (0.5, 1.5)
    """
    values = sparse.csr_matrix(values)
    n: Any = np.bincount(row_period, minlength=n_periods).astype(float)[:, None]
    in_period = indicator(row_period, n_periods)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.asarray((in_period @ values).todense()) / n
        spread = np.maximum(np.asarray((in_period @ values.multiply(values)).todense()) / n - share**2, 0)
        lost = np.where(n > 1, 1 / (n - 1), 0.0)  # taking off the period's own mean makes all pairs a little unlike
    safe_share, safe_spread = np.nan_to_num(share), np.nan_to_num(spread)
    effect, effects = np.ones_like(share), []
    before_sum, before_pairs = np.zeros(values.shape[1]), np.zeros_like(n)
    for codes in clusters:
        code, inverse = np.unique(np.stack([row_period, codes]), axis=1, return_inverse=True)
        size = np.bincount(inverse).astype(float)
        centred = np.asarray((indicator(inverse, len(size)) @ values).todense()) - size[:, None] * safe_share[code[0]]
        pairs: Any = np.bincount(code[0], weights=size * (size - 1), minlength=n_periods)[:, None]
        products = (centred**2).sum(axis=0) - (n * safe_spread).sum(axis=0)
        new = pairs - before_pairs
        possible = (safe_spread * new * (1 + lost)).sum(axis=0)
        found = products - before_sum + (safe_spread * new * lost).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            correlation = np.where(possible > 0, np.clip(found / possible, 0, 1), 0.0)
            effect = effect + np.where(n > 0, correlation * new / n, 0.0)
        effects.append(effect)
        before_sum, before_pairs = products, pairs
    binary, actual = (n * safe_share * (1 - safe_share)).sum(axis=0), (n * safe_spread).sum(axis=0)
    gain = np.where(actual > 0, binary / np.where(actual > 0, actual, 1), 1.0)
    return share, n * gain / effect, np.stack(effects)


def indicator(codes: NDArray[np.int64], n_codes: int) -> sparse.csr_matrix:
    """(n_codes, n_docs) with a 1 where an article has the code."""
    return sparse.csr_matrix((np.ones(len(codes)), (codes, np.arange(len(codes)))), (n_codes, len(codes)))


def block_weights(stratum: NDArray[np.int64], draws: int, rng: np.random.Generator) -> Array:
    """Weights of blocks in each draw of a bootstrap within strata: (draws, n_blocks).

    In a stratum of m blocks, m - 1 are drawn with replacement and weighted m / (m - 1), which gives the right variance
    also where m is small; strata of one block make one stratum together. Law: the weights of a stratum add up to m.
    Source: Rao and Wu 1988, J. Amer. Statist. Assoc. 83.

    >>> block_weights(np.array([0, 0, 0, 1]), 5, np.random.default_rng(1)).sum(axis=1).round(9).tolist()
    [4.0, 4.0, 4.0, 4.0, 4.0]
    """
    sizes = np.bincount(stratum)
    stratum = np.where(sizes[stratum] == 1, len(sizes), stratum)
    weight = np.ones((draws, len(stratum)))
    for code in np.unique(stratum):
        members = np.flatnonzero(stratum == code)
        m = len(members)
        if m > 1:
            weight[:, members] = rng.multinomial(m - 1, np.full(m, 1 / m), size=draws) * (m / (m - 1))
    return weight
