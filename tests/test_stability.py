"""Stability: topics are paired where they are the same, not where they only look it, and shuffled text sets the mark."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from worlds import World, counts_of, planted

from topics.models import stability
from topics.models.lda import TopicModel, fit
from topics.tables import UserError


@pytest.fixture(scope="module")
def world() -> World:
    return planted(n_topics=4, n_docs=120, length=60)


@pytest.fixture(scope="module")
def runs(world: World) -> list[TopicModel]:
    return [fit(world.counts, n_topics=4, seed=seed, sweeps=100, samples=5) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def base(world: World) -> stability.Reference:
    text = stability.shuffled(world.counts)
    return stability.reference([fit(text, n_topics=4, seed=seed, sweeps=60, samples=5) for seed in (1, 2, 3)])


def permuted(model: TopicModel, order: list[int]) -> TopicModel:
    return replace(model, topic_term=model.topic_term[order], doc_topic=model.doc_topic[:, order])


def test_shuffled_text_keeps_lengths_and_frequencies(world: World) -> None:
    dealt = stability.shuffled(world.counts).matrix
    assert (dealt.sum(axis=0) == world.counts.matrix.sum(axis=0)).all()
    assert (dealt.sum(axis=1) == world.counts.matrix.sum(axis=1)).all()
    assert (dealt != world.counts.matrix).nnz > 0


def test_a_resample_has_four_fifths_of_the_articles_whole(world: World) -> None:
    counts = counts_of(np.repeat(world.counts.matrix.toarray(), 2, axis=0), unit_doc=np.repeat(np.arange(120), 2))
    part = stability.resampled(counts, 1)
    assert len(np.unique(part.unit_doc)) == 96
    assert (np.bincount(part.unit_doc)[np.unique(part.unit_doc)] == 2).all()


@given(st.permutations(range(4)))
@settings(max_examples=20)
def test_a_fit_and_its_own_topics_in_another_order_match_perfectly(runs: list[TopicModel], order: list[int]) -> None:
    alike = stability.similarity(runs[0], permuted(runs[0], order))
    pairs = stability.match(alike)
    assert [order[j] for j in pairs] == [0, 1, 2, 3]
    assert np.allclose(alike[np.arange(4), pairs], 1)


def test_similarity_is_the_same_either_way_and_between_0_and_1(runs: list[TopicModel]) -> None:
    alike = stability.similarity(runs[0], runs[1])
    assert np.allclose(alike, stability.similarity(runs[1], runs[0]).T)
    assert ((alike >= 0) & (alike <= 1 + 1e-12)).all()


def test_similarity_is_the_geometric_mean_of_the_words_cosine_and_the_articles_correlation(
    runs: list[TopicModel],
) -> None:
    a, b = runs[:2]
    alike = stability.similarity(a, b)
    for i in range(4):
        for j in range(4):
            words, other = a.topic_term[i], b.topic_term[j]
            cosine = words @ other / np.sqrt((words @ words) * (other @ other))
            r = np.corrcoef(a.doc_topic[:, i], b.doc_topic[:, j])[0, 1]
            assert alike[i, j] == pytest.approx(np.sqrt(cosine * max(r, 0)))


def test_fits_of_other_articles_are_compared_over_the_paragraphs_that_both_have(runs: list[TopicModel]) -> None:
    model, ids = runs[0], np.repeat([f"d{i:02d}" for i in range(40)], 3)
    paragraphs = replace(model, doc_ids=ids)
    rows = np.flatnonzero(ids >= "d10")
    part = replace(model, doc_ids=ids[rows], doc_topic=model.doc_topic[rows])
    assert np.diag(stability.similarity(paragraphs, part)) == pytest.approx(1)
    first, second = stability._common_units(paragraphs, part)
    assert first.tolist() == rows.tolist()
    assert second.tolist() == list(range(90))
    two = replace(part, doc_ids=ids[28:30], doc_topic=model.doc_topic[28:30])  # too few for a correlation: words alone
    words = stability._unit_rows(model.topic_term)
    assert stability.similarity(paragraphs, two) == pytest.approx(words @ words.T)


def test_the_reference_is_the_mean_and_the_95th_percentile_of_all_pairs(runs: list[TopicModel]) -> None:
    paired = []
    for a, b in ((0, 1), (0, 2), (1, 2)):
        alike = stability.similarity(runs[a], runs[b])
        paired += alike[linear_sum_assignment(-alike)].tolist()
    base = stability.reference(runs)
    assert (base.mean, base.floor) == pytest.approx((np.mean(paired), np.quantile(paired, 0.95)))
    assert stability.Reference(0.4, 0.6).excess(np.array([0.3, 0.4, 0.7, 1.0])) == pytest.approx([0, 0, 0.5, 1])


def test_words_alone_or_articles_alone_do_not_make_a_match(runs: list[TopicModel]) -> None:
    model = runs[0]
    other_articles = replace(model, doc_topic=model.doc_topic[:, [1, 2, 3, 0]])
    alike = stability.similarity(model, other_articles)
    assert np.diag(alike).max() < 0.2


def test_planted_topics_come_back_in_every_run_and_in_every_resample(
    world: World, runs: list[TopicModel], base: stability.Reference
) -> None:
    table = stability.stability(runs[0], runs[1:], base)
    assert (table["excess"] > 0.8).all()
    parts = [
        fit(stability.resampled(world.counts, seed), n_topics=4, seed=seed, sweeps=100, samples=5) for seed in (1, 2)
    ]
    table = stability.stability(runs[0], parts, base, kind="articles")
    assert (table["excess"] > 0.8).all()
    assert set(table["kind"]) == {"articles"}


def test_topics_of_shuffled_text_do_not_come_back_beyond_their_own_mark(
    world: World, base: stability.Reference
) -> None:
    text = stability.shuffled(world.counts, 9)
    models = [fit(text, n_topics=4, seed=seed, sweeps=60, samples=5) for seed in (5, 6, 7, 8)]
    tables = [stability.stability(shown, [other for other in models if other is not shown], base) for shown in models]
    assert pd.concat(tables)["excess"].mean() < 0.25


def test_the_mark_of_shuffled_text_itself_is_zero_on_the_mean(base: stability.Reference) -> None:
    assert base.excess(base.mean) == 0
    assert base.excess(1.0) == pytest.approx(1)
    assert base.floor >= base.mean


def test_a_topic_that_the_other_run_lacks_has_no_match(runs: list[TopicModel], base: stability.Reference) -> None:
    model = runs[0]
    noise = np.random.default_rng(0)
    strange = replace(
        model,
        topic_term=np.vstack([model.topic_term[:3], noise.dirichlet(np.full(len(model.terms), 0.05))]),
        doc_topic=np.column_stack([model.doc_topic[:, :3], noise.permutation(model.doc_topic[:, 3])]),
    )
    table = stability.stability(model, [strange], base)
    assert table["topic_b"].tolist() == [1, 2, 3, 0]
    assert table.loc[3, "similarity"] == 0
    pairs = stability.matches(table, model.seed)
    assert pairs["topic_a"].tolist() == pairs["topic_b"].tolist() == [1, 2, 3]


def test_the_representative_run_is_the_one_most_like_the_others(runs: list[TopicModel]) -> None:
    odd = replace(runs[0], topic_term=runs[0].topic_term[:, ::-1])
    assert stability.representative([odd, *runs]) > 0
    assert stability.representative([odd, *runs[:2]]) > 0
    assert stability.representative(runs[:2]) == 0


def test_fits_with_other_words_cannot_be_matched(runs: list[TopicModel]) -> None:
    with pytest.raises(UserError, match="different vocabularies"):
        stability.similarity(runs[0], replace(runs[0], terms=runs[0].terms[::-1]))


def test_one_fit_to_shuffled_text_is_not_enough(runs: list[TopicModel]) -> None:
    with pytest.raises(UserError, match="two seeds"):
        stability.reference(runs[:1])


def test_with_two_units_articles_cannot_speak_and_words_decide() -> None:
    counts = counts_of([[5, 5, 0, 0], [0, 0, 5, 5]])
    models = [fit(counts, n_topics=2, seed=seed, sweeps=60, samples=5) for seed in (1, 2)]
    assert np.isfinite(stability.similarity(*models)).all()


def test_what_a_chain_did_is_told_in_its_own_measures(runs: list[TopicModel]) -> None:
    sweeps = np.arange(40, 240, 10.0)  # the samples are those from sweep 140 on, ten of them
    slope = np.where(sweeps > 130, -8.0 + 0.0001 * (sweeps - 140), -9.0)
    wave = np.where(sweeps > 130, np.tile([0.03, -0.03], 10), 0)
    models = [replace(runs[0], trace=np.column_stack([sweeps, trace])) for trace in (slope, slope + wave)]
    table = stability.convergence([*models, replace(runs[0], trace=np.zeros((0, 2)))])
    assert len(table) == 2  # without a chain there is no row
    assert table["log_likelihood"].tolist() == pytest.approx([-8 + 0.0045, -8 + 0.0045])
    assert table["drift"].tolist() == pytest.approx([0.005, 0.005 - 0.012])
    assert table["noise"][0] == pytest.approx(0, abs=1e-9)
    line = np.polyfit(np.arange(10), wave[10:], 1)
    assert table["noise"][1] == pytest.approx(np.std(wave[10:] - np.polyval(line, np.arange(10))))
    assert table["settled"].tolist() == [True, True]


def test_a_chain_that_drifts_while_sampled_has_not_settled(runs: list[TopicModel]) -> None:
    sweeps = np.arange(40, 240, 10.0)
    still = np.where(sweeps > 130, -8.0, -8.5) + np.tile(
        [0.001, -0.001], 10
    )  # burn-in, up to sweep 130, does not count
    traces = (still, still + np.where(sweeps > 180, 0.05, 0))
    models = [replace(runs[0], trace=np.column_stack([sweeps, trace])) for trace in traces]
    table = stability.convergence(models)
    assert table["settled"].tolist() == [True, False]
    assert table["behind"].round(3).tolist() == [0.025, 0.0]
