"""The page on the number of topics: one sentence and one figure, splits in words, every score beside shuffled text."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from topics.models.scores import MEASURES
from topics.report import counts_page, html


@pytest.fixture
def compared():
    """Three counts, two seeds: five topics hold up, ten hold up in part; topic 1 of five splits."""
    rng = np.random.default_rng(2)
    scores = [
        (k, seed, measure, rng.normal(), MEASURES[measure].better, np.nan, np.nan, MEASURES[measure].unit, text)
        for k in (2, 5, 10)
        for text in ("whole", "shuffled")
        for seed in (1, 2)
        for measure in MEASURES
        if text == "whole" or measure not in ("gain", "perplexity")
    ]
    columns = ["n_topics", "seed", "measure", "value", "better", "low", "high", "unit", "text"]
    back = {2: 2, 5: 5, 10: 4}
    stability = [
        (k, topic, "seed", 2, topic if topic <= back[k] else 0, 0.9, 0.8) for k in back for topic in range(1, k + 1)
    ]
    links = []
    for a, b in ((2, 5), (5, 10)):
        weight = rng.dirichlet(np.full(b, 0.05), a) / a
        weight[0] = 0
        weight[0, :2] = 0.5 / a
        links.append(pd.DataFrame({"n_topics_a": a, "topic_a": np.repeat(np.arange(1, a + 1), b), "n_topics_b": b, "topic_b": np.tile(np.arange(1, b + 1), a),
                                   "weight": weight.ravel(), "from_a": (weight / weight.sum(1, keepdims=True)).ravel(),
                                   "of_b": (weight / np.maximum(weight.sum(0), 1e-12)).ravel()}))  # fmt: skip
    topics = [(k, topic, f"<b>label</b> {topic}", 1 / k, "words") for k in back for topic in range(1, k + 1)]
    return {
        "few": False,
        "scores": pd.DataFrame(scores, columns=columns),
        "stability": pd.DataFrame(
            stability, columns=["n_topics", "topic", "kind", "seed_b", "topic_b", "similarity", "excess"]
        ),
        "alignment": pd.concat(links, ignore_index=True),
        "topics": pd.DataFrame(topics, columns=["n_topics", "topic", "label", "share", "terms"]),
        "convergence": pd.DataFrame(
            {
                "n_topics": [2, 5],
                "seed": [1, 2],
                "log_likelihood": -8.0,
                "drift": [0.0, 0.05],
                "noise": 0.001,
                "settled": [True, False],
                "behind": 0.0,
            }
        ),
        "choice": {"n_topics": 5, "why": "5 does well.", "against": "Coherence prefers 10.", "range": [5, 10]},
    }


def test_the_answer_is_one_sentence_and_one_figure(compared):
    page = str(counts_page.answer(compared))
    assert "5 does well." in page
    assert page.count("<figure") == 1


def test_the_part_that_comes_back_is_counted_for_each_run(compared):
    table = counts_page.returning(compared["stability"])
    assert dict(zip(table["n_topics"], table["value"], strict=True)) == {2: 1.0, 5: 1.0, 10: 0.4}


def test_what_speaks_against_and_what_would_do_as_well_is_said(compared):
    page = str(counts_page.answer(compared))
    assert "Coherence prefers 10." in page
    assert "10 topics would do as well" in page


def test_another_choice_is_a_row_with_what_it_gives(compared):
    table = counts_page._choices(compared)
    assert table["n_topics"].tolist() == [2, 5, 10]
    assert table["back"].tolist() == ["2 of 2", "5 of 5", "4 of 10"]
    assert table["lacking"].tolist() == ["0 of 2", "0 of 5", "6 of 10"]
    assert table["said"].tolist() == ["", "suggested", "would do as well"]


def test_a_topic_that_splits_is_named_with_its_parts(compared):
    page = str(counts_page.splits(compared))
    assert "From 5 to 10 topics" in page
    assert "divides" in page
    assert "50 % to 1" in page
    assert "<b>label" not in page


def test_a_topic_that_keeps_most_of_its_text_stays_whatever_it_feeds(compared):
    rows = [(1, 0.8, 1.0), (2, 0.1, 0.5), (3, 0.1, 0.5)]
    links = pd.DataFrame(rows, columns=["topic_b", "from_a", "of_b"]).assign(n_topics_a=5, n_topics_b=10, topic_a=1)
    page = str(counts_page._step(links, compared["topics"]))
    assert "stays" in page
    assert "divides" not in page
    assert "80 % to 1" in page


def test_every_score_is_drawn_beside_shuffled_text_and_says_what_it_is_silent_about(compared):
    page = str(counts_page.all_scores(compared))
    assert page.count("<figure") == len(MEASURES)
    for measure in MEASURES.values():
        assert "It does not say" in page
        assert measure.silent.split(";")[0].replace("'", "&#x27;")[:30] in page.replace("&#39;", "&#x27;")
    assert page.count("crosses, words shuffled: ") == len(MEASURES) - 2
    assert page.count("crosses, words’ frequencies alone: ") == 2  # no fit to shuffled text foretells


def test_the_numbers_have_a_row_for_every_count_and_text_and_the_file_every_score(compared, tmp_path):
    html.begin(tmp_path)
    page = str(counts_page.all_scores(compared))
    html.begin(None)
    rows = re.findall(r'<th scope="row"[^>]*>(\d+)</th><td[^>]*>(whole|shuffled)</td>', page)
    assert rows == [(k, text) for k in ("2", "5", "10") for text in ("whole", "shuffled")]
    assert len(pd.read_parquet(tmp_path / "tables/all_scores.parquet")) == len(compared["scores"])
    scores = compared["scores"].query("n_topics == 5 and text == 'whole' and measure == 'c_v'")["value"]
    assert f"{scores.mean():.3f}".replace("-", "−") in page


def test_a_chain_that_still_moved_is_named(compared):
    assert "The chains of 1 of 2 fits still moved while they were sampled: 5 topics with seed 2." in str(
        counts_page.all_scores(compared)
    )
    compared["convergence"] = compared["convergence"].iloc[:1]
    assert "The chains of all 1 fits stood still" in str(counts_page.all_scores(compared))


def test_word_frequencies_alone_gain_nothing_and_their_perplexity_is_that_of_a_fit_without_its_gain():
    rows = [(5, 1, "perplexity", 800.0), (5, 1, "gain", 0.25)]
    scores = pd.DataFrame(rows, columns=["n_topics", "seed", "measure", "value"]).assign(text="whole")
    assert counts_page._by_frequency(scores, "gain")["value"].tolist() == [0.0]
    assert counts_page._by_frequency(scores, "perplexity")["value"].tolist() == pytest.approx([800 * np.exp(0.25)])


def test_the_figure_of_splits_holds_the_count_suggested_and_few_enough_to_read(compared):
    many = {"topics": pd.DataFrame({"n_topics": [5, 10, 15, 20, 30, 40, 60]}), "choice": {"n_topics": 20}}
    assert counts_page.flow_counts(many) == [10, 15, 20, 30]
    assert counts_page.flow_counts(compared) == [2, 5, 10]


def test_few_articles_have_groups_and_no_scores(compared):
    few = compared | {
        "few": True,
        "choice": {"n_topics": None, "why": "Five articles are read.", "against": "", "range": []},
    }
    sections = ("answer", "decision", "choices", "splits", "all_scores")
    page = "".join(getattr(counts_page, section)(few) for section in sections)
    assert "Five articles are read." in page
    assert "no scores" in page
    assert "<figure" not in page
    assert page.count("<h2") == 2  # the answer, the groups: no heading without a section
