"""How often the statistics of trends err, on planted corpora: size, coverage, false discoveries, power, front pages.

    python benchmarks/trends_size.py [size] [thin] [families] [intervals] [discoveries] [power] [keyness] [bursts] [pages] [news] [--runs N]

Corpora are of articles with a day, an outlet (four, of unequal and changing volume) and a length. A name is mentioned in an
article by a Bernoulli draw whose log-odds add up a base, shocks of a month or week (AR(1)), shocks of a day that all outlets share, shocks
of an outlet's day, and where said a season or a trend; an article that mentions it does so 1 + negative binomial times.
Every rate is printed with its Monte Carlo standard error (over corpora, since names of one corpus share its days).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from record import record
from scipy import sparse
from scipy.special import expit, logit

from topics import pipeline
from topics.models import lda
from topics.trends import bursts, keyness, keywords, periods, prevalence, steps
from topics.trends.statistics import MOVED, mann_kendall, period_model
from topics.words.concepts import read_concepts

NEWS = Path(__file__).parents[1] / "../shared/corpora/dated/NewsArticles.zip"
OUTLETS = np.array([0.4, 0.3, 0.2, 0.1])


def world(
    rng: np.random.Generator,
    n_names: int,
    n_periods: int,
    *,
    per_period: int | np.ndarray = 60,
    base: float = 0.1,
    correlation: float = 0.3,
    shock: float = 0.3,
    day_shock: float = 0.3,
    own_day_shock: float = 0.3,
    season: float = 0.0,
    slope: np.ndarray | float = 0.0,
    outlets: float = 0.3,
    drift: float = 0.3,
    length: str = "month",
    one_outlet: bool = False,
) -> tuple[pd.DataFrame, sparse.csr_matrix, np.ndarray]:
    """Articles, mentions (n_docs, n_names) and the log-odds of periods (n_periods, n_names); per_period: mean of a growing number, or each number."""
    volume = (
        per_period if isinstance(per_period, np.ndarray) else rng.poisson(per_period * np.linspace(0.6, 1.4, n_periods))
    )
    period = np.repeat(np.arange(n_periods), volume)
    tilt = OUTLETS * np.array([[1 + drift, 1, 1 - drift, 1], [1 - drift, 1, 1 + drift, 1]])
    mix = tilt[0] + (tilt[1] - tilt[0]) * (period / max(n_periods - 1, 1))[:, None]
    outlet = (rng.random(len(period))[:, None] > np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    outlet = np.zeros_like(outlet) if one_outlet else np.minimum(outlet, 3)
    start = np.array(
        [
            periods.bounds(int(i), length)[0]
            for i in (600 + np.arange(n_periods) if length == "month" else 2500 + np.arange(n_periods))
        ]
    )
    day = start[period] + rng.integers(0, 28 if length == "month" else 7, size=len(period))
    swing = _swing(rng, n_periods, n_names, correlation)
    line = (
        np.log(base / (1 - base))
        + shock * swing
        + np.outer(np.arange(n_periods) - (n_periods - 1) / 2, np.broadcast_to(slope, n_names))
    )
    line += season * np.cos(2 * np.pi * np.arange(n_periods) / periods.PER_YEAR[length])[:, None]
    days, of_day = np.unique(day, return_inverse=True)
    own, of_own = np.unique(np.stack([of_day, outlet]), axis=1, return_inverse=True)
    odds = line[period] + outlets * rng.normal(size=(4, n_names))[outlet]
    odds += day_shock * rng.normal(size=(len(days), n_names))[of_day]
    odds += own_day_shock * rng.normal(size=(own.shape[1], n_names))[of_own]
    said = rng.random(odds.shape) < expit(odds)
    counts = said * (1 + rng.negative_binomial(0.7, 0.35, size=said.shape))
    articles = pd.DataFrame(
        {
            "doc_id": [f"{i:06d}" for i in range(len(period))],
            "date": day.astype(str),
            "date_precision": "day",
            "source": np.array(["a", "b", "c", "d"])[outlet],
            "n_words": np.maximum(60, rng.lognormal(5.9, 0.5, size=len(period)).astype(int)),
        }
    )
    return articles, sparse.csr_matrix(counts), line


def prepared(articles: pd.DataFrame, length: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    placed = periods.place(articles, length)
    return placed, periods.calendar(placed, length)


def trend_table(articles: pd.DataFrame, counts: sparse.csr_matrix, length: str) -> pd.DataFrame:
    placed, calendar = prepared(articles, length)
    names = [str(i) for i in range(counts.shape[1])]
    return keywords.keyword_trends(placed, calendar, length, counts, names, ["keyword"] * len(names))


def rate(values: list[float]) -> str:
    """Mean over corpora and its Monte Carlo standard error."""
    kept = np.array([value for value in values if np.isfinite(value)])
    return f"{kept.mean():.3f} ± {kept.std(ddof=1) / np.sqrt(len(kept)):.3f}" if len(kept) > 1 else "-"


def told(table: str, case: str, side: str = "topics", **rates: list[float]) -> None:
    """Print the rates of one row, and record each with its Monte Carlo standard error and the number of corpora."""
    print(
        f"{case}{'' if side == 'topics' else f', {side}'}: {'  '.join(f'{key} {rate(values)}' for key, values in rates.items())}",
        flush=True,
    )
    for measure, values in rates.items():
        kept = np.array([value for value in values if np.isfinite(value)])
        if len(kept) > 1:
            error = kept.std(ddof=1) / np.sqrt(len(kept))
            case_of = f"{table}: {case}"
            record(
                "trends_size", case_of, side, measure.replace("_", " "), kept.mean(), "", error=error, runs=len(kept)
            )


def size(runs: int) -> None:
    print("size at nominal .05 and coverage of the slope; tested: share of names that are not refused")
    cases: list[tuple[str, dict[str, float]]] = [
        ("independent periods", {"correlation": 0.0}),
        ("AR(1) .3", {}),
        ("AR(1) .3, shocks of SD 1", {"shock": 1.0}),
        ("AR(1) .5", {"correlation": 0.5}),
        ("AR(1) .7, shocks of SD 1", {"correlation": 0.7, "shock": 1.0}),
        ("AR(1) .3, season", {"season": 0.5}),
        ("AR(1) .3, rare (2 %)", {"base": 0.02}),
        ("AR(1) .3, outlets of SD 1 whose mix drifts", {"outlets": 1.0, "drift": 0.9}),
    ]
    for n_names in (6, 20, 200):
        for n_periods in (8, 12, 24, 60):
            for label, case in cases:
                if ("season" in case and n_periods < 36) or (n_names < 20 and (n_periods < 12 or "shock" not in case)):
                    continue
                wrong, covered, tested = [], [], []
                for run in range(max(4, runs if n_names < 200 else runs // 10)):
                    rng = np.random.default_rng([1, n_periods, n_names, run])
                    articles, counts, _ = world(rng, n_names, n_periods, **case)  # type: ignore[arg-type]
                    table = trend_table(articles, counts, "month")
                    made = table["p"].notna()
                    tested.append(made.mean())
                    wrong.append((table.loc[made, "p"] < 0.05).mean())
                    covered.append(((table.loc[made, "low"] <= 0) & (table.loc[made, "high"] >= 0)).mean())
                case_of = f"{n_names} names, {n_periods} months, {label}"
                told("size", case_of, size=wrong, coverage=covered, tested=tested)


def thin(runs: int) -> None:
    print(
        "rare names over weeks of which a stretch is thin, families of 20: size and coverage where nothing moves; ends of the fitted line further from the truth than "
        "five times the odds; found at .05, and coverage, where the odds grow nine times over the span"
    )
    few, many = (5, 8), (19, 145)
    layouts = {
        "seven weeks of 5 to 7 articles, then eight of 19 to 144": [few] * 7 + [many] * 8,
        "eight weeks of 19 to 144 articles, then seven of 5 to 7": [many] * 8 + [few] * 7,
        "sixteen weeks of 6 and 60 articles in turn": [(6, 7), (60, 61)] * 8,
        "twelve weeks of 60 articles, then six of 6": [(60, 61)] * 12 + [(6, 7)] * 6,
    }
    shocks = ({"correlation": 0.3, "shock": 0.3}, {"correlation": 0.5, "shock": 1.0})
    for where, layout in layouts.items():
        for one_outlet, base in ((True, 0.02), (True, 0.05), (True, 0.1), (False, 0.05)):
            for more in shocks:
                rates = _thin_rates(layout, base, runs, one_outlet=one_outlet, **more)
                outlets = "one outlet" if one_outlet else "four outlets"
                swing = f"AR(1) {more['correlation']}, SD {more['shock']}"
                told("thin", f"{where}, {outlets}, {100 * base:.0f} % of the articles, {swing}", **rates)


def _thin_rates(layout: list[tuple[int, int]], base: float, runs: int, **more: float) -> dict[str, list[float]]:
    """Rates of one row of `thin`, a value a corpus; none of a corpus in which no name could be tested."""
    rates: dict[str, list[float]] = {
        key: [] for key in ("size", "coverage", "tested", "ends_off", "found", "coverage_of_slope")
    }
    n_periods = len(layout)
    for run in range(runs):
        for slope in (0.0, np.log(9) / (n_periods - 1)):
            rng = np.random.default_rng([9, n_periods, run])
            volume = np.array([rng.integers(*ends) for ends in layout])
            articles, counts, _ = world(
                rng, 20, n_periods, per_period=volume, base=base, slope=slope, length="week", **more
            )  # type: ignore[arg-type]
            table = trend_table(articles, counts, "week")
            table = table[table["p"].notna()]
            covered = ((table["low"] <= slope) & (slope <= table["high"])).mean()
            if slope:
                rates["found"].append(((table["p"] < 0.05) & (table["slope"] > 0)).mean())
                rates["coverage_of_slope"].append(covered)
            else:
                off = np.abs(logit(table[["start", "end"]].to_numpy(dtype=float)) - logit(base))
                rates["ends_off"].append((off > np.log(5)).mean() if len(table) else np.nan)
                rates["size"].append((table["p"] < 0.05).mean())
                rates["coverage"].append(covered)
                rates["tested"].append(len(table) / 20)
    return rates


def families(runs: int) -> None:
    print(
        "size at nominal .05 on period data of one outlet, 60 articles a period and growing, by the size of the family; what `trends_of` refuses for its number of names is measured too"
    )
    shocks = ((0.0, 0.3), (0.3, 0.3), (0.3, 1.0), (0.5, 1.0), (0.7, 0.3), (0.7, 1.0))
    for n_periods, sizes in ((12, (1, 5, 9, 20)), (16, (5,)), (24, (3, 5, 9, 20)), (60, (3,))):
        for n_names in sizes:
            for correlation, shock in shocks:
                wrong, tested = [], []
                for run in range(max(runs, 10 * runs // n_names)):
                    rng = np.random.default_rng([10, n_periods, n_names, run])
                    odds = logit(0.1) + shock * _swing(rng, n_periods, n_names, correlation)
                    n = np.repeat(rng.poisson(60 * np.linspace(0.6, 1.4, n_periods))[:, None], n_names, axis=1)
                    fit = period_model(rng.binomial(n, expit(odds)) / n, n, np.arange(n_periods))
                    made = fit["correlation"] <= prevalence.MOST_ALIKE
                    tested.append(made.mean())
                    wrong.append((fit["p"] < 0.05)[made].mean() if made.any() else np.nan)
                case = f"{n_periods} periods, {n_names} name{'s' * (n_names > 1)}, AR(1) {correlation}, SD {shock}"
                told("families", case, size=wrong, tested=tested)


def _swing(rng: np.random.Generator, n_periods: int, n_names: int, correlation: float) -> np.ndarray:
    """AR(1) shocks of SD 1, (n_periods, n_names)."""
    swing = rng.normal(size=(n_periods, n_names))
    for i in range(1, n_periods):
        swing[i] = correlation * swing[i - 1] + np.sqrt(1 - correlation**2) * swing[i]
    return swing


def intervals(runs: int) -> None:
    print("coverage of nominal .95 intervals of one period's share and rate")
    for n_periods, per_period, base, shock, length in (
        (12, 60, 0.1, 0.3, "month"),
        (12, 200, 0.1, 0.5, "month"),
        (12, 60, 0.03, 0.3, "month"),
        (20, 60, 0.1, 0.5, "week"),
    ):
        share_hit, rate_hit = [], []
        for run in range(runs):
            rng = np.random.default_rng([2, run])
            articles, counts, _ = world(
                rng, 20, n_periods, per_period=per_period, base=base, day_shock=shock, length=length
            )
            truth = _truth([2, run], n_periods, per_period, base, shock, length)
            placed, calendar = prepared(articles, length)
            names = [f"{i:02d}" for i in range(20)]
            series = keywords.keyword_series(placed, calendar, length, counts, names, ["keyword"] * 20, draws=399)
            for unit, hit, true in ((keywords.SHARE, share_hit, truth[0]), (keywords.RATE, rate_hit, truth[1])):
                rows = series[(series["source"] == "") & (series["unit"] == unit)]
                low, high = (
                    rows.pivot(index="period", columns="name", values=end).to_numpy() for end in ("low", "high")
                )
                known = np.isfinite(low)
                hit.append(((low <= true) & (true <= high))[known].mean())
        case = f"{per_period} articles a {length}, share {base:.2f}, day shocks {shock}"
        told("intervals", case, coverage_of_shares=share_hit, coverage_of_rates=rate_hit)


def _truth(
    seed: list[int], n_periods: int, per_period: int, base: float, shock: float, length: str
) -> tuple[np.ndarray, np.ndarray]:
    """Expected share and rate per period of the same world, over its days: the outlets' mix and effects, and the periods, held."""
    rng = np.random.default_rng(seed)
    volume = rng.poisson(per_period * np.linspace(0.6, 1.4, n_periods))
    period = np.repeat(np.arange(n_periods), volume)
    tilt = np.stack([OUTLETS * np.array([1.3, 1, 0.7, 1]), OUTLETS * np.array([0.7, 1, 1.3, 1])])
    mix = tilt[0] + (tilt[1] - tilt[0]) * (period / max(n_periods - 1, 1))[:, None]
    outlet = np.minimum(
        (rng.random(len(period))[:, None] > np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)).sum(axis=1), 3
    )
    day = rng.integers(0, 28 if length == "month" else 7, size=len(period)) + 100 * period
    swing = _swing(rng, n_periods, 20, 0.3)
    line = np.log(base / (1 - base)) + 0.3 * swing
    effects = 0.3 * rng.normal(size=(4, 20))
    assert len(day) == len(period)
    knots, weights = np.polynomial.hermite_e.hermegauss(21)
    spread = np.sqrt(shock**2 + 0.3**2)
    mean = (
        sum(w * expit(line[:, None, :] + effects[None] + spread * k) for k, w in zip(knots, weights, strict=True))
        / weights.sum()
    )
    share = np.stack([(np.bincount(outlet[period == i], minlength=4) / volume[i]) @ mean[i] for i in range(n_periods)])
    words = np.maximum(60, np.random.default_rng(0).lognormal(5.9, 0.5, size=400_000).astype(int)).mean()
    return share, 1e4 * share * (1 + 0.7 * (1 - 0.35) / 0.35) / words


def discoveries(runs: int) -> None:
    print(
        f"false discovery rate at q {MOVED}, a fifth of 100 names with a trend; coverage of the intervals of the findings"
    )
    for n_periods, slope in ((12, 0.2), (24, 0.08), (60, 0.03)):
        false, found, covered, raw = [], [], [], []
        for run in range(runs):
            rng = np.random.default_rng([3, n_periods, run])
            slopes = np.where(np.arange(100) < 20, rng.choice([-1, 1], 100) * slope, 0.0)
            table = trend_table(*world(rng, 100, n_periods, slope=slopes)[:2], "month")
            claimed = (table["q"] <= MOVED).to_numpy()
            false.append(claimed[20:].sum() / max(claimed.sum(), 1))
            found.append(claimed[:20].mean())
            if claimed.any():
                covered.append(((table["selected_low"] <= slopes) & (slopes <= table["selected_high"]))[claimed].mean())
                raw.append(((table["low"] <= slopes) & (slopes <= table["high"]))[claimed].mean())
        case = f"{n_periods} months, slope {slope}"
        told("discoveries", case, FDR=false, found=found, coverage_as_quoted=covered, coverage_raw=raw)


def power(runs: int) -> None:
    print("size-adjusted power at .05 (threshold from the null of each): period model and Mann-Kendall")
    for n_periods, slope in ((12, 0.1), (24, 0.04), (60, 0.015)):
        p: dict[str, list[np.ndarray]] = {"model": [], "mk": [], "model0": [], "mk0": []}
        for run in range(runs):
            for mark, steep in (("", slope), ("0", 0.0)):
                articles, counts, _ = world(
                    np.random.default_rng([4, n_periods, run, len(mark)]), 40, n_periods, slope=steep
                )
                table = trend_table(articles, counts, "month")
                placed, calendar = prepared(articles, "month")
                share = keywords.shares(counts > 0, placed, calendar, "month")[0]
                p["model" + mark].append(table["p"].to_numpy())
                p["mk" + mark].append(np.array([mann_kendall(column)[1] for column in share.T]))
        values = {key: np.concatenate(parts) for key, parts in p.items()}
        for key, side in (("model", "topics"), ("mk", "Mann-Kendall")):
            limit = np.nanquantile(values[key + "0"], 0.05)
            found = [float(np.nanmean(part <= limit)) for part in p[key]]
            told("power", f"{n_periods} months, slope {slope}", side, power=found)


def null_vocabulary(
    rng: np.random.Generator, n_names: int, n_periods: int, **more: float
) -> tuple[pd.DataFrame, sparse.csr_matrix]:
    """A vocabulary whose words are in 1 to 20 % of articles, without trends."""
    base = np.exp(rng.uniform(np.log(0.01), np.log(0.2), n_names))
    articles, counts, _ = world(rng, n_names, n_periods, base=base, **more)  # type: ignore[arg-type]
    return articles, counts


def screened(articles: pd.DataFrame, counts: sparse.csr_matrix, length: str, seed: int) -> pd.DataFrame:
    placed, _ = prepared(articles, length)
    half = keyness.halves(placed, articles["date"])
    block, _ = keyness.time_blocks(placed, articles["date"], half)
    terms = [f"{i:05d}" for i in range(counts.shape[1])]
    source = articles["source"].to_numpy()
    return keyness.keyness(counts, terms, half, block, ("early", "late"), source=source, seed=seed)[0]


def screen(runs: int) -> None:
    print("keyness, early against late, 1,000 words: corpora with any word at q .05 where none moves; FDR where 5 % do")
    for n_periods, correlation in ((24, 0.0), (24, 0.3), (60, 0.3)):
        any_found, false, found = [], [], []
        for run in range(runs):
            rng = np.random.default_rng([5, n_periods, run])
            articles, counts = null_vocabulary(rng, 1000, n_periods, correlation=correlation)
            any_found.append(float((screened(articles, counts, "month", run)["q"] <= 0.05).any()))
            slopes = np.where(np.arange(1000) < 50, 1.5 / n_periods, 0.0)
            articles, counts = null_vocabulary(rng, 1000, n_periods, correlation=correlation, slope=slopes)  # type: ignore[arg-type]
            table = screened(articles, counts, "month", run)
            claimed = table.loc[table["q"] <= 0.05, "term"].astype(int).to_numpy()
            false.append((claimed >= 50).sum() / max(len(claimed), 1))
            found.append((claimed < 50).sum() / 50)
        case = f"{n_periods} months, AR(1) {correlation}"
        told("keyness", case, any_where_none_moves=any_found, FDR=false, found=found)


def scan(runs: int) -> None:
    print(
        "bursts and breaks of 40 names at p .05 where there are none, corpora with any at q .05; found where four are planted (three periods, a fifth of their articles more)"
    )
    cases = [(n, r, {}) for n, r in ((12, 0.0), (12, 0.3), (24, 0.0), (24, 0.3), (24, 0.5), (60, 0.3), (60, 0.5))]
    cases += [(24, 0.3, {"day_shock": 1.0}), (24, 0.3, {"shock": 1.0})]  # type: ignore[list-item]
    measures = ("burst", "break", "any_burst", "any_break", "found", "found_at_q_.05")
    for n_periods, correlation, more in cases:
        wrong: dict[str, list[float]] = {measure: [] for measure in measures}
        for run in range(runs):
            rng = np.random.default_rng([6, n_periods, run])
            articles, counts, _ = world(rng, 40, n_periods, correlation=correlation, **more)
            table = _bursts_of(articles, counts, run)
            for what, rows in table.groupby("what"):
                wrong[str(what)].append((rows["p"] <= 0.05).mean())
                wrong[f"any_{what}"].append(float((rows["q"] <= 0.05).any()))
            month = articles["date"].str.slice(0, 7)
            inside = month.isin(sorted(month.unique())[n_periods // 2 : n_periods // 2 + 3]).to_numpy()
            few = np.arange(counts.shape[1]) < 4
            extra = sparse.csr_matrix((rng.random(counts.shape) < 0.2) * inside[:, None] * few)
            table = _bursts_of(articles, counts + extra, run)
            planted = (table["what"] == "burst") & table["name"].astype(str).isin(["000", "001", "002", "003"])
            wrong["found"].append((table.loc[planted, "p"] <= 0.05).mean())
            wrong["found_at_q_.05"].append((table.loc[planted, "q"] <= 0.05).mean())
        said = "".join(f", {key.replace('_', ' ')}s of SD {value}" for key, value in more.items())
        told("bursts", f"{n_periods} months, AR(1) {correlation}{said}", **wrong)


def _bursts_of(articles: pd.DataFrame, counts: sparse.csr_matrix, seed: int) -> pd.DataFrame:
    placed, calendar = prepared(articles, "month")
    names = [f"{i:03d}" for i in range(counts.shape[1])]
    series = keywords.keyword_series(placed, calendar, "month", counts, names, ["keyword"] * len(names), draws=2)
    trends = trend_table(articles, counts, "month").assign(name=names)
    return bursts.bursts(
        series, calendar, dict(zip(trends["name"], trends["correlation"], strict=True)), seed=seed, draws=399
    )


def pages(runs: int) -> None:
    print(
        "planted corpora whose periods change places, shocks kept, in which anything is claimed: 30 keywords, 400 words"
    )
    for n_periods, length in ((17, "week"), (24, "month")):
        claimed = []
        for run in range(runs):
            rng = np.random.default_rng([7, n_periods, run])
            base = np.r_[np.full(30, 0.1), np.exp(rng.uniform(np.log(0.01), np.log(0.2), 370))]
            slopes = rng.normal(0, 0.1, 400) * (np.arange(400) < 30)
            articles, counts, _ = world(rng, 400, n_periods, base=base, slope=slopes, length=length)  # type: ignore[arg-type]
            articles = permuted_dates(articles, rng, length)
            placed, calendar = prepared(articles, length)
            followed = placed, calendar, length, counts[:, :30], [f"{i:02d}" for i in range(30)], ["keyword"] * 30
            table = keywords.keyword_trends(*followed)
            alike = dict(zip(table["name"], table["correlation"], strict=True))
            found = bursts.bursts(keywords.keyword_series(*followed, draws=2), calendar, alike, seed=run, draws=399)
            claimed.append(claims(table, found, screened(articles, counts, length, run)))
        told("permuted dates", f"{n_periods} {length}s", **pd.DataFrame(claimed).to_dict("list"))  # type: ignore[arg-type]


def claims(trends: pd.DataFrame, found: pd.DataFrame, words: pd.DataFrame) -> dict[str, float]:
    """Which kinds of claims a report would make, by its own rules: front page (trends), page of keywords (bursts and breaks, words of halves)."""
    made = {
        "front_page": bool((keywords.findings(trends)["verdict"] != "cannot say").any()),
        "bursts_or_breaks": bool((found["q"] < 0.05).any()),
        "words_of_halves": bool((words["q"] < 0.05).any()),
    }
    return {kind: float(claimed) for kind, claimed in (made | {"anything": any(made.values())}).items()}


def news(runs: int) -> None:
    print(
        "the news corpus, its days permuted in blocks of three, through the steps of a report: in how many is anything claimed"
    )
    given = pipeline.settings(articles=str(NEWS), workers=1)
    articles, counted = pipeline.corpus(given)["articles"], pipeline.words(given)
    fit = lda.fit(counted["counts"], n_topics=10, seed=1, sweeps=40)
    shares, modelled = lda.article_shares(fit, counted["counts"]), lda.articles(counted["counts"])
    steps.OUTLETS = 0
    claimed = []
    for run in range(runs):
        moved = permuted_days(articles, np.random.default_rng([8, run]))
        length, why = periods.choose_length(moved)
        placed = periods.place(moved, length)
        calendar = placed, periods.calendar(placed, length), length, why
        kept = steps.follow(counted, moved, calendar, (), read_concepts(Path(given.concepts)), {}, None, few=False)
        marked = steps.compare_groups(counted, moved, placed, few=False)
        placed = kept["placed"][kept["placed"]["doc_id"].isin(modelled)].reset_index(drop=True)
        topics = prevalence.topic_trends(shares, placed, kept["periods"], kept["length"])
        both = pd.concat([kept["trends"], topics], ignore_index=True)
        claimed.append(claims(both, kept["bursts"], marked["keyness"]))
    told("permuted dates", "news, weeks, concepts and ten topics", **pd.DataFrame(claimed).to_dict("list"))  # type: ignore[arg-type]


def permuted_days(articles: pd.DataFrame, rng: np.random.Generator, block: int = 3) -> pd.DataFrame:
    """Blocks of successive days with articles change places, cut from a random place, each day with all its articles."""
    known = articles["date"].str.len() == 10
    days = np.sort(articles.loc[known, "date"].unique())
    blocks = np.array_split(np.roll(days, rng.integers(len(days))), max(1, len(days) // block))
    moved = np.concatenate([blocks[i] for i in rng.permutation(len(blocks))])
    return articles.assign(date=articles["date"].replace(dict(zip(moved, days, strict=True))))


def permuted_dates(articles: pd.DataFrame, rng: np.random.Generator, length: str) -> pd.DataFrame:
    """Whole periods change places, each with its days, shocks and volume."""
    ordinal = periods.ordinals(articles["date"], length)
    first, places = ordinal.min(), rng.permutation(ordinal.max() - ordinal.min() + 1)
    start = np.array([periods.bounds(int(i), length)[0] for i in np.arange(first, ordinal.max() + 1)])
    offset = articles["date"].to_numpy(dtype="datetime64[D]") - start[ordinal - first]
    return articles.assign(date=(start[places[ordinal - first]] + offset).astype(str))


TABLES = {
    "size": size,
    "thin": thin,
    "families": families,
    "intervals": intervals,
    "discoveries": discoveries,
    "power": power,
    "keyness": screen,
    "bursts": scan,
    "pages": pages,
    "news": news,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="which tables; all where none is named")
    parser.add_argument("--runs", type=int, default=100, help="planted corpora for each row")
    options = parser.parse_args()
    for name in options.tables or TABLES:
        began = time.process_time()
        TABLES[name](options.runs)
        print(f"({name}: {time.process_time() - began:.0f} s of processor)\n", flush=True)


if __name__ == "__main__":
    main()
