"""What the page on the number of topics shows: one figure and one sentence, then the choices, splits and merges, every score.

Each section brings its own heading, so that a page of few articles has none that is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from topics import pipeline, plots
from topics.models.alignment import FLOW as QUARTER
from topics.models.alignment import relations
from topics.models.scores import MEASURES
from topics.report import html
from topics.report.html import listed
from topics.settings import Settings

BY_CHANCE = 0.05  # of the topics of shuffled text that pass for a match: how the floor is set (models.stability)
FLOW = 4  # topic counts in the figure of splits and merges
NAMES = {
    "gain": "gain over word frequencies",
    "perplexity": "held-out perplexity",
    "c_npmi": "coherence c_npmi",
    "c_v": "coherence c_v",
    "c_uci": "coherence c_uci",
    "u_mass": "coherence u_mass",
    "exclusivity": "exclusivity",
    "diversity": "diversity",
}
LEFT_OUT = (
    "There are no scores, no coherence, no recommendation and no drawing of how groups divide here: with so few articles "
    "every such number rests on which handful was pasted, and would say nothing of a topic."
)

DECISION = (
    "No score knows what the topics are for. A small number gives broad themes that are easy to name; a large one gives finer themes, "
    "and more that no second run finds. To decide, read:\n\n"
    "- the topics of two or three counts side by side, each with its articles (the pages on topics), and ask which differences matter to the question at hand;\n"
    "- which topics divide as the count grows (below): where a division means something, the larger count earns its place;\n"
    "- how many topics come back in every other run: what does not should carry no conclusion;\n"
    "- whether a topic holds two themes: its share and interval are those of both together, so that too few topics mislead more than too many, which `labels.yml` can merge."
)


def gather(settings: Settings) -> dict[str, Any]:
    """Everything that the page shows: scores, stability and choice of the grid, and how its topics divide and join."""
    return {**pipeline.comparison(settings), **pipeline.splits(settings)}


# --- the answer -------------------------------------------------------------------------------------------------------


def answer(compared: Mapping[str, Any]) -> html.Piece:
    """The recommendation in a sentence, one figure, what speaks against it, which counts would do as well."""
    choice = compared["choice"]
    head = html.group(html.heading("The answer"), html.verdict(choice["why"]))
    if compared["few"]:
        return html.group(head, LEFT_OUT)
    back = returning(compared["stability"])
    chance = back.drop_duplicates("n_topics").assign(value=BY_CHANCE)
    title = "At which numbers of topics do the topics come back in other runs?"
    drawn = plots.scores(back, chance, chosen=choice["n_topics"], title=title)
    stripe = " The grey stripe is the count suggested." if choice["n_topics"] else ""
    caption = (
        "A dot is another run (another seed) of the same number of topics: the part of the topics shown that have a match in it (1: all). "
        f"Crosses: what passes for a match where the words are dealt out to the articles at random, 1 in 20.{stripe}"
    )
    shown = html.figure(drawn, name="topic_counts", caption=caption)
    return html.group(head, shown, _reasons(compared))


def returning(stability: pd.DataFrame) -> pd.DataFrame:
    """SCORES: for each count and other run the part of the topics that have a match in it."""
    rows = stability[stability["kind"] == "seed"].assign(value=lambda table: (table["topic_b"] > 0).astype(float))
    found = rows.rename(columns={"seed_b": "seed"}).groupby(["n_topics", "seed"])["value"].mean().reset_index()
    return found.assign(measure="topics that come back", better="high")


def _reasons(compared: Mapping[str, Any]) -> html.Piece:
    """What speaks against the count suggested, which counts would do as well."""
    choice = compared["choice"]
    if choice["n_topics"] is None:
        return html.say("No count is suggested, so nothing here should be read as a topic before the articles are.")
    others = [str(k) for k in choice["range"] if k != choice["n_topics"]]
    as_well = f"{listed(others)} topics would do as well" if others else "no other count of the grid does as well"
    against = " ".join([choice["against"], *_unsure(compared)])
    return html.say(f"- **What speaks against it.** {against}\n- **The range.** By the same rule {as_well}.")


def _unsure(compared: Mapping[str, Any]) -> list[str]:
    """Sentences on the topics of the suggested count that do not come back, and on its chains that still moved."""
    k, chains = compared["choice"]["n_topics"], compared["convergence"]
    said, lost = [], k - int(always_back(compared["stability"])[k])
    if lost:
        said.append(f"{lost} of its {k} topics {'does' if lost == 1 else 'do'} not come back in every other run.")
    settled = [bool(row.settled) for row in html.each_row(chains) if row.n_topics == k]
    if not all(settled):
        moved = settled.count(False)
        said.append(f"{moved} of its {len(settled)} chains still moved while they were sampled (All scores).")
    return said


def always_back(stability: pd.DataFrame) -> pd.Series:
    """How many topics of each count have a match in every other run."""
    rows = stability[stability["kind"] == "seed"]
    back = rows.assign(back=rows["topic_b"] > 0).groupby(["n_topics", "topic"])["back"].all()
    return back.groupby("n_topics").sum()


def decision(compared: Mapping[str, Any]) -> html.Piece:
    """That the number of topics is a decision, and what to look at to take it."""
    if compared["few"]:
        return html.Piece("")
    return html.group(html.heading("It is a decision"), DECISION)


# --- what another choice would change ---------------------------------------------------------------------------------


def choices(compared: Mapping[str, Any]) -> html.Piece:
    """A row for each count: what it gives, what it costs."""
    if compared["few"]:
        return _groups(compared)
    columns = {
        "n_topics": "Topics",
        "back": "Come back in every other run",
        "lacking": "Topics of all other runs that are missing here",
        "gain": "Gain over word frequencies, nats per word (95 %)",
        "c_npmi": "Coherence c_npmi",
        "exclusivity": "Exclusivity, 0 to 10",
        "said": "By the rule",
    }
    span: dict[str, Any] = {name: _spread(name) for name in ("c_npmi", "exclusivity")}
    span["gain"] = html.with_interval("gain", "gain_low", "gain_high")
    caption = (
        "What each count gives: means over seeds; in brackets the lowest and highest seed, for the gain a 95 % interval for articles like those held out"
        f" (one in {pipeline.HELD_OUT}, foretold with three seeds at most)"
    )
    shown = html.table(_choices(compared), name="topic_counts", caption=caption, columns=columns, formats=span)
    return html.group(html.heading("What another choice would change"), shown)


def _choices(compared: Mapping[str, Any]) -> pd.DataFrame:
    whole = compared["scores"][compared["scores"]["text"] == "whole"]
    spread = _by_count(whole).set_index("n_topics").drop(columns="text")
    always = always_back(compared["stability"])
    runs = compared["stability"].query("kind == 'seed'")  # a row is a topic and another run, which has as many
    others, lacking = (rows.groupby("n_topics").size() for rows in (runs, runs[runs["topic_b"] == 0]))
    ends = whole[whole["measure"] == "gain"].groupby("n_topics")[["low", "high"]].mean().add_prefix("gain_")
    table = spread.join(ends).reset_index()
    count = table["n_topics"]
    table["back"] = [f"{always[k]} of {k}" for k in count]
    table["lacking"] = [f"{lacking.get(k, 0):,} of {others[k]:,}" for k in count]
    choice = compared["choice"]
    table["said"] = [
        "suggested" if k == choice["n_topics"] else "would do as well" if k in choice["range"] else "" for k in count
    ]
    return table


def _by_count(scores: pd.DataFrame) -> pd.DataFrame:
    """A row a count and text (whole, shuffled): each measure's mean over seeds, and as MEASURE_min and MEASURE_max its lowest and highest seed."""
    order = scores["text"].map({"whole": 0}).fillna(1).rename("order")
    by = scores.groupby(["n_topics", order, "text", "measure"])["value"]
    mean, low, high = (by.agg(of).unstack("measure") for of in ("mean", "min", "max"))
    spread = mean.join(low.add_suffix("_min")).join(high.add_suffix("_max"))
    return spread.reset_index().drop(columns="order")


def _spread(measure: str) -> Any:
    digits = {"exclusivity": 2, "perplexity": 0}.get(measure, 3)

    def shown(row: Any) -> str:
        value, low, high = (getattr(row, name, float("nan")) for name in (measure, f"{measure}_min", f"{measure}_max"))
        return html.interval(value, low, high, digits=digits)

    return shown


def _groups(compared: Mapping[str, Any]) -> html.Piece:
    """Few articles: the leading words of the reading groups of every count."""
    columns = {"n_topics": "Groups", "topic": "Group", "terms": "Leading words"}
    caption = "Two groups or three: leading words of each"
    shown = html.table(compared["topics"], caption=caption, columns=columns)
    return html.group(html.heading("Reading groups of paragraphs"), shown)


# --- splits and merges ------------------------------------------------------------------------------------------------


def splits(compared: Mapping[str, Any]) -> html.Piece:
    """How topics divide and join as their number grows: a figure, and tables in words."""
    if compared["few"]:
        return html.Piece("")
    counts, links, head = flow_counts(compared), compared["alignment"], html.heading("How topics divide and join")
    if len(counts) < 2:
        return html.group(head, "Only one count was fitted, so nothing divides or joins. Give more: `topic_counts`.")
    topics = compared["topics"][compared["topics"]["n_topics"].isin(counts)]
    links = links[links["n_topics_a"].isin(counts) & links["n_topics_b"].isin(counts)]
    links = links.assign(similarity=(links["from_a"] * links["of_b"]) ** 0.5)
    shown = links[links[["from_a", "of_b"]].max(axis=1) >= 0.1]
    title = "Where does the text of each topic go as the number grows?"
    caption = (
        "Bars are topics, as tall as their share of the articles; bands carry the text of each topic at the smaller count to the topics at the larger "
        "whose words are nearest (transport alignment). Bands of less than a tenth of both topics are left off."
    )
    drawn = plots.alignment(topics, shown, title=title)
    figure = html.figure(drawn, name="topic_flow", caption=caption)
    every = compared["alignment"].groupby(["n_topics_a", "n_topics_b"])
    steps = [html.details(f"From {a} to {b} topics", _step(flows, compared["topics"])) for (a, b), flows in every]
    return html.group(head, figure, *steps)


def flow_counts(compared: Mapping[str, Any]) -> list[int]:
    """The counts that the figure of splits and merges shows: the suggested one and those about it, none so large that it cannot be read."""
    counts = sorted({int(k) for k in compared["topics"]["n_topics"]})
    small = [k for k in counts if k <= 30] or counts[:1]
    centre = compared["choice"]["n_topics"]
    at = small.index(centre) if centre in small else 0
    first = max(0, min(at - 1, len(small) - FLOW))
    return small[first : first + FLOW]


def _step(links: pd.DataFrame, topics: pd.DataFrame) -> html.Piece:
    """What becomes of each topic of the smaller count; `links` of this count and the next."""
    a, b = links[["n_topics_a", "n_topics_b"]].iloc[0]
    flows, labels = relations(links), topics.set_index(["n_topics", "topic"])["label"]
    rows = []
    for topic in topics.loc[topics["n_topics"] == a, "topic"]:
        goes = flows[flows["topic_a"] == topic].sort_values("from_a", ascending=False, kind="stable")
        becomes = [
            f"{100 * row.from_a:.0f} % to {row.topic_b} ({labels[b, row.topic_b]}), which it fills to {100 * row.of_b:.0f} %"
            for row in html.each_row(goes)
        ]
        ways = int((goes["from_a"] >= QUARTER).sum())
        what = "divides" if ways > 1 else "stays" if ways else "is scattered"
        what += " and joins others" if goes["relation"].isin(["merged", "mixed"]).any() else ""
        rows.append((topic, labels[a, topic], what, "; ".join(becomes) or "less than a quarter of it to any one topic"))
    table = pd.DataFrame(rows, columns=["topic", "label", "what", "becomes"])
    heads = {
        "topic": f"Of {a}",
        "label": "Topic",
        "what": "What it does",
        "becomes": f"Where its text goes among the {b}",
    }
    return html.table(table, caption=f"What becomes of {a} topics when {b} are asked for", columns=heads)


# --- all scores -------------------------------------------------------------------------------------------------------


def all_scores(compared: Mapping[str, Any]) -> html.Piece:
    """Every measure over all counts: every seed, the shuffled text, what the measure is silent about, and the numbers."""
    if compared["few"]:
        return html.Piece("")
    scores = compared["scores"]
    summary = _by_count(scores)
    measures = {measure: name for measure, name in NAMES.items() if measure in summary}
    numbers = html.table(
        summary,
        name="all_scores",
        whole=scores,
        columns={"n_topics": "Topics", "text": "Text"} | measures,
        formats={measure: _spread(measure) for measure in measures},
        most=len(summary),
        caption=f"Means over seeds, in brackets the lowest and highest seed. All {len(scores):,} scores, one a fit and measure, with unit and intervals:",
    )
    pieces = [_measure(compared, measure) for measure in measures]
    return html.group(
        html.heading("All scores"),
        "None of them is a judge alone: each says what it is silent about.",
        html.details("Show all scores", *pieces, html.details("The numbers", numbers)),
        _chains(compared["convergence"]),
    )


def _chains(chains: pd.DataFrame) -> html.Piece:
    """Whether the chains stood still while they were sampled; nothing where gensim made the fits."""
    if chains.empty:
        return html.Piece("")
    chains = chains.assign(settled=np.where(chains["settled"], "yes", "no"))
    moving = [f"{row.n_topics} topics with seed {row.seed}" for row in html.each_row(chains) if row.settled == "no"]
    said = f"The chains of all {len(chains)} fits stood still while they were sampled."
    if moving:
        said = (
            f"The chains of {len(moving)} of {len(chains)} fits still moved while they were sampled: {listed(moving)}. "
            "Their topics might still change: rely on those that come back in every other run."
        )
    heads = {"n_topics": "Topics", "seed": "Seed", "log_likelihood": "Log-likelihood", "drift": "Drift", "noise": "Noise",
             "behind": "Behind the best seed", "settled": "Stood still"}  # fmt: skip
    caption = (
        "Log p(words, topics) in nats a word while sampling: its mean, what the second half has beyond the first, "
        "and its standard deviation about a straight line; it stood still where the drift is under 0.01 or two standard errors"
    )
    return html.group(
        said, html.details("The chains", html.table(chains, name="chains", caption=caption, columns=heads))
    )


def _measure(compared: Mapping[str, Any], measure: str) -> html.Piece:
    """One measure: its figure, where it comes from, what it does not say."""
    about, name = MEASURES[measure], NAMES[measure]
    table = compared["scores"][compared["scores"]["measure"] == measure].assign(measure=name)
    reference = table[table["text"] == "shuffled"]
    crosses, crossed = "Crosses: fits to the same words dealt out at random.", "words shuffled"
    if measure in ("gain", "perplexity"):
        reference = _by_frequency(compared["scores"], measure)
        crosses = "Crosses: the words’ frequencies alone, all that shuffled text leaves to foretell by."
        crossed = "words’ frequencies alone"
    drawn = plots.scores(
        table[table["text"] == "whole"],
        reference,
        chosen=compared["choice"]["n_topics"],
        title=f"{name[0].upper()}{name[1:]}, {about.unit}",
        crosses=crossed,
    )
    caption = (
        f"A dot is a seed. {crosses} {about.source[0].upper()}{about.source[1:]}. It does not say: {about.silent}."
    )
    return html.figure(drawn, name=f"scores_{measure}", caption=caption)


def _by_frequency(scores: pd.DataFrame, measure: str) -> pd.DataFrame:
    """What the words' frequencies alone reach on the same articles: a gain of 0, and the perplexity that a fit's gain leads back to."""
    wide = (
        scores[scores["text"] == "whole"]
        .pivot_table(index=["n_topics", "seed"], columns="measure", values="value")
        .reset_index()
    )
    value = 0.0 if measure == "gain" else wide["perplexity"] * np.exp(wide["gain"])
    return wide[["n_topics", "seed"]].assign(value=value).dropna().drop_duplicates("n_topics")
