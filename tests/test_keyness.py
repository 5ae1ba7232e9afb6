"""Keyness: what marks a group, with blocks as units."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from topics import tables
from topics.trends import keyness as y


def vocabulary(rng, n_docs, n_terms, block, shock=0.5):
    """Counts of words that are alike within a block: clumped, without any difference between groups."""
    base = np.exp(rng.uniform(np.log(0.2), np.log(4), n_terms))
    of_block = np.exp(shock * rng.normal(size=(block.max() + 1, n_terms)))[block]
    return rng.poisson(base * of_block * rng.gamma(0.5, 2, size=(n_docs, n_terms)))


def test_one_article_that_repeats_a_word_fifty_times_is_no_finding(rng):
    block = np.repeat(np.arange(40), 10)
    counts = rng.poisson(1.0, size=(400, 60))
    counts[:, 0] = 0
    counts[17, 0] = 50
    counts[[60, 120, 250, 300], 0] = 1
    group = (block >= 20).astype(int)
    table, _ = y.keyness(sparse.csr_matrix(counts), [f"w{i:02d}" for i in range(60)], group, block, ("early", "late"))
    row = table.set_index("term").loc["w00"]
    assert row["q"] > 0.05
    assert row["low"] < 0
    assert row["dispersion"] > 0.9


def test_planted_words_are_found_and_others_are_not():
    false, found, covered = [], [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        block = np.repeat(np.arange(60), 8)
        group = (block >= 30).astype(int)
        counts = vocabulary(rng, 480, 200, block)
        more = rng.binomial(counts[:, :10], 0.3)
        counts[:, :10] = np.where(group[:, None] == 1, counts[:, :10], more)  # a third as often early
        table, _ = y.keyness(
            sparse.csr_matrix(counts), [f"{i:03d}" for i in range(200)], group, block, ("early", "late"), seed=seed
        )
        claimed = table[table["q"] <= 0.05]
        false.append((claimed["term"].astype(int) >= 10).sum() / max(len(claimed), 1))
        found.append((claimed["term"].astype(int) < 10).sum() / 10)
        assert (claimed.loc[claimed["term"].astype(int) < 10, "group"] == "late").all()
        rest = table[table["term"].astype(int) >= 10]
        covered.append((rest["low"] <= 0).mean())
    assert np.mean(false) < 0.1
    assert np.mean(found) > 0.5
    assert 0.92 < np.mean(covered) <= 1


def test_where_nothing_differs_hardly_any_corpus_has_a_finding():
    any_found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        block = np.repeat(np.arange(30), 8)
        table, _ = y.keyness(
            sparse.csr_matrix(vocabulary(rng, 240, 300, block)),
            [f"{i:03d}" for i in range(300)],
            (block % 2),
            block,
            ("a", "b"),
            seed=seed,
        )
        any_found.append((table["q"] <= 0.05).any())
    assert np.mean(any_found) <= 0.15


def test_a_permutation_that_equals_what_was_observed_counts_however_its_sums_are_rounded(monkeypatch):
    """Another processor adds in another order: with blocks so few that permutations come back, p hung on the last digit."""
    block = np.repeat(np.arange(16), 4)
    there = np.random.default_rng(0).integers(0, 2, size=(16, 15))[block]
    there[:, 0] = (block >= 8) & (block < 14)
    # as many words in each article: many permutations give the same
    counts = np.concatenate([there, 1 - there], axis=1)
    exact = y.studentised

    def tables(noise):
        rng = np.random.default_rng(1)

        def rounded(*given):
            first, *others = exact(*given)
            return (first * (1 + noise * rng.uniform(-1, 1, size=first.shape)), *others)

        monkeypatch.setattr(y, "studentised", rounded)
        table, _ = y.keyness(
            sparse.csr_matrix(counts), [f"w{i:02d}" for i in range(30)], (block >= 8).astype(int), block, ("a", "b")
        )
        return table.set_index("term")["q"].sort_index()

    assert np.allclose(tables(1e-13), tables(0.0), rtol=1e-9, atol=0)


def test_words_that_swing_slowly_do_not_mark_a_half():
    wrong = {0.0: [], 0.5: []}
    for correlation, seed in [(r, seed) for r in wrong for seed in range(6)]:
        rng = np.random.default_rng(seed)
        block = np.repeat(np.arange(30), 10)
        swing = rng.normal(size=(30, 300))
        for i in range(1, 30):
            swing[i] = correlation * swing[i - 1] + np.sqrt(1 - correlation**2) * swing[i]
        counts = sparse.csr_matrix(rng.poisson(2 * np.exp(0.4 * swing)[block]))
        table, _ = y.keyness(counts, [f"{i:03d}" for i in range(300)], (block >= 15).astype(int), block, ("a", "b"))
        wrong[correlation].append((table["p"] < 0.05).mean())
    assert 0.03 < np.mean(wrong[0.0]) < 0.07
    assert np.mean(wrong[0.5]) < 0.11  # a test that takes blocks as independent errs in a quarter


def test_log_odds_are_those_of_monroe_and_others():
    counts = np.array([[30, 70], [10, 90]])
    table, _ = y.keyness(
        sparse.csr_matrix(np.repeat(counts, 10, axis=0)), ["a", "b"], np.repeat([0, 1], 10), np.arange(20), ("x", "z")
    )
    prior = y.PRIOR_PART * 2000 * np.array([0.2, 0.8])
    number, words, whole = np.array([300.0, 100.0]), 1000.0, prior.sum()
    odds = np.log((number + prior[0]) / (words + whole - number - prior[0]))
    assert np.isclose(table.set_index("term").loc["a", "log_odds"], odds[0] - odds[1])


def test_outlets_are_held_constant(rng):
    source = rng.choice(["a", "b"], 600)
    block = np.repeat(np.arange(60), 10)
    group = (block >= 30).astype(int)
    source = np.where((group == 1) & (rng.random(600) < 0.6), "b", source)
    counts = rng.poisson(1.0, size=(600, 40))
    counts[:, 0] = rng.poisson(np.where(source == "b", 3.0, 0.5))
    counts[:, 1] = rng.poisson(np.where(group == 1, 2.0, 1.0))
    terms = [f"{i:02d}" for i in range(40)]
    raw = y.keyness(sparse.csr_matrix(counts), terms, group, block, ("early", "late"))[0].set_index("term")
    held = y.keyness(sparse.csr_matrix(counts), terms, group, block, ("early", "late"), source=source)[0].set_index(
        "term"
    )
    assert raw.loc["00", "q"] < 0.05 < held.loc["00", "q"]
    assert held.loc["01", "q"] < 0.05


def test_what_is_not_tested_is_a_row_with_its_reason(rng):
    counts = sparse.csr_matrix(np.c_[rng.poisson(2.0, (40, 3)), np.eye(40, 1)])
    table, dropped = y.keyness(counts, ["a", "b", "c", "rare"], np.repeat([0, 1], 20), np.arange(40), ("x", "z"))
    assert table.columns.tolist()[: len(tables.KEYNESS)] == list(tables.KEYNESS)
    assert dropped["id"].tolist() == ["rare"]
    table, dropped = y.keyness(counts, ["a", "b", "c", "rare"], np.repeat([0, 1], 20), np.arange(40) // 5, ("x", "z"))
    assert table.empty
    assert "a test needs 8" in dropped.loc[0, "reason"]


def test_dispersion_by_its_definition(rng):
    counts = rng.poisson(0.7, size=(30, 12)) + np.eye(30, 12, dtype=int)
    words = counts.sum(axis=1) / counts.sum()
    part = counts / counts.sum(axis=0)
    expected = np.abs(part - words[:, None]).sum(axis=0) / 2 / (1 - words[words > 0].min())
    assert np.allclose(y.gries_dp(sparse.csr_matrix(counts)), expected)


@pytest.mark.parametrize(("days", "length"), [(40, "day"), (400, "week"), (1200, "month")])
def test_blocks_are_as_long_as_leaves_twelve_in_each_half(days, length):
    dates = pd.Series(pd.date_range("2016-01-01", periods=days).strftime("%Y-%m-%d"))
    placed = pd.DataFrame({"ordinal": np.arange(days)})
    half = y.halves(placed, dates)
    assert abs(half.mean() - 0.5) < 0.05
    block, of = y.time_blocks(placed, dates, half)
    assert of == length
    assert min(len(np.unique(block[half == side])) for side in (0, 1)) >= y.ENOUGH_BLOCKS


def test_companions_are_of_the_sentence_not_of_the_article(rng):
    n, rows = 60, []
    for doc in range(n):
        for sentence in range(6):
            with_it = sentence < 2
            words = [0] if with_it else []
            words += [1] if rng.random() < (0.7 if with_it else 0.1) else []  # its companion
            words += rng.choice([2, 3, 4], 3).tolist()
            rows += [(doc, 100 * sentence + place, sentence, word) for place, word in enumerate(words)]
    spans = pd.DataFrame(rows, columns=["doc", "start", "sentence", "name"])
    table = y.companions(*y.sentence_terms(spans, 5), ["city", "smart", "a", "b", "c"], 0)
    marked = table[(table["q"] <= 0.05) & table["group"].str.startswith("sentences with")]
    assert marked["term"].tolist() == ["smart"]
