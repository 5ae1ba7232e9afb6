"""Keywords over time: intervals, refusals, composition, sentences."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from topics import tables
from topics.trends import bursts, keyness
from topics.trends import keywords as k
from topics.trends import periods as p


def corpus(rng, n=900, n_periods=12, sources=("a", "b"), shares=(0.2,), clump=True):
    """Articles over months with each name mentioned in a fixed share of them; (articles, mentions)."""
    month = rng.integers(0, n_periods, size=n)
    day = rng.integers(1, 29, size=n)
    articles = pd.DataFrame(
        {
            "doc_id": [f"{i:05d}" for i in range(n)],
            "date": [f"{2018 + m // 12}-{m % 12 + 1:02d}-{d:02d}" for m, d in zip(month, day, strict=True)],
            "date_precision": "day",
            "source": rng.choice(sources, n),
            "n_words": rng.integers(200, 900, n),
        }
    )
    said = rng.random((n, len(shares))) < np.array(shares)
    return articles, sparse.csr_matrix(said * (1 + (rng.negative_binomial(0.7, 0.3, said.shape) if clump else 0)))


def laid_out(articles, length="month"):
    placed = p.place(articles, length)
    return placed, p.calendar(placed, length)


def test_series_count_articles_once_and_words_as_often_as_they_stand(rng):
    articles, mentions = corpus(rng)
    placed, calendar = laid_out(articles)
    series = k.keyword_series(placed, calendar, "month", mentions, ["tax"], ["keyword"])
    assert series.columns.tolist()[: len(tables.SERIES)] == list(tables.SERIES)
    whole = series[(series["source"] == "") & (series["unit"] == k.SHARE)]
    month = articles["date"].str.slice(0, 7)
    expected = pd.Series(mentions.toarray()[:, 0] > 0).groupby(month).mean()
    assert np.allclose(whole["estimate"], expected.to_numpy())
    rate = series[(series["source"] == "") & (series["unit"] == k.RATE)]
    counted = pd.Series(mentions.toarray()[:, 0]).groupby(month).sum() / articles.groupby(month)["n_words"].sum()
    assert np.allclose(rate["estimate"], 1e4 * counted.to_numpy())
    assert ((whole["low"] <= whole["estimate"]) & (whole["estimate"] <= whole["high"])).all()
    assert set(series["source"]) == {"", "a", "b", k.FIXED_MIX}
    for outlet in ("a", "b"):
        part, own = series[series["source"] == outlet], (articles["source"] == outlet).to_numpy()
        assert (part["unit"] == k.SHARE).all()
        assert part["n_docs"].tolist() == month[own].value_counts().sort_index().tolist()
        assert np.allclose(
            part["estimate"], pd.Series(mentions.toarray()[own, 0] > 0).groupby(month[own].to_numpy()).mean()
        )


def test_articles_of_unknown_outlets_count_and_have_their_own_rows(rng):
    articles, mentions = corpus(rng, n=300, sources=("a", ""))
    series = k.keyword_series(*laid_out(articles), "month", mentions, ["tax"], ["keyword"], draws=50)
    shares = series[series["unit"] == k.SHARE]
    assert shares[shares["source"] == ""]["n_docs"].sum() == 300
    parts = shares[shares["source"].isin(["a", p.UNKNOWN])]
    assert parts["n_docs"].sum() == 300


def test_the_order_of_articles_changes_nothing(rng):
    articles, mentions = corpus(rng, n=300)
    order = rng.permutation(300)
    one = k.keyword_series(*laid_out(articles), "month", mentions, ["tax"], ["keyword"], draws=50)
    two = k.keyword_series(*laid_out(articles.iloc[order]), "month", mentions, ["tax"], ["keyword"], draws=50)
    pd.testing.assert_frame_equal(one, two)


def test_shares_of_all_published_articles_where_totals_are_known(rng):
    articles, mentions = corpus(rng, n_periods=24, shares=(0.1, 0.1))
    placed, calendar = laid_out(articles)
    totals = pd.DataFrame(500, index=calendar["period"], columns=["a", "b"])
    series = k.keyword_series(placed, calendar, "month", mentions, ["tax", "toll"], ["keyword"] * 2, totals=totals)
    trends = k.keyword_trends(placed, calendar, "month", mentions, ["tax", "toll"], ["keyword"] * 2, totals=totals)
    assert trends.loc[0, "start"] < 0.02 < series["estimate"].max()  # of a thousand published, not of those collected
    whole = series[(series["source"] == "") & series["unit"].str.startswith("share")]
    assert np.allclose(whole["estimate"], whole["n_mentioning"] / 1000)
    assert (whole["unit"] == "share of all articles published").all()


def test_no_interval_of_a_rate_from_fewer_than_eight_blocks(rng):
    articles, mentions = corpus(rng, n=5, n_periods=1)
    series = k.keyword_series(*laid_out(articles), "month", mentions, ["tax"], ["keyword"])
    rate = series[series["unit"] == k.RATE].iloc[0]
    assert np.isnan(rate["low"])
    assert "fewer than 8 blocks" in rate["note"]


def test_from_eight_blocks_a_rate_has_an_interval(rng):
    articles, mentions = corpus(rng, n=8, n_periods=1, shares=(0.9,))
    days = articles.assign(date=[f"2018-01-{day:02d}" for day in range(1, 9)])
    for table, there in (
        (days, True),
        (days.assign(date=days["date"].replace("2018-01-08", "2018-01-07"), source="a"), False),
    ):
        series = k.keyword_series(*laid_out(table), "month", mentions, ["tax"], ["keyword"], draws=99)
        rate = series[(series["unit"] == k.RATE) & (series["source"] == "")].iloc[0]
        assert (np.isfinite(rate["low"]), rate["note"] == "") == (there, there)


def test_a_peak_of_five_articles_can_stand_clear_and_one_of_four_not():
    said = np.array([[5, 4], [0, 0], [0, 0], [0, 0]])
    n, years = np.full((4, 2), 20.0), ["2018", "2019", "2020", "2021"]
    assert k.peaks_stand_clear(said / 20, n, said, years, ["2018"] * 2).tolist() == [True, False]


def test_a_gap_is_a_row_without_estimate(rng):
    articles, mentions = corpus(rng, n=40, n_periods=1)
    far = articles.assign(doc_id="x" + articles["doc_id"], date="2018-03-05")
    series = k.keyword_series(
        *laid_out(pd.concat([articles, far])), "month", sparse.vstack([mentions, mentions]), ["tax"], ["keyword"]
    )
    gap = series[(series["period"] == "2018-02") & (series["source"] == "")]
    assert gap["estimate"].isna().all()
    assert (gap["note"] == "no articles in this period").all()


@pytest.mark.parametrize("unit", [k.SHARE, k.RATE])
def test_intervals_hold_the_truth_as_often_as_they_say(unit):
    held = []
    for seed in range(12):
        articles, mentions = corpus(np.random.default_rng(seed), n=700, shares=[0.15] * 10)
        articles = articles.assign(n_words=500)
        names = [f"{i}" for i in range(10)]
        series = k.keyword_series(*laid_out(articles), "month", mentions, names, ["keyword"] * 10, draws=199)
        truth = 0.15 if unit == k.SHARE else 1e4 * 0.15 * (1 + 0.7 * 0.7 / 0.3) / 500
        rows = series[(series["source"] == "") & (series["unit"] == unit)]
        held.append(((rows["low"] <= truth) & (truth <= rows["high"])).mean())
    assert 0.92 < np.mean(held) < 0.985


def test_the_interval_of_a_rate_knows_that_articles_of_a_week_go_together(rng):
    articles, _ = corpus(rng, n=3000, n_periods=24)
    articles = articles.assign(n_words=500)
    week = p.ordinals(articles["date"], "week")
    said = (rng.random((week.max() + 1, 10)) < 0.3)[week]  # a week speaks of it or does not
    series = k.keyword_series(
        *laid_out(articles), "month", sparse.csr_matrix(said), [f"{i}" for i in range(10)], ["keyword"] * 10, draws=199
    )
    rows = series[(series["source"] == "") & (series["unit"] == k.RATE)]
    truth = 1e4 * 0.3 / 500
    assert 0.9 < ((rows["low"] <= truth) & (truth <= rows["high"])).mean() < 0.99


def test_of_one_outlet_there_is_no_other_composition(rng):
    articles, mentions = corpus(rng, n=60, n_periods=2, sources=("a",))
    series = k.keyword_series(*laid_out(articles), "month", mentions, ["tax"], ["keyword"], draws=50)
    assert set(series["source"]) == {""}


def test_a_share_at_a_fixed_mix_is_as_sure_as_its_outlets_together():
    # half of all articles are of a and half of b; a year of 60 and 10, one of 10 and 60, in each outlet every other one says it
    days = [
        pd.date_range(f"{year}-01-02", periods=35, freq="10D").strftime("%Y-%m-%d").repeat(2) for year in (2018, 2019)
    ]
    dates = np.concatenate(days)  # two articles a day, one of which says it
    articles = pd.DataFrame({"doc_id": [f"{i:03d}" for i in range(140)], "date": dates, "date_precision": "day"})
    articles = articles.assign(source=["a"] * 60 + ["b"] * 10 + ["a"] * 10 + ["b"] * 60, n_words=100)
    placed, calendar = laid_out(articles, "year")
    mentions = sparse.csr_matrix(np.stack([np.arange(140) % 2, articles["source"] == "a"], axis=1))
    share, n = k.fixed_mix(placed, calendar, "year", mentions, ["a", "b"])
    assert np.allclose(
        share, 0.5
    )  # also of what a alone says, though it has six articles of seven in one year, and one in the other
    # by hand: the variance is .5^2 (.25 / 60 + .25 / 10), which is that of .25 / n
    assert np.allclose(n[:, 0], 1 / (0.25 / 60 + 0.25 / 10))


def test_a_fixed_mix_is_of_the_outlets_that_are_there_and_none_where_too_few_are():
    articles = pd.DataFrame({"date": ["2018"] * 100 + ["2019"] * 90 + ["2020"] * 20, "date_precision": "year"})
    articles = articles.assign(doc_id=[f"{i:03d}" for i in range(210)], source="a", n_words=100)
    articles.loc[[*range(10), *range(190, 210)], "source"] = "b"
    mentions = sparse.csr_matrix((np.arange(210) % 5 == 0)[:, None])
    series = k.keyword_series(*laid_out(articles, "year"), "year", mentions, ["tax"], ["keyword"], draws=50)
    rows = series[series["source"] == k.FIXED_MIX].set_index("period")
    assert rows["estimate"].tolist() == pytest.approx([0.2, 0.2, np.nan], nan_ok=True)
    assert rows["low"].isna().tolist() == [False, False, True]
    assert rows["note"].tolist()[:2] == ["", ""]
    assert "more than 20 % of the articles have none in this period" in rows["note"].tolist()[2]


def test_what_rose_is_said_and_what_did_not_is_not(rng):
    articles, _ = corpus(rng, n=3000, n_periods=24)
    month = p.ordinals(articles["date"], "month") - 2018 * 12
    share = np.stack([0.05 + 0.02 * month, np.full(3000, 0.2)], axis=1)
    mentions = sparse.csr_matrix(rng.random((3000, 2)) < share)
    trends = k.keyword_trends(*laid_out(articles), "month", mentions, ["robot", "tax"], ["keyword"] * 2)
    assert trends.columns.tolist()[: len(tables.TRENDS)] == list(tables.TRENDS)
    said = k.findings(trends).set_index("name")
    assert said.loc["robot", "verdict"] == "rose"
    assert said.loc["tax", "verdict"] == "cannot say"
    assert "over 24 months" in said.loc["tax", "sentence"]
    assert said.index.tolist()[0] == "robot"
    assert trends[["first", "last"]].to_numpy().tolist() == [["2018-01", "2019-12"]] * 2


@pytest.mark.parametrize("slope", [0.0, 0.03])
def test_a_change_of_outlets_is_not_a_change_of_what_they_write(rng, slope):
    articles, _ = corpus(rng, n=6000, n_periods=24)
    month = (p.ordinals(articles["date"], "month") - 2018 * 12).clip(0, 23)
    outlet = np.where(rng.random(6000) < 0.1 + 0.035 * month, "b", "a")
    odds = np.where(outlet == "b", 0.0, -2.2) - slope * (month - 11.5)  # the outlet that comes in writes of it more
    mentions = sparse.csr_matrix(rng.random((6000, 2)) < 1 / (1 + np.exp(-odds))[:, None])
    laid = laid_out(articles.assign(source=outlet))
    trends = k.keyword_trends(*laid, "month", mentions, ["tax", "toll"], ["keyword"] * 2)
    assert trends.loc[0, "low"] <= -slope <= trends.loc[0, "high"]
    finding = k.findings(trends).set_index("name").loc["tax"]
    assert finding["verdict"] == ("fell" if slope else "cannot say")
    assert trends.loc[0, "raw_slope"] > trends.loc[0, "high"]
    assert k.MIX_CHANGED in finding["sentence"]
    by_chance = k.findings(trends.assign(raw_p=0.2)).set_index("name").loc["tax", "sentence"]
    assert k.MIX_CHANGED not in by_chance


def test_refusals_say_why(rng):
    articles, mentions = corpus(rng, n=600, n_periods=6, shares=(0.2, 0.01))
    trends = k.keyword_trends(*laid_out(articles), "month", mentions, ["tax", "rare"], ["keyword"] * 2)
    assert trends["p"].isna().all()
    assert "under 8 months no test" in trends.loc[0, "note"]
    articles, mentions = corpus(rng, n=900, n_periods=12, shares=(0.2, 0.01))
    trends = k.keyword_trends(*laid_out(articles), "month", mentions, ["tax", "rare"], ["keyword"] * 2)
    assert "From 1 name alone nobody can tell" in trends.loc[0, "note"]
    articles, mentions = corpus(rng, n=1800, n_periods=24, shares=(0.2, 0.003, 0.2))
    trends = k.keyword_trends(*laid_out(articles), "month", mentions, ["tax", "rare", "toll"], ["keyword"] * 3)
    assert "a trend needs 20" in trends.loc[1, "note"]
    assert trends.loc[0, "n_family"] == 2
    assert list(
        k.searched_for({"x": ["digitali*"], "y": ["digit"], "z": ["*"]}, {"query": "*", "terms": ["Digitalisation"]})
    ) == ["x"]
    most = k.keyword_trends(
        *laid_out(articles), "month", sparse.csr_matrix(mentions.toarray() == 0), list("abc"), ["keyword"] * 3
    )
    assert most.loc[1, "note"] == trends.loc[1, "note"].replace("mentions it", "does not mention it")
    assert most["n_too_few"].isna().all()
    withheld = k.searched_for({"tax": ["tax", "taxes"]}, {"query": "Taxes AND farmers"})
    trends = k.keyword_trends(
        *laid_out(articles), "month", mentions, ["tax", "rare", "toll"], ["keyword"] * 3, withheld=withheld
    )
    assert "found by searching for it" in trends.loc[0, "note"]
    assert "From 1 name alone" in trends.loc[2, "note"]
    assert trends["p"].isna().all()


def test_periods_of_five_articles_enter_a_trend_and_others_do_not():
    dates = [f"2018-{month:02d}-{day:02d}" for month in range(1, 9) for day in range(1, 6)]
    articles = pd.DataFrame({"doc_id": [f"{i:02d}" for i in range(40)], "date": dates, "date_precision": "day"})
    articles = articles.assign(source="a", n_words=100)
    for n, said in ((40, 8), (39, 7)):
        mentions = sparse.csr_matrix((np.arange(n) % 2)[:, None])
        trends = k.keyword_trends(*laid_out(articles[:n]), "month", mentions, ["tax"], ["keyword"])
        assert trends.loc[0, "n_periods"] == said
        assert trends.loc[0, "note"].startswith("Only 7 months hold 5 articles or more") == (said == 7)


def test_ends_of_the_line_are_of_each_name_and_its_sentence_says_which(rng):
    articles, _ = corpus(rng, n=3000, n_periods=24, sources=("a",))
    month = p.ordinals(articles["date"], "month") - 2018 * 12
    kept = (month > 5) | (np.arange(3000) % 9 == 0)  # some fourteen articles a month before July
    said = rng.random((3000, 3)) < [0.03, 0.4, 0.3]
    trends = k.keyword_trends(
        *laid_out(articles[kept]), "month", sparse.csr_matrix(said[kept]), ["rare", "tax", "toll"], ["keyword"] * 3
    )
    assert trends["n_periods"].tolist() == [24] * 3
    assert trends["first"].tolist()[1:] == ["2018-01"] * 2
    assert "2018-01" < trends.loc[0, "first"] <= "2018-07"
    sentence = k.findings(trends).set_index("name").loc["rare", "sentence"]
    assert f"of articles in {trends.loc[0, 'first']}, " in sentence
    assert "tested over 24 months" in sentence


def test_a_slow_swing_is_no_trend(rng):
    articles, _ = corpus(rng, n=6000, n_periods=60)
    month = p.ordinals(articles["date"], "month") - 2018 * 12
    share = 0.3 + 0.25 * np.cos(2 * np.pi * month / 60)
    trends = k.keyword_trends(
        *laid_out(articles), "month", sparse.csr_matrix((rng.random(6000) < share)[:, None]), ["war"], ["keyword"]
    )
    assert k.findings(trends).loc[0, "verdict"] == "cannot say"
    assert trends.loc[0, "note"].endswith("cannot be told from a slow swing; no test is made.")


@pytest.mark.parametrize(("months", "tested"), [(7, False), (8, True)])
def test_an_outlet_that_alone_mentions_it_must_have_articles_in_eight_periods(rng, months, tested):
    articles, _ = corpus(rng, n=2400, n_periods=24)
    month = p.ordinals(articles["date"], "month") - 2018 * 12
    outlet = np.where((month < months) & (rng.random(2400) < 0.5), "b", "a")
    said = rng.random((2400, 5)) < 0.3
    said[outlet == "a", 0] = False
    trends = k.keyword_trends(
        *laid_out(articles.assign(source=outlet)), "month", sparse.csr_matrix(said), list("vwxyz"), ["keyword"] * 5
    )
    few = "The outlets that mention it have articles in fewer than 8 months."
    assert trends["note"].eq(few).tolist() == [not tested] + [False] * 4


def test_mann_kendall_has_a_p_from_twenty_periods_on(rng):
    for n_periods in (19, 20):
        articles, mentions = corpus(rng, n=900, n_periods=n_periods)
        trends = k.keyword_trends(*laid_out(articles), "month", mentions, ["tax"], ["keyword"])
        assert np.isfinite(trends.loc[0, "tau"])
        assert np.isfinite(trends.loc[0, "tau_p"]) == (n_periods == 20)


@pytest.mark.parametrize(
    ("dates", "precision"),
    [
        ([], "day"),
        (["", "", ""], "none"),
        (["2018-01-05"] * 5, "day"),
        (["2018"], "year"),
        (["2018", "2019-02", "", "2020-01-01"], ["year", "month", "none", "day"]),
    ],
)
def test_few_dates_or_articles_give_tables_and_reasons(dates, precision):
    n = len(dates)
    articles = pd.DataFrame({"doc_id": [f"{i}" for i in range(n)], "date": dates, "date_precision": precision})
    articles = articles.assign(source="x", n_words=300)
    mentions = sparse.csr_matrix(np.arange(n * 2).reshape(n, 2) % 3)
    length, why = p.choose_length(articles)
    placed, calendar = laid_out(articles, length)
    series = k.keyword_series(placed, calendar, length, mentions, ["a", "b"], ["keyword", "concept"])
    trends = k.keyword_trends(placed, calendar, length, mentions, ["a", "b"], ["keyword", "concept"])
    said = k.findings(trends)
    assert why.endswith(".")
    assert len(series) % 2 == 0
    assert (said["verdict"] == "cannot say").all()
    assert said["sentence"].str.contains("under 8 years no test").all()
    assert bursts.bursts(series, calendar, dict(zip(trends["name"], trends["correlation"], strict=True))).empty
    half = keyness.halves(placed, articles["date"])
    block, _ = keyness.time_blocks(placed, articles["date"], half)
    assert keyness.keyness(mentions, ["a", "b"], half, block, ("early", "late"))[0].empty


def test_the_articles_that_are_too_few_are_those_of_the_periods_and_said_to_be(rng):
    articles, mentions = corpus(rng, n=1800, n_periods=24, shares=(0.2, 0.008, 0.2))
    dated = np.arange(len(articles)) % 4 > 0
    articles = articles.assign(date=articles["date"].where(dated, ""), date_precision=np.where(dated, "day", "none"))
    trends = k.keyword_trends(*laid_out(articles), "month", mentions, ["tax", "rare", "toll"], ["keyword"] * 3)
    said = mentions.toarray()[:, 1] > 0
    assert said[dated].sum() < said.sum()
    told = f"Only {said[dated].sum()} articles in months of 5 articles or more mention it; a trend needs 20."
    assert trends.loc[1, "note"] == told
    assert trends["n_too_few"].fillna(0).tolist() == [0, said[dated].sum(), 0]


def test_no_peak_is_named_where_each_of_some_periods_has_one_article(rng):
    articles, _ = corpus(rng, n=400, n_periods=10)
    month = p.ordinals(articles["date"], "month") - 2018 * 12
    once = np.zeros(400)
    once[[np.flatnonzero(month == i)[0] for i in range(6)]] = 1
    hump = rng.random(400) < np.where(month == 4, 0.4, 0.005)
    trends = k.keyword_trends(
        *laid_out(articles),
        "month",
        sparse.csr_matrix(np.column_stack([once, hump])),
        ["rare", "hump"],
        ["keyword"] * 2,
    )
    said = k.findings(trends).set_index("name")["sentence"]
    assert said["rare"].endswith("a trend needs 20.")
    assert "It was highest in 2018-05" in said["hump"]
