"""What the page on the topics of one count shows: the overview, the map, what goes together, all articles.

Each section brings its own heading, so that a page of few articles has none that is empty. The sections on single topics stand in `topic_sections`, the form for few articles in `reading_groups`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from topics import pipeline, plots
from topics.models.labels import LEAST
from topics.models.reading import everywhere
from topics.report import html, reading_groups
from topics.report.corpus_page import title_of
from topics.report.html import per_cent
from topics.settings import Settings
from topics.trends.prevalence import GIVEN_TOPICS
from topics.trends.statistics import MOVED

NOT_TESTED = "not tested"
NO_DRAWS = "no interval: this fit has no posterior draws"  # one by gensim
MAPPED = 4  # topics from which on a map shows anything
SHARE = html.with_interval("share", "share_low", "share_high", percent=True, digits=1)  # of a topic, as tables write it
UNSTABLE, WAVERING = "unstable", "not in every run"  # found in half of the other runs at most; in more, but not in all


def gather(settings: Settings, n_topics: int) -> dict[str, Any]:
    """Everything that the page shows: results of the steps, and `topics` with how each stands in other runs."""
    kept, reading = pipeline.topics(settings, n_topics), pipeline.reading(settings, n_topics)
    made: dict[str, Any] = {
        "n_topics": n_topics,
        "few": pipeline.few(settings),
        "articles": pipeline.corpus(settings)["articles"],
        "language": pipeline.corpus(settings)["language"],
        "words": pipeline.words(settings),
        "kept": kept,
        "topics": standing(kept, reading),
        "reading": reading,
    }
    if not made["few"]:
        made["over_time"] = pipeline.topics_over_time(settings, n_topics)
    return made


def standing(kept: Mapping[str, Any], reading: Mapping[str, Any]) -> pd.DataFrame:
    """TOPICS with how each stands: `found` in how many of `runs` other runs, `stable` if in all, `standing` in words; `again` and `again_part`, its
    agreement beyond shuffled text in other runs and in parts of the articles; `joins`, what it is one with where it is not found; `everywhere`, whether
    it is in nearly every article."""
    rows = kept["stability"][kept["stability"]["kind"] == "seed"]
    back = rows.assign(back=rows["topic_b"] > 0).groupby("topic")["back"].agg(found="sum", runs="size")
    excess = kept["stability"].groupby(["kind", "topic"])["excess"].mean()
    topics = kept["topics"].merge(back.reset_index(), on="topic", how="left")
    topics["again"] = topics["topic"].map(excess.get("seed", pd.Series(dtype=float)))
    topics["again_part"] = topics["topic"].map(excess.get("articles", pd.Series(dtype=float)))
    topics["stable"] = topics["found"] == topics["runs"]
    often = np.where(topics["found"] > topics["runs"] / 2, WAVERING, UNSTABLE)
    topics["standing"] = np.where(topics["stable"], "", often)
    joins = _joins(kept, reading["counterparts"]) if "counterparts" in reading else {}
    shares = kept["doc_topics"].pivot(index="doc_id", columns="topic", values="share")[topics["topic"].tolist()]
    return topics.assign(
        joins=topics["topic"].map(lambda topic: joins.get(topic, "")), everywhere=everywhere(shares.to_numpy())
    )


def _joins(kept: Mapping[str, Any], counterparts: pd.DataFrame) -> dict[int, str]:
    """For a topic that some runs lack, the topics that it runs together with there: the pair of what is most like it, beyond shuffled text."""
    labels = kept["topics"].set_index("topic")["label"]
    pairs = kept["matches"].set_index(["seed_b", "topic_b"])["topic_a"]
    seeds = counterparts[(counterparts["kind"] == "seed") & (counterparts["similarity"] >= kept["floor"])]
    found: dict[int, list[str]] = {}
    for row in seeds.itertuples():
        pair = pairs.get((row.seed_b, row.topic_b), row.topic)
        if pair != row.topic and row.topic not in pairs.get(row.seed_b, pd.Series(dtype=int)).tolist():
            found.setdefault(row.topic, []).append(f"{labels[pair]} (topic {pair})")
    return {
        topic: "; ".join(f"in {with_.count(other)} it runs together with {other}" for other in dict.fromkeys(with_))
        for topic, with_ in found.items()
    }


# --- overview ---------------------------------------------------------------------------------------------------------


def overview(made: Mapping[str, Any]) -> html.Piece:
    """The verdict, the topics by share with intervals, groups and a table of them all, and the three questions."""
    topics, n = made["topics"], made["n_topics"]
    by_hand = labels_said(made["kept"]["labels"], topics, n)
    if made["few"]:
        return html.group(reading_groups.overview(made), by_hand)
    title = f"How much of the articles is each of the {len(topics)} topics?"
    drawn = plots.shares(topics, made["reading"]["seed_shares"], title=title)
    hollow = "" if topics["stable"].all() else " Hollow: not in every run."
    drawn_with = "with 95 % interval, for these articles and given these topics (a)"
    if topics["share_low"].isna().all():
        drawn_with = f"({NO_DRAWS})"
    caption = f"Dot and line: mean share of an article’s counted words {drawn_with}. Ticks: the same topic in other runs (c), never blended into the interval.{hollow}"
    figure = html.figure(drawn, name=f"topics_{n:02d}_shares", caption=caption)
    return html.group(
        html.heading("Overview"),
        html.verdict(said_of(topics)),
        by_hand,
        _hand_groups(made["kept"]["groups"]),
        figure,
        _overview_table(made),
        QUESTIONS if topics["share_low"].notna().any() else QUESTIONS_WITHOUT_DRAWS,
    )


def said_of(topics: pd.DataFrame) -> str:
    """How many topics come back in other runs, in words."""
    n, runs = len(topics), int(topics["runs"].max())
    each, count = f"each of {runs} other runs" if runs > 1 else "the other run", topics["standing"].value_counts()
    if count.get("", 0) == n:
        return f"All {n} topics come back in {each}."
    parts = [f"{count.get('', 0)} of {n} topics come back in {each}"]
    parts += [f"{count[WAVERING]} in more than half"] if WAVERING in count else []
    are = "is" if count.get(UNSTABLE) == 1 else "are"
    parts += [f"{count[UNSTABLE]} in half or fewer, which {are} called unstable"] if UNSTABLE in count else []
    return "; ".join(parts) + ". Findings rest on the first kind alone."


def labels_said(labels: pd.DataFrame, topics: pd.DataFrame, n_topics: int) -> html.Piece:
    """What became of the labels written by hand: which are dropped, what is merged, what is set aside."""
    unplaced = labels[labels["topic"] == 0]
    lost = [f"The label “{row.name or 'without a name'}” ({row.terms}) fits no topic of this run: its best match holds {per_cent(row.fit, 0)} of its words "
            f"(weighed, the first most){' and has another label' if row.fit >= LEAST else ''}, so it is dropped." for row in html.each_row(unplaced)]  # fmt: skip
    said = [
        f"- **{row.label}** is several topics of the fit of {n_topics} merged by hand: {row.merged}. Shares are added up draw by draw, words mixed by the topics’ sizes."
        for row in html.each_row(topics[topics["merged"] != ""])
    ]
    said += [
        f"- **{row.label}** is set aside by hand and in no finding: {row.reason}"
        for row in html.each_row(topics[topics["junk"]])
    ]
    return html.group(html.warn(*lost), "\n".join(said))


def _hand_groups(groups: pd.DataFrame) -> html.Piece:
    if groups.empty:
        return html.Piece("")
    known = groups["share_low"].notna().any()
    columns = {"group": "Group", "share": share_head(known), "topics": "Topics"}
    caption = f"Groups of topics, made by hand; {'shares from joint draws' if known else NO_DRAWS}"
    return html.table(groups, caption=caption, columns=columns, formats={"share": SHARE})


def _overview_table(made: Mapping[str, Any]) -> html.Piece:
    topics = made["topics"]
    lines = _lines(made["over_time"]["series"])
    moves = {row.name: direction(row) for row in html.each_row(made["over_time"]["trends"])}
    rows = topics.sort_values(["group"], key=lambda group: group.where(group != "", "\uffff"), kind="stable")
    rows = rows.assign(
        moved=[moves.get(str(topic), NOT_TESTED) for topic in rows["topic"]],
        back=[come_back(row) for row in html.each_row(rows)],
    )
    columns = {"group": "Group"} if (rows["group"] != "").any() else {}
    columns |= {"label": "Topic", "share": share_head(topics["share_low"].notna().any()), "back": "Comes back in"}
    columns |= {"over_time": "Over time"} if lines else {}
    columns |= {"moved": "Trend"} if (rows["moved"] != NOT_TESTED).any() else {}
    columns |= {"terms": "Most probable words"}
    formats = {
        "label": lambda row: html.link(f"{row.topic} · {row.label}", f"#topic-{row.topic}"),
        "share": SHARE,
        "over_time": lambda row: html.spark(lines[str(row.topic)], f"Share of topic {row.topic} over time"),
        "terms": lambda row: ", ".join(row.terms.split(", ")[:7]),
    }
    name = f"topics_{made['n_topics']:02d}"
    caption = "Topics by group and share" if "group" in columns else "Topics by share"
    return html.table(rows, name=name, caption=caption, columns=columns, formats=formats, most=400)


def share_head(known: Any, of: str = "95 %, a") -> str:
    """The head of a column of shares: `of` what their intervals are, where the fit has draws to make them of."""
    return f"Share of an article’s counted words ({of if known else 'no interval'})"


def _lines(series: pd.DataFrame) -> dict[str, list[float]]:
    rows = series[series["method"] == GIVEN_TOPICS] if len(series) else series
    return {str(name): part["estimate"].tolist() for name, part in rows.groupby("name")}


def come_back(row: Any) -> str:
    """In how many other runs a topic comes back, and what speaks against leaning on it."""
    marks = [row.standing, "in nearly every article" * row.everywhere, "set aside by hand" * row.junk]
    return " · ".join([f"{row.found} of {row.runs} other runs", *filter(None, marks)])


def direction(row: Any) -> str:
    """What the trend of a topic says, in a few words."""
    if row.note:
        return NOT_TESTED
    if row.q > MOVED:  # the rule of `trends.keywords.findings`
        return "not told from chance"
    return f"{'rises' if row.slope > 0 else 'falls'}: {per_cent(row.start, 0)} to {per_cent(row.end, 0)}"


QUESTIONS = (
    "Three questions are kept apart, and every interval says which it answers:\n\n"
    "- **(a) These articles, given these topics.** How sure is a share where articles and topics are what they are? From draws of the posterior of the fit.\n"
    "- **(b) Articles like these.** How would it look had other articles of the same kind come in? The draws, and days resampled within sources.\n"
    "- **(c) Other runs.** What would another start of the fit have given? Each run is a tick; a few runs make no interval."
)
QUESTIONS_WITHOUT_DRAWS = (
    "Three questions are kept apart; this fit has no posterior draws, so the first two have no interval here:\n\n"
    "- **(a) These articles, given these topics.** How sure is a share where articles and topics are what they are? Not known.\n"
    "- **(b) Articles like these.** How would it look had other articles of the same kind come in? Not known.\n"
    "- **(c) Other runs.** What would another start of the fit have given? Each run is a tick; a few runs make no interval."
)


# --- over all topics --------------------------------------------------------------------------------------------------


def topic_map(made: Mapping[str, Any]) -> html.Piece:
    """The map with its slider of relevance."""
    if made["few"]:
        return html.Piece("")
    head = html.heading("Map")
    if len(made["topics"]) < MAPPED:
        return html.group(head, f"Left out: fewer than {MAPPED} topics make no map.")
    places = made["reading"]["positions"]
    topics = made["topics"][["topic", "label", "share"]].merge(places, on="topic")
    kept = float(places["kept"].iloc[0])
    said = (
        f"Near discs use their words alike; the plane shows {per_cent(kept, 0)} of the differences, so look twice at neighbours.^[Principal coordinates of the "
        "Jensen-Shannon divergences between topics, as in LDAvis (Sievert and Shirley 2014).] Choose a topic; the slider goes from its most probable words (1) to those that are its own (0)."
    )
    return html.group(head, said, html.topic_map(topics, made["reading"]["map_terms"]))


def together(made: Mapping[str, Any]) -> html.Piece:
    """Correlations of the topics' shares over the articles."""
    if made["few"]:
        return html.Piece("")
    n, head = len(made["topics"]), html.heading("Which topics go together")
    if n < 3:
        return html.group(head, "Left out: with two topics the one is what the other is not.")
    table = made["reading"]["correlations"]
    drawn = plots.correlations(table, expected=-1 / (n - 1))
    caption = (
        f"Pearson’s correlation r of shares over the articles. Shares of an article add up to 1, so that without any bond r is about −{1 / (n - 1):.2f}, "
        "not 0. Colours and signs say how far r lies above that (blue, +) or below it (orange, −); the scale stands beneath."
    )
    name = f"topics_{made['n_topics']:02d}_correlations"
    return html.group(head, html.figure(drawn, name=name, caption=caption))


def browser(made: Mapping[str, Any]) -> html.Piece:
    """All articles with their topics."""
    if made["few"]:
        return reading_groups.where(made)
    articles = made["articles"].assign(title=[title_of(row) for row in html.each_row(made["articles"])])
    shown = html.browser(articles, made["kept"]["doc_topics"], made["topics"])
    return html.group(html.heading("All articles"), shown)
