"""Phrases: gensim's numbers to the last digit, and which words may join."""

import random

import numpy as np
import pandas as pd
import pytest
from gensim.models.phrases import Phrases

from topics.words.phrases import Stream, apply_phrases, learn_phrases, pairs_of, score_pairs


def stream_of(sentences, connectors=()):
    """Sentences of words as a stream, one article a sentence, and its keys."""
    words = [word for sentence in sentences for word in sentence]
    keys = sorted(set(words))
    number = {word: code for code, word in enumerate(keys)}
    code = np.array([number[word] for word in words], np.int64)
    sentence = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
    edge = np.array([word not in connectors for word in words], bool)
    ones = np.ones(len(words), np.int64)
    return Stream(code, np.arange(len(words)), ones, sentence, edge, sentence), keys


def spoken(stream, keys):
    """The stream back as sentences of words."""
    return [[keys[code] for code in stream.code[stream.doc == doc]] for doc in range(stream.doc.max() + 1)]


@pytest.fixture(scope="module")
def planted():
    """400 sentences from a seeded rule: phrases planted among words, with connectors between some."""
    rng = random.Random(5)
    vocabulary = [f"w{i}" for i in range(60)]
    planted = [
        ["smart", "city"],
        ["internet", "of", "things"],
        ["fourth", "industrial", "revolution"],
        ["a", "b", "c", "d"],
    ]
    sentences = []
    for _ in range(400):
        sentence = []
        for _ in range(rng.randint(1, 9)):
            sentence += rng.choice(planted) if rng.random() < 0.3 else [rng.choice(vocabulary)]
            sentence += ["of"] * (rng.random() < 0.15) * rng.randint(1, 3) + ["the"] * (rng.random() < 0.1)
        sentences.append(sentence)
    return sentences


CONNECTORS = frozenset({"of", "the"})


@pytest.mark.parametrize(("scoring", "threshold"), [("npmi", 0.3), ("default", 2.0)])
@pytest.mark.parametrize("connectors", [frozenset(), CONNECTORS])
@pytest.mark.parametrize("min_count", [1, 5])
def test_scores_and_joined_text_are_gensims_at_both_levels(planted, scoring, threshold, connectors, min_count):
    first = Phrases(planted, min_count, threshold, scoring=scoring, connector_words=connectors, delimiter=" ")
    once = [first[sentence] for sentence in planted]
    # another delimiter keeps apart, in gensim's own counts, a pair of words from the phrase of the same words
    second = Phrases(once, min_count, threshold, scoring=scoring, connector_words=connectors, delimiter="|")
    twice = [second[sentence] for sentence in once]
    expected = {tuple(k.split("|")): v for k, v in second.find_phrases(once).items()}

    stream, keys = stream_of(planted, connectors)
    learned, joined, names = learn_phrases(
        stream, keys, scoring=scoring, threshold=threshold, min_count=min_count, min_docs=1, max_words=99
    )
    ours = {1: {}, 2: {}}
    for row in learned.itertuples():
        ours[row.level][row.left, *row.between.split(), row.right] = row.score
    gensims = {tuple(key.split(" ")): score for key, score in first.export_phrases().items()}
    assert ours[1] == gensims  # the same floats, not nearly the same
    assert {pair: score for pair, score in ours[2].items() if pair in expected} == expected
    assert spoken(joined, names) == [[word.replace("|", " ") for word in sentence] for sentence in twice]


def test_any_number_of_connectors_stands_between_and_is_told_apart():
    stream, _ = stream_of(
        [["a", "of", "the", "of", "b"], ["a", "of", "the", "b"], ["a", "of", "the", "of", "b"]], {"of", "the"}
    )
    assert pairs_of(stream).key.tolist() == [0, 1, 0]


def test_no_phrase_over_a_segment_and_none_with_what_is_in_none():
    sentences = [["new", "york"]] * 9 + [["york", "new"]] * 9
    stream, keys = stream_of(sentences)
    learned, _, _ = learn_phrases(stream, keys, threshold=-0.5, min_docs=1)
    assert set(learned["phrase"]) == {"new york", "york new"}
    barred = Stream(
        stream.code, stream.first, stream.n_tokens, stream.doc, stream.edge & (stream.code == 0), stream.segment
    )
    assert learn_phrases(barred, keys)[0].empty


def test_phrases_have_at_most_the_words_asked_for_and_stand_in_enough_articles(planted):
    stream, keys = stream_of(planted, CONNECTORS)
    learned, joined, _ = learn_phrases(stream, keys, threshold=0.3, min_docs=20, max_words=3)
    assert joined.n_tokens.max() == 3
    assert (learned["n_docs"] >= 20).all()
    assert (learned["phrase"].str.split().str.len() <= 3).all()
    assert {"smart city", "internet of things"} <= set(learned["phrase"])


def test_joining_loses_no_word(planted):
    stream, keys = stream_of(planted, CONNECTORS)
    _, joined, names = learn_phrases(stream, keys, threshold=0.2, min_docs=1)
    assert [" ".join(sentence) for sentence in spoken(joined, names)] == [" ".join(sentence) for sentence in planted]
    assert joined.n_tokens.sum() == len(stream.code)
    assert (joined.first[1:] == (joined.first + joined.n_tokens)[:-1]).all()


def test_phrases_learned_on_some_articles_apply_to_others(planted):
    stream, keys = stream_of(planted, CONNECTORS)
    half = np.arange(200)
    learned, joined, names = learn_phrases(stream.of(half), keys, min_docs=1)
    whole, all_names = apply_phrases(stream, keys, learned)
    assert spoken(whole, all_names)[:200] == spoken(joined, names)
    assert {"smart city"} <= {word for sentence in spoken(whole, all_names)[200:] for word in sentence}


def test_a_pair_that_is_the_whole_text_scores_one():
    stream, _ = stream_of([["a", "b"]])
    lone = Stream(*(getattr(stream, f)[:2] for f in ("code", "first", "n_tokens", "doc", "edge", "segment")))
    _, _, n, score = score_pairs(lone, pairs_of(lone), min_count=1, scoring="npmi")
    assert (n.tolist(), score.tolist()) == ([1], [1.0])


@pytest.mark.parametrize("sentences", [[], [[]], [["alone"]], [["the"]]])
def test_nothing_to_join(sentences):
    stream, keys = stream_of(sentences, {"the"})
    learned, joined, names = learn_phrases(stream, keys, min_docs=1, min_count=1)
    assert learned.empty
    assert (joined.code.tolist(), names) == (stream.code.tolist(), keys)
    assert isinstance(learned, pd.DataFrame)
