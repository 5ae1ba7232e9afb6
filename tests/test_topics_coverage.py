"""Planted topics come out as planted, and shuffled words make no topic: a few corpora of `benchmarks/topics_coverage.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from topics import pipeline
from topics.models import lda
from topics.settings import project_folder

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import topics_coverage

    return topics_coverage


def test_intervals_of_both_questions_hold_the_truth_under_the_planted_topics(bench):
    found = [rates for seed in range(4) for _, rates, _ in bench.readings(seed, "true")]
    for question in "ab":
        assert 0.90 <= np.mean([rates[question] for rates in found]) <= 0.98


def test_topics_that_a_fit_joins_hold_the_truth_as_a_sum_and_not_one_by_one(bench):
    apart, whole = [], []
    for seed in (1, 2, 3):
        world = bench.planted(seed, months=8, per_month=30, length=80)
        model = lda.fit(world.counts, n_topics=bench.N_TOPICS - 2, seed=seed, sweeps=300)
        apart.append(bench.covered(bench.series_of(world, model, seed), bench.one_to_one(world, model), world))
        merged, adds = bench.summed(world, model)
        whole.append(bench.covered(bench.series_of(world, merged, seed), adds, world))
        assert (adds.sum(axis=1) == 1).all()
    assert np.mean([rates["a"] for rates in apart]) < 0.8
    for question in "ab":
        assert np.mean([rates[question] for rates in whole]) > 0.88


def test_the_words_of_a_shuffled_corpus_are_those_of_its_articles(bench):
    sample = pipeline.corpus(pipeline.settings(None, articles=project_folder() / "data" / "sample"))["articles"]
    dealt = bench.dealt_out(sample, 1)
    assert sorted(" ".join(dealt["text"]).split()) == sorted(" ".join(sample["text"]).split())
    assert dealt["text"].str.split().str.len().tolist() == sample["text"].str.split().str.len().tolist()


@pytest.mark.parametrize("seed", [0, 1])
def test_no_topic_is_claimed_on_shuffled_words(bench, seed, tmp_path):
    sample = pipeline.corpus(pipeline.settings(None, articles=project_folder() / "data" / "sample"))["articles"]
    assert bench.topics_claimed(bench.dealt_out(sample, seed, 32), tmp_path)[0] == 0
