"""The grid and the suggestion: planted counts lie in the suggested range, and shuffled text gets no suggestion."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from worlds import counts_of, planted, same

from topics.models import lda, scores, stability, sweep
from topics.words.counts import Counts


def part(counts: Counts, rows: np.ndarray) -> Counts:
    return replace(counts, matrix=counts.matrix[rows], unit_doc=counts.unit_doc[rows])


def compared(counts: Counts, grid: tuple[int, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """SCORES and stability of a grid, as the pipeline makes them."""
    test = np.random.default_rng(1).random(counts.matrix.shape[0]) < 0.2
    rows, steady = [], []
    for k in grid:
        fits = [lda.fit(counts, n_topics=k, seed=seed, sweeps=100, samples=5) for seed in (1, 2, 3)]
        texts = [stability.shuffled(counts, seed) for seed in (1, 2)]
        base = stability.reference(
            [lda.fit(text, n_topics=k, seed=i, sweeps=60, samples=5) for i, text in enumerate(texts)]
        )
        shown = fits[stability.representative(fits)]
        steady.append(stability.stability(shown, [model for model in fits if model is not shown], base))
        for seed in (1, 2):
            model = lda.fit(part(counts, ~test), n_topics=k, seed=seed, sweeps=100, samples=5)
            done = scores.complete(model, part(counts, test))
            rows += [
                {"n_topics": k, "seed": seed, "measure": name, "value": value, "low": low, "high": high, "better": ""}
                for name, (value, low, high) in {"perplexity": done.perplexity, "gain": done.gain}.items()
            ]
    return pd.DataFrame(rows), pd.concat(steady)


@pytest.mark.parametrize(("n_topics", "seed"), [(4, 1), (8, 2)])
def test_the_planted_count_lies_in_the_suggested_range(n_topics: int, seed: int) -> None:
    world = planted(n_topics=n_topics, n_docs=150, length=80, n_terms=300, seed=seed)
    choice = sweep.choose(*compared(world.counts, (2, 4, 8, 12)))
    assert n_topics in choice.range
    assert choice.n_topics in choice.range
    assert choice.why.endswith(".")


def test_nothing_is_suggested_for_shuffled_text() -> None:
    world = planted(n_topics=6, n_docs=150)
    choice = sweep.choose(*compared(stability.shuffled(world.counts), (2, 4, 8)))
    assert choice.n_topics is None
    assert choice.range == ()
    assert "word frequencies alone" in choice.why


def test_the_best_of_one_score_is_not_taken_when_fewer_topics_do_as_well() -> None:
    choice = sweep.choose(*made({5: (0.50, 0.9), 10: (0.96, 0.9), 20: (0.99, 0.8), 40: (1.0, 0.3)}))
    assert choice.n_topics == 10
    assert choice.range == (10, 20)
    assert "foretold best at 40" in choice.against
    assert (
        "10 is the smallest number of topics that foretells the words of held-out articles about as well" in choice.why
    )


def test_a_count_that_the_articles_cannot_tell_from_the_best_is_not_said_to_do_as_well() -> None:
    scored, steady = made({5: (0.5, 0.9), 10: (0.8, 0.9), 40: (1.0, 0.9)})
    choice = sweep.choose(scored.assign(high=scored["value"] + 0.25), steady)
    assert choice.n_topics == 10
    assert "not surely worse than any tried (80 % of the best gain" in choice.why
    alone = sweep.choose(*made({5: (0.5, 0.9), 10: (0.8, 0.9)}))
    assert "10 is the number of topics that foretells the words of held-out articles best of those tried" in alone.why
    assert "largest number tried" in alone.against


def test_nothing_is_suggested_where_topics_do_not_come_back() -> None:
    choice = sweep.choose(*made({5: (0.5, -0.1), 10: (0.6, -0.2)}))
    assert choice.n_topics is None
    assert "come back" in choice.why


def test_nothing_is_suggested_where_nothing_was_held_out() -> None:
    scored, steady = made({5: (0.5, 0.5)})
    assert sweep.choose(scored[scored["measure"] == "none"], steady).n_topics is None


def made(values: dict[int, tuple[float, float]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    gains = [
        {"n_topics": k, "seed": 1, "measure": "gain", "value": gain, "low": gain - 0.01, "high": gain + 0.01}
        for k, (gain, _) in values.items()
    ]
    steady = [{"n_topics": k, "topic": 1, "kind": "seed", "excess": excess} for k, (_, excess) in values.items()]
    return pd.DataFrame(gains), pd.DataFrame(steady)


@pytest.mark.parametrize(("n_docs", "length"), [(2, 30), (5, 400), (60, 100), (500, 200)])
def test_the_default_grid_suits_the_size(n_docs: int, length: int) -> None:
    counts = counts_of(np.full((n_docs, 10), length // 10))
    grid = sweep.default_grid(counts)
    assert grid == tuple(sorted(set(grid)))
    assert min(grid) >= 2
    assert max(grid) <= max(4, n_docs)


@pytest.mark.parametrize(
    ("n_docs", "n_words", "grid"),
    [
        (500, 100_000, (5, 8, 12, 20, 40, 60)),  # 62 topics have eight articles each; every other rung of 5 to 60
        (400, 16_000, (2, 4, 6, 8, 12, 20)),  # twenty have 800 words each
        (80, 80_000, (2, 3, 4, 6, 8, 10)),
        (47, 80_000, (2, 3, 4, 5)),
        (5, 80_000, (2,)),
    ],
)
def test_a_default_grid_has_eight_articles_and_800_words_a_topic(n_docs, n_words, grid) -> None:
    assert sweep.default_grid(counts_of(np.full((n_docs, 10), n_words // n_docs // 10))) == grid


@pytest.mark.parametrize(("text", "n_articles"), [("whole", 40), ("shuffled", 40), ("resampled", 32)])
def test_a_job_has_the_text_that_it_says(text: str, n_articles: int) -> None:
    counts = planted(n_docs=40, length=30).counts
    model = sweep.fit_job(counts, sweep.Job(text, 2, 3), 20)
    assert (model.n_topics, model.seed) == (2, 3)
    assert len(model.doc_ids) == n_articles
    assert model.trace[-1, 0] == lda.fit(counts, n_topics=2, seed=3, sweeps=10 if text == "shuffled" else 20).trace[-1, 0]  # fmt: skip


def test_the_count_shown_first_is_the_suggested_else_one_that_would_do_else_the_nearest() -> None:
    choice = {"n_topics": 8, "range": [8, 20]}
    given = ([5, 8, 20], [5, 9, 20], [3, 9, 30], [30, 3])
    assert [sweep.foremost(counts, choice) for counts in given] == [8, 20, 9, 3]
    assert sweep.foremost([30, 9], {"n_topics": None, "range": []}) == 30


@pytest.mark.parametrize(("excess", "suggested"), [(0.11, 5), (0.09, None)])
def test_topics_must_agree_by_a_tenth_beyond_shuffled_text(excess: float, suggested: int | None) -> None:
    assert sweep.choose(*made({5: (0.5, excess), 10: (0.4, 0.05)})).n_topics == suggested


def test_where_words_are_not_foretold_the_best_gain_is_said() -> None:
    scored, steady = made({5: (-0.02, 0.9), 10: (-0.004, 0.9), 20: (-0.3, 0.9)})
    assert "best gain −0.004 nats per word, 95 % interval −0.014 to 0.006" in sweep.choose(scored, steady).why


def test_what_speaks_against_a_count_is_every_measure_that_prefers_another_with_its_values() -> None:
    scored, steady = made({5: (0.96, 0.80), 10: (1.0, 0.9), 20: (0.5, 0.3)})
    coherent = pd.DataFrame({"n_topics": [5, 10, 20], "seed": 1, "measure": "c_npmi", "value": [0.102, 0.1, 0.104]})
    assert sweep.choose(pd.concat([scored, coherent]), steady).against == (
        "Held-out words are foretold best at 10 topics (1.00 against 0.96); topics come back most at 10 topics (0.90 against 0.80); "
        "leading words are most coherent (c_npmi) at 20 topics (0.104 against 0.102); 5 is the smallest number tried: fewer might do as well."
    )


def test_every_count_has_every_seed_and_parts_of_the_articles_have_three() -> None:
    jobs = sweep.jobs((5, 10, 5), (4, 5, 6, 7, 8), "whole", "shuffled", "resampled")
    seeds = {k: [job.seed for job in jobs if job.text == "whole" and job.n_topics == k] for k in (5, 10)}
    assert seeds == {key: [4, 5, 6, 7, 8] for key in (5, 10)}
    assert [(job.n_topics, job.seed) for job in jobs if job.text == "resampled"] == [(k, seed) for k in (5, 10) for seed in (4, 5, 6)]  # fmt: skip
    assert [job.seed for job in jobs if job.text == "shuffled" and job.n_topics == 5] == list(stability.SHUFFLED_SEEDS)
    assert len(set(jobs)) == len(jobs)


def test_fits_go_abreast_where_they_differ_in_their_seed_alone() -> None:
    jobs = sweep.jobs((5, 100), (1, 2, 3, 4, 5), "whole", "shuffled", "resampled")

    def sizes(n_units: int, workers: int) -> dict[tuple[str, int], list[int]]:
        found: dict[tuple[str, int], list[int]] = {}
        companies = sweep.companies(jobs, n_units, workers)
        for company in companies:
            ((text, k),) = {(job.text, job.n_topics) for job in company}
            found.setdefault((text, k), []).append(len(company))
        assert sorted(str(job) for company in companies for job in company) == sorted(map(str, jobs))
        return found

    each = {("whole", 5): [5], ("whole", 100): [5], ("resampled", 5): [1, 1, 1], ("shuffled", 100): [3]}
    few = sizes(100, 1)
    assert {key: few[key] for key in each} == each
    assert sizes(50_000, 1)[("whole", 5)] == [5]
    assert sizes(50_000, 1)[("whole", 100)] == [2, 2, 1]  # memory
    assert sizes(100, 4)[("whole", 5)] == [2, 2, 1]  # 22 fits for four workers
    assert sizes(100, 64)[("whole", 5)] == [1] * 5
    for alone in (sweep.companies(jobs, 100, engine="parallel"), sweep.companies(sweep.jobs((201,), (1, 2), "whole"), 100)):  # fmt: skip
        assert {len(company) for company in alone} == {1}


def test_jobs_done_together_give_the_fits_of_each_alone() -> None:
    counts = planted(n_docs=40).counts
    for text in ("whole", "shuffled", "resampled"):
        for company in sweep.companies(sweep.jobs((3,), (7, 8), text), 40):
            together = sweep.fit_jobs(counts, company, 20)
            alone = [sweep.fit_job(counts, job, 20) for job in company]
            assert all(same(one, other) for one, other in zip(together, alone, strict=True))


def test_jobs_give_the_same_fits_in_any_order_and_in_threads() -> None:
    counts = planted(n_docs=40).counts
    jobs = [job for job in sweep.jobs((2, 3), (1, 2), "whole", "shuffled", "resampled") if job.seed < 3]

    def run(job: sweep.Job) -> np.ndarray:
        return sweep.fit_job(counts, job, sweeps=20).topic_term

    with ThreadPoolExecutor(2) as pool:
        side_by_side = list(pool.map(run, jobs[::-1]))[::-1]
    for one, other in zip(map(run, jobs), side_by_side, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize(("sweeps", "of_shuffled"), [(None, 1000), (lda.LEAST_SWEEPS, lda.LEAST_SWEEPS // 2)])
def test_fits_to_shuffled_text_run_as_long_as_the_others_where_words_are_few(sweeps, of_shuffled) -> None:
    """At half the sweeps two of them agree less, and agreement beyond them is overstated (METHODS.md, stability)."""
    counts = lda.example_counts()
    shuffled = sweep.fit_job(counts, sweep.Job("shuffled", 2, 1), sweeps)
    assert shuffled.trace[-1, 0] == lda.fit(counts, n_topics=2, seed=1, sweeps=of_shuffled).trace[-1, 0]
