"""What is known to have happened is found: speeches of the United Nations, one in eight, 1946 to 2024."""

import json
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from topics.trends import bursts, keywords, periods

SPEECHES = Path(__file__).parents[1] / "../shared/corpora/dated/ungdc_dev.jsonl.xz"
NAMES = ["covid", "apartheid", "internet", "climate change", "colonial", "cold war", "soviet"]

pytestmark = pytest.mark.skipif(not SPEECHES.is_file(), reason=f"{SPEECHES.name} is not there")


@pytest.fixture(scope="module")
def speeches():
    with lzma.open(SPEECHES, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    table = pd.DataFrame(
        {
            "doc_id": [row["id"] for row in rows],
            "date": [str(row["year"]) for row in rows],
            "date_precision": "year",
            "source": "",
            "n_words": [len(row["text"].split()) for row in rows],
        }
    )
    texts = [row["text"].lower() for row in rows]
    counts = np.array([[text.count(name) for name in NAMES] for text in texts])
    order = np.argsort(table["doc_id"].to_numpy(), kind="stable")
    length, _ = periods.choose_length(table)
    placed = periods.place(table, length)
    calendar = periods.calendar(placed, length)
    mentions = sparse.csr_matrix(counts[order])
    series = keywords.keyword_series(placed, calendar, length, mentions, NAMES, ["keyword"] * len(NAMES), draws=99)
    trends = keywords.keyword_trends(placed, calendar, length, mentions, NAMES, ["keyword"] * len(NAMES))
    return length, calendar, series, trends


def share(series, name, first, last):
    rows = series[
        (series["name"] == name) & series["unit"].str.startswith("share") & series["period"].between(first, last)
    ]
    return rows["n_mentioning"].sum() / rows["n_docs"].sum()


def test_periods_are_years(speeches):
    assert speeches[0] == "year"


def test_covid_the_internet_and_climate_change_rose(speeches):
    verdict = keywords.findings(speeches[3]).set_index("name")["verdict"]
    assert verdict[["covid", "internet", "climate change"]].tolist() == ["rose"] * 3


def test_what_came_and_went_is_not_called_a_trend_but_its_peak_is_said(speeches):
    table = keywords.findings(speeches[3]).set_index("name")
    assert (table.loc[["apartheid", "colonial", "cold war"], "verdict"] == "cannot say").all()
    peak = speeches[3].set_index("name")["peak"]
    assert "1980" <= peak["apartheid"] <= "1990"
    assert "1970" <= peak["colonial"] <= "1979"


def test_nothing_is_there_before_its_time(speeches):
    series = speeches[2]
    assert share(series, "covid", "1946", "2019") == 0
    assert share(series, "internet", "1946", "1989") == 0
    assert share(series, "covid", "2020", "2021") > 0.8
    assert share(series, "climate change", "2010", "2024") > share(series, "climate change", "1980", "1995")


def test_climate_change_breaks_upwards(speeches):
    _, calendar, series, trends = speeches
    found = bursts.bursts(series, calendar, dict(zip(trends["name"], trends["correlation"], strict=True)))
    row = found[(found["name"] == "climate change") & (found["what"] == "break")].iloc[0]
    assert row["q"] <= 0.05
    assert "1988" <= row["start"] <= "2010"
    assert row["share_in"] > row["share_out"]
