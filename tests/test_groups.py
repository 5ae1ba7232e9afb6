"""Shares of topics in groups of articles: whose they are, how sure, and where they are withheld."""

import numpy as np
import pandas as pd
import pytest

from topics.trends import groups


def blocked(group, source, day, doc_topic, n_draws=1):
    """Codes, blocks, and draws of a model that knows the articles' topics."""
    placed = pd.DataFrame({"source": source, "day": day})
    codes, blocks = groups.group_blocks(pd.Series(group), placed)
    mean = np.stack([doc_topic[codes == code].mean(axis=0) for code in range(len(blocks))])
    return codes, blocks, np.repeat(mean[None], n_draws, axis=0)


def test_a_block_is_of_one_group_outlet_and_day():
    placed = pd.DataFrame({"source": ["y", "x", "x", "x"], "day": [2, 1, 1, 2]})
    codes, blocks = groups.group_blocks(pd.Series([" a ", "a", "a", None]), placed)
    assert codes.tolist() == [2, 1, 1, 0]
    assert blocks.to_numpy().tolist() == [["", "x", 1], ["a", "x", 2], ["a", "y", 1]]


def test_a_group_has_the_mean_of_its_articles_and_their_difference_from_all_others(rng):
    doc_topic = rng.dirichlet(np.ones(3), 60)
    group = np.repeat(["a", "b", "c"], [30, 20, 10])
    codes, blocks, draws = blocked(group, "x", np.arange(60) // 2, doc_topic)
    table = groups.group_shares(draws, blocks, doc_topic, codes)
    assert table["group"].tolist() == list("aaabbbccc")
    assert table["n_docs"].tolist() == [30] * 3 + [20] * 3 + [10] * 3
    assert table["topic"].tolist() == [1, 2, 3] * 3
    for name, rows in table.groupby("group"):
        inside, rows = group == name, rows.set_index("topic")
        assert np.allclose(rows["share"], doc_topic[inside].mean(axis=0))
        assert np.allclose(rows["difference"], doc_topic[inside].mean(axis=0) - doc_topic[~inside].mean(axis=0))
        assert np.allclose(rows[["low", "high"]], rows[["share"]])  # the one draw there is is the truth


def test_given_the_articles_the_interval_is_the_middle_95_of_the_draws(rng):
    doc_topic = rng.dirichlet(np.ones(2), 36)
    codes, blocks, _ = blocked(["a"] * 30 + ["b"] * 6, "x", np.arange(36) // 4, doc_topic)
    draws = rng.dirichlet(np.ones(2), (400, len(blocks)))
    table = groups.group_shares(draws, blocks, doc_topic, codes)  # b is too small to have rows
    mean = np.average(draws[:, :8], axis=1, weights=[4] * 7 + [2])
    assert np.allclose(table[["low", "high"]].T, np.quantile(mean, [0.025, 0.975], axis=0))


@pytest.mark.parametrize(("here", "others"), [(8, 8), (7, 8), (8, 7)])
def test_articles_like_these_are_asked_about_from_eight_days_here_and_among_the_others(rng, here, others):
    doc_topic = rng.dirichlet(np.ones(2), 2 * here + 2 * others)
    group = ["a"] * (2 * here) + ["b"] * (2 * others)
    codes, blocks, draws = blocked(group, "x", [*np.arange(2 * here) // 2, *np.arange(2 * others) // 2], doc_topic)
    table = groups.group_shares(draws, blocks, doc_topic, codes)
    assert table["low_b"].notna().all() == (here == others == 8)
    assert table["difference_low"].notna().any() == (here == others == 8)


def test_intervals_of_groups_hold_what_like_articles_have_as_often_as_they_say():
    share, difference = [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        day = np.repeat(np.arange(80), 3)
        group = np.where(day < 40, "a", "b")
        mean = np.where((day < 40)[:, None], [[0.5, 0.3, 0.2]], [[0.3, 0.5, 0.2]])
        of_day = np.stack([rng.dirichlet(10 * row) for row in mean[::3]])[day]  # articles of a day are alike
        doc_topic = np.stack([rng.dirichlet(5 * row) for row in of_day])
        codes, blocks, draws = blocked(group, "x", day, doc_topic, 20)
        table = groups.group_shares(draws, blocks, doc_topic, codes, seed=seed)
        truth = np.array([0.5, 0.3, 0.2, 0.3, 0.5, 0.2])
        apart = np.array([0.2, -0.2, 0, -0.2, 0.2, 0])
        share.append(((table["low_b"] <= truth) & (truth <= table["high_b"])).mean())
        difference.append(((table["difference_low"] <= apart) & (apart <= table["difference_high"])).mean())
    assert 0.9 < np.mean(share) < 0.98
    assert 0.9 < np.mean(difference) < 0.98


def test_few_articles_have_no_row_few_days_no_interval_and_no_group_of_a_column_is_too_small_to_show(rng):
    group = ["a"] * 40 + ["b"] * 21 + ["c"] * 9 + [""] * 30
    day = [*range(40), *np.arange(21) // 3, *range(9), *range(30)]
    doc_topic = rng.dirichlet(np.ones(2), 100)
    codes, blocks, draws = blocked(group, "x", day, doc_topic, 5)
    table = groups.group_shares(draws, blocks, doc_topic, codes).set_index("group")
    assert table.index.unique().tolist() == ["a", "b"]  # c has nine articles, and those without a word are no group
    few = table[["low_b", "high_b", "difference_low", "difference_high"]].isna().all(axis=1)
    assert few.groupby("group").all().to_dict() == {"a": False, "b": True}  # b: seven days
    assert table[["low", "high"]].notna().all().all()


def test_of_many_groups_the_largest_are_shown(rng):
    size = np.arange(10, 10 + groups.MOST + 3)
    group = np.repeat([f"g{n}" for n in size], size)
    doc_topic = rng.dirichlet(np.ones(2), len(group))
    codes, blocks, draws = blocked(group, "x", np.arange(len(group)) % 9, doc_topic)
    table = groups.group_shares(draws[:0], blocks, doc_topic, codes)
    assert table["group"].unique().tolist() == [f"g{n}" for n in size[::-1][: groups.MOST]]


def test_a_column_parts_the_articles_if_two_of_its_values_have_ten_and_not_all_differ():
    table = pd.DataFrame({"source": "x", "both": ["p"] * 10 + ["q"] * 10, "few": ["p"] * 11 + ["q"] * 9})
    table["gaps"] = [None] + ["p"] * 9 + ["q"] * 10
    assert groups.columns_to_compare(table) == ["both"]
    letters = pd.DataFrame({"source": ["a", "b"] * 10 + ["c", "d", "e"]})
    assert groups.columns_to_compare(letters) == []  # five values of 23 articles
    assert groups.columns_to_compare(letters[:22]) == ["source"]  # four of 22
