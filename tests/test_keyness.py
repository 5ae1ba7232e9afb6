"""Keyness: what marks a group, with blocks as units."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.special import logit

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


def test_intervals_hold_large_differences_too():
    """Words in 90 % of the articles of one group and 20 % of the other: what varies in one is not what varies in the other."""
    held = []
    for seed in range(8):
        rng = np.random.default_rng([2, seed])
        day = np.repeat(np.arange(120), 4)
        share = np.where(day < 60, 0.9, 0.2)[:, None] * np.ones(30)
        share[:, :15] = 0.2  # half of the words are no one's
        counts = (rng.random(share.shape) < share) * (1 + rng.negative_binomial(0.7, 0.35, size=share.shape))
        terms = [f"{i:02d}" for i in range(30)]
        table, _ = y.keyness(sparse.csr_matrix(counts), terms, (day >= 60).astype(int), day, ("a", "b"), seed=seed)
        p = share[[0, -1]] / share[[0, -1]].sum(axis=1, keepdims=True)
        true = (logit(p[0]) - logit(p[1]))[table["term"].astype(int)] * np.where(table["group"] == "a", 1, -1)
        large = table["term"].astype(int) >= 15
        held.append(((table["low"] <= true) & (true <= table["high"]))[large].mean())
    assert 0.93 < np.mean(held) < 0.99  # with one variance for both groups .91


def test_the_variance_of_a_log_ratio_is_that_of_its_blocks(rng):
    block, group = np.repeat(np.arange(12), 3), np.repeat([0, 1], 18)
    counts = rng.poisson(3.0, size=(36, 2))
    words, outlet = counts.sum(axis=1), np.zeros(36, dtype=int)
    cells = y._cells(sparse.csr_matrix(counts).astype(float), words, group, block, outlet)
    for side in (0, 1):
        said = np.bincount(block, counts[:, 0] * (group == side))[block[group == side][::3]]
        of = np.bincount(block, words * (group == side))[block[group == side][::3]]
        expected = 6 / 5 * ((said - said.sum() / of.sum() * of) ** 2).sum() / said.sum() ** 2
        assert y._log_variances(cells)[side, 0] == pytest.approx(expected)


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


def mixed(rng, n_terms=4):
    """Articles of two outlets: six blocks of group 0 alone, seven of group 1 alone, five of both."""
    block = np.repeat(np.arange(18), 4)
    group = np.where(block < 6, 0, np.where(block < 13, 1, np.tile([0, 1], 36)))
    outlet, counts = rng.integers(0, 2, 72), rng.poisson(2.0, size=(72, n_terms))
    return counts, group, block, outlet


def test_the_statistic_is_that_of_its_law(rng):
    counts, group, block, outlet = mixed(rng)
    words = counts.sum(axis=1) + rng.integers(1, 9, 72)  # words that are not tested count too
    cells = y._cells(sparse.csr_matrix(counts).astype(float), words.astype(float), group, block, outlet)
    other = np.where(block == 0, 1, np.where(block == 7, 0, np.where(block == 14, 1 - group, group)))  # as permuted
    swapped = np.array(
        [other[(block == b) & (group == g)][0] for b, g in np.unique(np.stack([block, group]), axis=1).T]
    )
    found = y.studentised(cells, np.stack([cells["side"], swapped]), np.arange(4))
    rates = np.stack([counts[outlet == each].sum(axis=0) / words[outlet == each].sum() for each in (0, 1)])
    residual = counts - words[:, None] * rates[outlet]
    for row, side in enumerate((group, other)):
        total = [words[side == each].sum() for each in (0, 1)]
        added = residual * np.where(side == 0, 1 / total[0], -1 / total[1])[:, None]
        of_block = np.stack([added[block == each].sum(axis=0) for each in range(18)])
        kind = np.array([side[block == each].sum() for each in range(18)])  # none, half or all of its four articles
        kinds = [of_block[kind == each] for each in np.unique(kind)]
        parts = [len(h) * h.var(axis=0, ddof=1) for h in kinds]
        variance = sum(parts)
        welch = variance**2 / sum(part**2 / (len(h) - 1) for part, h in zip(parts, kinds, strict=True))
        poisson = counts.sum(axis=0) / words.sum() * (1 / total[0] + 1 / total[1])
        expected = (of_block.sum(axis=0) / np.sqrt(variance), welch, np.maximum(variance / poisson, 1))
        for ours, law in zip(found, expected, strict=True):
            assert np.allclose(ours[row], law)


@pytest.mark.parametrize("paired", [True, False])
def test_p_by_permutation_is_that_of_all_permutations(rng, paired):
    if paired:  # eight blocks that hold both groups: 256 ways
        block, group = np.repeat(np.arange(8), 2), np.tile([0, 1], 8)
        sides = [np.where(np.repeat(flip, 2), 1 - group, group) for flip in product([True, False], repeat=8)]
    else:  # four blocks against five: 126 ways
        block, group = np.arange(9), np.repeat([0, 1], [4, 5])
        sides = [np.isin(block, some).astype(int) for some in combinations(range(9), 5)]
    counts = rng.poisson(6.0, size=(len(block), 2))
    counts[group == 1, 0] += 4
    cells = y._cells(sparse.csr_matrix(counts).astype(float), counts.sum(axis=1).astype(float), group, block, block * 0)
    kept = np.array([0])
    z = y.studentised(cells, cells["side"][None], kept)[0][0]
    exact = (np.abs(y.studentised(cells, np.array(sides), kept)[0]) >= np.abs(z) * (1 - 1e-9)).mean()
    assert 0.01 < exact < 0.5
    assert y._permuted_p(cells, kept, z, 8000, rng)[0] == pytest.approx(exact, abs=4 * np.sqrt(exact / 8000))


def test_what_no_permutation_reaches_is_as_improbable_as_their_number_lets_it_be(rng):
    block, group = np.arange(20), np.repeat([0, 1], 10)
    counts = rng.poisson(6.0, size=(20, 3))
    cells = y._cells(sparse.csr_matrix(counts).astype(float), counts.sum(axis=1).astype(float), group, block, block * 0)
    found = y._permuted_p(cells, np.array([0, 1]), np.array([1e6, 1e-9]), 200, rng)
    assert found.tolist() == [1 / 401, 1]  # pooled over both terms; and what every permutation reaches is no finding


@pytest.mark.parametrize(("n_kept", "n_tested"), [(1, 20), (1, 1000), (3, 5000), (400, 20_000)])
def test_so_many_permutations_are_drawn_that_the_terms_kept_can_be_findings(n_kept, n_tested):
    draws = y._draws(n_kept, n_tested, 0.05, 1999)
    assert 1999 <= draws <= y.MOST_PERMUTATIONS
    assert 1 / (1 + draws * n_kept) < 0.05 * n_kept / n_tested


def test_blocks_that_follow_each_other_are_as_alike_as_their_law_says(rng):
    counts = rng.poisson(4.0, size=(22, 5))
    counts[:, 0] = np.repeat(rng.poisson(4.0, 11), 2)  # alike from one to the next
    group, words = np.repeat([0, 1], [12, 10]), np.full(22, 60.0)
    cells = y._cells(sparse.csr_matrix(counts).astype(float), words, group, np.arange(22), np.zeros(22, dtype=int))
    alike = []
    for side in (0, 1):
        off = counts[group == side] - counts[group == side].mean(axis=0)
        alike.append((off[1:] * off[:-1]).sum(axis=0) / (off**2).sum(axis=0) + 1 / len(off))
    r, lag = np.mean(alike), np.arange(1, 10)
    assert r > 0
    assert np.allclose(y.serial_inflation(cells), 1 + 2 * ((1 - lag / 10) * r**lag).sum())


def test_log_odds_are_net_of_what_the_outlets_would_have_given(rng):
    counts, group, block, outlet = mixed(rng, 3)
    outlet = np.where(rng.random(72) < 0.5, group, outlet)
    block = np.where(np.arange(72) % 4 < 2, block, block + 18)  # enough blocks
    table, _ = y.keyness(sparse.csr_matrix(counts), ["a", "b", "c"], group, block, ("x", "z"), source=outlet)
    words, odds = counts.sum(axis=1), []
    part, rates = (
        counts.sum(axis=0) / words.sum(),
        np.stack([counts[outlet == i].sum(axis=0) / words[outlet == i].sum() for i in (0, 1)]),
    )
    prior = y.PRIOR_PART * words.sum()
    for side in (0, 1):
        inside = group == side
        given = (words[inside, None] * rates[outlet[inside]]).sum(axis=0)
        shares = [(each + prior * part) / (words[inside].sum() + prior) for each in (counts[inside].sum(axis=0), given)]
        odds.append(np.log(shares[0] / (1 - shares[0])) - np.log(shares[1] / (1 - shares[1])))
    found = table.set_index("term").loc[["a", "b", "c"]]
    assert np.allclose(found["log_odds"] * np.where(found["group"] == "x", 1, -1), odds[0] - odds[1])


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


def test_companions_that_are_tested_stand_in_five_of_its_sentences():
    rows = [(doc, 100 * sentence, sentence, 0 if sentence == 0 else 3) for doc in range(10) for sentence in range(2)]
    rows += [(doc, 1, 0, 1) for doc in range(5)] + [(doc, 2, 0, 2) for doc in range(4)]
    rows += [(doc, 102, 1, 2) for doc in range(5)]  # in nine sentences, four of them its own
    spans = pd.DataFrame(rows, columns=["doc", "start", "sentence", "name"])
    table = y.companions(*y.sentence_terms(spans, 4), ["city", "five", "four", "other"], 0)
    assert set(table["term"]) == {"five"}


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
