"""The grid: which fits to make, making them, and what they say together about the number of topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from topics.models.chain import DENSE
from topics.models.lda import LEAST_SWEEPS, TopicModel, default_sweeps, example_counts, fit_seeds, infer
from topics.models.scores import count_windows
from topics.models.stability import SHUFFLED_SEEDS, resampled, shuffled
from topics.words.counts import Counts

LADDER = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40, 50, 60, 80, 100)
MOST = 6  # topic counts in a default grid
ABREAST = 5  # fits at the most that go abreast in one thread: what a sixth would gain is little
CELLS = 10_000_000  # shares of topics in units that they may have together, each of which takes some 40 bytes meanwhile


@dataclass(frozen=True)
class Job:
    """One fit. Its `text` is whole, train (without the articles held out), shuffled (words dealt out at random) or resampled (four fifths of the articles)."""

    text: str
    n_topics: int
    seed: int


def default_grid(counts: Counts) -> tuple[int, ...]:
    """Up to six topic counts worth comparing: eight units and 800 tokens for each topic at the least, spaced more widely as they grow.

    >>> default_grid(example_counts())
    (2, 3, 4)
    """
    n_units, n_words = counts.matrix.shape[0], int(counts.matrix.sum())
    largest = max(2, min(n_units // 2, max(4, min(n_units // 8, n_words // 800))))
    steps = [k for k in LADDER if (5 if largest >= 30 else 2) <= k <= largest]
    return tuple(steps[round(place)] for place in np.linspace(0, len(steps) - 1, min(MOST, len(steps))))


def jobs(topic_counts: Iterable[int], seeds: Sequence[int], *texts: str) -> list[Job]:
    """The fits of these counts to these texts: to the whole with every seed, to shuffled text with `SHUFFLED_SEEDS`, to parts with the first three seeds.

    >>> [(job.text, job.seed) for job in jobs([5], (7, 8, 9, 10), "shuffled", "train")]
    [('shuffled', 1), ('shuffled', 2), ('shuffled', 3), ('train', 7), ('train', 8), ('train', 9)]
    """
    seeds_of = {"whole": seeds, "shuffled": SHUFFLED_SEEDS, "train": seeds[:3], "resampled": seeds[:3]}
    return [Job(text, k, seed) for k in sorted(set(topic_counts)) for text in texts for seed in seeds_of[text]]


def fit_job(counts: Counts, job: Job, sweeps: int | None = None, **how: Any) -> TopicModel:
    """The fit that a job asks for; `counts` are of the whole corpus, or of its part for training. `how` goes to `lda.fit`: `engine`, `map`, `tick`."""
    return fit_jobs(counts, [job], sweeps, **how)[0]


def fit_jobs(counts: Counts, jobs: Sequence[Job], sweeps: int | None = None, **how: Any) -> list[TopicModel]:
    """The fits of jobs that differ in their seed alone, as `companies` puts them together.

    Shuffled text gets as many sweeps as the whole, since its fits agree the more the longer they run; half as many where there are so many words that
    it hardly shows (METHODS.md).
    """
    text, n_topics = jobs[0].text, jobs[0].n_topics
    sweeps = sweeps or default_sweeps(int(counts.matrix.sum()))
    if text == "shuffled":
        counts, sweeps = shuffled(counts), sweeps if sweeps > LEAST_SWEEPS else max(2, sweeps // 2)
    elif text == "resampled":
        counts = resampled(counts, jobs[0].seed)
    return fit_seeds(counts, n_topics=n_topics, seeds=[job.seed for job in jobs], sweeps=sweeps, **how)


def companies(jobs: Iterable[Job], n_units: int, workers: int = 1, engine: str = "gibbs") -> list[list[Job]]:
    """Jobs put together whose fits go abreast: those that differ in their seed alone, five at the most, and fewer where `workers` would be idle or memory short.

    A fit goes alone where there would be nothing to gain: to resampled text, which is another one for each seed, of very many topics, or by another engine.

    >>> [len(company) for company in companies(jobs([5], (1, 2, 3, 4, 5), "whole", "shuffled", "resampled"), 100)]
    [5, 3, 1, 1, 1]
    """
    alike: dict[tuple[str, int], list[Job]] = {}
    listed = list(jobs)
    for job in listed:
        alike.setdefault((job.text, job.n_topics), []).append(job)
    shared = max(1, len(listed) // (2 * workers))
    found = []
    for (text, n_topics), each in alike.items():
        alone = text == "resampled" or n_topics > DENSE or engine != "gibbs"
        most = 1 if alone else min(ABREAST, shared, max(1, CELLS // (n_units * n_topics)))
        found += [each[first : first + most] for first in range(0, len(each), most)]
    return found


@dataclass(frozen=True)
class Choice:
    """A topic count, or none, with the sentence why, what speaks against it, and the counts that would do as well."""

    n_topics: int | None
    why: str
    against: str
    range: tuple[int, ...]


NEAR = 0.95  # of the best gain over word frequencies: foretells about as well
LEAST = 0.1  # mean agreement beyond shuffled text, under which topics do not come back
STEADY = 0.2  # below the largest mean agreement of these: comes back about as often


def choose(scores: pd.DataFrame, stability: pd.DataFrame) -> Choice:
    """Suggest a topic count from SCORES of the grid (all seeds) and `stability` of the representative runs.

    A count will do where (1) its topics foretell the words of held-out articles better than word frequencies alone; (2) its gain is
    95 % of the best or more, or the best lies within its interval; and (3) its topics come back in other runs about
    as much as at the steadiest of these (mean excess over shuffled text within 0.2, and 0.1 at the least). The smallest such count is
    suggested: what is added beyond it foretells little and is less sure. None is where no count passes.
    """
    gains = _gains(scores)
    stable = stability[stability["kind"] == "seed"].groupby("n_topics")["excess"].mean()
    useful = gains[(gains["low"] > 0) & gains.index.isin(stable.index)]
    steady = stable[useful.index]
    if useful.empty or steady.max() < LEAST:
        return Choice(None, _why_none(gains, useful), "", ())
    best: Any = useful["value"].idxmax()
    near = useful.index[(useful["value"] >= NEAR * useful["value"][best]) | (useful["high"] >= useful["value"][best])]
    will_do = steady[near]
    will_do = will_do[(will_do >= will_do.max() - STEADY) & (will_do >= LEAST)]
    if will_do.empty:
        return Choice(None, _why_none(gains, useful.iloc[:0]), "", ())
    chosen = int(will_do.index[0])
    gain, share = useful["value"][best], min(1.0, useful["value"][chosen] / useful["value"][best])
    how, within = "about as well as", ""
    if share < NEAR:
        how, within = "not surely worse than", " and lies within this one's interval"
    foretells = (
        f"{chosen} is the smallest number of topics that foretells the words of held-out articles {how} any tried "
        f"({100 * share:.0f} % of the best gain over word frequencies, which is {gain:.2f} nats per word at {best}{within})"
    )
    if chosen == best:
        foretells = (
            f"{chosen} is the number of topics that foretells the words of held-out articles best of those tried "
            f"(gain over word frequencies {gain:.2f} nats per word; no smaller one does as well by the rule)"
        )
    why = (
        f"{foretells} and whose topics come back in other runs "
        f"(agreement {stable[chosen]:.2f}, where 0 is that of shuffled text and 1 the same topics)."
    )
    return Choice(chosen, why, _against(scores, stable, gains, chosen), tuple(int(k) for k in will_do.index))


def none_of_few(n_articles: int) -> Choice:
    """No count, where articles are too few for any to be counted."""
    are, them = (" is", "it") if n_articles == 1 else ("s are", "them")
    why = f"No number of topics is suggested: {n_articles} article{are} read, not counted; groups of paragraphs are a way into {them}."
    return Choice(None, why, "", ())


def foremost(counts: Sequence[int], choice: Mapping[str, Any]) -> int:
    """Of the topic counts asked for the one that is shown first: the suggested, else the first that would do as well, else the nearest to it.

    >>> foremost([5, 12], {"n_topics": 8, "range": [8, 10, 12]}), foremost([5, 30], {"n_topics": 8, "range": [8]}), foremost([5, 30], {"n_topics": None, "range": []})
    (12, 5, 5)
    """
    if choice["n_topics"] is None:
        return counts[0]
    return min(counts, key=lambda k: (k != choice["n_topics"], k not in choice["range"], abs(k - choice["n_topics"])))


def _gains(scores: pd.DataFrame) -> pd.DataFrame:
    """The mean gain of each count over its seeds, with a 95 % interval: that of one fit, since all foretell the same articles."""
    gains = scores[scores["measure"] == "gain"].dropna(subset="value")
    return gains.groupby("n_topics")[["value", "low", "high"]].mean()


def _why_none(gains: pd.DataFrame, useful: pd.DataFrame) -> str:
    if gains.empty:
        return "No number of topics is suggested: no articles were held out to test any on."
    if useful.empty:
        best: Any = gains.sort_values("value").iloc[-1]
        return (
            "No number of topics is suggested: none foretells the words of held-out articles surely better than word frequencies alone, "
            f"as with shuffled text (best gain {_told(best['value'], 3)} nats per word, 95 % interval {_told(best['low'], 3)} to {_told(best['high'], 3)})."
        )
    return "No number of topics is suggested: at none do topics come back in other runs more than on shuffled text."


def _against(scores: pd.DataFrame, stable: pd.Series, gains: pd.DataFrame, chosen: int) -> str:
    """What speaks against a count: the other measures that prefer another number, and what they say."""
    said = []
    coherent = scores[scores["measure"] == "c_npmi"].groupby("n_topics")["value"].mean()
    for name, values in (
        ("held-out words are foretold best", gains["value"]),
        ("topics come back most", stable),
        ("leading words are most coherent (c_npmi)", coherent),
    ):
        if len(values) and values.idxmax() != chosen:
            digits = 2 if _told(values.max()) != _told(values[chosen]) else 3
            best, own = _told(values.max(), digits), _told(values[chosen], digits)
            said.append(f"{name} at {values.idxmax()} topics ({best} against {own})")
    if chosen == gains.index.max():
        said.append(f"{chosen} is the largest number tried: more might foretell better")
    elif chosen == gains.index.min():
        said.append(f"{chosen} is the smallest number tried: fewer might do as well")
    told = "; ".join(said)
    none = "Neither held-out words, nor agreement between runs, nor coherence (c_npmi) prefers another number."
    return told[:1].upper() + told[1:] + "." if said else none


def _told(value: float, digits: int = 2) -> str:
    """A number for a sentence: with a minus sign, and none before zero.

    >>> _told(-0.004, 3), _told(-0.004)
    ('−0.004', '0.00')
    """
    return f"{value:z.{digits}f}".replace("-", "−")


def warm(engine: str = "gibbs", n_topics: int = 2) -> None:
    """Compile what a run by `engine` with about so many topics needs, or read what is kept: some 3 s the first time on a machine.

    Set-up does so for few and for many topics; a run does it for few, in a thread beside reading, in case the kept is old or elsewhere.
    """
    counts, engine = example_counts(), "gibbs" if engine == "gensim" else engine
    model = fit_seeds(counts, n_topics=n_topics, seeds=[1], sweeps=20, samples=1, engine=engine)[0]
    infer(counts.matrix, model.topic_term, model.alpha)
    count_windows(np.array([0, 1]), np.array([0, 2]), np.array([0, 1]))
