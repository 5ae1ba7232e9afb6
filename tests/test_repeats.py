"""The same text is found, nearly the same text is found, and other texts are not."""

import numpy as np
import pandas as pd
import pytest

from topics.corpus.repeats import MIN_SHINGLES, drop_repeats, find_repeats, jaccard
from topics.tables import REPEATS, UserError

VOCABULARY = [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "lmnrst"]


def story(rng, n=200) -> list[str]:
    return list(rng.choice(VOCABULARY, n))


def table(texts, dates=None) -> pd.DataFrame:
    n = len(texts)
    days = dates or [""] * n
    words = [len(t.split()) for t in texts]
    return pd.DataFrame(
        {"doc_id": [f"d{i:03d}" for i in range(n)], "text": texts, "date": days, "not_before": days, "n_words": words}
    )


def test_exact_repeats_are_found_whatever_their_case_and_signs(rng):
    words = story(rng)
    repeats = find_repeats(table([" ".join(words), "“" + ", ".join(words).upper() + "!”", " ".join(story(rng))]))
    assert repeats.columns.tolist() == list(REPEATS)
    assert repeats.values.tolist() == [["d001", "d000", 1.0, "exact"]]


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_a_threshold_that_is_no_share_is_refused(threshold):
    with pytest.raises(UserError, match=r"threshold must be a similarity from 0 to 1\. Got"):
        find_repeats(table(["one"]), threshold=threshold)


@pytest.mark.parametrize("threshold", [0.3, 0.45])
def test_repeats_less_alike_than_usual_are_found_where_they_are_asked_for(rng, threshold):
    """With the bands of the default nine in ten pairs of similarity .35 never met."""
    texts, shared = [], int(400 * (threshold + 0.05) / (1.05 + threshold))
    for _ in range(40):
        words = story(rng)
        texts += [" ".join(words), " ".join([*words[:shared], *story(rng, 200 - shared)])]
    assert len(find_repeats(table(texts), threshold=threshold)) == 40


def test_what_has_nothing_in_common_repeats_nothing_at_any_threshold(rng):
    words = story(rng)
    texts = [" ".join(words), " ".join(story(rng)), " ".join([*words[:-1], "changed"])]
    assert find_repeats(table(texts), threshold=0.0)[["doc_id", "repeats"]].values.tolist() == [["d002", "d000"]]


@pytest.mark.parametrize(("changed", "found"), [(2, True), (5, True), (40, False), (200, False)])
def test_near_repeats_are_found_by_the_share_of_their_shingles(rng, changed, found):
    words = story(rng)
    other = list(words)
    for at in rng.choice(len(words), changed, replace=False):
        other[at] = "changed"
    a, b = " ".join(words), " ".join(other)
    repeats = find_repeats(table([a, b]))
    assert (len(repeats) == 1) == found
    if found:
        assert repeats.loc[0, "how"] == "near"
        assert repeats.loc[0, "similarity"] == jaccard(a, b) >= 0.7


def test_the_earliest_is_kept_then_the_fullest(rng):
    words = story(rng)
    texts = [" ".join(words), " ".join([*words, "more"]), " ".join([*words, "more", "still"])]
    assert set(find_repeats(table(texts, ["2020-01-02", "2020-01-01", ""]))["repeats"]) == {"d001"}
    assert set(find_repeats(table(texts))["repeats"]) == {"d002"}


def test_similarity_is_not_passed_on_along_a_chain(rng):
    words = story(rng, 300)
    chain = [" ".join(words[i : i + 200]) for i in range(0, 100, 25)]  # each like the next, the last not like the first
    repeats = find_repeats(table(chain, [f"2020-01-0{i + 1}" for i in range(4)]))
    texts = dict(zip(table(chain)["doc_id"], chain, strict=True))
    assert len(repeats)
    assert all(jaccard(texts[a], texts[b]) >= 0.7 for a, b in zip(repeats["doc_id"], repeats["repeats"], strict=True))
    assert not set(repeats["repeats"]) & set(repeats["doc_id"])


def test_nothing_of_the_candidates_is_missed_beside_brute_force(rng):
    base = [story(rng, 120) for _ in range(12)]
    texts = []
    for words in base:
        for changed in (0, 1, 3):
            other = list(words)
            for at in rng.choice(len(words), changed, replace=False):
                other[at] = str(rng.choice(VOCABULARY))
            texts.append(" ".join(other))
    repeats = find_repeats(table(texts))
    found = set(repeats["doc_id"])
    for j in range(len(texts)):
        alike = any(
            jaccard(texts[j], texts[i]) >= 0.7 for i in range(len(texts)) if i != j and f"d{i:03d}" not in found
        )
        assert (f"d{j:03d}" in found) == alike


def test_short_texts_repeat_only_as_a_whole():
    short = " ".join(f"w{i}" for i in range(MIN_SHINGLES))
    assert not len(find_repeats(table([short, short + " end"])))
    assert len(find_repeats(table([short, short]))) == 1
    assert not len(find_repeats(table(["", "!!!", "..."])))


def test_a_person_can_unlink_and_keep(rng):
    text = " ".join(story(rng))
    articles = table([text, text, text])
    unlinked = pd.DataFrame([("d001", "unlink", "*", "")], columns=["doc_id", "field", "value", "reason"])
    assert find_repeats(articles, corrections=unlinked)["doc_id"].tolist() == ["d002"]
    repeats = find_repeats(articles)
    kept, dropped = drop_repeats(articles, repeats, keep=["d002"])
    assert kept["doc_id"].tolist() == ["d000", "d002"]
    assert dropped.to_numpy().tolist() == [["repeats", "article", "d001", "repeats d000 (exact, similarity 1.00)", 1]]
    assert kept.index.tolist() == [0, 1]


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize(("who", "whom"), [("d001", "d000"), ("d000", "d001")])
def test_two_that_a_person_unlinks_are_not_linked_whichever_is_kept_and_others_are(rng, near, who, whom):
    words = story(rng)
    texts = [" ".join([*words, f"end{i}"] if near else words) for i in range(3)]
    unlinked = pd.DataFrame([(who, "unlink", whom, "")], columns=["doc_id", "field", "value", "reason"])
    repeats = find_repeats(table(texts), corrections=unlinked)
    assert repeats[["doc_id", "repeats"]].values.tolist() == [["d002", "d000"]]
    assert set(repeats["how"]) == {"near" if near else "exact"}


def test_of_several_kept_articles_the_most_similar_is_the_one_repeated_and_the_first_of_equals(rng):
    words = story(rng, 300)
    kept = [" ".join(words[:200]), " ".join(words[60:260])]
    assert find_repeats(table(kept)).empty
    for start, whom in ((5, "d000"), (50, "d001"), (30, "d000")):
        between = " ".join(words[start : start + 200])
        repeats = find_repeats(table([*kept, between], ["2020-01-01", "2020-01-01", "2020-01-02"]))
        assert repeats[["doc_id", "repeats", "similarity"]].values.tolist() == [
            ["d002", whom, max(jaccard(between, each) for each in kept)]
        ]


def test_the_order_of_articles_and_the_map_change_nothing(rng):
    from concurrent.futures import ThreadPoolExecutor

    texts = [" ".join(story(rng, 60)) for _ in range(30)]
    articles = table(texts + texts[::2])
    shuffled = articles.iloc[np.random.default_rng(1).permutation(len(articles))]
    with ThreadPoolExecutor(2) as pool:
        pd.testing.assert_frame_equal(find_repeats(articles), find_repeats(shuffled, map=pool.map, block=7))
