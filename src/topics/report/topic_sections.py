"""One section a topic: its words, its articles with the passages that carry it, over time, beside other topics, in groups, what to doubt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from topics import plots
from topics.models.reading import PRESENT
from topics.report import html, reading_groups
from topics.report.corpus_page import title_of
from topics.report.html import per_cent
from topics.report.topics_page import NO_DRAWS, SHARE
from topics.trends.prevalence import GIVEN_TOPICS, LIKE_THESE
from topics.trends.statistics import MOVED

DRAWN = 25  # topics up to which each one's words are drawn; of more they are listed, so that a page stays quick to open


def each_topic(made: Mapping[str, Any]) -> html.Piece:
    """All topics, the largest first; where articles are few, the reading groups."""
    if made["few"]:
        return reading_groups.groups(made)
    return html.group(html.heading("Each topic"), *(section(made, int(topic)) for topic in made["topics"]["topic"]))


def section(made: Mapping[str, Any], topic: int) -> html.Piece:
    """One topic."""
    row = next(html.each_row(made["topics"][made["topics"]["topic"] == topic]))
    return html.group(
        html.heading(f"{topic} · {row.label}", id=f"topic-{topic}", level=3),
        _facts(row),
        _warning(row),
        _words(made, topic),
        _doubts(made["reading"]["doubts"][str(topic)], row),
        html.heading("Articles to read", id=f"topic-{topic}-articles", level=4),
        _articles(made, topic),
        _over_time(made, topic),
        _beside(made, topic),
        _groups(made, topic),
    )


def _facts(row: Any) -> html.Piece:
    of = "95 % interval, a: these articles, given these topics" if row.share_low == row.share_low else NO_DRAWS
    known = row.again_part == row.again_part
    in_part = f", and {row.again_part:.2f} in fits to four fifths of the articles" if known else ""
    facts = [
        f"**{SHARE(row)}** of an average article’s counted words ({of}).",
        f"Comes back in **{row.found} of {row.runs}** other runs; agreement beyond shuffled text {row.again:.2f} (0: as there, 1: the same topic){in_part}.",
        f"Coherence c_npmi {html.interval(row.coherence, digits=3)} (−1 to 1); exclusivity {row.exclusivity:.1f} (0 to 10).",
    ]
    if row.label_fit == row.label_fit:
        group = f", in the group {row.group}" if row.group else ""
        fit = f"{per_cent(row.label_fit, 0)} of the label’s words (weighed, the first most) are among its twenty leading ones"
        facts.append(f"Labelled by hand{group}; {fit}. {row.reason}".strip())
    if row.merged:
        facts.append(f"Merged by hand from {row.merged}; shares added up draw by draw, words mixed by size.")
    return html.say("\n".join(f"- {fact}" for fact in facts))


def _warning(row: Any) -> html.Piece:
    said = []
    if row.standing:
        said.append(
            f"**{row.standing.capitalize()}:** in {row.runs - row.found} of {row.runs} other runs nothing pairs with this topic beyond what shuffled text gives"
            f"{f'; {row.joins}' if row.joins else ''}. No finding rests on it."
        )
    if row.junk:
        said.append(f"**Set aside by hand** as no theme: {row.reason}")
    return html.warn(*said)


def _words(made: Mapping[str, Any], topic: int) -> html.Piece:
    terms = made["kept"]["topic_terms"]
    mine = terms[terms["topic"] == topic]
    if made["n_topics"] > DRAWN:
        likely, own = (
            ", ".join(mine.sort_values(by, ascending=False, kind="stable")["term"].head(12))
            for by in ("probability", "frex")
        )
        told = "- **Most probable words:** {likely}.\n- **Frequent in it and its own (FREX):** {own}."
        return html.say(told, likely=likely, own=own)
    drawn = plots.terms(mine, title=f"Which words make topic {topic}?")
    caption = (
        "Left: most probable words. Right: words both frequent in the topic and its own, by FREX (Bischof and Airoldi 2012); bars are the part "
        "of the word’s probability in all topics that is in this one. A label must fit both lists and the articles."
    )
    return html.figure(drawn, name=f"topics_{made['n_topics']:02d}_words_{topic:02d}", caption=caption)


def _doubts(said: list[str], row: Any) -> html.Piece:
    always = "Articles below, typical or random, that the label does not fit: if two of the random ones do not, it is wrong or too narrow."
    terms = ", ".join(json.dumps(term, ensure_ascii=False) for term in row.terms.split(", ")[:6])
    return html.group(
        "**What would make the label wrong:**",
        "\n".join(f"- {line}" for line in [*said, always]),
        f"To name it, add to `labels.yml`: `- {{terms: [{terms}], name: …}}`",
    )


# --- articles ---------------------------------------------------------------------------------------------------------


def _articles(made: Mapping[str, Any], topic: int) -> html.Piece:
    """Typical articles beside random ones, each with the passage that carries the topic marked."""
    table, articles = made["reading"]["articles"], made["articles"].set_index("doc_id")
    mine = table[table["topic"] == topic]
    typical, random = (
        [_article(row, articles.loc[row.doc_id], made["language"]) for row in html.each_row(rows)]
        for rows in (mine[mine["how"] == "typical"], mine[mine["how"] != "typical"])
    )
    return html.group(
        "**Most typical**, by share. Marked: the passage whose words are most probably of this topic.",
        *typical,
        DRAWN_FROM[next(iter({*mine["how"]} - {"typical"}), "none")],
        *random,
    )


DRAWN_FROM = {  # by `how` the articles were chosen
    "random": "**Drawn at random** from the other articles in which no topic is larger: what the topic is like when nobody chose.",
    "present": f"In no other article is this topic the largest. **Drawn at random** from those of which it is {100 * PRESENT:.0f} % or more.",
    "none": f"Of no other article is this topic {100 * PRESENT:.0f} % or more, so none is drawn at random.",
}


def _article(row: Any, article: pd.Series, language: str) -> html.Piece:
    text = article["text"]
    passage = html.highlight(text[row.begin : row.finish], [(row.start - row.begin, row.end - row.begin)], language)
    about = f"about {row.n_of_topic:.0f} of the passage’s {row.n_words} counted words are of the topic"
    share = f"{per_cent(row.share, 0)} of its counted words"
    facts = [article["source"] or "source unknown", article["date"] or "undated", share, about]
    title = html.link(title_of(article), article["url"])
    return html.quote(passage, html.Piece(" · ".join([title, *map(html.esc, facts)])))


# --- over time --------------------------------------------------------------------------------------------------------


def _over_time(made: Mapping[str, Any], topic: int) -> html.Piece:
    """Share by period with articles per period beneath, the trend in words, the numbers."""
    series, trends = made["over_time"]["series"], made["over_time"]["trends"]
    if series.empty:
        return html.say("Over time: left out, since the dates do not make two periods.")
    trend = next(html.each_row(trends[trends["name"] == str(topic)]))
    name = f"topics_{made['n_topics']:02d}_series_{topic:02d}"
    return html.group(
        series_figure(made["over_time"], topic, name, f"Topic {topic} over time"),
        _trend(trend),
        html.details("The numbers over time", _numbers(series[series["name"] == str(topic)], topic)),
    )


def series_figure(over_time: Mapping[str, Any], topic: int, name: str, title: str) -> html.Piece:
    """A topic's share by period, other runs as ticks, articles per period beneath."""
    series = over_time["series"]
    rows, interval = intervals(series, topic)
    runs = series[(series["name"] == str(topic)) & series["method"].str.startswith("(c)")]
    drawn = plots.series(rows.assign(name=f"Topic {topic}"), seeds=runs, title=title)
    hollow = " Hollow dot or hatched bar: a period only partly covered." if rows["partial"].any() else ""
    caption = (
        f"Unweighted mean of the articles’ shares in each {over_time['length']}, {interval}; ticks: other runs (c).{hollow} "
        "Below: articles per period."
    )
    return html.figure(drawn, name=name, caption=caption)


def intervals(series: pd.DataFrame, topic: int) -> tuple[pd.DataFrame, str]:
    """The rows of a topic's series that are drawn, and what their interval is: of question (b) where most periods have it, else of (a)."""
    mine = series[series["name"] == str(topic)]
    like = mine[mine["method"] == LIKE_THESE]
    if len(like) and like["low"].notna().sum() > 0.5 * like["estimate"].notna().sum():
        return like, "95 % interval for (b) articles like these: posterior draws, and days resampled within sources"
    given = mine[mine["method"] == GIVEN_TOPICS]
    if given["low"].isna().all():
        return given, NO_DRAWS
    few = "days are too few to say (b) how articles like these would differ"
    return given, f"95 % interval for (a) these articles, given these topics; {few}"


def _numbers(series: pd.DataFrame, topic: int) -> html.Piece:
    """A row a period: the share, and the answer to each of the three questions in a column of its own."""
    given = series[series["method"] == GIVEN_TOPICS].set_index("period")
    like = series[series["method"] == LIKE_THESE].set_index("period")
    runs = series[series["method"].str.startswith("(c)")].dropna(subset="estimate").groupby("period")["estimate"]
    table = given[["n_docs", "estimate"]].assign(
        a=[_ends(low, high) for low, high in zip(given["low"], given["high"], strict=True)],
        b=[_ends(low, high, note) for low, high, note in zip(like["low"], like["high"], like["note"], strict=True)],
    )
    ends = runs.agg(["min", "max"]).reindex(table.index)
    table["c"] = [_ends(low, high) for low, high in zip(ends["min"], ends["max"], strict=True)]
    known = given["low"].notna().any()
    heads = {"period": "Period", "n_docs": "Articles", "estimate": "Share"}
    heads |= {"a": "(a) these articles", "b": "(b) articles like these"} if known else {}
    heads |= {"c": "(c) other runs, lowest to highest"}
    return html.table(
        table.reset_index(),
        caption=f"Topic {topic} by period; {'95 % intervals' if known else NO_DRAWS}",
        columns=heads,
        formats={"estimate": "percent"},
    )


def _ends(low: float, high: float, note: str = "") -> str:
    return f"{100 * low:.1f}–{100 * high:.1f} %" if low == low else note or "–"


def _trend(row: Any) -> str:
    if row.note:
        return f"**Trend:** not tested. {row.note}"
    slope = html.interval(row.slope, row.low, row.high)
    found = f"from {per_cent(row.start)} in {row.first} to {per_cent(row.end)} in {row.last} by the fitted trend, {slope} {row.unit} (95 % interval)"
    told = "" if row.q <= MOVED else " It cannot be told from chance."
    return f"**Trend:** {found}; q {row.q:.2g}, {row.family.replace('names', 'topics')}.{told}^[{row.method[0].upper()}{row.method[1:]}.]"


# --- beside other topics, in groups -----------------------------------------------------------------------------------


def _beside(made: Mapping[str, Any], topic: int) -> html.Piece:
    """Nearest topics of this run, and the most similar ones of other runs and at other counts."""
    table, labels = made["reading"]["counterparts"], made["topics"].set_index("topic")["label"]
    mine = table[table["topic"] == topic]
    paired = made["kept"]["matches"]
    partner = dict(zip(zip(paired["seed_b"], paired["topic_b"], strict=True), paired["topic_a"], strict=True))
    there = set(paired.loc[paired["topic_a"] == topic, "seed_b"])
    mine = mine.assign(
        where=[_where(row) for row in html.each_row(mine)],
        found=[
            _found(row, partner.get((row.seed_b, row.topic_b)), row.seed_b in there, labels, made["kept"]["floor"])
            for row in html.each_row(mine)
        ],
    )
    heads = {
        "where": "Where",
        "terms_b": "The topic most like it there",
        "similarity": "Similarity, 0 to 1",
        "found": "Comes back there",
    }
    caption = (
        "Nearest topics of this run by words alone; elsewhere the most similar one by words and articles, by its leading words. It comes back in a run where "
        "the two are a pair when every topic has one partner at most; at another count where each is the most similar of the other, above shuffled text"
    )
    shown = html.table(mine, caption=caption, columns=heads, formats={"similarity": ".2f"})
    return html.details("Nearest topics, and its counterparts in other runs and at other counts", shown)


def _where(row: Any) -> str:
    """The numbers of topics are those of this run; a topic of another seed has none of its own, and one of another count that of its page."""
    places = {"same": "topic {0} of this run", "seed": "run with seed {1}", "count": "at {2} topics: topic {0}"}
    return places[row.kind].format(row.topic_b, row.seed_b, row.n_topics_b)


def _found(row: Any, partner: int | None, there: bool, labels: pd.Series, floor: float) -> str:
    """Whether a topic comes back in another fit, by the rules of the front page: in another run where it has a pair, at another count where it has its like.

    `partner` is the topic of this run with which the most similar one of the other run is paired, `there` whether this topic has a pair there.
    """
    if row.kind == "same":
        return ""
    if row.kind == "seed" and partner == row.topic:
        return "yes"
    if row.kind == "seed" and partner:
        return f"{'yes, in another one' if there else 'no'}: this is the pair of topic {partner} ({labels[partner]})"
    if row.similarity < floor:
        return "no: not beyond shuffled text"
    if row.kind == "count":
        return "yes" if row.mutual else "no: it is more like another topic of this run"
    return f"{'yes, in another one' if there else 'no'}: this has no pair"


def _groups(made: Mapping[str, Any], topic: int) -> html.Piece:
    """Its share in groups of articles, and the difference from all others."""
    table = made["over_time"]["groups"]
    if table.empty:
        return html.Piece("")
    mine = table[table["topic"] == topic].sort_values(["column", "difference"], ascending=[True, False], kind="stable")
    mine = mine.assign(group=mine["column"] + ": " + mine["group"])
    known = mine["low"].notna().any()
    heads = {
        "group": "Group",
        "difference": f"Difference from all others, points{' (95 %, b)' if known else ''}",
        "share": f"Share{' (95 %, a)' if known else ''}",
        "n_docs": "Articles",
    }
    formats = {"share": html.with_interval("share", "low", "high", percent=True, digits=1), "difference": _points}
    shown = html.table(
        mine,
        caption=f"Groups of ten articles or more; articles of unknown outlet are no group{'' if known else '; ' + NO_DRAWS}",
        columns=heads,
        formats=formats,
    )
    return html.details("Differences between groups of articles", shown)


def _points(row: Any) -> str:
    points = html.interval(100 * row.difference, 100 * row.difference_low, 100 * row.difference_high, digits=1)
    few = (
        row.low == row.low and row.difference_low != row.difference_low
    )  # where nothing has draws, the caption says so
    return f"{points}, no interval: fewer than eight days" if few else points
