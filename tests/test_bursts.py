"""Bursts and breaks: found where planted, seldom where not."""

import numpy as np
import pandas as pd
from scipy.special import expit

from topics import tables
from topics.trends import bursts as b


def series_of(mentioning, n_docs):
    n_periods, n_names = mentioning.shape
    periods = pd.DataFrame({"period": [f"{2000 + i}" for i in range(n_periods)], "n_docs": n_docs})
    rows = [
        {
            "name": f"{name:02d}",
            "kind": "keyword",
            "source": "",
            "unit": "share of articles",
            "period": period,
            "n_mentioning": mentioning[i, name],
        }
        for name in range(n_names)
        for i, period in enumerate(periods["period"])
    ]
    return pd.DataFrame(rows), periods


def shares(rng, n_periods, n_names, correlation=0.0):
    swing = np.zeros((n_periods, n_names))
    swing[0] = rng.normal(size=n_names)
    for i in range(1, n_periods):
        swing[i] = correlation * swing[i - 1] + np.sqrt(1 - correlation**2) * rng.normal(size=n_names)
    return expit(-2.2 + 0.4 * swing)


def test_a_planted_burst_and_a_planted_break_are_found(rng):
    n = np.full(30, 150)
    share = shares(rng, 30, 10)
    share[12:15, 0] += 0.35
    share[20:, 1] += 0.3
    found = b.bursts(*series_of(rng.binomial(150, share), n))
    assert found.columns.tolist()[: len(tables.BURSTS)] == list(tables.BURSTS)
    claimed = found[found["q"] <= 0.05].set_index(["name", "what"])
    assert claimed.loc[("00", "burst"), ["start", "end"]].tolist() == ["2012", "2014"]
    assert claimed.loc[("01", "break"), "start"] == "2020"
    assert claimed.loc[("00", "burst"), "share_in"] > claimed.loc[("00", "burst"), "share_out"]
    assert set(claimed.index.get_level_values("name")) <= {"00", "01"}


def test_a_burst_is_found_though_successive_periods_are_alike():
    found = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        share = shares(rng, 24, 24, 0.3)
        share[12:15, :2] += 0.2
        table = b.bursts(*series_of(rng.binomial(60, share), np.full(24, 60)), {"x": 0.3}, seed=seed, draws=199)
        found.append((table.loc[(table["what"] == "burst") & table["name"].isin(["00", "01"]), "p"] <= 0.05).mean())
    assert np.mean(found) > 0.5


def test_where_there_is_none_the_error_is_as_stated():
    wrong = {"burst": [], "break": []}
    for seed in range(10):
        rng = np.random.default_rng(seed)
        n = rng.integers(40, 160, size=36)
        found = b.bursts(
            *series_of(rng.binomial(n[:, None], shares(rng, 36, 30, 0.3)), n), {"x": 0.3}, seed=seed, draws=199
        )
        for what, rates in wrong.items():
            rates.append((found.loc[found["what"] == what, "p"] <= 0.05).mean())
    assert 0.01 < np.mean(wrong["burst"]) < 0.09
    assert 0.01 < np.mean(wrong["break"]) < 0.11


def test_one_busy_period_without_articles_about_it_is_no_burst(rng):
    n = np.full(24, 60)
    n[10] = 600  # ten times the articles, the same share
    found = b.bursts(*series_of(rng.binomial(n[:, None], np.full((24, 20), 0.15)), n), draws=199)
    assert (found["q"] > 0.05).all()


def test_few_periods_or_mentions_give_no_row(rng):
    n = np.full(7, 100)
    assert b.bursts(*series_of(rng.binomial(100, np.full((7, 3), 0.2)), n)).empty
    n = np.full(24, 100)
    mentioning = np.zeros((24, 2), dtype=int)
    mentioning[:, 0] = 20
    mentioning[3, 1] = 9
    assert set(b.bursts(*series_of(mentioning, n), draws=99)["name"]) == {"00"}
