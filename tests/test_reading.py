"""What a reader needs of a fit: values worked by hand on fits that are written down, not fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from worlds import counts_of

from topics.models import reading
from topics.models.lda import TopicModel
from topics.words.counts import Counts, prepare


def written(doc_topic: list[list[float]], topic_term: list[list[float]], counts: Counts, seed: int = 1) -> TopicModel:
    """A fit of these counts that says what it is told to."""
    shares, terms = np.array(doc_topic), np.array(topic_term)
    size = np.asarray(counts.matrix.sum(axis=1)).ravel()
    return TopicModel(
        doc_topic=shares, topic_term=terms, doc_ids=counts.doc_ids[counts.unit_doc], terms=counts.terms,
        alpha=np.full(len(terms), 0.1), beta=0.01, seed=seed, draws_doc=np.zeros((0, *shares.shape), np.uint16),
        draws_term=sp.csr_matrix((0, terms.shape[1])), trace=np.zeros((0, 2)),
        term_n=np.asarray(counts.matrix.sum(axis=0), float).ravel(), topic_n=size @ shares,
    )  # fmt: skip


# --- a passage, by hand -------------------------------------------------------------------------------------------------


def passage(text: str, worth: dict[str, float]) -> tuple[str, str, int, float]:
    """The passage of a text, the passage with what is around it, its words, and how many are of the topic."""
    words = [(at, word) for word in worth for at in range(len(text)) if text.startswith(word, at)]
    at, named = zip(*sorted(words), strict=True)
    each = np.array([0.9 if worth[word] > 0 else 0.1 for word in named])
    low, high, begin, finish, n, of = reading._best_passage(
        text, np.array(at), each, np.array([worth[word] for word in named])
    )
    return text[low:high], text[begin:finish], n, of


def test_a_passage_is_the_run_of_sentences_whose_words_are_worth_most() -> None:
    text = "Rain again. The bus came. It left. A bus is a bus. Sun came."
    found = passage(text, {"bus": 1.0, "left": -0.5, "Rain": -1.0, "Sun": -1.0})
    assert found == ("The bus came. It left. A bus is a bus.", text, 4, pytest.approx(2.8))
    dear = passage(text, {"bus": 1.0, "left": -1.5, "Rain": -1.0, "Sun": -1.0})
    assert dear[0] == "A bus is a bus."


def test_a_passage_is_no_longer_than_its_longest_and_stays_in_its_paragraph() -> None:
    long = "The bus " + "x" * 200 + "."
    assert passage(f"{long} {long}", {"bus": 1.0})[0] == long
    assert passage("The bus.\nThe bus and a bus.", {"bus": 1.0})[0] == "The bus and a bus."


def test_around_a_passage_stand_whole_sentences_of_at_most_so_many_characters() -> None:
    before = "Far " + "x" * 100 + ". Near " + "x" * 100 + "."
    text = f"{before} The bus. After {'x' * 100}. Away {'x' * 100}."
    found = passage(text, {"bus": 1.0, "Near": -1.0, "After": -1.0})
    assert found[0] == "The bus."
    assert found[1] == f"Near {'x' * 100}. The bus. After {'x' * 100}."


def test_a_word_is_of_a_topic_as_far_as_its_article_and_the_word_say() -> None:
    text = "Bus and rice. Bus and tram."
    words = prepare(
        pd.DataFrame({"doc_id": ["x", "y"], "text": [text, "Rice."], "source": None}), lemmas=False, phrases="none"
    )
    counts = words["counts"]
    assert counts.terms.tolist() == ["Bus", "rice", "tram"]
    model = written([[0.75, 0.25], [0.5, 0.5]], [[0.6, 0.1, 0.3], [0.2, 0.7, 0.1]], counts)
    wanted = pd.DataFrame({"topic": [1, 2], "doc_id": ["x", "x"]})
    found = reading.passages(model, counts, words, {"x": text, "y": "Rice."}, wanted)
    # by hand: in x a bus is of topic 1 in .45 of .5, rice in .075 of .25, a tram in .225 of .25
    bus, rice, tram = 0.9, 0.3, 0.9
    telling = bus * np.log(0.6 / 0.4) + tram * np.log(
        0.3 / 0.2
    )  # of words of which .4, .4 and .2 are bus, rice and tram
    assert bus * np.log(0.6 / 0.4) + rice * np.log(0.1 / 0.4) < 0 < telling
    assert [text[row.start : row.end] for row in found.itertuples()] == ["Bus and tram.", "Bus and rice."]
    assert found["n_words"].tolist() == [2, 2]
    assert found["n_of_topic"].tolist() == pytest.approx([bus + tram, 2 - bus - rice])


# --- topics beside each other ----------------------------------------------------------------------------------------------


def test_nearest_topics_of_a_fit_are_those_of_most_like_words_and_never_itself() -> None:
    terms = [[0.5, 0.5, 0, 0], [0.5, 0.4, 0.1, 0], [0, 0, 0.5, 0.5], [0.4, 0.1, 0.4, 0.1], [0, 0, 1, 0]]
    counts = counts_of(np.ones((6, 4)))
    found = reading.counterparts(written([[0.2] * 5] * 6, terms, counts), list("abcde"), {})
    assert found["topic_b"].tolist()[:3] == [
        2,
        4,
        3,
    ]  # by hand: 3 and 5 share no word with 1, and the first of them is told
    assert found["terms_b"].tolist()[:3] == ["b", "d", "c"]
    assert found["similarity"].iloc[2] == pytest.approx(0)
    assert (found["topic"] != found["topic_b"]).all()
    assert found.groupby("topic").size().tolist() == [3] * 5


def test_of_two_topics_with_one_counterpart_only_the_nearer_is_mutual() -> None:
    counts = counts_of(np.ones((6, 3)))
    one = written([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]] * 2, [[1, 0, 0], [0, 1, 0], [0, 0, 1]], counts)
    two = written([[0.9, 0.1], [0.1, 0.9], [0.4, 0.6]] * 2, [[1, 0, 0], [0, 0.9, 0.1]], counts, seed=4)
    found = reading.counterparts(one, list("abc"), {("seed", 2, 4): two})
    found = found[found["kind"] == "seed"]
    assert found["topic_b"].tolist() == [1, 2, 2]
    assert found["mutual"].tolist() == [True, True, False]
    assert found["terms_b"].tolist()[0].split(", ")[0] == "t0000"
    assert (found["seed_b"] == 4).all()


def test_places_in_the_plane_are_as_far_apart_as_the_words_and_point_the_same_way_each_time() -> None:
    from scipy.spatial.distance import pdist

    terms = np.random.default_rng(1).dirichlet(np.full(6, 0.4), 3)
    counts = counts_of(np.ones((4, 6)))
    found = reading.positions(written([[0.4, 0.3, 0.3]] * 4, terms.tolist(), counts))
    place = found[["x", "y"]].to_numpy()
    assert pdist(place) == pytest.approx(pdist(terms, "jensenshannon"))  # three points always fit into a plane
    assert place.sum(axis=0) == pytest.approx(0)
    assert (place[np.abs(place).argmax(axis=0), [0, 1]] > 0).all()
    assert found["kept"].tolist() == pytest.approx([1] * 3)
    assert place[:, 0].std() > place[:, 1].std()


def test_a_plane_keeps_two_thirds_of_four_topics_without_a_common_word() -> None:
    counts = counts_of(np.ones((4, 4)))
    found = reading.positions(written([[0.25] * 4] * 4, np.eye(4).tolist(), counts))
    assert found["kept"].tolist() == pytest.approx([2 / 3] * 4)
    assert reading.positions(written([[1.0]] * 4, [[0.25] * 4], counts))[["x", "y"]].to_numpy().tolist() == [[0, 0]]


def test_a_map_has_the_most_probable_words_and_those_that_are_the_topics_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAPPED", 1)
    matrix = np.zeros((2, 4), int)
    matrix[0], matrix[1] = [60, 20, 3, 17], [60, 0, 0, 40]
    counts = counts_of(matrix)
    model = written([[1, 0], [0, 1]], [[0.6, 0.2, 0.03, 0.17], [0.6, 0, 0, 0.4]], counts)
    found = reading.map_terms(model)
    first = found[found["topic"] == 1]
    assert first["term"].tolist() == ["t0000", "t0001"]  # t0002 has the same lift as t0001, but comes three times alone
    assert first["probability"].tolist() == [0.6, 0.2]
    assert first["overall"].tolist() == [0.6, 0.1]
    assert found.loc[found["topic"] == 2, "term"].tolist() == ["t0000", "t0003"]


def test_which_topics_go_together_is_numpys_correlation() -> None:
    counts = counts_of(np.ones((5, 2)))
    shares = np.random.default_rng(2).dirichlet(np.ones(3), 5)
    found = reading.correlations(written(shares.tolist(), [[0.5, 0.5]] * 3, counts), counts)
    assert found["r"].to_numpy().reshape(3, 3) == pytest.approx(np.corrcoef(shares.T))
    assert found[["topic_a", "topic_b"]].to_numpy().tolist() == [[a, b] for a in (1, 2, 3) for b in (1, 2, 3)]
    same = reading.correlations(written([[0.5, 0.5]] * 5, [[0.5, 0.5]] * 2, counts), counts)
    assert same["r"].tolist() == [0] * 4  # what does not vary goes with nothing


# --- what would make a label wrong ------------------------------------------------------------------------------------------


def doubts(shares: np.ndarray, terms: list[list[float]], counts: Counts, sources: dict[str, str] | None = None) -> dict:
    model = written(shares.tolist(), terms, counts)
    return reading.doubts(model, counts, reading.counterparts(model, list("ab"), {}), sources or {})


FAR = [[0.5, 0.5] + [0.0] * 40, [0.0] * 40 + [0.5, 0.5]]


def test_a_topic_in_nearly_every_article_and_one_in_three_of_them_are_told() -> None:
    counts = counts_of(np.ones((100, 42)))
    shares = np.zeros(100)
    shares[:3] = 0.9
    said = doubts(np.stack([shares, 1 - shares], axis=1), FAR, counts)
    assert any(line.startswith("Half of the topic stands in 2 of 100 articles") for line in said[1])
    assert any("in half of them it is 100 % of the counted words" in line for line in said[2])
    assert not any("Half of the topic" in line for line in said[2])
    assert not any("nearly every article" in line for line in said[1])


@pytest.mark.parametrize(("n", "told"), [(6, True), (8, False)])
def test_half_of_a_topic_in_three_articles_is_few_and_in_four_is_not(n: int, told: bool) -> None:
    shares = np.zeros(60)
    shares[:n] = 0.9
    said = doubts(np.stack([shares, 1 - shares], axis=1), FAR, counts_of(np.ones((60, 42))))
    assert any("Half of the topic stands in 3 of 60 articles" in line for line in said[1]) == told


def test_half_of_a_topic_is_counted_from_its_largest_shares() -> None:
    shares = np.zeros(60)
    shares[:6] = 0.8, 0.1, 0.1, 0.8, 0.1, 0.1
    said = doubts(np.stack([shares, 1 - shares], axis=1), FAR, counts_of(np.ones((60, 42))))
    assert any("Half of the topic stands in 2 of 60 articles" in line for line in said[1])


def test_topics_that_lead_with_the_same_words_are_told_with_these() -> None:
    terms = [[0.6, 0.3, 0.1] + [0.0] * 39, [0.5, 0.0, 0.0] + [0.5 / 39] * 39]
    said = doubts(np.array([[0.6, 0.4]] * 10), terms, counts_of(np.ones((10, 42))))
    (line,) = [line for line in said[1] if "leads with some of the same words" in line]
    assert line.startswith("Topic 2 (b)")
    assert "(t0000, " in line
    assert any("(in half of them it is 60 % of the counted words or more)" in line for line in said[1])


@pytest.mark.parametrize(("part", "told"), [(0.9, True), (0.5, False)])
def test_a_topic_that_keeps_to_an_outlet_is_told_only_beyond_that_outlets_share(part: float, told: bool) -> None:
    counts = counts_of(np.ones((40, 42)))
    sources = {name: ("A" if i < 20 else "B") for i, name in enumerate(counts.doc_ids.tolist())}
    shares = np.r_[np.full(20, part), np.full(20, 1 - part)]
    said = doubts(np.stack([shares, 1 - shares], axis=1), FAR, counts, sources)
    assert [any("outlet" in line for line in lines) for lines in said.values()] == [told, told]
    if told:
        assert any(line.startswith("90 % of it stands in articles of A (50 % of all articles)") for line in said[1])
    for known in (dict.fromkeys(sources, "A"), {name: "A" for name, source in sources.items() if source == "A"}):
        lone = doubts(np.stack([shares, 1 - shares], axis=1), FAR, counts, known)
        assert not any("outlet" in line for lines in lone.values() for line in lines)  # there is none to set it against


def test_leading_words_that_the_typical_articles_hardly_have_are_told() -> None:
    matrix = np.ones((40, 42), int)
    matrix[:3, 0] = 0  # three of the five typical articles lack its first word, two the second
    matrix[:2, 1] = 0
    shares = np.r_[np.full(5, 0.9), np.full(35, 0.3)]
    said = doubts(np.stack([shares, 1 - shares], axis=1), FAR, counts_of(matrix))
    assert "Its leading word t0000 stands in at most half of its 5 most typical articles." in said[1]


def test_words_of_an_article_in_several_paragraphs_count_once() -> None:
    counts = counts_of([[1, 0], [1, 1], [0, 0], [3, 0]], unit_doc=[0, 0, 1, 2])
    assert reading._appearing(counts, np.array(["d000", "d001"]), np.array([0, 1])).tolist() == [1, 1]


# --- other runs ---------------------------------------------------------------------------------------------------------------


def test_shares_of_other_runs_stand_under_the_topics_that_they_match_and_are_missing_where_none_does() -> None:
    counts = counts_of(np.ones((3, 2)))
    other = written([[0.7, 0.2, 0.1]] * 3, [[0.5, 0.5]] * 3, counts, seed=2)
    pairs = pd.DataFrame({"topic_a": [1, 3], "seed_b": [2, 2], "topic_b": [3, 1]})
    matched = reading.matched_shares(pairs, {2: other}, counts, 3)
    assert np.array_equal(matched[2], [[0.1, np.nan, 0.7]] * 3, equal_nan=True)
    assert reading.seed_shares(pairs, {2: other}, counts).to_numpy().tolist() == [[1, 2, pytest.approx(0.1)], [3, 2, pytest.approx(0.7)]]  # fmt: skip


# --- reading groups -----------------------------------------------------------------------------------------------------------


def test_a_paragraph_stands_in_the_group_that_it_is_most_of_with_its_counted_words() -> None:
    texts = ["Apple and bus, apple.\n\nThe bus.", "Of the.\n\nApple."]
    articles = pd.DataFrame({"doc_id": ["x", "y"], "text": texts, "source": None})
    words = prepare(articles, unit="paragraph", lemmas=False, phrases="none", remove=())
    counts = words["counts"]
    assert counts.terms.tolist() == ["apple", "bus"]
    model = written([[0.7, 0.3], [0.1, 0.9], [0.8, 0.2]], [[1, 0], [0, 1]], counts)
    found = reading.reading_groups(model, counts, words)
    assert found[["doc_id", "topic", "n_words", "sure"]].to_numpy().tolist() == [
        ["x", 1, 3, 0.7],
        ["x", 2, 1, 0.9],
        ["y", 1, 1, 0.8],
    ]
    shown = [dict(zip("xy", texts, strict=True))[row.doc_id][row.start : row.end] for row in found.itertuples()]
    assert shown == ["Apple and bus, apple", "bus", "Apple"]


def test_groups_that_follow_the_articles_in_part_are_set_beside_chance() -> None:
    table = pd.DataFrame({"doc_id": [*"a" * 20, *"b" * 20], "topic": [1] * 15 + [2] * 5 + [1] * 5 + [2] * 15})
    said = reading.say_groups(table)
    assert said.startswith("30 of 40 paragraphs stand in the group that most of their article stands in")
    assert said.endswith("the groups follow the articles in part, and in part cut across them.")
