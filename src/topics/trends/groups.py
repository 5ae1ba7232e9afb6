"""Shares of topics in groups of articles: by outlet, section, or any other column of what is known of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from topics import tables
from topics.trends.prevalence import TOPIC_SHARE
from topics.trends.statistics import FEWEST_BLOCKS, LEVEL, block_weights

LEAST = 10  # articles of a group that is compared
MOST = 12  # groups of a column, the largest; a column of more is cut, one that is nearly all different is no grouping
RESAMPLES = 999


def columns_to_compare(articles: pd.DataFrame) -> list[str]:
    """The columns that part the articles into groups: `source` and what the articles brought along beyond the columns of ARTICLES.

    Two groups of ten articles at the least, and fewer different values than a fifth of the articles.

    >>> table = pd.DataFrame({"source": ["x", "y"] * 10, "section": [str(i) for i in range(20)]})
    >>> columns_to_compare(table)
    ['source']
    """
    own = [column for column in articles.columns if column not in tables.ARTICLES]
    found = []
    for column in ["source", *own]:
        size = _groups(articles[column]).value_counts()
        size = size.drop("", errors="ignore")
        if (size >= LEAST).sum() >= 2 and len(size) <= len(articles) / 5:
            found.append(column)
    return found


def _groups(values: pd.Series) -> pd.Series:
    return values.astype("str").where(values.notna(), "").str.strip().reset_index(drop=True)


def group_blocks(values: pd.Series, placed: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """The block (group, source and day) of each article, and one row a block: `group, source, n_docs`.

    `values` and `placed` stand in the order of the articles by doc_id. The codes are what `models.lda.share_draws` takes as groups.
    """
    groups = pd.DataFrame({"group": _groups(values), "source": placed["source"], "day": placed["day"]}).groupby(
        ["group", "source", "day"], sort=True
    )
    blocks = groups.size().rename("n_docs").reset_index()
    return groups.ngroup().to_numpy(), blocks.drop(columns="day")


def group_shares(
    draws: np.ndarray, blocks: pd.DataFrame, doc_topic: np.ndarray, codes: np.ndarray, *, seed: int = 0
) -> pd.DataFrame:
    """The mean share of each topic in each group and its difference from all other articles: one row per group and topic.

    draws: (n_draws, n_blocks, n_topics) posterior draws of the blocks' mean shares; blocks, codes: of `group_blocks`; doc_topic:
    (n_docs, n_topics) in the order of `codes`. Two questions, apart: `low, high` (a) these articles, given these topics; `low_b, high_b` and
    the interval of the difference, `difference_low, difference_high`, (b) articles like these: days are also resampled within sources
    (Rao & Wu 1988). (b) is missing for a group of fewer than eight days. Groups of fewer than ten articles have no row.
    """
    size = blocks["n_docs"].to_numpy(dtype=float)
    group = blocks["group"].to_numpy(dtype=object)
    n_docs = (
        blocks.groupby("group")["n_docs"].sum().drop("", errors="ignore").sort_values(ascending=False, kind="stable")
    )
    rng = np.random.default_rng([seed, 8])
    stratum = pd.factorize(pd.MultiIndex.from_frame(blocks[["group", "source"]]))[0].astype("int64")
    weight = block_weights(stratum, RESAMPLES, rng) * size
    tail = (1 - LEVEL) / 2
    rows = []
    for name in n_docs[n_docs >= LEAST].index[:MOST]:
        inside = group == name
        here = inside[codes]
        share, rest = doc_topic[here].mean(axis=0), doc_topic[~here].mean(axis=0)
        table = {
            "group": name,
            "n_docs": int(n_docs[name]),
            "topic": np.arange(1, doc_topic.shape[1] + 1),
            "share": share,
            "difference": share - rest,
        }
        for column in ("low", "high", "low_b", "high_b", "difference_low", "difference_high"):
            table[column] = np.nan
        if len(draws):
            given = np.einsum("dbk,b->dk", draws[:, inside], size[inside]) / size[inside].sum()
            table["low"], table["high"] = np.quantile(given, [tail, 1 - tail], axis=0)
            if inside.sum() >= FEWEST_BLOCKS and (~inside).sum() >= FEWEST_BLOCKS:
                drawn = _resampled(draws, weight, inside)
                apart = drawn - _resampled(draws, weight, ~inside)
                table["low_b"], table["high_b"] = np.quantile(drawn, [tail, 1 - tail], axis=0)
                table["difference_low"], table["difference_high"] = np.quantile(apart, [tail, 1 - tail], axis=0)
        rows.append(pd.DataFrame(table))
    return pd.concat(rows, ignore_index=True).assign(level=LEVEL, unit=TOPIC_SHARE)


def _resampled(draws: np.ndarray, weight: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Each resample's mean share of each topic over the blocks inside, each resample with a draw of its own: (n_resamples, n_topics)."""
    mine = weight[:, inside]
    means = np.empty((len(weight), draws.shape[2]))
    for i in range(min(len(draws), len(weight))):
        rows = np.arange(i, len(weight), len(draws))
        means[rows] = mine[rows] @ draws[i, inside] / mine[rows].sum(axis=1, keepdims=True)
    return means
