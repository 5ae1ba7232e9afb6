"""Topics followed across counts: weights are shares of the text, and a planted split is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from worlds import counts_of

from topics.models import alignment
from topics.models.lda import TopicModel, article_shares, fit
from topics.words.counts import Counts


@pytest.fixture(scope="module")
def counts() -> Counts:
    """Three themes apart, the third of two halves that the third topic count tells apart."""
    rng = np.random.default_rng(0)
    rates = np.zeros((90, 12))
    for d in range(90):
        theme = d % 3
        rates[d, theme * 4 : theme * 4 + 4] = 10
        if theme == 2:
            rates[d, 8:12] = [18, 18, 2, 2] if d % 2 else [2, 2, 18, 18]
    return counts_of(rng.poisson(rates))


@pytest.fixture(scope="module")
def models(counts: Counts) -> list[TopicModel]:
    return [fit(counts, n_topics=k, seed=1, sweeps=200, samples=5) for k in (3, 4)]


def test_weights_are_shares_of_all_text(models: list[TopicModel], counts: Counts) -> None:
    table = alignment.align(*models, counts)
    assert table["weight"].sum() == pytest.approx(1)
    assert np.allclose(table.groupby("topic_a")["from_a"].sum(), 1)
    assert np.allclose(table.groupby("topic_b")["of_b"].sum(), 1)
    assert np.allclose(table.groupby("topic_a")["weight"].sum(), models[0].doc_topic.mean(axis=0))


def test_a_planted_split_shows_as_one_topic_going_two_ways(models: list[TopicModel], counts: Counts) -> None:
    table = alignment.align(*models, counts)
    ways = table[table["from_a"] > 0.3].groupby("topic_a").size()
    assert sorted(ways.tolist()) == [1, 1, 2]
    table = alignment.relations(table)
    assert sorted(table["relation"]) == ["kept", "kept", "split", "split"]


def test_the_same_fit_twice_is_kept_topic_by_topic_however_mixed_the_articles_are(
    models: list[TopicModel], counts: Counts
) -> None:
    mixed = replace(models[0], doc_topic=np.full_like(models[0].doc_topic, 1 / 3))
    for model in (models[0], mixed):
        table = alignment.relations(alignment.align(model, replace(model), counts))
        assert set(table["relation"]) == {"kept"}
        assert (table["topic_a"] == table["topic_b"]).all()
        assert np.allclose(table["from_a"], 1)


def test_topics_that_are_the_same_but_for_rounding_are_aligned(models: list[TopicModel], counts: Counts) -> None:
    one = models[0].topic_term[0]
    same = [one * (1 + 1e-15 * np.cos(np.arange(len(one)) + shift)) for shift in range(models[0].n_topics)]
    model = replace(models[0], topic_term=np.array(same))
    table = alignment.align(model, model, counts)
    assert table["weight"].sum() == pytest.approx(1)


def test_a_topic_holds_its_share_of_the_articles_where_paragraphs_are_the_units() -> None:
    matrix = np.tile([[9, 9, 1, 1]], (40, 1))
    matrix[:10] = [1, 1, 9, 9]
    counts = counts_of(
        matrix, [0] * 10 + list(range(1, 31))
    )  # ten paragraphs of one article, thirty articles of one each
    models = [fit(counts, n_topics=k, seed=1, sweeps=100, samples=5) for k in (2, 3)]
    weight = alignment.align(*models, counts).groupby("topic_a")["weight"].sum()
    assert np.allclose(weight, article_shares(models[0], counts).mean(axis=0))
    assert not np.allclose(weight, models[0].doc_topic.mean(axis=0), atol=0.05)


def test_a_small_topic_that_is_fed_by_a_large_one_does_not_divide_it() -> None:
    rows = [(1, 1, 0.9, 1.0), (1, 2, 0.1, 0.6), (2, 2, 0.2, 0.4), (2, 3, 0.8, 1.0), (3, 4, 0.5, 1.0), (3, 5, 0.5, 1.0)]
    table = pd.DataFrame(rows, columns=["topic_a", "topic_b", "from_a", "of_b"]).assign(n_topics_a=3, n_topics_b=5)
    assert alignment.relations(table)["relation"].tolist() == ["kept", "merged", "merged", "kept", "split", "split"]
