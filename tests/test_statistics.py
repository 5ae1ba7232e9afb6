"""Statistics on plain arrays: laws, other programs' values, planted truth."""

import numpy as np
import pymannkendall
import pytest
from scipy import linalg, stats
from scipy.special import expit
from statsmodels.regression.linear_model import GLS
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from topics.trends import statistics as s


def ar1(rng, n_periods, n_names, correlation, deviation):
    out = np.zeros((n_periods, n_names))
    out[0] = rng.normal(size=n_names)
    for i in range(1, n_periods):
        out[i] = correlation * out[i - 1] + np.sqrt(1 - correlation**2) * rng.normal(size=n_names)
    return deviation * out


def planted(rng, n_periods, n_names, *, correlation=0.3, deviation=0.3, slope=0.0, base=-2.2, volume=60):
    n = np.round(volume * np.linspace(0.4, 1.6, n_periods))[:, None] * np.ones(n_names)
    odds = base + slope * (np.arange(n_periods) - (n_periods - 1) / 2)[:, None]
    y = rng.binomial(n.astype(int), expit(odds + ar1(rng, n_periods, n_names, correlation, deviation)))
    return y / n, n


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 50), (3, 7), (50, 50)])
def test_wilson_is_that_of_statsmodels(k, n):
    low, high = proportion_confint(k, n, method="wilson")
    assert np.allclose(s.wilson(k / n, n), (low, high), atol=1e-12)


def test_wilson_by_hand():
    # 10 of 50 at z = 2, by hand: middle (0.2 + 2/50) / (1 + 4/50) = 2/9, half width 2 sqrt(0.16/50 + 1/2500) / 1.08 = 1/9
    assert np.allclose(s.wilson(0.2, 50, level=2 * stats.norm.cdf(2) - 1), (1 / 9, 1 / 3))


def test_mann_kendall_and_sen_by_hand():
    # 1 3 2 5 4 8 7 9: of 28 pairs 25 rise and 3 fall, S = 22; variance 8 * 7 * 21 / 18, z = 21 / sqrt(196 / 3)
    tau, p = s.mann_kendall([1, 3, 2, 5, 4, 8, 7, 9])
    assert np.isclose(tau, 22 / 28)
    assert np.isclose(p, 2 * stats.norm.sf(21 / np.sqrt(196 / 3)))


def test_tau_and_its_z_are_those_that_r_prints_for_its_own_example():
    # the example of ?cor.test (Hollander and Wolfe 1973, p. 185), printed in many places: tau 0.4444444; without continuity
    # correction z = 1.6681 (www.stat.sc.edu/~habing/courses/518splus3F98.html); ours has the correction, 15/16 of it
    x = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1]
    y = np.array([2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8])
    tau, p = s.mann_kendall(y[np.argsort(x)])
    assert np.isclose(tau, 0.4444444)
    assert np.isclose(stats.norm.isf(p / 2) * 16 / 15, 1.6681, atol=5e-5)


def test_q_values_are_those_of_statsmodels_and_leave_nan_out(rng):
    p = rng.random(200) ** 2
    q = s.q_values(np.r_[p, np.nan])
    assert np.allclose(q[:-1], multipletests(p, method="fdr_bh")[1])
    assert np.isnan(q[-1])


def test_mann_kendall_and_sen_are_those_of_pymannkendall(rng):
    for _ in range(20):
        values = rng.integers(0, 9, size=int(rng.integers(8, 40)))
        witness = pymannkendall.original_test(values)
        tau, p = s.mann_kendall(values)
        assert np.isclose(tau, witness.Tau)
        assert np.isclose(p, witness.p)
        assert np.isclose(s.sen_slope(values, np.arange(len(values))), witness.slope)


def test_whitening_over_gaps_is_that_of_the_whole_covariance(rng):
    times = np.array([0, 1, 2, 5, 6, 9])
    variance, shock, correlation = rng.random((2, 6)) + 0.1, np.array([[0.0, 0.4], [0.0, 1.3]]), np.array([0.0, 0.6])
    columns = rng.normal(size=(2, 6, 3))
    products, determinant = s.whitened_products(columns, variance, np.diff(times, prepend=0.0), shock, correlation)
    for name in range(2):
        for point in range(2):
            distance = np.abs(times[:, None] - times)
            whole = shock[name, point] * correlation[point] ** distance + np.diag(variance[name])
            expected = columns[name].T @ np.linalg.solve(whole, columns[name])
            assert np.allclose(products[name, point], expected)
            assert np.isclose(determinant[name, point], np.linalg.slogdet(whole)[1])


def test_generalised_least_squares_is_that_of_statsmodels(rng):
    x = np.stack([np.ones(12), np.arange(12.0)], axis=1)
    y, variance = rng.normal(size=12), np.full((1, 12), 0.5)
    products, determinant = s.whitened_products(
        np.concatenate([y[:, None], x], axis=1)[None], variance, np.ones(12), np.array([[0.8]]), np.array([0.5])
    )
    fit = s.restricted_fit(products, determinant, np.ones(1), np.array([10]))
    distance = np.abs(np.arange(12)[:, None] - np.arange(12))
    witness = GLS(y, x, sigma=0.8 * 0.5**distance + 0.5 * np.eye(12)).fit()
    assert np.allclose(fit["coefficients"][0, 0], witness.params)
    assert np.isclose(fit["inverse"][0, 0, 1, 1], witness.normalized_cov_params[1, 1])
    assert np.isclose(fit["scale"][0, 0], (10 * witness.scale + s.SCALE_PERIODS) / (10 + s.SCALE_PERIODS))


def test_points_of_the_grid_are_weighed_by_the_likelihood_of_what_the_line_cannot_say(rng):
    # REML by its definition: the density of contrasts that are free of the line (Patterson and Thompson 1971); a normal whose variance has
    # an inverse gamma prior is a t
    times = np.arange(12)
    x, y = np.stack([times, np.ones(12)], axis=1), rng.normal(size=12)
    shock, correlation = np.array([[0.0, 1.5, 1.5, 6.0]]), np.array([0.0, 0.0, 0.7, 0.3])
    products, determinant = s.whitened_products(
        np.column_stack([y, x])[None], np.full((1, 12), 0.5), np.ones(12), shock, correlation
    )
    fit = s.restricted_fit(products, determinant, np.ones(4), np.array([10]))
    contrasts, likelihood = linalg.null_space(x.T), []
    for size, r in zip(shock[0], correlation, strict=True):
        inner = contrasts.T @ (size * r ** np.abs(times[:, None] - times) + 0.5 * np.eye(12)) @ contrasts
        free = contrasts.T @ y
        likelihood.append(stats.multivariate_t(shape=inner, df=s.SCALE_PERIODS).logpdf(free))
    assert np.allclose(fit["weight"], s.learned_weights(np.exp(likelihood - np.max(likelihood))[None], np.ones(4)))


def test_slope_interval_and_p_are_those_of_the_mixture_by_scipy():
    weight, slopes, errors, df = [0.25, 0.75], [0.1, 0.3], [0.1, 0.2], 14
    fit = {
        "weight": np.array([weight]),
        "coefficients": np.array([[[slope, -2.0] for slope in slopes]]),
        "scale": np.array([[2.0, 2.0]]),
        "inverse": np.array([[[[error**2 / 2, 0.0], [0.0, 1.0]] for error in errors]]),
    }
    found = s.summary(fit, np.array([[1.0, 0.2, 1.0], [1.0, 0.6, 1.0]]), np.array([df]), 0.9)

    def below(at):
        return sum(w * stats.t(df, m, e).cdf(at) for w, m, e in zip(weight, slopes, errors, strict=True))

    assert np.isclose(found["slope"][0], 0.25)
    assert np.allclose([below(found[end][0]) for end in ("low", "high")], [0.05, 0.95], atol=1e-4)
    assert np.isclose(found["p"][0], 2 * below(0), rtol=1e-6)
    assert np.isclose(found["correlation"][0], 0.25 * 0.2 + 0.75 * 0.6)


def test_the_line_starts_and_ends_at_the_outlets_mix_of_the_whole_span():
    times = np.array([0, 1, 2, 3, 5, 6, 7, 8, 9, 11])
    line = expit(-1.5 + 0.1 * times)
    alone = s.period_model(line[:, None], np.full((10, 1), 300.0), times)
    assert np.allclose([alone["start"][0], alone["end"][0]], line[[0, -1]], rtol=1e-3)
    n = np.array([90.0, 30.0])[:, None] * np.linspace([0.6, 1.4], [1.4, 0.6], 10)[..., None]  # one goes, one comes
    both = expit(np.array([-2.0, -0.5]) + 0.1 * times[:, None])[..., None]
    held = s.period_model(both, 100 * n, times)  # so many articles that no outlet is drawn to the others
    assert np.allclose([held["start"][0], held["end"][0]], both[[0, -1], :, 0] @ [0.75, 0.25], rtol=1e-2)
    silent = np.concatenate(
        [both, np.zeros((10, 1, 1))], axis=1
    )  # an outlet of half of all articles that never says it
    with_it = s.period_model(silent, 100 * np.concatenate([n, n.sum(axis=1, keepdims=True)], axis=1), times)
    assert np.allclose([with_it["start"][0], with_it["end"][0]], both[[0, -1], :, 0] @ [0.375, 0.125], rtol=1e-2)
    assert np.isclose(with_it["slope"][0], held["slope"][0], rtol=1e-3)


def test_a_family_too_small_to_teach_expects_its_periods_to_be_more_alike():
    for n_names, power in ((s.TEACHING - 1, s.CAREFUL_LEAN), (s.TEACHING, s.LEAN)):
        shock, correlation, prior = s.error_grid(n_names).T
        assert (shock[0], correlation[0], prior[0]) == (0, 0, 1)
        assert np.isclose(prior[1:].sum(), len(s.SHOCKS) - 1)  # each size of shock is as common as none
        one = prior[shock == s.SHOCKS[1]] / (1 - correlation[shock == s.SHOCKS[1]]) ** power
        assert np.allclose(one, one[0])
    assert s.CAREFUL_LEAN < 0 < s.LEAN


def test_holding_outlets_constant_is_generalised_least_squares_on_their_cells(rng):
    times, outlets = np.arange(6), 3
    working, precision = rng.normal(size=(1, 6, outlets)), rng.random((1, 6, outlets)) + 0.2
    precision[0, 2, 1] = 0.0  # an outlet without articles in a period
    design = np.stack([times - 2.5, np.ones(6)], axis=1)
    columns, of_period, within = s.collapsed(working, precision, design)
    products, _ = s.whitened_products(columns, 1 / of_period, np.ones(6), np.array([[0.7]]), np.array([0.4]))
    there = precision.ravel() > 0
    period, outlet = np.repeat(times, outlets)[there], np.tile(np.arange(outlets), 6)[there]
    whole = 0.7 * 0.4 ** np.abs(period[:, None] - period) + np.diag(1 / precision.ravel()[there])
    every = np.column_stack([working.ravel()[there], design[period], np.eye(outlets)[outlet]])
    expected = every.T @ np.linalg.solve(whole, every) + np.diag([0.0] * 3 + [s.OUTLET_SPREAD**-2] * outlets)
    assert np.allclose(products[0, 0] + within[0], expected)


def test_a_changing_mix_of_outlets_is_no_trend():
    wrong, raw = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        part = np.linspace([0.7, 0.2, 0.1], [0.1, 0.2, 0.7], 16)[..., None]
        n = rng.poisson(80 * part, (16, 3, 50))
        shock = ar1(rng, 16, 50, 0.3, 0.3)[:, None] + rng.normal(size=(3, 50)) + 0.3 * rng.normal(size=(16, 3, 50))
        share = rng.binomial(n, expit(shock - 2.2)) / np.maximum(n, 1)
        wrong.append((s.period_model(share, n, np.arange(16))["p"] < 0.05).mean())
        total = n.sum(axis=1)
        raw.append((s.period_model((share * n).sum(axis=1) / total, total, np.arange(16))["p"] < 0.05).mean())
    assert np.mean(wrong) < 0.08 < np.mean(raw)


@pytest.mark.parametrize("n_periods", [12, 24, 60])
@pytest.mark.parametrize("correlation", [0.0, 0.3])
def test_no_trend_is_found_as_often_as_the_level_says(n_periods, correlation):
    wrong, covered = [], []
    for seed in range(6):
        rng = np.random.default_rng([seed, n_periods])
        fit = s.period_model(*planted(rng, n_periods, 100, correlation=correlation), np.arange(n_periods))
        wrong.append((fit["p"] < 0.05).mean())
        covered.append(((fit["low"] <= 0) & (fit["high"] >= 0)).mean())
    error = 2.5 * np.sqrt(0.05 * 0.95 / 600)
    assert 0.03 - error < np.mean(wrong) < 0.08 + error
    assert 0.92 - error < np.mean(covered) < 0.97 + error


def test_planted_slopes_are_in_their_intervals(rng):
    fit = s.period_model(*planted(rng, 24, 300, slope=0.06), np.arange(24))
    assert 0.91 < ((fit["low"] <= 0.06) & (fit["high"] >= 0.06)).mean() < 0.99
    assert abs(np.median(fit["slope"]) - 0.06) < 0.01


def test_more_volume_is_no_trend_of_a_rare_word(rng):
    share, n = planted(rng, 36, 300, base=np.log(0.02 / 0.98), volume=70)
    fit = s.period_model(share, n, np.arange(36))
    assert (fit["p"] < 0.05).mean() < 0.11
    assert abs(np.mean(fit["slope"])) < 0.01


@pytest.mark.parametrize("thin_first", [True, False])
def test_a_thin_stretch_of_periods_is_no_trend_of_a_rare_word(monkeypatch, thin_first):
    wrong = {}
    for prior in (s.SCALE_PERIODS, 1e-9):  # what speaks for errors as large as sampling says, and next to nothing
        monkeypatch.setattr(s, "SCALE_PERIODS", prior)
        wrong[prior] = []
        for seed in range(24):
            rng = np.random.default_rng(seed)
            n = np.r_[rng.integers(5, 8, 7), rng.integers(19, 145, 8)][:: 1 if thin_first else -1][:, None] * np.ones(
                20
            )
            share = rng.binomial(n.astype(int), expit(-2.94 + ar1(rng, 15, 20, 0.3, 0.3))) / n
            wrong[prior].append((s.period_model(share, n, np.arange(15))["p"] < 0.05).mean())
    held, free = map(np.mean, wrong.values())
    assert held < 0.07 < free


def test_errors_larger_than_sampling_says_are_still_seen(rng):
    n = np.full((40, 3, 200), 200.0)
    odds = -1.5 + 0.5 * rng.normal(size=n.shape)  # every outlet has shocks of its own, which the model has not
    fit = s.period_model(rng.binomial(n.astype(int), expit(odds)) / n, n, np.arange(40))
    assert (fit["p"] < 0.05).mean() < 0.09


def test_a_line_is_shown_where_its_name_is_to_be_expected_and_tested_over_all_periods(rng):
    n = np.r_[np.full(6, 5.0), np.full(10, 100.0), np.full(2, 5.0)][:, None] * np.ones(2)
    share = rng.binomial(n.astype(int), [0.06, 0.5]) / n
    fit = s.period_model(share, n, np.arange(18))
    assert fit["first"].tolist() == [6, 0]  # thirty articles at 6 % are 1.8, five at a half 2.5
    assert fit["last"].tolist() == [15, 17]
    line = np.log(fit["end"] / (1 - fit["end"])) - np.log(fit["start"] / (1 - fit["start"]))
    assert np.allclose(line, fit["slope"] * (fit["last"] - fit["first"]))
    assert (fit["df"] == 16 + s.SCALE_PERIODS).all()


def test_ends_shown_are_periods_in_order_whatever_is_expected(rng):
    expected = rng.exponential(size=(300, 12)) * rng.choice([0, 0.01, 1, 30], size=(300, 12))
    expected[:, 5] += 1e-3
    first, last = s.shown_ends(expected)
    enough = np.minimum(s.END_MENTIONS, s.END_PART * expected.sum(axis=1))
    assert (first <= last).all()
    for row, start, end, least in zip(expected, first, last, enough, strict=True):
        assert row[:start].sum() < least <= row[: start + 1].sum() + 1e-9
        assert row[end + 1 :].sum() < least <= row[end:].sum() + 1e-9


def test_the_family_teaches_how_alike_periods_are():
    alone, together = [], []
    for seed in range(16):
        share, n = planted(np.random.default_rng(seed), 12, 100, correlation=0.7, deviation=1.0, volume=200)
        together.append((s.period_model(share, n, np.arange(12))["p"] < 0.05).mean())
        alone.append((s.period_model(share[:, :1], n[:, :1], np.arange(12))["p"] < 0.05).mean())
    assert np.mean(together) < 0.12
    assert np.mean(together) < np.mean(alone)


def test_a_season_is_not_a_trend(rng):
    share, n = planted(rng, 40, 100, deviation=0.0, volume=400)
    angle = 2 * np.pi * np.arange(40) / 12
    wave = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    share = np.clip(share * np.exp(0.5 * wave[:, :1]), 0, 1)
    fit = s.period_model(share, n, np.arange(40), wave)
    assert (fit["p"] < 0.05).mean() < 0.12


def test_two_articles_of_one_day_are_not_two_observations(rng):
    days = np.repeat(np.arange(300), 5)
    period = days // 30
    said = (rng.random(300) < 0.3)[days].astype(float)[:, None]  # all articles of a day alike
    _, n, _ = s.effective_numbers(said, period, [days], 10)
    assert np.allclose(n, 30, rtol=0.15)  # 150 articles a period, 30 days
    _, n, _ = s.effective_numbers((rng.random((1500, 1)) < 0.3).astype(float), period, [days], 10)
    assert (n > 130).all()


def test_shares_of_topics_are_as_sure_as_a_mean_of_so_many_articles(rng):
    shares = rng.beta(2, 6, size=(400, 1))  # no article of a day or week goes with another
    share, n, _ = s.effective_numbers(shares, np.zeros(400, dtype=int), [np.arange(400)], 1)
    assert np.isclose(share[0, 0] * (1 - share[0, 0]) / n[0, 0], shares.var() / 400)


def test_where_no_article_or_every_one_mentions_it_days_cannot_tell_of_each_other():
    same = np.repeat([[0.0, 1.0]], 12, axis=0)
    _, n, effect = s.effective_numbers(same, np.repeat([0, 1], 6), [np.arange(12) // 3], 2)
    assert (n == 6).all()
    assert (effect == 1).all()


def test_topics_and_keywords_err_together_as_often_as_one_family_may():
    assert np.isclose(2 * s.MOVED, 1 - s.LEVEL)


def test_intervals_of_the_chosen_hold_the_truth_though_they_were_chosen(rng):
    chosen, plain = [], []
    for _ in range(60):
        truth = np.where(rng.random(100) < 0.8, 0.0, rng.normal(0, 0.06, 100))
        seen, error = truth + rng.normal(0, 0.02, 100), np.full(100, 0.02)
        mixture = np.stack([np.ones(100), seen, error], axis=-1)[:, None]
        q = s.q_values(2 * stats.norm.sf(np.abs(seen / error)))
        low, high = s.selected_intervals(mixture, np.full(100, 10_000), q)
        found = q <= s.MOVED
        assert (np.isnan(low) == ~found).all()
        assert ((low > 0) | (high < 0))[found].all()  # what was found moves, also by its interval
        chosen += ((low <= truth) & (truth <= high))[found].tolist()
        plain += (np.abs(seen - truth) <= 1.96 * error)[found].tolist()
    assert np.mean(chosen) >= 0.94 > np.mean(plain)


def test_bootstrap_weights_have_the_variance_of_a_mean(rng):
    values = rng.normal(size=6)
    drawn = s.block_weights(np.zeros(6, dtype=int), 40_000, rng) @ values / 6
    assert np.isclose(drawn.var(), values.var(ddof=1) / 6, rtol=0.05)


@pytest.mark.filterwarnings("error")
def test_a_name_that_is_never_mentioned_has_no_slope_beside_one_that_is():
    share = np.stack([np.zeros(16), np.full(16, 0.1)], axis=1)
    found = s.period_model(share, np.full((16, 2), 200.0), np.arange(16))
    assert found["slope"] == pytest.approx([0, 0], abs=1e-9)
    assert found["p"] == pytest.approx([1, 1])
    assert found["start"] == pytest.approx([0, 0.1])
