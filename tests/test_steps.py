"""What steps make of their room's functions: topics that people merge are one in every table, and trends are tested at one count alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from conftest import THEMES, write_articles

from topics import corpus
from topics.models import lda, stability, sweep
from topics.models import steps as of_models
from topics.models.labels import Label
from topics.trends import periods
from topics.trends import steps as of_trends
from topics.words import counts

JOINED = [Label(tuple(theme[:3]), name="Land and money", merge=True) for theme in THEMES[:2]]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """36 articles of three themes, their words, and fits of three topics to each text by its name."""
    articles = corpus.prepare(write_articles(tmp_path_factory.mktemp("world") / "articles", 36))["articles"]
    words = counts.prepare(articles, language="en")
    fits = {
        text: [sweep.fit_job(words["counts"], job, sweeps=60) for job in sweep.jobs([3], (1, 2, 3), text)]
        for text in ("whole", "shuffled", "resampled")
    }
    return articles, words, fits


def test_topics_that_people_merge_are_one_in_every_table(world):
    _, words, fits = world
    made = of_models.describe(*fits.values(), JOINED, words, set())
    for name in ("topics", "topic_terms", "doc_topics", "matches"):
        assert set(made[name]["topic_a" if name == "matches" else "topic"]) == {1, 2}, name
    assert made["doc_topics"].groupby("doc_id")["share"].sum().to_numpy() == pytest.approx(1)
    assert (made["topics"]["n_topics"] == 3).all()
    assert made["topics"].loc[0, ["label", "share"]].tolist() == ["Land and money", pytest.approx(2 / 3, abs=0.05)]


def test_hidden_terms_stand_in_no_list_and_change_no_number(world):
    _, words, fits = world
    hidden = {THEMES[0][0], THEMES[1][0]}
    made, plain = (of_models.describe(*fits.values(), [], words, hide) for hide in (hidden, set()))
    assert not hidden & set(made["topic_terms"]["term"])
    assert not hidden & set(", ".join([*made["topics"]["terms"], *made["topics"]["label"]]).split(", "))
    assert made["topics"].drop(columns=["terms", "label"]).equals(plain["topics"].drop(columns=["terms", "label"]))


def test_the_grid_compared_shows_the_run_that_is_most_like_the_others(world):
    _, words, fits = world
    made = of_models.compare({3: fits["whole"]}, {3: fits["shuffled"]}, {}, words)
    assert made["shown"] == {3: fits["whole"][stability.representative(fits["whole"])].seed}
    assert set(made["stability"]["seed_b"]) == {1, 2, 3} - {made["shown"][3]}
    seeds = made["scores"].groupby("text")["seed"].agg(set)
    assert seeds.to_dict() == {"whole": {1, 2, 3}, "shuffled": {1, 2, 3}}
    assert not made["scores"]["measure"].isin(["perplexity", "gain"]).any()  # nothing was held out


@pytest.mark.parametrize("tested", [3, 8])
def test_trends_of_topics_are_tested_at_one_count_alone(world, tested):
    articles, words, fits = world
    made = of_models.describe(*fits.values(), [], words, set())
    shown, *others = sorted(fits["whole"], key=lambda model: model.seed != made["seed"])
    placed = periods.place(articles, "year")
    time = placed, periods.calendar(placed, "year"), "year", "as set"
    runs = {model.seed: model for model in others}
    found = of_trends.topics_over_time(shown, runs, made, words, articles, time, tested)
    assert found["trends"]["note"].str.contains("tested at the 8 topics").tolist() == [tested == 8] * 3
    assert set(found["series"]["n_topics"]) == {3}
    sums = found["series"].groupby(["source", "period", "method"])["estimate"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))


def test_where_articles_are_few_nothing_is_compared(world):
    articles, words, _ = world
    placed = periods.place(articles, "year")
    compared = of_trends.compare_groups(words, articles, placed, few=True)
    beside = of_trends.companions(words, articles, placed, ["farm"], few=True)
    assert all(isinstance(table, pd.DataFrame) and table.empty for table in [*beside.values(), compared["keyness"]])
    assert compared["groups"] == []
    assert len(of_trends.compare_groups(words, articles, placed, few=False)["groups"]) > 0


def test_a_keyword_is_followed_once_however_it_is_written(world):
    _, words, _ = world
    assert of_trends.followed(words, ["farm", "farms", "zebra"])["name"].tolist() == ["farm"]


def test_leading_terms_of_all_fits_are_looked_for_at_once(world):
    _, words, fits = world
    windows = of_models.windows_of(fits["whole"], words)
    assert set(windows.terms) == {term for model in fits["whole"] for term in lda.top_terms(model, 10).ravel().tolist()}
