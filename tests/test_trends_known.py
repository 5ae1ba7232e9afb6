"""What is known to have happened is found, by the steps that a report takes: speeches of the United Nations, 1946 to 2024."""

import json
import lzma
from pathlib import Path

import pandas as pd
import pytest

from topics import pipeline
from topics.report import keywords_page

SPEECHES = Path(__file__).parents[1] / "../shared/corpora/dated/ungdc_dev.jsonl.xz"
NAMES = ["covid", "covid*", "apartheid", "internet", "climate change", "coloni*", "cold war"]

pytestmark = pytest.mark.skipif(not SPEECHES.is_file(), reason=f"{SPEECHES.name} is not there")


@pytest.fixture(scope="module")
def articles():
    """Every second speech there, 5,000 characters of it, so that a test is quick: from shortly before the internet, which few name, or its middle."""
    with lzma.open(SPEECHES, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file][::2]
    named = [at if (at := row["text"].lower().find("internet")) >= 0 else 6500 for row in rows]
    return pd.DataFrame(
        {
            "id": [row["id"] for row in rows],
            "date": [str(row["year"]) for row in rows],
            "text": [row["text"][max(0, at - 2500) :][:5000] for row, at in zip(rows, named, strict=True)],
        }
    )


@pytest.fixture(scope="module")
def found(articles, tmp_path_factory):
    folder = tmp_path_factory.mktemp("speeches")
    articles.to_json(folder / "speeches.jsonl", orient="records", lines=True)
    given = {
        "articles": str(folder / "speeches.jsonl"),
        "cache": str(folder / "cache"),
        "keywords": NAMES,
        "workers": 1,
    }
    return pipeline.keywords(pipeline.settings(**given))


def share(found, name, first, last):
    rows = found["series"]
    rows = rows[(rows["name"] == name) & rows["unit"].str.startswith("share") & rows["period"].between(first, last)]
    return rows["n_mentioning"].sum() / rows["n_docs"].sum()


def test_articles_are_counted_by_year_as_they_stand_in_the_text(articles, found):
    assert found["length"] == "year"
    said = articles["text"].str.contains(r"\bapartheid\b", case=False) & articles["date"].between("1975", "1990")
    assert share(found, "apartheid", "1975", "1990") == pytest.approx(said.sum() / articles["date"].between("1975", "1990").sum(), rel=0.03)  # fmt: skip


def test_covid_the_internet_and_climate_change_rose(found):
    table = found["findings"].set_index("name")
    assert table.loc[["covid*", "climate change"], "verdict"].tolist() == ["rose"] * 2
    assert table.loc["internet", "verdict"] == "rose"


def test_what_came_and_went_is_not_called_a_trend_but_its_peak_is_said(found):
    assert found["findings"].set_index("name").loc["apartheid", "verdict"] == "cannot say"
    assert "1976" <= found["trends"].set_index("name")["peak"]["apartheid"] <= "1990"


def test_nothing_is_there_before_its_time(found):
    assert share(found, "covid*", "1946", "2019") == 0 < 0.5 < share(found, "covid*", "2020", "2021")
    assert share(found, "internet", "1946", "1989") == 0 < share(found, "internet", "1990", "2024")
    assert share(found, "climate change", "2010", "2024") > share(found, "climate change", "1980", "1995")


def test_climate_change_breaks_upwards(found):
    table = found["bursts"]
    row = table[(table["name"] == "climate change") & (table["what"] == "break")].iloc[0]
    assert row["q"] <= 0.05
    assert "1988" <= row["start"] <= "2010"
    assert row["share_in"] > row["share_out"]


def test_a_keyword_that_stands_in_longer_words_alone_is_told(found):
    (told,) = found["unheard"]
    assert told.startswith("The keyword “covid” stands in")
    assert "“COVID-19”" in told
    assert told in keywords_page.answer(found).unescape()
