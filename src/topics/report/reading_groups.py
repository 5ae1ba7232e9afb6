"""The form of the topics' page for few articles: groups of paragraphs to read, no shares, no scores, no map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from topics.report import html
from topics.report.corpus_page import title_of

LEAST = 12  # counted words of a paragraph that is shown whole; shorter ones are folded away
LEFT_OUT = (
    ("Shares and their intervals", "a share of so few articles says nothing of others"),
    ("Coherence, agreement in figures, a best number of groups", "such numbers would rest on which handful was pasted"),
    ("Trends and comparisons of periods or outlets", "there are not eight periods of five articles"),
    (
        "A map, and which topics go together",
        "groups of paragraphs of one article go together because one person wrote them",
    ),
    ("A ranking", "what comes first among so few is what the longest article speaks of"),
)


def overview(made: Mapping[str, Any]) -> html.Piece:
    """What the groups are, and whether they find more than the articles again."""
    n = len(made["articles"])
    said = f"Exploratory: {len(made['reading']['groups'])} paragraphs of {html.several(n, 'article')} in {made['n_topics']} reading groups."
    found = made["reading"]["said"]
    told = f"{found[0].upper()}{found[1:]} A group is a way into the text, no finding."
    return html.group(html.heading("Overview"), html.verdict(said), told)


def groups(made: Mapping[str, Any]) -> html.Piece:
    """Every group: its words, and its paragraphs with the article that each comes from."""
    articles = made["articles"].set_index("doc_id")
    each = (_group(made, articles, row) for row in html.each_row(made["topics"]))
    return html.group(html.heading("The groups and their paragraphs"), *each)


def where(made: Mapping[str, Any]) -> html.Piece:
    """How many paragraphs of each article stand in each group; and what the page leaves out, with the reason."""
    table = made["reading"]["groups"]
    counted = table.groupby(["doc_id", "topic"]).size().unstack(fill_value=0)
    counted = counted.reindex(columns=made["topics"]["topic"], fill_value=0)
    titles = made["articles"].set_index("doc_id").apply(title_of, axis=1)
    shown = counted.rename(columns=lambda topic: f"Group {topic}").reset_index()
    shown.insert(0, "Article", shown.pop("doc_id").map(titles))
    left_out = "\n".join(f"- **{what}:** {why}." for what, why in LEFT_OUT)
    return html.group(
        html.heading("Which article’s paragraphs stand where"),
        html.table(shown, caption="Paragraphs of each article in each group"),
        html.heading("What is left out, and why"),
        left_out,
    )


def _group(made: Mapping[str, Any], articles: pd.DataFrame, row: Any) -> html.Piece:
    mine = made["reading"]["groups"]
    mine = mine[mine["topic"] == row.topic]
    where = mine.groupby("doc_id", sort=False).size().sort_values(ascending=False, kind="stable")
    from_ = "; ".join(f"{title_of(articles.loc[doc_id])}: {n}" for doc_id, n in where.items())
    back = f"It comes back in {row.found} of {row.runs} other runs" + (
        f": {row.standing}, so read it as one of several ways to sort the paragraphs." if row.standing else "."
    )
    long, short = (
        [_paragraph(p, articles.loc[p.doc_id], made["language"]) for p in html.each_row(paragraphs)]
        for paragraphs in (mine[mine["n_words"] >= LEAST], mine[mine["n_words"] < LEAST])
    )
    return html.group(
        html.heading(f"Group {row.topic} · {row.label}", id=f"topic-{row.topic}", level=3),
        html.say(f"- Leading words: {row.terms}.\n- {back}\n- Paragraphs by article: {{where}}.", where=from_),
        *long,
        html.details(html.several(len(short), "short paragraph"), *short) if short else "",
    )


def _paragraph(row: Any, article: pd.Series, language: str) -> html.Piece:
    doubtful = "" if row.sure >= 0.6 else ", could as well stand in another group"
    return html.quote(
        _whole(article["text"], row.start, row.end),
        f"{title_of(article)}, paragraph {row.paragraph + 1}{doubtful}",
        article["url"],
        language,
    )


def _whole(text: str, start: int, end: int) -> str:
    """The lines of the text from which to which the counted words stand."""
    low = text.rfind("\n", 0, start) + 1
    high = text.find("\n", end)
    return text[low : high if high >= 0 else len(text)].strip()
