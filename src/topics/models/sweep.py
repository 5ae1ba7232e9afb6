"""The grid: which fits to make, making them, and what they say together about the number of topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from topics.models.lda import TopicModel, fit
from topics.models.stability import SHUFFLED_SEEDS, resampled, shuffled
from topics.words.counts import Counts

GRID = (5, 10, 15, 20, 30, 40, 60, 80, 100)


@dataclass(frozen=True)
class Job:
    """One fit: `text` is whole, shuffled (words dealt out at random) or resampled (four fifths of the articles)."""

    text: str
    n_topics: int
    seed: int


def default_grid(counts: Counts) -> tuple[int, ...]:
    """Topic counts worth comparing for a corpus of this size: about 2,000 tokens and two units for each topic, at the least.

    >>> from topics.models.lda import example_counts
    >>> default_grid(example_counts())
    (2, 3, 4)
    """
    n_units, n_words = counts.matrix.shape[0], int(counts.matrix.sum())
    largest = min(n_units // 2, max(4, n_words // 2000))
    if largest < 10:
        return tuple(range(2, max(largest, 2) + 1))
    return tuple(k for k in GRID if k <= largest)


def jobs(topic_counts: Sequence[int], seeds: Sequence[int], paged: Sequence[int] = ()) -> list[Job]:
    """The fits of a grid: every count with the first three seeds, those that get a page with all; then references."""
    found = []
    for k in sorted({*topic_counts, *paged}):
        found += [Job("whole", k, seed) for seed in (seeds if k in paged else seeds[:3])]
        found += [Job("shuffled", k, seed) for seed in SHUFFLED_SEEDS]
        found += [Job("resampled", k, seed) for seed in (seeds[:3] if k in paged else ())]
    return found


def fit_job(counts: Counts, job: Job, engine: str = "gibbs", sweeps: int | None = None) -> TopicModel:
    """The fit that a job asks for, of the counts of the whole corpus."""
    texts = {
        "whole": lambda: counts,
        "shuffled": lambda: shuffled(counts),
        "resampled": lambda: resampled(counts, job.seed),
    }
    return fit(texts[job.text](), n_topics=job.n_topics, seed=job.seed, engine=engine, sweeps=sweeps)


@dataclass(frozen=True)
class Choice:
    """A topic count, or none, with the sentence why, what speaks against it, and the counts that would do as well."""

    n_topics: int | None
    why: str
    against: str
    range: tuple[int, ...]


def choose(scores: pd.DataFrame, stability: pd.DataFrame) -> Choice:
    """Suggest a topic count from SCORES of the grid (all seeds) and the stability of its representative runs.

    A count does as well as another where its held-out perplexity is within the interval of the best's mean and its topics come back nearly
    as often (mean excess within 0.1 of the most stable of these). The smallest such count is suggested. None is where no
    count's topics come back more than on shuffled text.
    """
    predicted = scores[scores["measure"] == "perplexity"].groupby("n_topics")["value"].agg(["mean", "std", "count"])
    stable = stability[stability["kind"] == "seed"].groupby("n_topics")["excess"].mean()
    if not (stable > 0).any():
        why = "No number of topics is suggested: at none do topics come back in another run more than on shuffled text."
        return Choice(None, why, "", ())
    best = predicted["mean"].idxmin()
    spread = float(np.nan_to_num(predicted.loc[best, "std"]))
    near = predicted.index[
        predicted["mean"] <= max(predicted.loc[best, "mean"] + 2 * spread, predicted.loc[best, "mean"] * 1.01)
    ]
    steady = stable.reindex(near).dropna()
    good = tuple(int(k) for k in steady.index[steady >= steady.max() - 0.1])
    chosen = good[0]
    why = (
        f"{chosen} topics: the smallest number that foretells held-out words about as well as the best "
        f"(perplexity {predicted.loc[chosen, 'mean']:,.0f} words; best {predicted.loc[best, 'mean']:,.0f} at {best}) and whose topics "
        f"come back in other runs (agreement beyond shuffled text {stable[chosen]:.2f} of 1)."
    )
    against = _against(scores, stable, chosen)
    return Choice(chosen, why, against, good)


def _against(scores: pd.DataFrame, stable: pd.Series, chosen: int) -> str:
    """What speaks against a count: other measures that prefer another, and less stable topics than elsewhere."""
    said = []
    coherent = scores[scores["measure"] == "c_npmi"].groupby("n_topics")["value"].mean()
    if len(coherent) and coherent.idxmax() != chosen:
        said.append(
            f"coherence of top words (c_npmi) is higher at {coherent.idxmax()}: {coherent.max():.3f} against {coherent[chosen]:.3f}"
        )
    if stable.idxmax() != chosen:
        said.append(f"topics are more stable at {stable.idxmax()} ({stable.max():.2f} against {stable[chosen]:.2f})")
    return "; ".join(said).capitalize() + "." if said else "No other measure prefers another number."
