"""Periods: labels, choice, gaps, edges; what the user says of the collection."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.tables import UserError
from topics.trends import periods as p


def articles(dates, precision="day", source="x", n_words=100):
    table = pd.DataFrame({"date": list(dates)})
    return table.assign(
        doc_id=[f"{i:04d}" for i in range(len(table))], date_precision=precision, source=source, n_words=n_words
    )


@given(st.dates(min_value=pd.Timestamp("1790-01-01").date(), max_value=pd.Timestamp("2090-12-31").date()))
def test_a_day_is_in_the_period_that_bears_its_label(day):
    text = day.isoformat()
    for length in p.LENGTHS:
        number = int(p.ordinals(pd.Series([text]), length)[0])
        start, after = p.bounds(number, length)
        assert start <= np.datetime64(text) < after
    year, week, _ = day.isocalendar()
    number = int(p.ordinals(pd.Series([text]), "week")[0])
    assert p.label(number, "week") == f"{year:04d}-W{week:02d}"
    assert p.label(int(p.ordinals(pd.Series([text]), "month")[0]), "month") == text[:7]


@pytest.mark.parametrize(
    ("dates", "precision", "length"),
    [
        (
            pd.date_range("2018-01-01", periods=300).strftime("%Y-%m-%d").repeat(25),
            "day",
            "week",
        ),  # 300 days are too many
        (pd.date_range("2018-01-01", periods=60).strftime("%Y-%m-%d").repeat(25), "day", "day"),
        (pd.date_range("2018-01-01", periods=90).strftime("%Y-%m-%d").repeat(4), "day", "week"),
        ([str(year) for year in range(1950, 2000) for _ in range(30)], "year", "year"),
        ([f"{2000 + i // 12}-{i % 12 + 1:02d}" for i in range(60) for _ in range(22)], "month", "month"),
    ],
)
def test_periods_are_chosen_by_span_density_and_precision(dates, precision, length):
    chosen, why = p.choose_length(articles(dates, precision))
    assert (chosen, why.endswith(".")) == (length, True)


@pytest.mark.parametrize(("days", "length"), [(130, "day"), (131, "week")])
def test_up_to_130_periods_can_be_read(days, length):
    dates = pd.date_range("2018-01-01", periods=days).strftime("%Y-%m-%d").repeat(20)
    chosen = p.choose_length(articles([*dates[:20], *dates, *dates[-20:]]))  # no day is a straggler's
    assert chosen[0] == length


@pytest.mark.parametrize(("months", "length"), [(8, "month"), (7, "week")])
def test_where_articles_are_few_periods_are_as_long_as_leaves_eight(months, length):
    dates = [f"2018-{month:02d}-{day:02d}" for month in range(1, months + 1) for day in (3, 25)]
    chosen, why = p.choose_length(articles(dates))
    assert chosen == length
    assert f"half of the {8 if length == 'month' else 30} {length}s" in why


def test_a_stretch_too_short_for_any_length_is_said_to_be_so():
    chosen, why = p.choose_length(articles(["2018-01-05", "2018-01-06", "2018-01-07"]))
    assert (chosen, "covers 1 year, too few for a trend" in why) == ("year", True)
    assert "covers 2 years, too few" in p.choose_length(articles(["2018", "2019"], "year"))[1]


def test_stragglers_do_not_stretch_the_periods():
    dates = [*pd.date_range("2018-01-01", periods=60).strftime("%Y-%m-%d").repeat(25), "1998-01-01"]
    assert p.choose_length(articles(dates))[0] == "day"


def test_a_length_that_is_none_is_said():
    with pytest.raises(UserError, match="fortnight"):
        p.choose_length(articles(["2018-01-01"]), "fortnight")


def test_articles_dated_to_the_year_enter_yearly_series_alone():
    table = pd.concat([articles(["2018-02-03", "2018-03-04"]), articles(["2018"], "year")]).assign(
        doc_id=["a", "b", "c"]
    )
    assert p.place(table, "month")["ordinal"].tolist()[2] == -1
    assert p.place(table, "year")["ordinal"].tolist() == [2018] * 3


@pytest.mark.parametrize("length", p.LENGTHS)
def test_what_was_published_before_1970_stands_in_its_period_like_all_else(length):
    days = pd.date_range("1968-11-20", "1971-02-28").strftime("%Y-%m-%d")
    placed = p.place(articles([*days, ""], ["day"] * len(days) + ["none"]), length)
    calendar = p.calendar(placed, length)
    assert (placed["ordinal"] < 0).tolist() == [False] * len(days) + [True]
    assert calendar["n_docs"].sum() == len(days)
    first = {"day": "1968-11-20", "week": "1968-W47", "month": "1968-11", "quarter": "1968-Q4", "year": "1968"}
    assert calendar["period"].tolist()[0] == first[length]
    assert calendar["partial"].tolist()[0] == (length in ("month", "quarter", "year"))  # nothing before the 20th


def test_gaps_are_rows_and_stay_gaps():
    table = p.calendar(p.place(articles(["2018-01-05", "2018-04-05"]), "month"), "month")
    assert table["period"].tolist() == ["2018-01", "2018-02", "2018-03", "2018-04"]
    assert table["n_docs"].tolist() == [1, 0, 0, 1]
    assert table["n_words"].tolist() == [100, 0, 0, 100]
    assert table["start"].tolist()[1:3] == ["2018-02-01", "2018-03-01"]
    assert table["end"].tolist()[1:3] == ["2018-02-28", "2018-03-31"]


def test_an_article_without_a_day_goes_with_no_other():
    placed = p.place(articles(["2018-02", "2018-02", "2018-02-05", "2018-02-05"], ["month"] * 2 + ["day"] * 2), "month")
    assert placed["ordinal"].nunique() == 1
    for column in ("day", "week"):
        assert (placed[column] < 0).tolist() == [True, True, False, False]
        assert placed[column].nunique() == 3


def test_edges_are_partial_where_the_collection_or_the_void_says_so():
    days = pd.date_range("2018-01-20", "2018-04-30").strftime("%Y-%m-%d")
    placed = p.place(articles(days), "month")
    assert p.calendar(placed, "month")["partial"].tolist() == [True, False, False, False]
    assert p.calendar(placed, "month", since="2018-01-01", until="2018-04-20")["partial"].tolist() == [
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(("until", "partial"), [("2018-04-29", True), ("2018-04-30", False)])
def test_a_collection_that_ends_on_the_last_day_ends_no_period_early(until, partial):
    placed = p.place(articles(pd.date_range("2018-01-01", "2018-04-20").strftime("%Y-%m-%d")), "month")
    table = p.calendar(placed, "month", since="2018-01-01", until=until)
    assert table["partial"].tolist() == [False, False, False, partial]


def test_no_dates_give_no_periods():
    placed = p.place(articles(["", ""], "none"), "month")
    assert p.calendar(placed, "month").empty
    assert p.choose_length(articles(["", ""], "none"))[0] == "year"


def test_the_collection_is_read_and_its_mistakes_are_said(tmp_path):
    assert p.read_collection(tmp_path) == {}
    path = tmp_path / "collection.yml"
    path.write_text(
        "query: smart city\nsince: 2018-01-01\nseasons:\n  Tet: [2018-02-16, [2019-02-04, 2019-02-08]]\n",
        encoding="utf-8",
    )
    said = p.read_collection(tmp_path)
    assert said["since"] == "2018-01-01"
    assert said["seasons"] == {"Tet": [("2018-02-16", "2018-02-16"), ("2019-02-04", "2019-02-08")]}
    path.write_text("terms: [smart city, 2018]\noutlets: Example Daily\n", encoding="utf-8")
    said = p.read_collection(tmp_path)
    assert (said["terms"], said["outlets"]) == (["smart city", "2018"], ["Example Daily"])
    for text, hint in (
        ("quary: x", "Did you mean 'query'"),
        ("since: soon", "2018-04-26"),
        ("- a", "query: smart city"),
        ("a: [", "YAML"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=hint):
            p.read_collection(tmp_path)


def test_totals_are_denominators_only_if_they_cover_all(tmp_path):
    placed = p.place(articles(["2018-01-05", "2018-02-05"]), "month")
    calendar = p.calendar(placed, "month")
    path = tmp_path / "totals.csv"
    path.write_text("source,period,total\nx,2018-01,40\nx,2018-02,50\n", encoding="utf-8")
    total, sentence = p.denominators(calendar, placed, p.read_totals(path))
    assert total["x"].tolist() == [40, 50]
    assert sentence.endswith("as given in totals.csv.")
    path.write_text("source,period,total\nx,2018-01,40\nx,2018-02,50\nX Times,2018-02,5\n", encoding="utf-8")
    assert (
        "outlets of no article here, which count for nothing: X Times."
        in p.denominators(calendar, placed, p.read_totals(path))[1]
    )
    path.write_text("source,period,total\nx,2018-01,40\n", encoding="utf-8")
    total, sentence = p.denominators(calendar, placed, p.read_totals(path))
    assert total is None
    assert "2018-02" in sentence
    path.write_text(
        "source;period;total\nx, y;2018-01;40\n", encoding="utf-8"
    )  # as a spreadsheet with commas in numbers
    assert p.read_totals(path).to_numpy().tolist() == [["x, y", "2018-01", 40]]
    path.write_text("source,period,total\nx,2018-01,many\n", encoding="utf-8")
    with pytest.raises(UserError, match="row 2"):
        p.read_totals(path)
    path.write_text("source,period,total\nx,2018-01,0\nx,2018-02,9\n", encoding="utf-8")
    with pytest.raises(UserError, match="x has fewer articles in 2018-01"):
        p.denominators(calendar, placed, p.read_totals(path))


def test_an_outlet_cannot_have_published_fewer_articles_than_were_collected_of_it_whatever_others_did():
    table = articles(["2018-01-05"] * 4).assign(source=["x", "x", "x", "y"])
    placed = p.place(table, "month")
    totals = pd.DataFrame({"source": ["x", "y"], "period": "2018-01", "total": [2, 900]})
    with pytest.raises(UserError, match=r"x has fewer articles in 2018-01 \(2\) than were collected \(3\)"):
        p.denominators(p.calendar(placed, "month"), placed, totals)
    assert p.denominators(p.calendar(placed, "month"), placed, totals.assign(total=[3, 1]))[0] is not None


def test_totals_of_an_outlet_whose_articles_are_in_no_period_are_not_asked_for():
    table = articles(["2018-01-05", ""], ["day", "none"]).assign(source=["x", "y"])
    placed = p.place(table, "month")
    totals = pd.DataFrame({"source": ["x"], "period": ["2018-01"], "total": [9]})
    assert p.denominators(p.calendar(placed, "month"), placed, totals)[0]["x"].tolist() == [9]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("collection.yml", "query: [smart, city]\n", "query must be text"),
        (
            "collection.yml",
            "seasons: {Tet: [[2018-02-20, 2018-02-16]]}\n",
            "Tet: the first day .2018-02-20. must not be after",
        ),
        ("totals.csv", "source,period,total\nA, B,2018,3\n", "rows have more cells than the header; quote a name"),
        ("totals.csv", "source,period,total\nA,18/2,3\n", "row 2: period must be such as 2018, 2018-Q2"),
        ("totals.csv", "source,period,total\n ,2018,3\n", "row 2: source must be a name"),
        ("totals.csv", "", "not readable as CSV"),
        ("totals.csv", "source,period\nx,2018\n", "Missing: total"),
        ("totals.csv", "source,period,total\nx,2018,-3\n", "row 2: total must be a whole number"),
        ("totals.csv", "source,period,total\nx,2018,3\nx,2018,4\n", "row 3: x and 2018 stand there twice"),
        ("collection.yml", "seasons: [2018-02-16]\n", "seasons must be names"),
        ("collection.yml", "since: 2019-01-01\nuntil: 2018-01-01\n", "must not be after"),
        ("collection.yml", "query: a\nsince: 2018-13-01\n", "collection.yml, line 2: 2018-13-01 is no date"),
        ("collection.yml", "since: 2018-01-01\nsince: 2018-02-01\n", "line 2: 'since' stands already in line 1"),
        ("collection.yml", "since: last year\n", "must be a day"),
        ("collection.yml", "until: 2020\n", "until must be a day such as 2018-04-26. Got 2020"),
        ("collection.yml", "query: [\n", "not YAML"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, file, text, says):
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=says) as told:
        p.read_totals(tmp_path / file) if file == "totals.csv" else p.read_collection(tmp_path)
    assert "\n" not in str(told.value)


def test_seasons_enter_where_the_span_allows():
    months = [f"{2015 + i // 12}-{i % 12 + 1:02d}" for i in range(40)]
    calendar = p.calendar(p.place(articles(months, "month"), "month"), "month")
    wave, sentence = p.season_terms(
        calendar, "month", {"Tet": [("2016-02-05", "2016-02-12"), ("2017-01-25", "2017-02-01")]}
    )
    assert wave.shape == (40, 3)
    assert "Tet" in sentence
    assert p.season_terms(calendar.iloc[:20], "month")[0].shape == (20, 0)


def test_a_season_that_these_periods_cannot_tell_from_a_level_is_left_out():
    """As a column of the model it would make it insoluble: all articles of weekdays, years with a feast each, one feast under two names."""
    weekdays = pd.bdate_range("2018-01-01", periods=60).strftime("%Y-%m-%d")
    days = p.calendar(p.place(articles(weekdays), "day"), "day")
    assert p.season_terms(days[days["n_docs"] > 0], "day")[0].shape == (60, 0)
    assert p.season_terms(days, "day")[1] == "The trend is net of weekends."
    tet = [(f"{year}-02-05", f"{year}-02-08") for year in range(2010, 2022)]
    years = p.calendar(p.place(articles([str(year) for year in range(2010, 2022)], "year"), "year"), "year")
    assert p.season_terms(years, "year", {"Tet": tet})[0].shape == (12, 0)
    months = p.calendar(
        p.place(articles([f"201{i // 12}-{i % 12 + 1:02d}" for i in range(48)], "month"), "month"), "month"
    )
    assert (
        p.season_terms(months, "month", {"Tet": tet, "New Year": tet})[1] == "The trend is net of a yearly wave, Tet."
    )
    every_january = months.iloc[::12]
    assert p.season_terms(every_january, "month")[0].shape == (4, 0)


@pytest.mark.parametrize(
    ("length", "least", "days"), [("week", 157, 7), ("month", 36, 30.4375), ("quarter", 16, 91.3125)]
)
def test_a_wave_comes_back_every_year_and_enters_from_three_years_on_or_four(length, least, days):
    start = int(p.ordinals(pd.Series(["2015-01-01"]), length)[0])
    table = pd.DataFrame({"ordinal": start + np.arange(least)})
    table["start"], table["end"] = zip(
        *(map(str, p.bounds(number, length)) for number in table["ordinal"]), strict=True
    )
    assert p.season_terms(table[:-1], length)[0].shape == (least - 1, 0)
    wave, sentence = p.season_terms(table, length)
    assert sentence == "The trend is net of a yearly wave."
    angle = 2 * np.pi * np.arange(least) * days / 365.25
    witness = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    turned = np.linalg.lstsq(witness, wave, rcond=None)[0]  # a wave begins where it likes
    assert np.allclose(witness @ turned, wave)
    assert np.allclose(turned @ turned.T, np.eye(2))


def test_days_of_eight_weeks_have_weekends():
    days = pd.date_range("2018-01-01", periods=56)
    calendar = p.calendar(p.place(articles(days.strftime("%Y-%m-%d")), "day"), "day")
    column, sentence = p.season_terms(calendar, "day")
    assert column[:, 0].tolist() == [0, 0, 0, 0, 0, 1, 1] * 8
    assert sentence == "The trend is net of weekends."
    assert p.season_terms(calendar[:-1], "day")[0].shape == (55, 0)


def test_a_named_season_counts_for_the_part_of_a_period_inside_it_if_it_comes_in_two_years():
    months = [f"{2016 + i // 12}-{i % 12 + 1:02d}" for i in range(20)]
    calendar = p.calendar(p.place(articles(months, "month"), "month"), "month")
    column, _ = p.season_terms(calendar, "month", {"Tet": [("2016-02-05", "2016-02-12"), ("2017-01-25", "2017-02-01")]})
    expected = np.zeros(20)
    expected[[1, 12, 13]] = 8 / 29, 7 / 31, 1 / 28
    assert np.allclose(column[:, 0], expected)
    once = {"Games": [("2016-02-05", "2016-02-12"), ("2016-12-25", "2016-12-26")]}
    assert p.season_terms(calendar, "month", once)[0].shape == (20, 0)
