"""Scores: gensim's coherence to its last digit, published values, and predictions that obey their laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from worlds import counts_of, planted

from topics.models import lda, scores
from topics.tables import UserError
from topics.words.counts import Counts


def texts(n: int, length: int, n_terms: int, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    made = [(rng.zipf(1.3, rng.integers(1, length)) % n_terms).tolist() for _ in range(n)]
    return [*made, [], [1], made[0][:1]]


def joined(given: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([np.array(text, np.int64) for text in given]), np.cumsum([0, *map(len, given)])


@pytest.mark.parametrize("measure", ["c_v", "c_npmi", "c_uci", "u_mass"])
@pytest.mark.parametrize("length", [8, 60, 400], ids=["shorter than both windows", "between", "longer"])
def test_coherence_is_gensims_to_the_last_digit(measure: str, length: int) -> None:
    from gensim.corpora import Dictionary
    from gensim.models import CoherenceModel

    given = texts(40, length, 60, seed=length)
    named = [[f"w{i}" for i in text] for text in given]
    seen = sorted({i for text in given for i in text})
    topics = np.random.default_rng(1).permuted(np.tile(seen, (4, 1)), axis=1)[:, :6]
    peer = CoherenceModel(
        topics=[[f"w{i}" for i in row] for row in topics],
        texts=named,
        dictionary=Dictionary(named),
        coherence=measure,
        topn=6,
        processes=1,
    )
    windows = scores.count_windows(*joined(given), topics)
    mine = scores.coherence(topics, windows, measure)
    assert np.abs(mine - peer.get_coherence_per_topic()).max() < 1e-12


def test_one_count_serves_all_models_of_a_grid() -> None:
    given = texts(30, 200, 80, seed=2)
    a, b = np.arange(12).reshape(2, 6), np.arange(20, 44).reshape(4, 6)
    together = scores.count_windows(
        *joined(given), np.concatenate([a, b]) if a.shape == b.shape else [*a.ravel(), *b.ravel()]
    )
    for topics in (a, b):
        alone = scores.count_windows(*joined(given), topics)
        for measure in scores.WINDOWS:
            assert (scores.coherence(topics, together, measure) == scores.coherence(topics, alone, measure)).all()


def test_a_word_out_of_the_vocabulary_takes_up_room_in_the_window() -> None:
    near = scores.count_windows(np.array([0, 1]), np.array([0, 2]), [0, 1], sizes=[2])
    far = scores.count_windows(np.array([0, -1, 1]), np.array([0, 3]), [0, 1], sizes=[2])
    assert near.together[2][0, 1] == 1
    assert far.together[2][0, 1] == 0


def test_words_that_always_meet_are_coherent_and_words_that_never_do_are_not() -> None:
    given = [[0, 1, 2], [3, 4, 5]] * 20
    windows = scores.count_windows(*joined(given), range(6))
    good = scores.coherence(np.array([[0, 1, 2]]), windows, "c_npmi")
    bad = scores.coherence(np.array([[0, 3, 4]]), windows, "c_npmi")
    assert good[0] == pytest.approx(1, abs=1e-6)
    assert bad[0] < 0


def test_two_words_have_a_coherence_and_one_has_none() -> None:
    windows = scores.count_windows(*joined([[0, 1], [0, 1], [0], [2]]), range(3))
    # in four windows the first is three times, the second twice, both twice: log(.5 / (.75 * .5)) / -log(.5)
    assert scores.coherence(np.array([[0, 1]]), windows, "c_npmi") == pytest.approx(np.log(4 / 3) / np.log(2))
    assert np.isnan(scores.coherence(np.array([[0]]), windows, "c_npmi")).all()


def test_exclusivity_and_diversity_are_largest_where_topics_share_nothing() -> None:
    apart = planted(n_topics=3, beta=0.01, n_terms=60)
    model = lda.fit(apart.counts, n_topics=3, seed=1, sweeps=100, samples=5)
    blurred = replace(model, topic_term=(model.topic_term + 9 * model.topic_term.mean(axis=0)) / 10)
    same = replace(model, topic_term=np.tile(model.topic_term.mean(axis=0), (3, 1)))
    assert scores.diversity(model, 5) > 0.85
    assert scores.diversity(same, 5) == pytest.approx(1 / 3)
    assert scores.exclusivity(model).mean() > scores.exclusivity(same).mean()
    assert (scores.exclusivity(blurred) <= 10).all()


# --- prediction ---------------------------------------------------------------------------------------------------------


def halves(counts: Counts, seed: int = 0) -> tuple[Counts, Counts]:
    test = np.random.default_rng(seed).random(counts.matrix.shape[0]) < 0.25
    return tuple(replace(counts, matrix=counts.matrix[rows], unit_doc=counts.unit_doc[rows]) for rows in (~test, test))  # type: ignore[return-value]


def test_all_tokens_of_a_word_of_an_article_are_in_one_half() -> None:
    matrix = planted().counts.matrix
    seen, hidden = scores.split(matrix, 1)
    assert (seen + hidden != matrix).nnz == 0
    assert seen.multiply(hidden).nnz == 0


def test_held_out_words_are_foretold_as_well_as_the_planted_topics_allow() -> None:
    world = planted(n_docs=300, length=100)
    train, test = halves(world.counts)
    model = lda.fit(train, n_topics=5, seed=1, sweeps=200)
    found = scores.complete(model, test)
    known = scores.complete(
        replace(model, draws_doc=model.draws_doc[:0], topic_term=world.topic_term, alpha=np.full(5, 0.1)), test
    )
    assert known.perplexity[0] * 0.98 < found.perplexity[0] < known.perplexity[0] * 1.05
    assert found.perplexity[1] < found.perplexity[0] < found.perplexity[2]
    assert found.gain[1] > 0


def test_the_interval_of_a_mean_over_articles_is_students() -> None:
    amount = np.random.default_rng(1).normal(size=12)
    mean, low, high = scores._ratio(3 * amount, np.full(12, 3.0))
    witness = stats.ttest_1samp(amount, 0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((amount.mean(), *witness))
    assert scores._ratio(np.append(3 * amount, 0), np.append(np.full(12, 3.0), 0)) == (
        mean,
        low,
        high,
    )  # no words, no say


def test_an_interval_of_articles_of_unequal_length_holds_the_truth_as_often_as_it_says() -> None:
    held = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        n = rng.integers(20, 200, 40).astype(float)
        _, low, high = scores._ratio(n * rng.normal(-6, 0.5, 40) + rng.normal(0, np.sqrt(n)), n)
        held.append(low <= -6 <= high)
    assert 0.92 < np.mean(held) < 0.98


def test_gain_and_perplexity_are_those_of_the_words_that_were_hidden() -> None:
    train, test = halves(planted().counts)
    model = lda.fit(train, n_topics=2, seed=1, sweeps=20, samples=2)
    found, (_, hidden) = scores.complete(model, test), scores.split(test.matrix, scores.HALVES)
    frequency = (np.asarray(train.matrix.sum(axis=0)).ravel() + model.beta) / (train.matrix.sum() + 100 * model.beta)
    assert found.n.sum() == hidden.sum()
    assert found.by_frequency[test.unit_doc] == pytest.approx(hidden @ np.log(frequency))
    assert found.perplexity[0] == pytest.approx(np.exp(-found.log_probability.sum() / hidden.sum()))
    assert found.gain[0] == pytest.approx((found.log_probability - found.by_frequency).sum() / hidden.sum())


def test_a_word_is_as_probable_as_its_topics_in_the_shares_of_its_article(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    shares, terms = rng.dirichlet(np.ones(3), 5), rng.dirichlet(np.ones(7), 3)
    rows, columns = rng.integers(0, 5, 20), rng.integers(0, 7, 20)
    monkeypatch.setattr(scores, "BLOCK", 6)
    assert scores.probabilities(shares, terms, rows, columns) == pytest.approx((shares @ terms)[rows, columns])


def test_topics_add_nothing_on_shuffled_text() -> None:
    from topics.models.stability import shuffled

    train, test = halves(shuffled(planted(n_docs=300).counts))
    model = lda.fit(train, n_topics=5, seed=1, sweeps=200)
    assert scores.complete(model, test).gain[1] <= 0


def test_averaging_probabilities_over_draws_foretells_no_worse_than_a_single_draw() -> None:
    train, test = halves(planted(n_docs=60, length=30).counts)
    model = lda.fit(train, n_topics=5, seed=1, sweeps=200)
    single = replace(model, draws_doc=model.draws_doc[:1], draws_term=model.draws_term[:5])
    assert scores.complete(model, test).perplexity[0] < scores.complete(single, test).perplexity[0]


def test_one_held_out_article_has_no_finite_interval_and_none_has_no_value() -> None:
    train, test = halves(planted().counts)
    model = lda.fit(train, n_topics=2, seed=1, sweeps=20, samples=2)
    one = scores.complete(model, replace(test, matrix=test.matrix[:1], unit_doc=test.unit_doc[:1]))
    assert one.perplexity[1:] == (0, np.inf)
    none = replace(test, matrix=test.matrix[:0], unit_doc=test.unit_doc[:0])
    assert np.isnan(scores.complete(model, none).perplexity[0])


def test_paragraphs_of_an_article_count_together_in_the_interval_of_what_is_foretold() -> None:
    train, test = halves(planted(n_docs=120, length=60).counts)
    model = lda.fit(train, n_topics=5, seed=1, sweeps=100)
    same = np.repeat(np.arange(20), 6)  # every paragraph stands six times in its article
    units = replace(test, matrix=test.matrix[same], unit_doc=np.arange(len(same)))
    by_unit, by_article = (scores.complete(model, replace(units, unit_doc=doc)) for doc in (units.unit_doc, same))
    assert by_article.gain[0] == pytest.approx(by_unit.gain[0])
    assert by_article.gain[2] - by_article.gain[0] > 1.5 * (by_unit.gain[2] - by_unit.gain[0])


def test_another_vocabulary_is_refused() -> None:
    model = lda.fit(counts_of([[1, 2], [2, 1]]), n_topics=2, seed=1, sweeps=4, samples=1)
    with pytest.raises(UserError, match="terms of the model"):
        scores.complete(model, counts_of([[1, 2, 3]]))


def test_every_measure_of_the_table_says_its_direction_source_and_what_it_does_not_measure() -> None:
    world = planted()
    train, test = halves(world.counts)
    model = lda.fit(train, n_topics=3, seed=4, sweeps=50, samples=5)
    units = [np.repeat(row.indices, row.data).tolist() for row in train.matrix]
    table = scores.scores(
        model, scores.count_windows(*joined(units), lda.top_terms(model)), scores.complete(model, test)
    )
    assert set(table["measure"]) == set(scores.MEASURES)
    assert set(table["better"]) <= {"high", "low"}
    assert np.isfinite(table["value"]).all()
    for measure in scores.MEASURES.values():
        assert measure.source
        assert measure.silent
