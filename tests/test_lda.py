"""Fits: planted topics come back, shares and draws obey their laws, gensim in and out, and bad input is told."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment
from worlds import World, come_back, counts_of, planted, same

from topics.models import chain, lda
from topics.models.chain import Collapsed, CollapsedDense
from topics.models.lda import TopicModel, fit
from topics.tables import UserError
from topics.words.counts import Counts


@pytest.fixture(scope="module")
def world() -> World:
    return planted(n_topics=5, n_docs=150, length=100)


@pytest.fixture(scope="module")
def model(world: World) -> TopicModel:
    return fit(world.counts, n_topics=5, seed=1, sweeps=300)


def test_a_planted_world_has_the_length_and_shape_it_says() -> None:
    world = planted(n_topics=4, n_docs=10, length=30, n_terms=40)
    assert (world.counts.matrix.sum(axis=1) == 30).all()
    assert np.allclose(world.topic_term.sum(axis=1), 1)


def test_planted_topics_and_shares_come_back(world: World, model: TopicModel) -> None:
    come_back(world, model)


def test_where_words_are_many_the_best_start_on_a_part_goes_on_with_the_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lda, "SMALL", 1_000)
    monkeypatch.setattr(lda, "PART", 600)
    assert [lda.starting_words(world.counts, k, 200) for k in (5, 11)] == [3_000, 0]
    model = fit(world.counts, n_topics=5, seed=3, sweeps=200)
    come_back(world, model)
    assert model.trace[0, 0] == lda.FIRST + 10
    assert same(model, fit(world.counts, n_topics=5, seed=3, sweeps=200))


@pytest.mark.parametrize("small", [lda.SMALL, 1_000], ids=["starts of all words", "starts of a part"])
@pytest.mark.parametrize("dense", [lda.DENSE, 2], ids=["all topics at once", "lists"])
def test_fits_of_several_seeds_together_have_the_bytes_of_each_alone(
    world: World, small: int, dense: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lda, "SMALL", small)
    monkeypatch.setattr(lda, "PART", 400)
    monkeypatch.setattr(lda, "DENSE", dense)
    for n_topics in (3, 11):
        together = lda.fit_seeds(world.counts, n_topics=n_topics, seeds=[4, 1, 9], sweeps=60, samples=5)
        alone = [fit(world.counts, n_topics=n_topics, seed=seed, sweeps=60, samples=5) for seed in (4, 1, 9)]
        assert all(same(one, other) for one, other in zip(together, alone, strict=True))
        assert not same(together[0], together[1])


def test_planted_topics_come_back_from_lists_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lda, "DENSE", 2)
    come_back(world, fit(world.counts, n_topics=5, seed=1, sweeps=300))


def test_lists_are_kept_where_topics_are_very_many_or_a_term_too_common_for_single_precision() -> None:
    counts = counts_of([[1, (1 << 24) - 1], [1, 1]])
    assert [lda.sampler_of(counts, k) for k in (2, 200, 201)] == [CollapsedDense, CollapsedDense, Collapsed]
    assert lda.sampler_of(counts_of([[1, (1 << 24) - 1], [1, 2]]), 2) is Collapsed


def test_the_learned_prior_is_the_planted_one() -> None:
    world = planted(n_topics=5, n_docs=400, length=100, alpha=0.2)
    model = fit(world.counts, n_topics=5, seed=2, sweeps=300)
    assert model.alpha.sum() == pytest.approx(1.0, rel=0.2)


def test_pseudo_counts_are_the_most_probable_ones_held_towards_their_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    true = np.array([1.0, 0.4, 0.4, 0.1, 0.1])
    rng = np.random.default_rng(4)
    units = np.array([rng.multinomial(60, rng.dirichlet(true)) for _ in range(2_000)], np.int32)

    def learned() -> np.ndarray:
        alpha = np.full(5, 0.4)
        for _ in range(60):
            alpha = chain.learned_alpha(units, alpha)
        return alpha

    held = learned()
    monkeypatch.setattr(chain, "PULL", 0.0)
    free = learned()
    assert free == pytest.approx(true, rel=0.08)
    assert (np.argsort(held) == np.argsort(free)).all()
    assert held.max() / held.min() < free.max() / free.min()
    assert held[0] > 1.5 * held[1] > 3 * held[3]  # held, not made alike


def test_rows_sum_to_one_and_topics_stand_by_share(world: World, model: TopicModel) -> None:
    assert np.allclose(model.doc_topic.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(model.topic_term.sum(axis=1), 1, atol=1e-12)
    shares = lda.article_shares(model, world.counts).mean(axis=0)
    assert (np.diff(shares) <= 0).all()


def test_draws_are_whole_states_of_the_chain(model: TopicModel) -> None:
    assert (model.draws_doc.sum(axis=2) == 100).all()
    terms = model.draws_term.toarray().reshape(len(model.draws_doc), 5, -1)
    assert (terms.sum(axis=1) == model.term_n).all()
    assert (terms.sum(axis=2) == model.draws_doc.sum(axis=1)).all()  # the same tokens, counted by topic both ways
    assert len(model.draws_doc) == 20
    assert (
        lda.FIRST + 150 < model.trace[-20, 0] < model.trace[-1, 0] <= lda.FIRST + 300
    )  # of the second half of the sweeps
    assert model.term_n.sum() == 15_000
    assert model.topic_n.sum() == pytest.approx(15_000)


def test_where_draws_are_large_four_are_kept_and_the_means_are_of_all_samples(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit(world.counts, n_topics=3, seed=1, sweeps=40, samples=10)
    monkeypatch.setattr(lda, "DRAW_BYTES", 1)
    part = fit(world.counts, n_topics=3, seed=1, sweeps=40, samples=10)
    assert (part.draws_doc == whole.draws_doc[::3]).all()
    assert (
        part.draws_term != whole.draws_term[[row for i in (0, 3, 6, 9) for row in range(3 * i, 3 * i + 3)]]
    ).nnz == 0
    assert len(part.draws_doc) == 4
    assert (part.doc_topic == whole.doc_topic).all()
    assert (part.topic_term == whole.topic_term).all()


def test_the_log_likelihood_rises_to_a_level(model: TopicModel) -> None:
    level = model.trace[-10:, 1]
    assert model.trace[0, 1] < level.mean()
    assert level.std() < 0.02


def test_the_same_seed_gives_the_same_bytes_in_any_thread_and_another_gives_others(world: World) -> None:
    def run(seed: int) -> TopicModel:
        return fit(world.counts, n_topics=4, seed=seed, sweeps=40, samples=4)

    with ThreadPoolExecutor(3) as pool:
        a, b, c = pool.map(run, [7, 7, 8])
    assert same(a, b)
    assert same(a, run(7))
    assert not same(a, c)


def test_priors_that_are_given_are_kept(world: World) -> None:
    model = fit(world.counts, n_topics=3, seed=1, sweeps=20, samples=2, alpha=0.3, beta=0.07)
    assert model.alpha.tolist() == [0.3] * 3
    assert model.beta == 0.07


def test_an_articles_share_is_its_paragraphs_weighted_by_tokens() -> None:
    counts = counts_of([[6, 0], [0, 2], [1, 1]], unit_doc=[0, 0, 1])
    model = fit(counts, n_topics=2, seed=1, sweeps=20, samples=2)
    table = lda.doc_topics(model, counts)
    first = table.loc[table["doc_id"] == "d000", "share"].to_numpy()
    assert np.allclose(first, (6 * model.doc_topic[0] + 2 * model.doc_topic[1]) / 8)
    assert np.allclose(table.groupby("doc_id")["share"].sum(), 1)


def test_an_article_without_terms_is_in_no_share() -> None:
    counts = counts_of([[5, 1, 0], [0, 0, 0], [0, 2, 4]])
    model = fit(counts, n_topics=2, seed=1, sweeps=20, samples=2)
    assert set(lda.doc_topics(model, counts)["doc_id"]) == {"d000", "d002"}
    assert lda.articles(counts_of([[1, 0], [0, 0], [0, 2]])).tolist() == ["d000", "d002"]  # one word is enough
    assert np.allclose(model.doc_topic.sum(axis=1), 1)
    assert lda.topics(model, counts)["share"].sum() == pytest.approx(1)


def test_intervals_of_shares_hold_the_planted_shares_as_often_as_they_say() -> None:
    world = planted(n_topics=4, n_docs=80, length=60, alpha=0.3, seed=5)
    model = fit(world.counts, n_topics=4, seed=1, sweeps=400, samples=40)
    alike = model.topic_term @ world.topic_term.T
    rows, columns = linear_sum_assignment(-alike)
    draws = lda.share_draws(model, world.counts, groups=np.arange(80), n=400)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    truth = world.doc_topic[:, columns[np.argsort(rows)]]
    inside = (low <= truth + 1e-9) & (truth <= high + 1e-9)
    assert 0.90 < inside.mean() < 0.985


def test_share_draws_average_to_the_shares_and_leave_out_what_is_in_no_group(world: World, model: TopicModel) -> None:
    groups = np.repeat([0, 1, -1], 50)
    draws = lda.share_draws(model, world.counts, groups)
    assert draws.shape[1:] == (2, 5)
    assert np.allclose(draws.sum(axis=2), 1)
    assert np.allclose(draws.mean(axis=0)[1], model.doc_topic[50:100].mean(axis=0), atol=0.01)


def test_a_topics_interval_holds_its_share(world: World, model: TopicModel) -> None:
    table = lda.topics(model, world.counts)
    assert ((table["share_low"] <= table["share"]) & (table["share"] <= table["share_high"])).all()
    assert (table["share_high"] - table["share_low"] < 0.05).all()
    without = lda.topics(model, world.counts, intervals=False)
    assert without[["share_low", "share_high"]].isna().all().all()
    assert without.drop(columns=["share_low", "share_high"]).equals(table.drop(columns=["share_low", "share_high"]))


def test_leading_terms_are_those_of_a_full_sort_with_ties_by_the_order_of_the_terms(rng: np.random.Generator) -> None:
    for n_terms, n in ((3, 5), (40, 7), (40, 40), (900, 10)):
        model = _empty(rng.integers(0, 12, (6, n_terms)) / 100)  # many ties
        assert (lda.top_terms(model, n) == np.argsort(-model.topic_term, axis=1, kind="stable")[:, :n]).all()


def test_frex_is_highest_for_a_term_that_is_common_and_alone_in_its_topic() -> None:
    topic_term = np.array([[0.5, 0.3, 0.1, 0.1], [0.02, 0.3, 0.28, 0.4]])
    model = replace(_empty(topic_term), term_n=np.full(4, 1000.0))
    scores = lda.frex(model)
    assert scores[0].argmax() == 0
    # by hand: ranks of probability in topic 1 are 4, 3, 1.5, 1.5 of 4; of exclusivity 4, 3, 2, 1
    assert lda.frex(model, weight=0.5, shrink=False)[0] == pytest.approx([1, 0.75, 1 / (0.5 / 0.5 + 0.5 / 0.375), 1 / (0.5 / 0.25 + 0.5 / 0.375)])  # fmt: skip


def test_frex_of_a_rare_term_is_pulled_towards_even() -> None:
    topic_term = np.array([[0.5, 0.45, 0.05], [0.45, 0.55, 0.0001]])
    often = lda.frex(replace(_empty(topic_term), term_n=np.array([1000.0, 1000.0, 1000.0])))
    seldom = lda.frex(replace(_empty(topic_term), term_n=np.array([1000.0, 1000.0, 1.0])))
    assert seldom[0, 2] < often[0, 2]


def test_exclusivity_is_pulled_towards_even_as_james_and_stein_say() -> None:
    # by hand (Hausser & Strimmer 2009): with 11 tokens (1 - .68) / (10 (.3 ** 2 + .3 ** 2)) = 8/45 of the way to a half
    pulled = lda._towards_even(np.array([[0.8, 0.8, 0.5], [0.2, 0.2, 0.5]]), np.array([11.0, 1.0, 50.0]))
    assert pulled[0] == pytest.approx([0.8 - 0.3 * 8 / 45, 0.5, 0.5])
    assert pulled.sum(axis=0) == pytest.approx(1)


def _empty(topic_term: np.ndarray) -> TopicModel:
    k, v = topic_term.shape
    none = np.zeros((0, 1, k), np.uint16)
    rest = {"beta": 0.1, "seed": 0, "draws_doc": none, "draws_term": sp.csr_matrix((0, v)), "trace": np.zeros((0, 2))}
    names = {"doc_ids": np.array(["a"]), "terms": np.array([f"t{i}" for i in range(v)])}
    sizes = {"term_n": np.ones(v), "topic_n": np.ones(k)}
    return TopicModel(np.full((1, k), 1 / k), topic_term, alpha=np.ones(k), **names, **sizes, **rest)


# --- gensim -----------------------------------------------------------------------------------------------------------


def bags(counts: Counts) -> list[list[tuple[int, int]]]:
    return [list(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in counts.matrix]


def test_the_gensim_model_that_is_handed_out_says_what_ours_says(
    world: World, model: TopicModel, tmp_path: Path
) -> None:
    from gensim.models import CoherenceModel, LdaModel

    handed = lda.to_gensim(model)
    handed.save(str(tmp_path / "model"))
    gamma = lda.infer(world.counts.matrix, model.topic_term, model.alpha)
    ours = gamma / gamma.sum(axis=1, keepdims=True)
    for given in (handed, LdaModel.load(str(tmp_path / "model"))):
        assert type(given) is LdaModel
        assert given.state.numdocs == 150
        assert np.abs(given.get_topics() - model.topic_term).max() < 1e-12
        theirs = np.zeros_like(ours)
        for row, bag in enumerate(bags(world.counts)):
            for k, share in given.get_document_topics(bag):
                theirs[row, k] = share
        assert np.abs(theirs - ours).max() < 1e-9
        tops = [[term for term, _ in given.show_topic(k, 5)] for k in range(5)]
        assert tops == model.terms[lda.top_terms(model, 5)].tolist()
        u_mass = CoherenceModel(given, corpus=bags(world.counts), coherence="u_mass", topn=5)
        from topics.models import scores

        texts = [np.repeat(row.indices, row.data) for row in world.counts.matrix]
        starts = np.cumsum([0, *map(len, texts)])
        windows = scores.count_windows(np.concatenate(texts), starts, lda.top_terms(model, 5).ravel())
        mine = scores.coherence(lda.top_terms(model, 5), windows, "u_mass")
        assert np.abs(np.array(u_mass.get_coherence_per_topic()) - mine).max() < 1e-9


def test_the_gensim_model_that_is_handed_out_can_learn_on(world: World, model: TopicModel) -> None:
    handed = lda.to_gensim(model)
    known = model.topic_n + 100 * model.beta  # what was learned weighs as many words as it was learned from
    assert handed.state.get_lambda().sum(axis=1) == pytest.approx(known)
    handed.update(bags(world.counts)[:20])
    assert np.allclose(handed.get_topics().sum(axis=1), 1)


def test_a_gensim_model_comes_in_whatever_the_order_of_its_terms(world: World) -> None:
    from gensim.corpora import Dictionary
    from gensim.models import LdaModel

    texts = [[world.counts.terms[i] for i, n in bag for _ in range(n)] for bag in bags(world.counts)]
    dictionary = Dictionary(texts)
    corpus = [dictionary.doc2bow(text) for text in texts]
    trained = LdaModel(corpus, id2word=dictionary, num_topics=4, random_state=1, dtype=np.float64, **lda.GENSIM)  # fmt: skip
    model, counts = lda.from_gensim(trained, corpus, doc_ids=world.counts.doc_ids)
    there = np.isin(world.counts.terms, counts.terms)  # a term that never came is not in gensim's dictionary
    assert (counts.matrix != world.counts.matrix[:, there]).nnz == 0
    theirs = np.zeros((len(texts), 4))
    for row, bag in enumerate(corpus):
        for k, share in trained.get_document_topics(bag, minimum_probability=0.0):
            theirs[row, k] = share
    order = np.argsort(-theirs.mean(axis=0), kind="stable")
    assert np.abs(model.doc_topic - theirs[:, order]).max() < 1e-9
    place = [dictionary.token2id[term] for term in model.terms]
    assert np.abs(model.topic_term - trained.get_topics()[order][:, place]).max() < 1e-12
    assert lda.topics(model, counts)["share_low"].isna().all()


def test_gensims_engine_fits_the_same_counts_to_the_same_tables(world: World) -> None:
    model = fit(world.counts, n_topics=5, seed=1, engine="gensim")
    assert model.engine == "gensim"
    assert lda.topics(model, world.counts)["share"].sum() == pytest.approx(1)
    assert same(model, fit(world.counts, n_topics=5, seed=1, engine="gensim"))


def test_inference_given_the_planted_topics_finds_the_planted_shares(world: World) -> None:
    gamma = lda.infer(world.counts.matrix, world.topic_term, np.full(5, 0.1))
    assert np.abs(gamma / gamma.sum(axis=1, keepdims=True) - world.doc_topic).mean() < 0.05


# --- guards -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("matrix", "said"),
    [(np.zeros((3, 0)), "no words"), (np.zeros((3, 4)), "no words"), (np.zeros((0, 4)), "no words")],
)
def test_nothing_to_fit_is_told_in_one_line(matrix: np.ndarray, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        fit(counts_of(matrix), n_topics=2, seed=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 0.5])
def test_counts_that_are_not_whole_numbers_are_refused(value: float) -> None:
    counts = replace(counts_of([[1, 2], [3, 4]]), matrix=sp.csr_matrix(np.array([[1.0, value], [3.0, 4.0]])))
    with pytest.raises(UserError, match="whole numbers"):
        fit(counts, n_topics=2, seed=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"n_topics": 0}, "n_topics must be a whole number of 1 or more. Got 0"),
        ({"n_topics": 2.5}, "n_topics must be"),
        ({"seed": -1}, "seed must be"),
        ({"seed": None}, "seed must be a whole number of 0 or more. Got None"),
        ({"engine": "stm"}, "engine must be gibbs, parallel or gensim. Got 'stm'"),
        ({"alpha": float("nan")}, "alpha must be above 0"),
        ({"beta": 0.0}, "beta must be above 0"),
        ({"samples": 0}, "samples must be"),
    ],
)
def test_a_value_out_of_range_is_told(given: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        fit(counts_of([[1, 2], [3, 4]]), **{"n_topics": 2, "seed": 1, **given})


@pytest.mark.parametrize(
    ("matrix", "n_topics"),
    [([[3, 2, 1]], 2), ([[5], [2]], 2), ([[1]], 5), ([[2, 1], [1, 1]], 10), ([[4, 0], [0, 4]], 1)],
    ids=["one article", "one term", "one token", "more topics than articles", "one topic"],
)
def test_degenerate_corpora_give_a_right_answer(matrix: list[list[int]], n_topics: int) -> None:
    counts = counts_of(matrix)
    model = fit(counts, n_topics=n_topics, seed=1, sweeps=40, samples=4)
    for part in (model.doc_topic, model.topic_term):
        assert np.isfinite(part).all()
        assert np.allclose(part.sum(axis=1), 1)
    assert np.isfinite(model.alpha).all()
    assert (model.alpha > 0).all()
    assert np.isfinite(model.beta)
    assert np.isfinite(lda.topics(model, counts)[["share", "share_low", "share_high"]]).all().all()
    assert len(lda.topic_terms(model)) == n_topics * counts.matrix.shape[1]
    lda.to_gensim(model)


def test_with_one_topic_the_terms_have_their_frequencies() -> None:
    model = fit(counts_of([[4, 1], [2, 3]]), n_topics=1, seed=1, sweeps=20, samples=2, beta=1e-9)
    assert model.topic_term[0] == pytest.approx([0.6, 0.4])


# --- first run -----------------------------------------------------------------------------------------------------------


def test_kernels_compile_where_no_folder_can_be_written() -> None:
    code = (
        "import numba.core.caching as c\n"
        "c.CacheImpl._locator_classes = []\n"
        "from topics.models import lda\n"
        "print(lda.fit(lda.example_counts(), n_topics=2, seed=1, sweeps=4, samples=1).doc_topic.shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "(8, 2)", done.stderr[-500:]


def test_counts_in_another_form_give_the_same_bytes():
    counts = lda.example_counts()
    known = fit(counts, n_topics=2, seed=1)
    kept = sp.csr_matrix(counts.matrix.toarray() + 1)  # every cell is kept, also those of nothing
    kept.data -= 1
    for matrix in (counts.matrix.astype(float), counts.matrix.tocsc(), counts.matrix.toarray(), kept):
        assert same(fit(replace(counts, matrix=matrix), n_topics=2, seed=1), known)


def test_counts_that_do_not_fit_together_are_told_in_a_line():
    counts = lda.example_counts()
    for wrong in (replace(counts, doc_ids=counts.doc_ids[:3]), replace(counts, terms=counts.terms[:2])):
        with pytest.raises(UserError, match="does not go with"):
            fit(wrong, n_topics=2, seed=1)
    with pytest.raises(UserError, match="counts must be Counts"):
        fit(counts.matrix, n_topics=2, seed=1)
    with pytest.raises(UserError, match="alpha must be one number or one for each topic"):
        fit(counts, n_topics=2, seed=1, alpha=np.array([0.1, 0.2, 0.3]))


def test_a_corpus_that_is_not_the_one_of_the_trained_model_is_told_in_a_line():
    trained = lda.to_gensim(fit(lda.example_counts(), n_topics=2, seed=2**40))
    for corpus, said in (([[(0, 0.5), (1, 2)]], "weights"), ([[(99, 1)]], "number 99"), ([], "no words")):
        with pytest.raises(UserError, match=said):
            lda.from_gensim(trained, corpus)
    for corpus in (["a", "words"], [["a", "words"]], [["ab"]], 5):
        with pytest.raises(UserError, match="corpus must be a bag of words for each article"):
            lda.from_gensim(trained, corpus)
    with pytest.raises(UserError, match=r"trained must be a gensim LdaModel\. Got str\."):
        lda.from_gensim("x", [])
