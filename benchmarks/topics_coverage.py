"""Do planted topics come out as planted, and does the front page claim none on shuffled words?

    python benchmarks/topics_coverage.py [true] [fits] [shuffled] [--runs N] [--first SEED] [--articles N]

`true`, `fits`: corpora of known topics, shares and words over months. The mean share of a topic in an article of a month follows a planted path;
days and outlets (four) move it about that path, an article's shares are Dirichlet about those of its day, its words drawn from them. Counted is how often
the interval of a month holds the truth: for (a) *these articles, given these topics* the articles' own shares, for (b) *articles like these* the
path itself. `true` knows the topics (a chain of its own with the topics held), `fits` makes real fits at the planted number of topics and at two
fewer and two more. Fits are read twice: each topic beside its one-to-one pair; and topics that the fit split or joined beside their sum, with joint draws as
`labels.yml` merges them. Every rate stands with its Monte Carlo standard error, over corpora.

`shuffled`: the words of the sample's articles are dealt out at random, each article keeping its length, and go the whole way as articles. Where no
count foretells held-out words, none can be suggested and no topic is claimed; else the front page is made and its findings read.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numba import njit
from record import record
from scipy.sparse.csgraph import connected_components

from topics import pipeline
from topics.models import labels, lda, stability
from topics.settings import project_folder
from topics.trends import periods, prevalence
from topics.words.counts import Counts

OUTLETS = np.array([0.4, 0.3, 0.2, 0.1])
N_TOPICS, MONTHS, PER_MONTH, LENGTH, N_TERMS = 6, 10, 50, 110, 500
PAIRED = 0.5  # similarity of a topic and a planted one, from which they are a pair


class World(NamedTuple):
    """A planted corpus: what was drawn, and the truths of both questions, (months, topics)."""

    counts: Counts
    articles: pd.DataFrame
    doc_topic: np.ndarray
    topic_term: np.ndarray
    here: np.ndarray  # (a): the mean of the articles' own shares
    path: np.ndarray  # (b): the mean that such articles have


def planted(seed: int, months: int = MONTHS, per_month: int = PER_MONTH, length: int = LENGTH) -> World:
    """Articles of a month and day in four outlets; topic 1 rises, topic 2 falls, the others stay."""
    rng = np.random.default_rng([seed, 31])
    topic_term = rng.dirichlet(np.full(N_TERMS, 0.05), N_TOPICS)
    tilt = np.zeros((months, N_TOPICS))
    tilt[:, 0], tilt[:, 1] = np.linspace(-0.7, 0.7, months), np.linspace(0.7, -0.7, months)
    mean = np.exp(tilt + rng.normal(0, 0.3, N_TOPICS))
    mean /= mean.sum(axis=1, keepdims=True)
    own = rng.dirichlet(np.full(N_TOPICS, 3.0), len(OUTLETS))
    month = np.repeat(np.arange(months), rng.poisson(per_month, months))
    day, outlet = rng.integers(1, 29, len(month)), rng.choice(len(OUTLETS), len(month), p=OUTLETS)
    of_day = {
        place: rng.dirichlet(60 * mean[place[0]])
        for place in sorted(set(zip(month.tolist(), day.tolist(), strict=True)))
    }
    centre = (
        0.8 * np.array([of_day[m, d] for m, d in zip(month.tolist(), day.tolist(), strict=True)]) + 0.2 * own[outlet]
    )
    gamma = rng.standard_gamma(2 * centre)
    doc_topic = gamma / gamma.sum(axis=1, keepdims=True)
    n_words = np.clip(rng.lognormal(np.log(length), 0.4, len(month)), 20, None).astype(int)
    matrix = sp.csr_matrix(rng.multinomial(n_words, doc_topic @ topic_term).astype(np.int32))
    names = np.array([f"d{i:05d}" for i in range(len(month))])
    dates = [f"2019-{m + 1:02d}-{d:02d}" for m, d in zip(month, day, strict=True)]
    articles = pd.DataFrame(
        {"doc_id": names, "date": dates, "date_precision": "day", "source": outlet.astype(str), "n_words": n_words}
    )
    expected = 0.8 * mean[month] + 0.2 * own[outlet]
    by_month = sp.csr_matrix((1 / np.bincount(month)[month], (month, np.arange(len(month)))))
    terms = np.array([f"t{i:04d}" for i in range(N_TERMS)])
    counts = Counts(names, terms, matrix, np.arange(len(names), dtype=np.int32))
    return World(counts, articles, doc_topic, topic_term, by_month @ doc_topic, by_month @ expected)


# --- the planted topics, held -----------------------------------------------------------------------------------------


@njit(cache=False)
def _sweep(
    topic: np.ndarray,
    term: np.ndarray,
    start: np.ndarray,
    n: np.ndarray,
    p: np.ndarray,
    alpha: np.ndarray,
    u: np.ndarray,
) -> None:
    """Draw the topic of every token given all others of its article, the topics' terms held."""
    weight = np.empty(len(alpha))
    for doc in range(len(start) - 1):
        for i in range(start[doc], start[doc + 1]):
            n[doc, topic[i]] -= 1
            total = 0.0
            for k in range(len(alpha)):
                total += (n[doc, k] + alpha[k]) * p[term[i], k]
                weight[k] = total
            k = 0
            while weight[k] < u[i] * total:
                k += 1
            topic[i] = k
            n[doc, k] += 1


def held(world: World, seed: int, burn_in: int = 60, samples: int = 20, spacing: int = 4) -> lda.TopicModel:
    """The posterior of the articles' shares given the planted topics, as a model with draws; the prior is the one that the shares were drawn about."""
    matrix = world.counts.matrix
    rng = np.random.default_rng([seed, 32])
    term = np.repeat(matrix.indices, matrix.data)
    start = np.concatenate([[0], np.cumsum(np.asarray(matrix.sum(axis=1)).ravel())]).astype(np.int64)
    alpha, p = 2 * world.path.mean(axis=0), np.ascontiguousarray(world.topic_term.T)
    topic = rng.integers(0, N_TOPICS, len(term))
    n = np.zeros((matrix.shape[0], N_TOPICS), np.int64)
    np.add.at(n, (np.repeat(np.arange(matrix.shape[0]), np.diff(start)), topic), 1)
    states = []
    for i in range(burn_in + samples * spacing):
        _sweep(topic, term, start, n, p, alpha, rng.random(len(term)))
        if i >= burn_in and (i - burn_in) % spacing == spacing - 1:
            states.append(n.astype(np.uint16))
    draws = np.stack(states)
    doc_topic = (draws.mean(axis=0) + alpha) / (np.diff(start)[:, None] + alpha.sum())
    return replace(_truth(world), doc_topic=doc_topic, alpha=alpha, draws_doc=draws, seed=seed)


def _truth(world: World) -> lda.TopicModel:
    """What was planted, as a model without draws."""
    none = sp.csr_matrix((0, N_TERMS), dtype=np.int32)
    n = np.asarray(world.counts.matrix.sum(axis=0), float).ravel()
    return lda.TopicModel(
        doc_topic=world.doc_topic, topic_term=world.topic_term, doc_ids=world.counts.doc_ids, terms=world.counts.terms,
        alpha=np.ones(N_TOPICS), beta=0.05, seed=0, draws_doc=np.zeros((0, *world.doc_topic.shape), np.uint16), draws_term=none,
        trace=np.zeros((0, 2)), term_n=n, topic_n=np.ones(N_TOPICS),
    )  # fmt: skip


# --- coverage ---------------------------------------------------------------------------------------------------------


def series_of(world: World, model: lda.TopicModel, seed: int) -> pd.DataFrame:
    """SERIES of a fit's topics by month, as the pipeline makes them."""
    placed = periods.place(world.articles, "month")
    codes, blocks = prevalence.topic_blocks(placed)
    draws, shares = lda.share_draws(model, world.counts, codes), lda.article_shares(model, world.counts)
    return prevalence.topic_series(draws, blocks, shares, placed, periods.calendar(placed, "month"), "month", seed=seed)


def covered(series: pd.DataFrame, adds: np.ndarray, world: World) -> dict[str, float]:
    """The part of the intervals that hold the truth; `adds` (planted, topics) says which planted topics a topic is the sum of; a topic of none is passed over."""
    found = {}
    for letter, method, truth in (("a", prevalence.GIVEN_TOPICS, world.here), ("b", prevalence.LIKE_THESE, world.path)):
        rows = series[series["method"] == method]
        low, high = (rows.pivot(index="period", columns="name", values=end).to_numpy() for end in ("low", "high"))
        order = np.argsort([int(name) for name in sorted(rows["name"].unique())])
        low, high, true = low[:, order], high[:, order], truth @ adds
        known = np.isfinite(low) & (adds.sum(axis=0) > 0)
        found[letter] = float(((low <= true) & (true <= high))[known].mean())
    return found


def one_to_one(world: World, model: lda.TopicModel) -> np.ndarray:
    """(planted, topics): 1 where the two are a pair."""
    pairs = stability.match(stability.similarity(_truth(world), model), PAIRED)
    adds = np.zeros((N_TOPICS, model.n_topics))
    adds[np.flatnonzero(pairs >= 0), pairs[pairs >= 0]] = 1
    return adds


def summed(world: World, model: lda.TopicModel) -> tuple[lda.TopicModel, np.ndarray]:
    """The fit with topics that share a planted one merged, and which planted topics each is the sum of."""
    flow = world.doc_topic.T @ model.doc_topic
    edges = np.zeros_like(flow)
    edges[flow.argmax(axis=0), np.arange(model.n_topics)] = 1
    edges[np.arange(N_TOPICS), flow.argmax(axis=1)] = 1
    whole = sp.bmat([[None, edges], [edges.T, None]])
    code = connected_components(whole, directed=False)[1]
    merged, number = labels.merge_topics(model, code[N_TOPICS:], model.doc_topic.mean(axis=0))
    adds = np.zeros((N_TOPICS, merged.n_topics))
    for topic, its in zip(number.tolist(), code[N_TOPICS:].tolist(), strict=True):
        adds[code[:N_TOPICS] == its, topic - 1] = 1
    return merged, adds


def readings(seed: int, what: str, **size: int) -> Iterator[tuple[str, dict[str, float], float]]:
    """Case, coverage of both questions, and how many pairs or sums there are, for one corpus."""
    world = planted(seed, **size)
    if what == "true":
        yield "planted topics", covered(series_of(world, held(world, seed), seed), np.eye(N_TOPICS), world), N_TOPICS
        return
    for k in (N_TOPICS, N_TOPICS - 2, N_TOPICS + 2):
        model = lda.fit(world.counts, n_topics=k, seed=seed)
        adds = one_to_one(world, model)
        yield f"fit of {k}, one to one", covered(series_of(world, model, seed), adds, world), adds.sum()
        merged, adds = summed(world, model)
        yield (
            f"fit of {k}, splits and joins summed",
            covered(series_of(world, merged, seed), adds, world),
            merged.n_topics,
        )


def coverage(what: str, runs: int, first: int) -> None:
    rows = []
    for seed in range(first, first + runs):
        for case, found, n in readings(seed, what):
            rows += [(case, letter, rate, n) for letter, rate in found.items()]
            for letter, rate in found.items():
                record(
                    "topics_coverage",
                    f"{case}, {N_TOPICS} planted",
                    "topics",
                    "coverage",
                    rate,
                    "part of intervals",
                    seed,
                    question=letter,
                    topics=n,
                )
    table = pd.DataFrame(rows, columns=["case", "question", "rate", "n"])
    for (case, letter), part in table.groupby(["case", "question"], sort=False):
        error = part["rate"].std() / np.sqrt(len(part))
        print(
            f"({letter}) {case}: {part['rate'].mean():.3f} ± {error:.3f}  ({len(part)} corpora, {part['n'].mean():.1f} topics of {N_TOPICS} planted)",
            flush=True,
        )


# --- shuffled words -----------------------------------------------------------------------------------------------------


def dealt_out(articles: pd.DataFrame, seed: int, n: int | None = None) -> pd.DataFrame:
    """The articles (`n` of them, by chance) with all their words dealt out at random, each keeping its length."""
    rng = np.random.default_rng([seed, 33])
    articles = articles.iloc[np.sort(rng.permutation(len(articles))[:n])]
    words = [str(text).split() for text in articles["text"]]
    ends = np.cumsum([len(part) for part in words])
    whole = np.array([word for part in words for word in part], dtype=object)
    rng.shuffle(whole)
    texts = [" ".join(part) for part in np.split(whole, ends[:-1])]
    return articles[["source", "title", "date"]].assign(title=[f"Number {i}" for i in range(len(texts))], text=texts)


def topics_claimed(articles: pd.DataFrame, folder: Path) -> tuple[int, bool]:
    """How many findings on topics the front page has, and whether it had to be made to know."""
    from topics.models import scores, sweep

    file = folder / "articles.csv"
    articles.to_csv(file, index=False)
    settings = pipeline.settings(None, articles=file, cache=str(folder / "cache"), workers=2)
    held_out, rows = pipeline.held_out(settings)["test"], []
    for k in pipeline.grid(settings):
        for seed in settings.seeds[:3]:
            done = scores.complete(pipeline.fit(settings, sweep.Job("train", k, seed)), held_out)
            rows.append((k, seed, "gain", *done.gain))
    table = pd.DataFrame(rows, columns=["n_topics", "seed", "measure", "value", "low", "high"])
    if (
        sweep.choose(table, table.assign(kind="seed", excess=1.0)).n_topics is None
    ):  # none even if every topic came back
        return 0, False
    return len([finding for finding in front_page(settings)["findings"] if finding["kind"] == "topic"]), True


def front_page(settings: Any) -> dict[str, Any]:
    from topics.corpus.audit import Said
    from topics.report import index

    made = pipeline.everything(settings) | {"name": "shuffled"}
    return index.many_articles(made, [Said("a verdict")])


def shuffled(runs: int, first: int, n: int | None) -> None:
    sample = pipeline.corpus(pipeline.settings(None, articles=project_folder() / "data" / "sample"))["articles"]
    claims, made = [], 0
    for seed in range(first, first + runs):
        with tempfile.TemporaryDirectory() as folder:
            claimed, needed = topics_claimed(dealt_out(sample, seed, n), Path(folder))
        claims.append(claimed > 0)
        made += needed
        record(
            "topics_coverage",
            f"shuffled words, {n or len(sample)} articles",
            "topics",
            "corpora with a topic claimed",
            claimed > 0,
            "part of corpora",
            seed,
        )
    print(
        f"shuffled words of {n or len(sample)} articles: a topic claimed on {sum(claims)} of {runs} front pages ({made} had to be made to know)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "parts", nargs="*", choices=["true", "fits", "shuffled", []], help="which; all where none is named"
    )
    parser.add_argument("--runs", type=int, default=100, help="corpora")
    parser.add_argument("--first", type=int, default=0, help="seed of the first corpus")
    parser.add_argument(
        "--articles", type=int, default=None, help="of the sample's articles so many, for shuffled words"
    )
    options = parser.parse_args()
    for part in options.parts or ["true", "fits", "shuffled"]:
        began = time.process_time()
        if part == "shuffled":
            shuffled(options.runs, options.first, options.articles)
        else:
            coverage(part, options.runs, options.first)
        print(f"({part}: {time.process_time() - began:.0f} s of processor)\n", flush=True)


if __name__ == "__main__":
    main()
