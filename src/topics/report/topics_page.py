"""What the page on the topics of one count shows: the overview, the map, what goes together, all articles.

The sections on single topics stand in `topic_sections`, the form for few articles in `reading_groups`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from topics import pipeline, plots
from topics.report import html, reading_groups
from topics.report.index import steadiness
from topics.settings import Settings
from topics.trends.prevalence import GIVEN_TOPICS, LIKE_THESE
from topics.trends.statistics import MOVED

MAPPED = 4  # topics from which on a map shows anything
UNSTABLE, WAVERING = "unstable", "not in every run"  # found in half of the other runs at most; in more, but not in all


def gather(settings: Settings, n_topics: int) -> dict[str, Any]:
    """Everything that the page shows: results of the steps, and `topics` with `found` of `runs` and `stable` for each."""
    kept = pipeline.topics(settings, n_topics)
    steady = steadiness(kept)
    topics = kept["topics"].merge(steady.reset_index(), on="topic", how="left")
    excess = kept["stability"].groupby(["kind", "topic"])["excess"].mean()
    topics["again"] = topics["topic"].map(excess.get("seed", pd.Series(dtype=float)))
    topics["again_part"] = topics["topic"].map(excess.get("articles", pd.Series(dtype=float)))
    topics["standing"] = np.where(
        topics["steady"], "", np.where(topics["found"] > topics["runs"] / 2, WAVERING, UNSTABLE)
    )
    made: dict[str, Any] = {
        "n_topics": n_topics,
        "few": pipeline.few(settings),
        "articles": pipeline.corpus(settings)["articles"],
        "words": pipeline.words(settings),
        "kept": kept,
        "topics": topics.rename(columns={"steady": "stable"}),
        "reading": pipeline.reading(settings, n_topics),
    }
    if not made["few"]:
        made["over_time"] = pipeline.topics_over_time(settings, n_topics)
    return made


# --- overview ---------------------------------------------------------------------------------------------------------


def overview(made: Mapping[str, Any]) -> html.Piece:
    """The verdict, the topics by share with intervals, and a table of them all."""
    if made["few"]:
        return reading_groups.overview(made)
    topics, n = made["topics"], made["n_topics"]
    drawn = plots.shares(
        topics, made["reading"]["seed_shares"], title=f"How much of the articles is each of the {n} topics?"
    )
    caption = (
        "Dot and line: mean share of an article’s words with 95 % interval, for these articles and given these topics (a). Ticks: the same topic in other "
        "runs (c), never blended into the interval. Hollow: not in every run."
    )
    figure = html.figure(drawn, name=f"topics_{n:02d}_shares", caption=caption)
    return html.group(html.verdict(said_of(topics)), _lost_labels(made), figure, _overview_table(made))


def said_of(topics: pd.DataFrame) -> str:
    """How many topics come back in other runs, in words."""
    n, runs = len(topics), int(topics["runs"].max())
    count = topics["standing"].value_counts()
    if count.get("", 0) == n:
        return f"All {n} topics come back in each of {runs} other runs."
    parts = [f"{count.get('', 0)} of {n} topics come back in each of {runs} other runs"]
    parts += [f"{count[WAVERING]} in more than half"] if WAVERING in count else []
    parts += [f"{count[UNSTABLE]} in half or fewer, which are called unstable"] if UNSTABLE in count else []
    return "; ".join(parts) + ". Findings rest on the first kind alone."


def _lost_labels(made: Mapping[str, Any]) -> html.Piece:
    lost = made["kept"]["lost_labels"]
    lines = [f"The label “{row.name_}” ({row.terms}) fits no topic of this run: its best match holds {row.best:.0%} of its words, so it is dropped."
             for row in lost.rename(columns={"name": "name_"}).itertuples()]  # fmt: skip
    return html.warn(*lines)


def _overview_table(made: Mapping[str, Any]) -> html.Piece:
    topics = made["topics"]
    lines = _lines(made["over_time"]["series"])
    moves = {row.name_: row for row in made["over_time"]["trends"].rename(columns={"name": "name_"}).itertuples()}
    rows = topics.assign(
        moved=[direction(moves.get(str(topic))) for topic in topics["topic"]],
        back=[_back(row) for row in topics.itertuples()],
    )
    columns = {"label": "Topic", "share": "Share of an article’s words (95 %, a)", "back": "Comes back in"}
    columns |= {"over_time": "Over time", "moved": "Trend"} if lines else {}
    columns |= {"group": "Group"} if (rows["group"] != "").any() else {}
    columns |= {"terms": "Most probable words"}
    formats = {
        "label": lambda row: html.link(f"{row.topic} · {row.label}", f"#topic-{row.topic}"),
        "share": html.with_interval("share", "share_low", "share_high", percent=True, digits=1),
        "over_time": lambda row: html.spark(lines[str(row.topic)], f"Share of topic {row.topic} over time"),
        "terms": lambda row: ", ".join(row.terms.split(", ")[:7]),
    }
    name = f"topics_{made['n_topics']:02d}"
    return html.table(rows, name=name, caption="Topics by share", columns=columns, formats=formats, most=400)


def _lines(series: pd.DataFrame) -> dict[str, list[float]]:
    rows = series[series["method"] == GIVEN_TOPICS] if len(series) else series
    return {str(name): part["estimate"].tolist() for name, part in rows.groupby("name")}


def _back(row: Any) -> str:
    mark = f" · {row.standing}" if row.standing else ""
    junk = " · set aside by hand" if getattr(row, "junk", False) else ""
    return f"{row.found} of {row.runs} runs{mark}{junk}"


def direction(row: Any) -> str:
    """What the trend of a topic says, in a few words."""
    if row is None:
        return "not tested"
    if row.note:
        return "not tested"
    if row.q > MOVED:  # the rule of `trends.keywords.findings`
        return "not told from chance"
    return f"{'rises' if row.slope > 0 else 'falls'}: {row.start:.0%} to {row.end:.0%}"


def questions(made: Mapping[str, Any]) -> html.Piece:
    """The three questions that the numbers on this page answer, kept apart."""
    if made["few"]:
        return html.Piece("")
    return html.say(
        "Three questions are kept apart, and every interval says which it answers:\n\n"
        "- **(a) These articles, given these topics.** How sure is a share where articles and topics are what they are? From draws of the posterior of the fit.\n"
        "- **(b) Articles like these.** How would it look had other articles of the same kind come in? The draws, and days resampled within sources.\n"
        "- **(c) Other runs.** What would another start of the fit have given? Each run is a tick; a few runs make no interval."
    )


# --- over all topics --------------------------------------------------------------------------------------------------


def topic_map(made: Mapping[str, Any]) -> html.Piece:
    """The map with its slider of relevance, and which topics go together."""
    if made["few"]:
        return html.say("Left out: a few groups of paragraphs make no map.")
    if made["n_topics"] < MAPPED:
        return html.say(f"Left out: fewer than {MAPPED} topics make no map.")
    places = made["reading"]["positions"]
    topics = made["topics"][["topic", "label", "share"]].merge(places, on="topic")
    kept = float(places["kept"].iloc[0])
    said = html.say(
        f"Near discs use their words alike; the plane shows {kept:.0%} of the differences, so look twice at neighbours.^[Principal coordinates of the "
        "Jensen-Shannon divergences between topics, as in LDAvis (Sievert and Shirley 2014).] Choose a topic; the slider goes from its most probable words (1) to those that are its own (0)."
    )
    return html.group(said, html.topic_map(topics, made["reading"]["map_terms"]))


def together(made: Mapping[str, Any]) -> html.Piece:
    """Correlations of the topics' shares over the articles."""
    if made["few"]:
        return html.say("Left out: with so few articles, what goes together is what one article says.")
    n = made["n_topics"]
    if n < 3:
        return html.say("Left out: with two topics the one is what the other is not.")
    table = made["reading"]["correlations"]
    drawn = plots.correlations(table)
    caption = (
        f"Pearson’s correlation of shares over the articles. Shares of an article add up to 1, so that without any bond it is about −{1 / (n - 1):.2f}, "
        "not 0: read what stands well above or below that."
    )
    return html.figure(drawn, name=f"topics_{n:02d}_correlations", caption=caption)


def browser(made: Mapping[str, Any]) -> html.Piece:
    """All articles with their topics."""
    if made["few"]:
        return reading_groups.where(made)
    return html.browser(made["articles"], made["kept"]["doc_topics"], made["topics"])


def intervals(series: pd.DataFrame, topic: int) -> tuple[pd.DataFrame, str]:
    """The rows of a topic's series that are drawn, and which question their interval answers: (b) where most periods have it, else (a)."""
    mine = series[series["name"] == str(topic)]
    like = mine[mine["method"] == LIKE_THESE]
    if len(like) and like["low"].notna().sum() > 0.5 * like["estimate"].notna().sum():
        return like, "(b) articles like these: posterior draws, and days resampled within sources"
    return mine[
        mine["method"] == GIVEN_TOPICS
    ], "(a) these articles, given these topics; days are too few to say (b) how articles like these would differ"
