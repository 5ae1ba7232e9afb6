"""Bursts and breaks: found where planted, seldom where not."""

import numpy as np
import pandas as pd
from scipy import stats
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


def test_the_strongest_stretch_and_point_are_those_of_all_there_are(rng):
    excess, worth = rng.normal(size=(14, 6)), rng.random((14, 6)) + 0.5
    excess -= excess.mean(axis=0)
    found = b._largest(excess, worth, 4)
    for name in range(6):

        def score(first, last, x=excess[:, name], w=worth[:, name]):
            inside = w[first : last + 1].sum()
            return x[first : last + 1].sum() / np.sqrt(inside * (1 - inside / w.sum()))

        stretches = [(first, last) for first in range(14) for last in range(first, min(first + 4, 14))]
        assert tuple(part[name] for part in found["burst"]) == max(stretches, key=lambda stretch: score(*stretch))
        assert found["break"][0][name] == max(range(2, 13), key=lambda first: abs(score(first, 13)))
        assert found["break"][1][name] == 13


def test_a_score_is_that_of_two_shares_where_articles_are_independent():
    n = np.full(24, 100)
    levels = np.stack([np.where(np.arange(24) // 3 == 4, 20, 10), np.where(np.arange(24) < 9, 20, 10)], axis=1)
    y = levels + np.tile([-1, 1, 0], 8)[:, None]
    found = b.scan(y.astype(float), n, np.broadcast_to(y.mean(axis=0) / 100, y.shape))

    def score(inside, name):
        share = y[:, name].sum() / n.sum()
        apart = y[inside, name].sum() / n[inside].sum() - y[~inside, name].sum() / n[~inside].sum()
        return apart / np.sqrt(share * (1 - share) * (1 / n[inside].sum() + 1 / n[~inside].sum()))

    burst, broken = found["burst"], found["break"]
    assert (burst["first"][0], burst["last"][0]) == (12, 14)
    assert np.isclose(burst["z"][0], score(np.arange(24) // 3 == 4, 0))
    assert (broken["first"][1], broken["last"][1]) == (9, 23)
    assert np.isclose(broken["z"][1], -score(np.arange(24) >= 9, 1))
    assert (broken["dispersion"][1], burst["dispersion"][0]) == (0, 0)


def test_dispersion_by_its_moments(rng):
    # fitted 5 of 10; X2 = (9 + 9) / 2.5 = 7.2 of four periods, one level fitted
    assert np.allclose(
        b.dispersion(np.array([[2.0], [8], [5], [5]]), np.full(4, 10), np.full((4, 1), 0.5), 1), 4.2 / 36
    )
    assert b.dispersion(np.full((4, 1), 5.0), np.full(4, 10), np.full((4, 1), 0.5), 1)[0] == 0
    n, k = rng.integers(20, 80, 5000), 0.05
    y = rng.binomial(n, rng.beta(0.2 * (1 / k - 1), 0.8 * (1 / k - 1), 5000)).astype(float)
    assert np.isclose(b.dispersion(y[:, None], n, np.full((5000, 1), 0.2), 0)[0], k, rtol=0.1)


def test_p_of_a_scan_counts_draws_as_large_and_beyond_their_reach_is_gumbels():
    drawn = stats.gumbel_r(3, 0.5).rvs(size=(999, 4), random_state=1)
    z = np.array([np.sort(drawn[:, 0])[-50], np.sort(drawn[:, 1])[-1], 9.0, drawn[:, 3].max() + 1e-9])
    p = b.scan_p(z, drawn)
    assert np.allclose(p[:2], [51 / 1000, 2 / 1000])
    spread = drawn[:, 2].std() * np.sqrt(6) / np.pi
    assert np.isclose(p[2], stats.gumbel_r(drawn[:, 2].mean() - np.euler_gamma * spread, spread).sf(9.0), rtol=1e-6)
    assert p[3] <= 1 / 1000  # no draw is as large: no more than were the next one


def outlets_of(n_docs, mentioning):
    """SERIES of one name by outlet, and of all together: (n_periods, n_outlets) each."""
    periods = pd.DataFrame({"period": [f"{2000 + i}" for i in range(len(n_docs))], "n_docs": n_docs.sum(axis=1)})
    frames = [
        pd.DataFrame({"period": periods["period"], "source": source, "n_docs": docs, "n_mentioning": said})
        for source, docs, said in [
            ("", n_docs.sum(axis=1), mentioning.sum(axis=1)),
            *zip("abcdef", n_docs.T, mentioning.T, strict=False),
        ]
    ]
    return pd.concat(frames).assign(name="tax", kind="keyword", unit="share of articles"), periods


def test_a_change_of_outlets_is_no_burst_and_no_break(rng):
    n_docs = np.column_stack([np.full(24, 60), np.where(np.arange(24) // 3 == 4, 300, 20)])
    mentioning = rng.binomial(n_docs, [0.1, 0.6])
    series, periods = outlets_of(n_docs, mentioning)
    held = b.bursts(series, periods, draws=199)
    raw = b.bursts(series[series["source"] == ""], periods, draws=199)
    assert (held["q"] > 0.05).all()
    assert raw.loc[raw["what"] == "burst", ["start", "end", "q"]].iloc[0].tolist() == ["2012", "2014", raw["q"].min()]
    assert raw["q"].min() <= 0.05
    inside = np.arange(24) // 3 == 4
    row = raw[raw["what"] == "burst"].iloc[0]
    assert row["n_in"] == mentioning[inside].sum()
    assert np.isclose(row["share_in"], mentioning[inside].sum() / n_docs[inside].sum())
    assert np.isclose(row["share_out"], mentioning[~inside].sum() / n_docs[~inside].sum())


def test_shares_expected_of_outlets_add_up_to_what_was_seen(rng):
    n_docs = rng.integers(20, 200, size=(12, 3))
    mentioning = rng.binomial(n_docs, [0.05, 0.2, 0.5])
    series, periods = outlets_of(n_docs, mentioning)
    y, n = mentioning.sum(axis=1)[:, None].astype(float), n_docs.sum(axis=1).astype(float)
    found = b.expected_shares(series[series["source"] != ""], periods["period"].to_numpy(), np.array(["tax"]), y, n)
    assert np.isclose((n[:, None] * found).sum(), y.sum())
    own = mentioning.sum(axis=0) / n_docs.sum(axis=0)
    assert np.allclose(found[:, 0], n_docs @ own / n, rtol=0.02)  # but for an article's worth of all for each outlet


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
