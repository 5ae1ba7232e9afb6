"""When an article was published, where that is known, and nothing where it is not."""

from datetime import date
from pathlib import Path
from unicodedata import normalize

import pandas as pd
import pytest

from topics.corpus import prepare
from topics.corpus.dates import date_articles, in_address, in_event, in_header, parse, past_event
from topics.corpus.read import RAW

SHARED = Path(__file__).resolve().parents[2] / "shared"
TODAY = date(2026, 11, 21)


def raw(**columns) -> pd.DataFrame:
    n = max(len(values) for values in columns.values())
    table = {name: columns.get(name, [""] * n) for name in RAW}
    return pd.DataFrame({**table, "doc_id": [f"d{i}" for i in range(n)], "row": range(n)})


def dated(corrections=None, language="en", **columns) -> tuple[pd.DataFrame, list[str]]:
    table = raw(**columns).assign(language=language)
    articles, dropped = date_articles(table, table, corrections=corrections, today=TODAY)
    return articles.set_index("doc_id"), dropped["reason"].tolist()


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2017/2/7", "2017-02-07", "2017-02-07"),
        ("2017-02-07T23:10:00-08:00", "2017-02-07", "2017-02-07"),
        ("20170207", "2017-02-07", "2017-02-07"),
        ("Tue, 07 Feb 2017 10:00:00 GMT", "2017-02-07", "2017-02-07"),
        ("April 26, 2023, 12:28 [GMT+7]", "2023-04-26", "2023-04-26"),
        ("26-FEB-1987 15:01:01.79", "1987-02-26", "1987-02-26"),
        ("7 février 2017", "2017-02-07", "2017-02-07"),
        ("1er mars 2021", "2021-03-01", "2021-03-01"),
        ("3. Oktober 2019", "2019-10-03", "2019-10-03"),
        ("20 tháng 11 năm 2019", "2019-11-20", "2019-11-20"),
        ("26/4/2017", "2017-04-26", "2017-04-26"),
        ("4/26/2017", "2017-04-26", "2017-04-26"),
        ("2017-04", "2017-04-01", "2017-04-30"),
        ("2017-4", "2017-04-01", "2017-04-30"),
        ("April 2017", "2017-04-01", "2017-04-30"),
        ("1946", "1946-01-01", "1946-12-31"),
        ("1487000000", "2017-02-13", "2017-02-13"),
        ("1487000000000", "2017-02-13", "2017-02-13"),
        ("201702071530", "2017-02-07", "2017-02-07"),
        ("20170207153059", "2017-02-07", "2017-02-07"),
        (" 2016/12/19  8:00:00 AM", "2016-12-19", "2016-12-19"),
    ],
)
def test_dates_as_they_are_written(text, first, last):
    found = parse(text)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["", "n/a", "yesterday", "31/31/2017", "30 February 2017", "12.5", "2017.4", "0000-00-00", "1/2/17", "page 2017b"],
)
def test_what_is_no_date_gives_none(text):
    assert parse(text) is None


def test_numeric_dates_are_read_as_the_others_of_their_column_or_left_at_the_year():
    told, _ = dated(date_column=["3/4/2017", "26/4/2017"], file=["a.csv", "a.csv"])
    assert told["date"].tolist() == ["2017-04-03", "2017-04-26"]
    untold, _ = dated(date_column=["3/4/2017", "5/6/2017"], file=["a.csv", "a.csv"])
    assert untold.loc["d0", ["date", "date_precision", "not_before", "not_after"]].tolist() == [
        "2017",
        "year",
        "2017-03-04",
        "2017-04-03",
    ]
    torn, _ = dated(date_column=["3/4/2017", "26/4/2017", "4/26/2017"], file=["a.csv"] * 3)
    assert torn.loc["d0", "date_precision"] == "year"
    by_url, _ = dated(date_column=["3/4/2017"], url=["https://x.example/2017/04/03/a"])
    assert by_url.loc["d0", "date"] == "2017-04-03"


def test_the_order_of_day_and_month_is_learned_over_all_rows_of_a_sidecar(tmp_path):
    days = ["25/10/2017", "03/04/2018", "05/06/2018"]
    for at in range(len(days)):
        (tmp_path / f"a{at}.txt").write_text(f"The mayor of the town spoke of {'bread and fish ' * (at + 5)}.", "utf-8")
    rows = [f"a{at}.txt,{day}" for at, day in enumerate(days)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file,date", *rows]) + "\n", encoding="utf-8")
    told = prepare(tmp_path, today=TODAY, threshold=1.0)["articles"].sort_values("file")
    assert told["date"].tolist() == ["2017-10-25", "2018-04-03", "2018-06-05"]


def test_sources_of_dates_go_in_the_order_of_their_worth():
    everything = {
        "date_column": ["2019-01-01"], "date_metadata": ["2019-01-02"], "date_html": ["2019-01-03"],
        "text": ["Title\n\nJanuary 4, 2019\n\nA fair was held in Hue on January 8, 2019."],
        "url": ["https://x.example/2019/01/05/a"], "file": ["2019-01-06_a.txt"],
    }  # fmt: skip
    corrections = pd.DataFrame([("d0", "date", "2018-12-31", "asked")], columns=["doc_id", "field", "value", "reason"])
    found, _ = dated(corrections=corrections, **everything)
    assert found.loc["d0", ["date", "date_source"]].tolist() == ["2018-12-31", "correction"]
    order = []
    for gone in ("date_column", "date_metadata", "date_html", "text", "url", "file"):
        found, _ = dated(**everything)
        order.append(tuple(found.loc["d0", ["date_source", "date"]]))
        everything[gone] = ["A fair was held in Hue on January 8, 2019."] if gone == "text" else [""]
    found, _ = dated(**everything)
    order.append(tuple(found.loc["d0", ["date_source", "date"]]))
    assert order == [
        ("column", "2019-01-01"), ("metadata", "2019-01-02"), ("html", "2019-01-03"), ("header", "2019-01-04"),
        ("url", "2019-01-05"), ("file name", "2019-01-06"), ("event", "2019-01-08"),
    ]  # fmt: skip


def test_dates_that_cannot_be_are_reported_and_not_used():
    found, said = dated(
        date_column=["2031-01-01", "1066-10-14", "soon"], url=["", "", "https://x.example/2019/05/06/a"]
    )
    assert found["date"].tolist() == ["", "", "2019-05-06"]
    assert any("in the future: 2031-01-01" in reason for reason in said)
    assert "column: cannot be read as a date: 'soon'" in said
    assert len(said) == 3


def test_tomorrow_may_be_today_elsewhere_and_the_day_after_is_in_the_future():
    found, said = dated(date_column=["2026-11-22", "2026-11-23"])
    assert found["date"].tolist() == ["2026-11-22", ""]
    assert said == ["column: in the future: 2026-11-23"]


def test_what_is_today_is_asked_of_the_clock_where_it_is_not_told():
    table = raw(date_column=["2019-01-01", "2099-01-01"]).assign(language="en")
    assert date_articles(table, table)[0]["date"].tolist() == ["2019-01-01", ""]


def test_a_numeric_date_has_two_readings_as_long_as_both_are_months():
    for text, readings in {"3/12/2017": {3, 12}, "12/3/2017": {3, 12}, "12/12/2017": {12}, "12/13/2017": {12}, "13/12/2017": {12}}.items():  # fmt: skip
        found = parse(text)
        assert {day.month for day in (found.first, found.either) if day} == readings
    assert parse("3/12/2017", day_first=False).first == date(2017, 3, 12)
    assert parse("3/12/2017", day_first=True).first == date(2017, 12, 3)


def test_disagreement_is_reported_and_a_day_of_time_zones_is_none():
    _, said = dated(
        date_column=["2019-05-06", "2019-05-06"],
        url=["https://x.example/2019/05/09/a", "https://x.example/2019/05/07/a"],
    )
    assert said == ["url: 2019/05/09 disagrees with column: 2019-05-06"]


def test_a_finer_date_within_a_coarse_one_is_taken():
    found, _ = dated(date_column=["2019-05"], url=["https://x.example/2019/05/09/a"])
    assert found.loc["d0", ["date", "date_source"]].tolist() == ["2019-05-09", "url"]
    night, _ = dated(date_metadata=["2020-02-18T02:18:11Z"], url=["https://x.example/2020/02/17/a"])
    noon, _ = dated(date_metadata=["2020-02-18T10:18:11Z"], url=["https://x.example/2020/02/17/a"])
    assert (night.loc["d0", "date"], noon.loc["d0", "date"]) == ("2020-02-17", "2020-02-18")


@pytest.mark.parametrize(
    ("column", "url", "date", "source"),
    [
        ("2019-05", "2019/05/01", "2019-05-01", "url"),
        ("2019-05", "2019/05/31", "2019-05-31", "url"),
        ("2019-05", "2019/06/01", "2019-05", "column"),
        ("2019-05", "2019/04/30", "2019-05", "column"),
        ("2019", "2019/05", "2019-05", "url"),
        ("2019-05-06", "2019/05", "2019-05-06", "column"),
        ("3/4/2017", "2017/03/04", "2017-03-04", "url"),
        ("3/4/2017", "2017/04/03", "2017-04-03", "url"),
        ("3/4/2017", "2017/04/05", "2017", "column"),
        ("3/4/2017", "2017/04", "2017", "column"),
    ],
)
def test_another_source_may_name_the_day_within_the_first_ones_time_and_no_other(column, url, date, source):
    found, _ = dated(date_column=[column], url=[f"https://x.example/{url}/a"])
    assert found.loc["d0", ["date", "date_source"]].tolist() == [date, source]


@pytest.mark.parametrize(
    ("time", "day", "said"),
    [
        ("02:18:11Z", 17, 17), ("02:18:11Z", 19, 18), ("02:18:11Z", 16, 18), ("22:18:11Z", 19, 19),
        ("22:18:11Z", 17, 18), ("22:18:11Z", 20, 18), ("10:18:11Z", 19, 18), ("22:18:11+07:00", 19, 18),
    ],
)  # fmt: skip
def test_the_day_of_an_address_counts_beside_a_time_in_utc_if_it_was_that_day_at_the_outlet(time, day, said):
    found, _ = dated(date_metadata=[f"2020-02-18T{time}"], url=[f"https://x.example/2020/02/{day}/a"])
    assert found.loc["d0", "date"] == f"2020-02-{said}"


def test_a_header_is_a_line_of_nothing_but_a_date():
    assert (
        in_header("Rain\n\nBy ANN EXAMPLE / Harbour Gazette\nApril 26, 2031, 12:28 [GMT+7]\n\nIt rained.").text
        == "April 26, 2031"
    )
    assert in_header("HA NOI, Nov 20, 2019 (VNS) — It rained.").text == "Nov 20, 2019"
    assert in_header("Published: 3 May 2021 Updated: 4 May 2021 09:15\n\nIt rained.").text == "3 May 2021"
    for story in (
        "Programme for 20 November 2019\n\nIt rained.",
        "In 2017, it rained.",
        "On 3 May 2021 it rained.\n",
        "Vietnam news in brief - February 24",
    ):
        assert in_header(story) is None


@pytest.mark.parametrize(
    "line",
    [
        "Thứ hai, 5/12/2022, 08:30 (GMT+7)",
        "Chủ Nhật, ngày 05/12/2022",
        "Ngày đăng: 5/12/2022",
        "Đăng lúc 08:30 ngày 5-12-2022",
        "Hà Nội, ngày 5 tháng 12 năm 2022",
        "Publié le 05/12/2022 à 08h30",
        "Publicado el 5 de diciembre de 2022 a las 10:30 h",
        "Veröffentlicht am 5.12.2022 um 10:30 Uhr",
        "Pubblicato il 05/12/2022 alle ore 10:30",
        "Publicado em 05/12/2022 às 10h30",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_about_a_date_tell_that_the_day_comes_first(line, form):
    found, _ = dated(text=[normalize(form, f"Mưa ở Huế\n\n{line}\n\nTrời mưa.")])
    assert found.loc["d0", ["date", "date_source"]].tolist() == ["2022-12-05", "header"]


def test_a_language_tells_the_order_of_dates_that_readers_see_where_nothing_else_does():
    story = "5/12/2022\n\nTrời mưa."
    for language, day in (("vi", "2022-12-05"), ("en", "2022")):
        found, _ = dated(language=language, text=[story])
        assert found.loc["d0", "date"] == day
    column, _ = dated(language="vi", date_column=["5/12/2022"])
    assert column.loc["d0", "date"] == "2022"
    others, _ = dated(language="vi", source=["a", "a"], text=[story, story.replace("5/12", "5/13")])
    assert others["date"].tolist() == ["2022-05-12", "2022-05-13"]


def test_a_date_whose_day_is_known_to_come_first_tells_the_order_of_its_outlets_others():
    found, _ = dated(text=[f"{line}\n\nTrời mưa." for line in ("Thứ hai, 5/12/2022", "6/12/2022")])
    assert found["date"].tolist() == ["2022-12-05", "2022-12-06"]


def test_an_update_is_no_publication_but_bounds_it():
    found, _ = dated(
        text=["Updated: 3 May 2021 09:15\n\nIt rained at the Example Games 2020 and nobody was surprised."]
    )
    assert found.loc["d0", ["date", "date_source", "not_before", "not_after"]].tolist() == [
        "",
        "none",
        "2020-01-01",
        "2021-05-03",
    ]


def test_an_update_in_numbers_bounds_by_its_outlets_order_and_else_by_the_later_reading():
    story = "\n\nIt rained, and nobody was surprised."
    alone, _ = dated(text=["Updated: 08/10/2019 | 09:15" + story])
    assert alone.loc["d0", "not_after"] == "2019-10-08"
    beside, _ = dated(text=[f"Updated: {day} | 09:15{story}" for day in ("08/10/2019", "08/23/2019")])
    assert beside["not_after"].tolist() == ["2019-08-10", "2019-08-23"]


def test_addresses_and_names():
    for address, first in {
        "https://x.example/2017/02/07/a": "2017-02-07", "https://x.example/news-20170207-a.html": "2017-02-07",
        "https://x.example/2017/2/7/a": "2017-02-07", "https://x.example/2017-02/a": "2017-02-01",
    }.items():  # fmt: skip
        assert in_address(address).first.isoformat() == first
    for address in (
        "https://x.example/a/38912345",
        "https://x.example/20179999/a",
        "https://x.example/a?id=123456",
        "000_8c0beae7850af58f.txt",
    ):
        assert in_address(address) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2019-06-15.txt", "2019-06-15"),
        ("2019-06-15-3.txt", "2019-06-15"),
        ("2019-6-1.txt", "2019-06-01"),
        ("2019.06.15.txt", "2019-06-15"),
        ("20170418_33.txt", "2017-04-18"),
        ("16-07-2024.txt", "2024-07-16"),
        ("16.07.2024.txt", "2024-07-16"),
        ("07-16-2024_3.txt", "2024-07-16"),
        ("001_16-07-2024.txt", "2024-07-16"),
        ("16 July 2024 - Bus.txt", "2024-07-16"),
        ("Bus_July_16_2024.html", "2024-07-16"),
        ("Bus, 16-Jul-2024 (2).txt", "2024-07-16"),
        ("2019-06_15.txt", "2019-06"),
        ("2019-10-3.txt", "2019-10"),  # the third or the third one
        ("001_2019-06.txt", "2019-06"),
        ("article-07-04-2021-10.txt", "2021"),
        ("story_05-06-2020-11.txt", "2020"),
        ("07_04_2021.txt", "2021"),
        ("10-07-2021-05-06.txt", ""),
        ("201906_15.txt", ""),
        ("What became of 16 July 1945 since.txt", ""),
        ("31-31-2020.txt", ""),
        ("30-02-2020.txt", ""),
        ("3-2024.txt", ""),
    ],
)
def test_dates_in_names_are_read_as_far_as_they_are_certain(name, said):
    found, _ = dated(file=[name])
    assert found.loc["d0", "date"] == said


def test_the_order_of_day_and_month_is_learned_over_the_names_of_a_folder():
    names = ["a_05_06_2020-11.txt", "a_16_07_2020-12.txt"]
    told, _ = dated(file=names, source=["one", "two"])
    assert told["date"].tolist() == ["2020-06-05", "2020-07-16"]
    assert told.loc["d0", "date_text"] == "05_06_2020"
    apart, _ = dated(file=[f"{at}/{name}" for at, name in enumerate(names)])
    assert apart["date"].tolist() == ["2020", "2020-07-16"]


def test_an_event_told_as_news_dates_the_article_from_below():
    text = "A conference took place in Ha Long on November 20.\n\nIt was part of the Example ICT Awards 2019 of the region."
    found, _ = dated(text=[text])
    assert found.loc["d0", ["date", "date_source", "not_before", "not_after"]].tolist() == [
        "2019-11-20",
        "event",
        "2019-11-20",
        "",
    ]
    assert in_event("The fair will be held in Hue on November 20, 2031.") is None
    assert in_event("It took place on November 20.") is None


def test_a_past_event_bounds_and_what_says_nothing_gives_nothing():
    found, _ = dated(text=["At the exhibition “Example Summit 2018“, many products were on display."])
    assert found.loc["d0", ["date", "date_source", "not_before", "not_after"]].tolist() == [
        "",
        "none",
        "2018-01-01",
        "",
    ]
    for story in (
        "In 2017, Japan became the largest investor.",
        "It was founded in 2015.",
        "By 2025 it will grow.",
        "The Example Games 2030 will be held here.",
    ):
        assert past_event(story) is None
        assert in_event(story) is None


@pytest.mark.skipif(not (SHARED / "articles").is_dir(), reason="the five articles are not here")
def test_the_five_articles_have_the_dates_that_a_reader_gives_them():
    articles = prepare(SHARED / "articles", today=TODAY)["articles"].set_index(
        prepare(SHARED / "articles", today=TODAY)["articles"]["file"].str[:3]
    )
    known = articles[["date", "date_source", "not_before"]].to_dict("index")
    assert known["000"] == {"date": "2023-04-26", "date_source": "header", "not_before": "2023-04-26"}
    assert known["001"] == {"date": "", "date_source": "none", "not_before": "2018-01-01"}
    assert known["003"] == {"date": "2019-11-20", "date_source": "event", "not_before": "2019-11-20"}
    assert known["002"]["date"] == known["004"]["date"] == ""
