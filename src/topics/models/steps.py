"""What the steps of a report make of this room's functions: the grid compared, the topics of one count described and read.

`words` is of `words.counts.prepare`. Each step gives tables and plain values by name, which the store keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from topics.models import alignment, labels, lda, reading, scores, stability
from topics.models.lda import TopicModel
from topics.tables import conform
from topics.words.counts import in_order

LISTED = 200  # terms of a topic that are kept

# --- the grid ---------------------------------------------------------------------------------------------------------


def compare(
    whole: Mapping[int, Sequence[TopicModel]],
    shuffled: Mapping[int, Sequence[TopicModel]],
    foretold: Mapping[tuple[int, int], scores.Completion],
    words: Mapping[str, Any],
    map: Callable[..., Iterable[Any]] = map,
) -> dict[str, Any]:
    """The fits of a grid together: `scores` (with `text`: whole or shuffled), `stability`, `convergence`, and `shown`.

    `whole` and `shuffled` are the fits of each topic count, `foretold` what fits of a count and seed say of held-out articles.
    `shown` has the seed of each count's representative run, which `stability` is of.
    """
    windows = windows_of([model for fits in (whole, shuffled) for each in fits.values() for model in each], words)
    texts, models = zip(*((text, model) for k in whole for text, fits in (("whole", whole), ("shuffled", shuffled)) for model in fits[k]), strict=True)  # fmt: skip
    rows = map(partial(_scored, windows=windows, foretold=foretold), texts, models)
    table = pd.concat(rows, ignore_index=True)
    shown, steady = zip(*map(_steady, whole.values(), [shuffled[k] for k in whole]), strict=True)
    return {
        "scores": table,
        "stability": pd.concat(steady, ignore_index=True),
        "convergence": pd.concat([stability.convergence(fits) for fits in whole.values()], ignore_index=True),
        "shown": dict(zip(whole, shown, strict=True)),
    }


def _steady(whole: Sequence[TopicModel], shuffled: Sequence[TopicModel]) -> tuple[int, pd.DataFrame]:
    """The seed of the representative of the fits of one count, and how its topics come back in the others."""
    first = whole[stability.representative(whole)]
    others = [model for model in whole if model is not first]
    return first.seed, stability.stability(first, others, stability.reference(shuffled))


def _scored(
    text: str, model: TopicModel, windows: scores.Windows, foretold: Mapping[tuple[int, int], scores.Completion]
) -> pd.DataFrame:
    """The scores of a fit; those of held-out articles too, where a fit of its count and seed has foretold them."""
    completion = foretold.get((model.n_topics, model.seed)) if text == "whole" else None
    return scores.scores(model, windows, completion).assign(text=text)


def windows_of(models: Iterable[TopicModel], words: Mapping[str, Any]) -> scores.Windows:
    """Where the leading terms of all fits stand together: one pass over the articles."""
    leading = np.unique(np.concatenate([lda.top_terms(model, scores.TOP).ravel() for model in models]))
    return scores.count_windows(*in_order(words), leading)


# --- the topics of one count --------------------------------------------------------------------------------------------


class Reported(NamedTuple):
    """The fit that is reported, its topics merged as the labels say; the labels that apply; and what became of the topics of before."""

    model: TopicModel
    labels: pd.DataFrame  # of `labels.find_topics`
    number: np.ndarray  # for each topic of the fit its number in `model`
    codes: np.ndarray  # for each topic of the fit which others are one with it
    fitted: TopicModel  # before any merge

    def like(self, other: TopicModel, floor: float) -> TopicModel:
        """Another fit with the topics merged that pair with the merged ones."""
        pairs = stability.match(stability.similarity(self.fitted, other), floor)
        codes = labels.joined_like(self.codes, pairs, other.n_topics)
        return labels.merge_topics(other, codes, other.doc_topic.mean(axis=0))[0]

    def listed(self, words: Mapping[str, Any], hidden: set[str], intervals: bool = True) -> pd.DataFrame:
        """TOPICS, labelled by hand where a label is of them; terms that are `hidden` stand in no list; `intervals` as in `lda.topics`."""
        table = lda.topics(self.model, words["counts"], hidden, intervals)
        parts = lda.distinctive_labels(self.fitted, hidden)
        return labels.label_topics(table, self.labels, self.number, parts).assign(n_topics=self.fitted.n_topics)


def reported(fitted: TopicModel, written: list[labels.Label], words: Mapping[str, Any]) -> Reported:
    """A fit with its topics merged as the labels that people have written say."""
    found = labels.find_topics(written, fitted)
    codes = labels.joined(found, fitted.n_topics)
    share = lda.article_shares(fitted, words["counts"]).mean(axis=0)
    model, number = labels.merge_topics(fitted, codes, share)
    return Reported(model, found, number, codes, fitted)


def splits(shown: Mapping[int, Reported], words: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    """How topics divide and join over the grid: `topics` of every count, labelled and merged, without intervals, and `alignment`, each count with the next."""
    flows = [
        alignment.align(shown[a].model, shown[b].model, words["counts"]).assign(n_topics_a=a, n_topics_b=b)
        for a, b in pairwise(sorted(shown))
    ]
    return {
        "topics": pd.concat(
            [each.listed(words, hidden, intervals=False) for each in shown.values()], ignore_index=True
        ),
        "alignment": pd.concat(flows, ignore_index=True) if flows else pd.DataFrame(),
    }


def describe(
    runs: Sequence[TopicModel],
    shuffled: Sequence[TopicModel],
    resampled: Sequence[TopicModel],
    written: list[labels.Label],
    words: Mapping[str, Any],
    hidden: set[str],
) -> dict[str, Any]:
    """The topics of one count: `topics, topic_terms, doc_topics, matches, stability, labels, groups, seed, floor`.

    `runs` are the fits to the whole text, `shuffled` those to shuffled text, `resampled` those to part of the articles.
    """
    counts = words["counts"]
    base = stability.reference(shuffled)
    first = runs[stability.representative(runs)]
    kept = reported(first, written, words)
    shown, n_topics = kept.model, first.n_topics
    others = [kept.like(model, base.floor) for model in runs if model is not first]
    parts = [kept.like(model, base.floor) for model in resampled]
    steady = stability.stability(shown, others, base)
    table = kept.listed(words, hidden)
    table["stability"] = table["topic"].map(steady.groupby("topic")["excess"].mean())
    table["coherence"] = scores.coherence(lda.top_terms(shown, scores.TOP), windows_of([shown], words), "c_npmi")
    table["exclusivity"] = scores.exclusivity(shown)
    terms = lda.topic_terms(shown, LISTED)
    every = [steady, stability.stability(shown, parts, base, kind="articles")]
    return {
        "topics": conform(table, "topics"),
        "topic_terms": terms[~terms["term"].isin(hidden)].reset_index(drop=True).assign(n_topics=n_topics),
        "doc_topics": lda.doc_topics(shown, counts).assign(n_topics=n_topics),
        "matches": stability.matches(steady, first.seed).assign(n_topics_a=n_topics, n_topics_b=n_topics),
        "stability": pd.concat(every, ignore_index=True).assign(n_topics=n_topics),
        "labels": kept.labels,
        "groups": labels.group_shares(table, shown, counts),
        "seed": first.seed,
        "floor": base.floor,
    }


def read(
    shown: TopicModel,
    others: Mapping[tuple[str, int, int], TopicModel],
    described: Mapping[str, Any],
    words: Mapping[str, Any],
    articles: pd.DataFrame,
) -> dict[str, Any]:
    """What is read of the topics of one count: `articles` (typical and random, with the passage that carries the topic), `counterparts`,
    `positions`, `map_terms`, `correlations`, `doubts` and `seed_shares`.

    `others` are fits of other seeds and counts, as `reading.counterparts` takes them; `described` is of `describe`.
    """
    counts = words["counts"]
    found = reading.counterparts(shown, described["topics"]["label"].tolist(), others)
    texts = dict(zip(articles["doc_id"], articles["text"], strict=True))
    sources = dict(zip(articles["doc_id"], articles["source"], strict=True))
    doubts = reading.doubts(shown, counts, found[found["kind"] == "same"], sources)
    runs = {seed: model for (kind, _, seed), model in others.items() if kind == "seed"}
    return {
        "articles": reading.passages(shown, counts, words, texts, reading.choose_articles(shown, counts)),
        "counterparts": found,
        "positions": reading.positions(shown),
        "map_terms": reading.map_terms(shown),
        "correlations": reading.correlations(shown, counts),
        "doubts": {str(topic): lines for topic, lines in doubts.items()},
        "seed_shares": reading.seed_shares(described["matches"], runs, counts),
    }


def read_few(shown: TopicModel, words: Mapping[str, Any]) -> dict[str, Any]:
    """What is read where articles are few: `groups` of paragraphs and what is `said` of them."""
    groups = reading.reading_groups(shown, words["counts"], words)
    return {"groups": groups, "said": reading.say_groups(groups)}
