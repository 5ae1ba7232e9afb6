"""How topics split and merge as their number grows: topics of fits with different counts, set side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from topics.models.lda import TopicModel


def align(a: TopicModel, b: TopicModel) -> pd.DataFrame:
    """How the text of each topic of `a` is shared out among the topics of `b`: one row per pair of topics.

    `weight` is the share of all units' text that has topic_a in the one fit and topic_b in the other (the product alignment of
    Fukuyama, Sankaran & Symul 2023, R's alto); weights add up to 1. `from_a` is the part of topic_a's text that goes to topic_b,
    `of_b` the part of topic_b's text that comes from topic_a.
    """
    weight = a.doc_topic.T @ b.doc_topic / len(a.doc_topic)
    rows, columns = np.indices(weight.shape)
    table = {
        "n_topics_a": a.n_topics,
        "topic_a": rows.ravel() + 1,
        "n_topics_b": b.n_topics,
        "topic_b": columns.ravel() + 1,
        "weight": weight.ravel(),
        "from_a": (weight / weight.sum(axis=1, keepdims=True)).ravel(),
        "of_b": (weight / weight.sum(axis=0, keepdims=True)).ravel(),
    }
    return pd.DataFrame(table)


FLOW = 0.25  # of a topic's text, from which it counts as going to, or coming from, another topic


def relations(alignment: pd.DataFrame, flow: float = FLOW) -> pd.DataFrame:
    """The pairs of topics between which text flows, each with its `relation`: kept, split, merged or mixed.

    Text flows where a quarter of topic_a's text or more goes to topic_b, or a quarter of topic_b's comes from topic_a. A topic that flows two ways
    or more is split; one that two or more flow into is merged; both at once is mixed.
    """
    table = alignment[(alignment["from_a"] >= flow) | (alignment["of_b"] >= flow)].reset_index(drop=True)
    sources, targets = ["n_topics_a", "topic_a", "n_topics_b"], ["n_topics_a", "n_topics_b", "topic_b"]
    ways_out = table.groupby(sources)["topic_b"].transform("size") > 1
    ways_in = table.groupby(targets)["topic_a"].transform("size") > 1
    return table.assign(
        relation=np.select([ways_out & ways_in, ways_out, ways_in], ["mixed", "split", "merged"], "kept")
    )


def align_all(models: Sequence[TopicModel]) -> pd.DataFrame:
    """`align` of each fit with the next larger one, smallest count first."""
    ordered = sorted(models, key=lambda model: model.n_topics)
    return pd.concat([align(a, b) for a, b in pairwise(ordered)], ignore_index=True)
