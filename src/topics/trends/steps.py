"""What the steps of a report make of this room's functions: names followed, groups of articles compared, companions, topics over time.

`words` is of `words.counts.prepare`, `articles` are sorted by doc_id, and `placed` says where each of them stands in time. Each step
gives tables and plain values by name, which the store keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from topics.models import lda, reading
from topics.models.lda import TopicModel
from topics.tables import conform, empty
from topics.trends import bursts, contexts, groups, keyness, keywords, periods, prevalence
from topics.words.counts import by_article, placed_terms

SURE = 0.05  # false discovery rate of what is said to mark a group
MARKING = 30  # terms of a group, at most, whose places in the articles are kept
COMPANIONS = 8  # companions of a name, at most, whose sentences are kept
OUTLETS = 5  # outlets compared with the others, the largest

# `placed`, the periods (`periods.calendar`), their length, and why it was chosen
Time = tuple[pd.DataFrame, pd.DataFrame, str, str]

# --- names ------------------------------------------------------------------------------------------------------------


def followed(words: Mapping[str, Any], asked: Iterable[str]) -> pd.DataFrame:
    """The names that are followed over time, each thing once: every concept that stands in an article, and the keywords `asked` for: `name, kind`."""
    names, asked = words["names"], list(asked)
    concepts = sorted(set(names.loc[names["kind"] == "concept", "name"]))
    once = set(contexts.meant(words, [*concepts, *asked]).values()).difference(concepts)
    heard = [name for name in asked if name in once and contexts.mentions(words, name).any()]
    kinds = ["concept"] * len(concepts) + ["keyword"] * len(heard)
    return pd.DataFrame({"name": [*concepts, *heard], "kind": kinds})


def follow(
    words: Mapping[str, Any],
    articles: pd.DataFrame,
    time: Time,
    asked: Sequence[str],
    concepts: pd.DataFrame | None,
    said: Mapping[str, Any],
    totals: pd.DataFrame | None,
    few: bool,
) -> dict[str, Any]:
    """Concepts and keywords over time: `names, unheard` (keywords not counted in full), `mentions` (articles by names), `placed, periods, length, why`,
    `series, trends, findings, bursts, contexts`, and `denominator` (out of how many articles a share is taken). Where articles are `few`, no series.

    `asked` are the keywords asked for, `concepts` the rows of their file, `said` what the user says of the collection, `totals` how many articles
    each outlet published.
    """
    placed, calendar, length, why = time
    names = followed(words, asked)
    columns = [contexts.mentions(words, name) for name in names["name"]]
    mentions = sparse.csr_matrix(np.column_stack(columns) if columns else np.zeros((len(placed), 0)), dtype=np.int64)
    total, denominator = periods.denominators(calendar, placed, totals)
    same = contexts.meant(words, [*names["name"], *asked])
    twice = [
        f"The keyword “{name}” is the same as “{first}” and followed under that name."
        for name, first in same.items()
        if name != first
    ]
    made: dict[str, Any] = {
        "names": names,
        "unheard": [told for name in asked if (told := contexts.unheard(words, name))] + twice,
        "mentions": mentions,
        "placed": placed,
        "periods": calendar,
        "length": length,
        "why": why,
        "denominator": denominator,
        "series": empty("series"),
        "trends": empty("trends"),
        "findings": pd.DataFrame(columns=["kind", "name", "verdict", "sentence"]),
        "bursts": empty("bursts"),
        "contexts": _contexts(words, articles, names["name"]),
    }
    if few or calendar.empty or names.empty:
        return made
    over_time = placed, calendar, length, mentions, names["name"].tolist(), names["kind"].tolist()
    written = {} if concepts is None else concepts.groupby("name")["pattern"].agg(list).to_dict()
    ways = {name: written.get(name, [name]) for name in names["name"]}
    for term, name in contexts.meant(words, [*ways, *said.get("terms", [])]).items():
        if name in ways:  # robots, where robot is followed
            ways[name].append(term)
    withheld = {} if total is not None else keywords.searched_for(ways, said)
    series = keywords.keyword_series(*over_time, totals=total)
    moves = keywords.keyword_trends(*over_time, withheld=withheld, totals=total, seasons=said.get("seasons"))
    alike = {str(name): float(r) for name, r in zip(moves["name"], moves["correlation"], strict=True) if r == r}
    counted = series
    if total is not None:
        counted, calendar = series[series["source"] == ""], calendar.assign(n_docs=total.sum(axis=1).to_numpy())
    return made | {
        "series": series,
        "trends": moves,
        "findings": keywords.findings(moves),
        "bursts": bursts.bursts(counted[~counted["name"].isin(withheld)], calendar, alike),
    }


def _contexts(words: Mapping[str, Any], articles: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    found = [contexts.contexts(words, articles, str(name)) for name in names]
    return pd.concat(found, ignore_index=True) if found else empty("contexts")


# --- groups of articles -------------------------------------------------------------------------------------------------


def compare_groups(words: Mapping[str, Any], articles: pd.DataFrame, placed: pd.DataFrame, few: bool) -> dict[str, Any]:
    """What marks groups of articles out of the whole vocabulary: `keyness`, `dropped`, `groups` (what was compared), `sides` (whose articles), `contexts`.

    Compared are the earlier and the later half of the dated articles, and each of the five largest outlets with the others; where articles are
    `few`, none.
    """
    counts, dates = words["counts"], articles["date"]
    found, missing = [empty("keyness")], [empty("dropped")]
    compared: list[dict[str, Any]] = []
    sides: list[pd.DataFrame] = []
    for group, names, held in [] if few else _pairs(placed, dates):
        block, length = keyness.time_blocks(placed, dates, group)
        source = placed["source"].to_numpy() if held else None
        table, left_out = keyness.keyness(by_article(counts), counts.terms, group, block, names, source=source)
        table = table.merge(words["terms"][["term", "kind"]], on="term", how="left") if len(table) else table
        n, n_against = (int((group == side).sum()) for side in (0, 1))
        side = np.select([group == 0, group == 1], names, "")
        sides.append(pd.DataFrame({"pair": len(compared), "doc_id": placed["doc_id"], "side": side}))
        facts = {"group": names[0], "against": names[1], "blocks": length, "held": held, "tested": len(table)}
        compared.append(facts | {"n": n, "n_against": n_against})
        found.append(table)
        rare = left_out.groupby(["stage", "what", "reason"], sort=False).size().rename("n").reset_index()
        missing.append(rare.assign(id=f"{names[0]} against {names[1]}"))
    table = pd.concat(found, ignore_index=True)
    shown = table[table["q"] < SURE].groupby(["group", "against"], sort=False).head(MARKING)
    return {
        "keyness": table,
        "dropped": conform(pd.concat(missing, ignore_index=True), "dropped"),
        "groups": compared,
        "sides": pd.concat(sides, ignore_index=True) if sides else pd.DataFrame(columns=["pair", "doc_id", "side"]),
        "contexts": _contexts(words, articles, shown["term"].unique()),
    }


def _pairs(placed: pd.DataFrame, dates: pd.Series) -> Iterator[tuple[np.ndarray, tuple[str, str], bool]]:
    """Which articles are compared with which: 0, 1 or -1 (neither) for each, the names of both groups, whether outlets are held constant."""
    half = keyness.halves(placed, dates)
    if (half == 1).any():
        yield half, (f"up to {dates[half == 0].max()}", f"from {dates[half == 1].min()}"), True
    source = placed["source"].to_numpy()
    known = placed.loc[placed["source"] != periods.UNKNOWN, "source"].value_counts()
    for outlet in known.index[:OUTLETS] if len(known) > 1 else []:
        others = np.where(source == periods.UNKNOWN, -1, 1)  # which may be the same outlet
        yield np.where(source == outlet, 0, others), (outlet, "the other outlets"), False


def companions(
    words: Mapping[str, Any], articles: pd.DataFrame, placed: pd.DataFrame, asked: Sequence[str], few: bool
) -> dict[str, Any]:
    """Which terms stand in the sentences of each name that is followed: `companions` (KEYNESS with `name`), and `together`, where they do.

    A row of `together` is a place of a companion: `name, term, doc_id, start, end`. Where articles are `few`, none.
    """
    found = [empty("keyness").assign(name=[]).astype({"name": "str"})]
    together = [pd.DataFrame(columns=["name", "term", "doc_id", "start", "end"])]
    if few:
        return {"companions": found[0], "together": together[0]}
    spans, terms = placed_terms(words)
    sentences, of = keyness.sentence_terms(spans, len(terms))
    half = keyness.halves(placed, articles["date"])
    halves: dict[str, Any] = {}
    if (half == 1).any():
        halves = {"half": half, "block": keyness.time_blocks(placed, articles["date"], half)[0]}
    for name in followed(words, asked)["name"]:
        column = int(np.searchsorted(terms, name))
        if column == len(terms) or terms[column] != name:
            continue  # a keyword that is no word, phrase or concept of the vocabulary: it is looked up in the text alone
        table = keyness.companions(sentences, of, terms.tolist(), column, **halves)
        table = table[table["q"] < SURE].assign(name=name) if len(table) else found[0]
        found.append(table)
        beside = table[table["group"] == f"sentences with {name}"]["term"].head(COMPANIONS)
        places = np.searchsorted(terms, beside.to_numpy(dtype=str))
        together.append(contexts.together(spans, column, places, terms, words["doc_ids"]))
    return {"companions": pd.concat(found, ignore_index=True), "together": pd.concat(together, ignore_index=True)}


# --- topics -------------------------------------------------------------------------------------------------------------


def topics_over_time(
    shown: TopicModel,
    others: Mapping[int, TopicModel],
    described: Mapping[str, Any],
    words: Mapping[str, Any],
    articles: pd.DataFrame,
    time: Time,
    tested: int,
    seasons: Any = None,
) -> dict[str, Any]:
    """The topics of one count over time and between groups: `series, trends, groups` and `length, why` of the periods.

    `described` is of `models.steps.describe`, `others` are the fits of the other seeds; `tested` is the one count whose trends are tested.
    """
    counts, n_topics = words["counts"], int(described["topics"]["n_topics"].iloc[0])
    placed, calendar, length, why = time
    known = placed["doc_id"].isin(lda.articles(counts)).to_numpy()
    placed = placed[known].reset_index(drop=True)
    shares = lda.article_shares(shown, counts)
    made: dict[str, Any] = {"length": length, "why": why, "series": empty("series"), "trends": empty("trends")}
    if len(calendar) > 1:
        codes, blocks = prevalence.topic_blocks(placed)
        draws = lda.share_draws(shown, counts, codes)
        matched = reading.matched_shares(described["matches"], others, counts, shown.n_topics)
        why_not = f"Topics' trends are tested at the {tested} topics that this run reports on alone: who tests every count finds one by chance."
        unsure = _withheld(described) if n_topics == tested else {str(k): why_not for k in range(1, n_topics + 1)}
        over_time = placed, calendar, length
        series = prevalence.topic_series(draws, blocks, shares, *over_time, other_runs=matched)
        trends = prevalence.topic_trends(shares, *over_time, withheld=unsure, seasons=seasons)
        made["series"], made["trends"] = series.assign(n_topics=n_topics), trends.assign(n_topics=n_topics)
    inside = articles[known].reset_index(drop=True)
    tables = []
    for column in groups.columns_to_compare(inside):
        codes, blocks = groups.group_blocks(inside[column], placed)
        draws = lda.share_draws(shown, counts, codes)
        tables.append(groups.group_shares(draws, blocks, shares, codes).assign(column=column))
    return made | {"groups": pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()}


def _withheld(described: Mapping[str, Any]) -> dict[str, str]:
    """The topics that do not come back in every other run or are set aside by hand, each with the sentence that withholds its trend."""
    rows = described["stability"][described["stability"]["kind"] == "seed"]
    back = rows.assign(back=rows["topic_b"] > 0).groupby("topic")["back"].agg(["sum", "size"])
    unsteady = {
        str(topic): f"It comes back in {row['sum']} of {row['size']} other runs only, so no trend is drawn from it."
        for topic, row in back.iterrows()
        if row["sum"] < row["size"]
    }
    junk = described["topics"][described["topics"]["junk"]]
    return unsteady | {str(row.topic): f"It is set aside by hand: {row.reason}" for row in junk.itertuples()}
