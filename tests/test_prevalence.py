"""Topics over time: three questions kept apart."""

import numpy as np
import pandas as pd
from scipy import sparse

from topics.trends import periods as p
from topics.trends import prevalence as v


def corpus(rng, n=600, n_periods=12, days=28):
    month = np.sort(rng.integers(0, n_periods, size=n))
    day = rng.integers(1, days + 1, size=n)
    return pd.DataFrame(
        {
            "doc_id": [f"{i:05d}" for i in range(n)],
            "date": [f"2018-{m + 1:02d}-{d:02d}" for m, d in zip(month, day, strict=True)],
            "date_precision": "day",
            "source": rng.choice(["a", "b"], n),
            "n_words": 400,
        }
    )


def drawn(rng, doc_topic, codes, n_draws, tokens=200):
    """Draws of the blocks' mean shares as a model that knows its topics gives them."""
    n_blocks = codes.max() + 1
    size = np.bincount(codes[codes >= 0], minlength=n_blocks)
    seen = np.stack([rng.multinomial(tokens, row) for row in doc_topic])
    out = np.empty((n_draws, n_blocks, doc_topic.shape[1]))
    for i in range(n_draws):
        gamma = rng.standard_gamma(seen + 0.3)
        theta = gamma / gamma.sum(axis=1, keepdims=True)
        for topic in range(doc_topic.shape[1]):
            out[i, :, topic] = np.bincount(codes, weights=theta[:, topic], minlength=n_blocks) / size
    return out, (seen + 0.3) / (tokens + 0.3 * doc_topic.shape[1])


def test_shares_of_these_articles_and_of_articles_like_these_hold_their_truths():
    given, alike, tops = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        articles = corpus(rng, n=360, n_periods=6)
        mean = np.array([0.5, 0.3, 0.2])
        doc_topic = rng.dirichlet(4 * mean, size=len(articles))
        placed = p.place(articles, "month")
        calendar = p.calendar(placed, "month")
        codes, blocks = v.topic_blocks(placed)
        draws, fitted = drawn(rng, doc_topic, codes, 100)
        series = v.topic_series(draws, blocks, fitted, placed, calendar, "month", resamples=300, seed=seed)
        true_here = pd.DataFrame(doc_topic).groupby(placed["ordinal"].to_numpy()).mean().to_numpy().T.ravel()
        these = series[series["method"] == v.GIVEN_TOPICS]
        given.append(((these["low"] <= true_here) & (true_here <= these["high"])).mean())
        like = series[series["method"] == v.LIKE_THESE]
        alike.append(((like["low"] <= np.repeat(mean, 6)) & (np.repeat(mean, 6) <= like["high"])).mean())
        tops.append((like["high"] - like["low"]).mean() / (these["high"] - these["low"]).mean())
    assert 0.90 < np.mean(given) < 0.98
    assert 0.90 < np.mean(alike) < 0.98
    assert np.mean(tops) > 2


def test_other_runs_are_ticks_and_a_model_without_draws_has_no_interval(rng):
    articles = corpus(rng, n=100, n_periods=3)
    placed = p.place(articles, "month")
    calendar = p.calendar(placed, "month")
    _, blocks = v.topic_blocks(placed)
    doc_topic = rng.dirichlet([1, 1], size=100)
    none = np.zeros((0, len(blocks), 2))
    series = v.topic_series(none, blocks, doc_topic, placed, calendar, "month", other_runs={7: doc_topic[:, ::-1]})
    assert series[["low", "high"]].isna().to_numpy().all()
    tick = series[series["method"] == v.OTHER_RUNS.format(7)]
    assert np.allclose(
        tick.loc[tick["name"] == "1", "estimate"],
        series.loc[(series["method"] == v.LIKE_THESE) & (series["name"] == "2"), "estimate"],
    )
    assert (tick["note"] == "a tick, no interval").all()


def test_few_blocks_give_no_interval_for_articles_like_these(rng):
    articles = corpus(rng, n=40, n_periods=1, days=2)
    placed = p.place(articles, "month")
    _, blocks = v.topic_blocks(placed)
    draws = rng.dirichlet([1, 1], size=(50, len(blocks)))
    series = v.topic_series(draws, blocks, rng.dirichlet([1, 1], size=40), placed, p.calendar(placed, "month"), "month")
    like = series[series["method"] == v.LIKE_THESE]
    assert like["low"].isna().all()
    assert like["note"].str.contains("fewer than 8 blocks").all()


def test_many_names_worked_on_in_blocks_have_the_numbers_of_all_at_once(rng, monkeypatch):
    articles = corpus(rng, n=300)
    placed = p.place(articles, "month")
    said = sparse.csr_matrix(rng.random((300, 5)) < 0.3)
    once = v.shares(said, placed, p.calendar(placed, "month"), "month")
    monkeypatch.setattr(v, "BLOCK_OF_NAMES", 2)
    for one, many in zip(once, v.shares(said, placed, p.calendar(placed, "month"), "month"), strict=True):
        assert one.shape == many.shape
        assert np.allclose(one, many)


def test_outlets_of_under_a_fiftieth_of_the_articles_are_one(rng):
    outlets = ["a"] * 50 + ["b"] * 140 + ["fiftieth"] * 4 + ["small"] * 3 + ["tiny"] * 3
    articles = corpus(rng, n=200).assign(source=rng.permutation(outlets))
    placed = p.place(articles, "month")
    calendar = p.calendar(placed, "month")
    said = (np.arange(200) % 4 == 0).astype(float)
    half = calendar["n_docs"].to_numpy()[:, None] / 2.0  # a design effect of two
    share, n = v.outlet_cells(sparse.csr_matrix(said[:, None]), placed, calendar, half)
    merged = articles["source"].replace(["small", "tiny"], "")
    cells = pd.crosstab(articles["date"].str[:7], merged)
    assert cells.columns.tolist() == ["", "a", "b", "fiftieth"]
    assert np.allclose(n[..., 0], cells / 2)  # dealt out by their articles
    mentioning = pd.crosstab(articles["date"].str[:7], merged, values=said, aggfunc="sum").fillna(0)
    assert np.allclose(share[..., 0] * cells, mentioning)


def test_topics_that_move_are_found_and_others_are_not():
    wrong, found = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        articles = corpus(rng, n=900)
        month = p.ordinals(articles["date"], "month") - 2018 * 12
        base = np.tile([0.3, 0.3, 0.2, 0.1, 0.1], (900, 1))
        base[:, 0], base[:, 1] = 0.15 + 0.02 * month, 0.45 - 0.02 * month
        gamma = rng.standard_gamma(3 * base)
        doc_topic = gamma / gamma.sum(axis=1, keepdims=True)
        placed = p.place(articles, "month")
        table = v.topic_trends(doc_topic, placed, p.calendar(placed, "month"), "month")
        found.append((table["q"][:2] < 0.05).mean())
        wrong.append((table["p"][2:] < 0.05).mean())
    assert np.mean(found) > 0.9
    assert np.mean(wrong) < 0.16
    assert table["name"].tolist() == ["1", "2", "3", "4", "5"]


def test_an_unstable_topic_has_no_trend(rng):
    articles = corpus(rng, n=400)
    placed = p.place(articles, "month")
    calendar = p.calendar(placed, "month")
    table = v.topic_trends(
        rng.dirichlet(np.ones(6), size=400), placed, calendar, "month", withheld={"2": "It is not stable."}
    )
    assert table["p"].isna().tolist() == [False, True, False, False, False, False]
    assert table.loc[1, "note"] == "It is not stable."
    assert table["n_family"].tolist() == [5] * 6
