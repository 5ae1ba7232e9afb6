"""How topics split and merge as their number grows: topics of fits with different counts, set side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from topics.models.lda import TopicModel, article_shares
from topics.words.counts import Counts


def divergences(a: TopicModel, b: TopicModel) -> np.ndarray:
    """The Jensen-Shannon divergence of the words of every two topics, in nats: (a.n_topics, b.n_topics), from 0 to log 2."""
    from scipy.spatial.distance import cdist  # here, for it is slow to import

    apart = cdist(a.topic_term, b.topic_term, "jensenshannon")
    return np.nan_to_num(apart) ** 2  # nan, the root of just under 0, where two topics are all but the same


def align(a: TopicModel, b: TopicModel, counts: Counts) -> pd.DataFrame:
    """Which topics of `b` the text of each topic of `a` goes to: one row per pair of topics.

    `weight` is the share of all text that is carried from topic_a to topic_b where all of it is carried at the least cost, each topic
    holding as much as its share of the articles, and the cost between two topics being the Jensen-Shannon divergence of their words (transport
    alignment of Fukuyama, Sankaran & Symul 2023, R's alto); weights add up to 1. `from_a` is the part of topic_a's text that goes to
    topic_b, `of_b` the part of topic_b's text that comes from topic_a. A fit set beside itself keeps every topic whole, which the same authors'
    product of the articles' shares does not: there topics that stand in the same articles seem to divide and join.
    """
    from scipy.optimize import linprog

    cost = divergences(a, b)
    shares = [article_shares(model, counts).mean(axis=0) for model in (a, b)]
    held = sp.vstack([
        sp.kron(sp.identity(a.n_topics), np.ones((1, b.n_topics))),
        sp.kron(np.ones((1, a.n_topics)), sp.identity(b.n_topics)),
    ])  # fmt: skip
    sums = np.concatenate([share / share.sum() for share in shares])
    weight = linprog(cost.ravel(), A_eq=held.tocsr(), b_eq=sums, method="highs").x.reshape(cost.shape)
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


def relations(alignment: pd.DataFrame) -> pd.DataFrame:
    """The pairs of topics between which text flows, each with its `relation`: kept, split, merged or mixed.

    Text flows where a quarter of topic_a's text or more goes to topic_b, or a quarter of topic_b's comes from topic_a. A topic of whose text a quarter
    or more goes each of two ways is split; one that two or more fill to a quarter each is merged; both at once is mixed.
    """
    table = alignment[(alignment["from_a"] >= FLOW) | (alignment["of_b"] >= FLOW)].reset_index(drop=True)
    sources, targets = ["n_topics_a", "topic_a", "n_topics_b"], ["n_topics_a", "n_topics_b", "topic_b"]
    goes, fills = table["from_a"] >= FLOW, table["of_b"] >= FLOW
    ways_out = goes.groupby([table[column] for column in sources]).transform("sum") > 1
    ways_in = fills & (fills.groupby([table[column] for column in targets]).transform("sum") > 1)
    return table.assign(
        relation=np.select([ways_out & ways_in, ways_out, ways_in], ["mixed", "split", "merged"], "kept")
    )
