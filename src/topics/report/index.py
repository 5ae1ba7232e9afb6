"""The front page of a run: what it says, sturdiest first; and the page over all runs.

A finding has the form: thing, what it did, in which articles: estimate and interval, what it survives, link to the evidence. A
topic that does not come back in other runs, a trend that was not tested, go to "Looked for, and cannot say".
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from topics import plots
from topics.corpus import audit
from topics.models.sweep import foremost
from topics.report import html, methods
from topics.report.corpus_page import DATE_SOURCES, title_of
from topics.report.html import listed, per_cent, several
from topics.report.keywords_page import anchor, length_of, moved
from topics.report.topic_sections import series_figure
from topics.report.topics_page import NO_DRAWS, SHARE, come_back, share_head, standing
from topics.tables import replace_file
from topics.trends.keywords import findings
from topics.trends.prevalence import FEWEST_ARTICLES, FEWEST_MENTIONS
from topics.trends.statistics import MOVED
from topics.words.telling import telling_sentences

MOST_FINDINGS, MOST_WARNINGS = 7, 3
MOST_TOPIC_FINDINGS, MOST_UNSTABLE = 4, 4
MOST_NAMED = 8  # names in a sentence
LEDGER, LEDGER_COLUMNS = "ledger.csv", ("when", "name", "corpus", "settings", "articles", "topic_counts", "verdict")
NO_TOPICS = "None is listed here, since at no number of topics do they hold up. The pages on topics show what was fitted, for reading."
DOWNLOADS = {
    "tables/": "every table as CSV and Parquet",
    "figures/": "every figure as SVG and PDF",
    "notebooks/": "the notebooks as they were executed",
    "provenance.json": "digests of everything that went in and came out",
}


def gather(made: Mapping[str, Any], record: Mapping[str, Any], nav: list[tuple[str, str]]) -> dict[str, Any]:
    """What the front page says, from the results of a run."""
    articles = made["corpus"]["articles"]
    said = audit.verdict(articles, made["corpus"]["dropped"], made["keywords"]["periods"])
    told = methods.paragraph(made, record)
    shared = {
        "title": f"What do the articles in “{made['name']}” talk about?",
        "nav": nav,
        "collection": collected(articles, made["collection"]),
        "warnings": [said.text for said in audit.on_files(articles, made["corpus"]["dropped"])],
        "findings": [],
        "left_out": left_out(made),
        "funnel": funnel(made),
        "methods": told,
        "references": "\n".join(f"- {each}" for each in methods.references(told)),
        "cite": methods.citation(record),
        "download": DOWNLOADS,
        "rebuild": f"make verify NAME={made['name']}\npython -m topics verify {made['name']}",
        "ledger": made["ledger"],
    }
    return shared | (few_articles(made) if made["few"] else many_articles(made, said))


def collected(articles: pd.DataFrame, said: Mapping[str, Any]) -> str:
    """What was collected and how: number, span, outlets, query."""
    dated = articles.loc[articles["date"] != "", "date"]
    outlets, unknown = articles.loc[articles["source"] != "", "source"].nunique(), int((articles["source"] == "").sum())
    parts = [several(len(articles), "article")]
    which = "" if len(dated) == len(articles) else f"{len(dated):,} of them "
    parts += [f"{which}dated {dated.min()} to {dated.max()}"] if len(dated) else ["none dated"]
    besides = f" and {unknown:,} of unknown outlet" if unknown else ""
    parts += [f"from {outlets} outlets{besides}"] if outlets > 1 else []
    parts += [f"found by searching for “{said['query']}”"] if said.get("query") else []
    text = ", ".join(parts) + "."
    return text if said else text + " How they were collected is not said: write it in `collection.yml` beside them."


# --- few articles -----------------------------------------------------------------------------------------------------------


def few_articles(made: Mapping[str, Any]) -> dict[str, Any]:
    """The front page where articles are too few to count: read them; a card each."""
    articles = made["corpus"]["articles"]
    told = telling_sentences(made["words"], articles, n=3)
    n = len(articles)
    return {
        "verdict": f"{_count(n)}: read {'it' if n == 1 else 'them'}; no trends, no shares.",
        "cards": html.cards(*(_card(row, told.get(row.doc_id, [])) | {"lang": made["corpus"]["language"]} for row in articles.itertuples(index=False))),
        "cannot_say": [
            {"text": "How much of the articles a topic is: a share of so few articles says nothing of others, so none is given."},
            {"text": "What rises or falls: so few articles carry no trend, no comparison of periods or outlets, no ranking."},
            {"text": "How many topics there are, and how coherent: the reading groups are a way into the text, marked exploratory.",
             "href": f"03_topics_{made['topic_counts'][0]:02d}.html", "link": "Reading groups"},
            {"text": "What can be seen is which article speaks of what, with the sentences.",
             "href": "04_keyword_trends.html", "link": "Articles and concepts"},
        ],
    }  # fmt: skip


def _count(n: int) -> str:
    words = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")
    return f"{words[n] if n < len(words) else n} article{'s' * (n != 1)}"


def _card(row: Any, sentences: list[str]) -> dict[str, Any]:
    dated = f"{row.date} ({DATE_SOURCES[row.date_source]})" if row.date else "date unknown"
    if not row.date and row.not_before:
        dated += f", not before {row.not_before[:4] if row.not_before.endswith('-01-01') else row.not_before}"
    return {
        "title": title_of(row),
        "url": row.url,
        "meta": [row.source or "outlet unknown", dated, several(row.n_words, "word")],
        "body": [sentence for sentence in sentences if sentence != row.title][:2],
    }


# --- many articles ----------------------------------------------------------------------------------------------------------


def many_articles(made: Mapping[str, Any], carry: list[audit.Said]) -> dict[str, Any]:
    """The front page where things can be counted: findings, what cannot be said, topics, keywords.

    Where no number of topics is suggested, nothing is claimed of any topic.
    """
    shown = foremost(made["topic_counts"], made["comparison"]["choice"])
    topics = standing(made["topics"][shown], made["reading"][shown])
    steady = topic_findings(made, topics, shown) if made["suggested"] else []
    found, more = steady[:MOST_TOPIC_FINDINGS], steady[MOST_TOPIC_FINDINGS:]
    moves = topic_trends(made, topics, shown) if made["suggested"] else []
    moves += [_trend_finding(row) for row in html.each_row(moved(made["keywords"]["findings"]))]
    found += moves[: MOST_FINDINGS - len(found)]
    if more:
        come = f"{several(len(more), 'more topic')} come{'s' * (len(more) == 1)} back in every other run"
        said = f"{come}: {_named([each['label'] for each in more])}."
        found.append({"text": said, "href": f"03_topics_{shown:02d}.html", "link": "The topics", "kind": "topics"})
    return {
        "verdict": carry[0].text + ("" if made["suggested"] else " No number of topics held up, so none is claimed."),
        "warnings": [*_not_suggested(made, shown), *(said.text for said in carry if said.warns)][:MOST_WARNINGS],
        "findings": found,
        "figure": first_figure(made, found[0], topics, shown) if found else None,
        "cannot_say": cannot_say(made, topics, shown),
        "topics": topics_table(made, topics, shown) if made["suggested"] else html.say(NO_TOPICS),
        "keywords": keywords_table(made["keywords"]["trends"]),
    }


def _not_suggested(made: Mapping[str, Any], shown: int) -> list[str]:
    if made["suggested"] in (None, shown):
        return []
    among = "would do" if shown in made["comparison"]["choice"]["range"] else "is not among those that would do"
    told = f"The topics of this page are those of {shown} topics, as asked for"
    return [f"{told}; {made['suggested']} is suggested, {shown} {among} as well."]


def topic_findings(made: Mapping[str, Any], topics: pd.DataFrame, shown: int) -> list[dict[str, Any]]:
    """A finding for each topic that comes back in every run and is not set aside by hand, the steadiest first; those in nearly every article last."""
    shares = made["topics"][shown]["doc_topics"].pivot(index="doc_id", columns="topic", values="share")
    leads = shares.idxmax(axis=1).value_counts()
    kept = topics[topics["stable"] & ~topics["junk"]].assign(steady=lambda table: table["again"].round(1))
    kept = kept.sort_values(["everywhere", "steady", "share"], ascending=[True, False, False], kind="stable")
    alike = per_cent(1 / len(topics))
    found = []
    for row in html.each_row(kept):
        led = several(int(leads.get(row.topic, 0)), "article")
        of = f"95 %, these {len(shares):,} articles, given these topics" if row.share_low == row.share_low else NO_DRAWS
        text = (
            f"**{row.label}** ({', '.join(row.terms.split(', ')[:6])}): {SHARE(row)} of the counted words of an average article ({of}; "
            f"{len(topics)} equal topics would have {alike}), and the largest topic of {led}. "
            f"It comes back in {row.found} of {row.runs} other runs{_elsewhere(made, row.topic, shown)}."
        )
        if row.everywhere:
            text += " It is in nearly every article, so it may be the language that they share, not a subject."
        where = {"href": f"03_topics_{shown:02d}.html#topic-{row.topic}", "link": "The articles behind it"}
        found.append({"text": text, **where, "kind": "topic", "name": row.topic, "label": f"“{row.label}”"})
    return found


def _elsewhere(made: Mapping[str, Any], topic: int, shown: int) -> str:
    """The other topic counts at which a topic has its like: each the most similar of the other, beyond shuffled text."""
    table = made["reading"][shown]["counterparts"]
    mine = table[(table["kind"] == "count") & (table["topic"] == topic) & table["mutual"]]
    counts = [str(k) for k in sorted(mine.loc[mine["similarity"] >= made["topics"][shown]["floor"], "n_topics_b"])]
    return f", and at {listed(counts)} topics" if counts else ""


def topic_trends(made: Mapping[str, Any], topics: pd.DataFrame, shown: int) -> list[dict[str, Any]]:
    """A finding for each topic whose share rose or fell, by the rules of the trends room."""
    labels = topics.set_index("topic")["label"]
    found = []
    for row in html.each_row(moved(findings(made["topics_over_time"][shown]["trends"]))):
        topic = int(row.name)
        text = row.sentence.replace(f"Topic {topic}", f"**{labels[topic]}** (topic {topic})", 1)
        where = {"href": f"03_topics_{shown:02d}.html#topic-{topic}", "link": "The series and the articles"}
        found.append({"text": text, **where, "kind": "topic", "name": topic})
    return found


def _trend_finding(row: Any) -> dict[str, Any]:
    text = row.sentence.replace(f"Mention of {row.name}", f"Mention of **{row.name}**", 1)
    where = {"href": f"04_keyword_trends.html#{anchor(row)}", "link": "The series and the sentences"}
    return {"text": text, **where, "kind": row.kind, "name": row.name}


def first_figure(made: Mapping[str, Any], first: Mapping[str, Any], topics: pd.DataFrame, shown: int) -> html.Piece:
    """The first finding as a figure: its series with articles per period beneath; where there are no dates, the topics' shares."""
    if first["kind"] != "topic":
        series = made["keywords"]["series"]
        rows = series[
            (series["name"] == first["name"]) & (series["source"] == "") & series["unit"].str.contains("share")
        ]
        drawn = plots.series(rows, title=f"Is {first['name']} talked about more or less?")
        caption = "Share of articles that mention it, with 95 % intervals; articles per period beneath."
        return html.figure(drawn, name="first_finding", caption=caption)
    over_time = made["topics_over_time"][shown]
    if len(over_time["series"]):
        label = topics.set_index("topic").loc[first["name"], "label"]
        return series_figure(over_time, first["name"], "first_finding", f"How much of the articles is about {label}?")
    drawn = plots.shares(topics, title=f"How much of the articles is each of {len(topics)} topics?")
    known = (
        "with 95 % intervals (these articles, given these topics)" if topics["share_low"].notna().any() else NO_DRAWS
    )
    caption = f"Mean share of an article’s counted words, {known}. No series, since the dates do not make two periods."
    return html.figure(drawn, name="first_finding", caption=caption)


def cannot_say(made: Mapping[str, Any], topics: pd.DataFrame, shown: int) -> list[dict[str, str]]:
    """What was looked for without an answer: no count that holds up, unstable topics, names without a test, articles without a date."""
    shaky = topics[~topics["stable"]]
    said: list[dict[str, str]] = []
    texts: list[str] = []  # on topics
    if made["suggested"] is None:
        why = f"{made['comparison']['choice']['why']} No topic is claimed."
        said.append({"text": why, "href": "02_topic_counts.html", "link": "The comparison"})
    else:
        texts += [
            f"**{row.label}** comes back in {row.found} of {row.runs} other runs only{f', and {row.joins}' if row.joins else ''}: no conclusion is drawn from it."
            for row in html.each_row(shaky.head(MOST_UNSTABLE))
        ]
        if (more := len(shaky) - MOST_UNSTABLE) > 0:
            texts.append(
                f"{more} more of the {len(topics)} topics do{'es' * (more == 1)} not come back in every other run."
            )
        texts += untold_of_topics(made, topics, shown)
    lost = made["topics"][shown]["labels"].query("topic == 0")["name"]
    texts += [f"The label “{name or 'without a name'}” fits no topic of this run and is dropped." for name in lost]
    said += [{"text": text, "href": f"03_topics_{shown:02d}.html", "link": "The topics"} for text in texts]
    of_keywords = [*untold(made["keywords"]), *made["keywords"]["unheard"]]
    said += [{"text": text, "href": "04_keyword_trends.html", "link": "Keywords"} for text in of_keywords]
    articles = made["corpus"]["articles"]
    if undated := int((articles["date"] == "").sum()):
        said.append({"text": f"When {undated:,} of {len(articles):,} articles {'was' if undated == 1 else 'were'} published: no date of publication was found, and none was guessed.",
                     "href": "01_corpus.html", "link": "How dates are known"})  # fmt: skip
    return said


def untold_of_topics(made: Mapping[str, Any], topics: pd.DataFrame, shown: int) -> list[str]:
    """Sentences on the topics that come back in every run and whose trend was not tested, or is none."""
    named = topics[topics["stable"] & ~topics["junk"]].set_index("topic")["label"]
    trends = made["topics_over_time"][shown]["trends"]
    trends = trends[trends["name"].isin(named.index.astype(str))]
    trends = trends.assign(name=[f"“{named[int(topic)]}”" for topic in trends["name"]])
    return untold({"trends": trends, "findings": findings(trends)})


def untold(kept: Mapping[str, Any]) -> list[str]:
    """Sentences on the names whose trend was not tested, those with the same reason together, and on those without a trend."""
    trends = kept["trends"]
    if trends.empty:
        return []
    said = []
    few = trends["n_too_few"].notna()
    if few.any():
        most = trends[few].sort_values(["n_too_few", "name"], ascending=[False, True])
        named = _named([f"{row.name} ({row.n_too_few:.0f})" for row in html.each_row(most)])
        where = f"in {length_of(most.iloc[0])}s of {FEWEST_ARTICLES} articles or more"
        said.append(f"Whether {named} rose or fell: too few articles {where} mention each (in brackets; a trend needs {FEWEST_MENTIONS}).")  # fmt: skip
    for note, rows in trends[(trends["note"] != "") & ~few].groupby("note", sort=False):
        said.append(f"Whether {_named(rows['name'].tolist())} rose or fell: {note}")
    flat = trends.loc[(trends["note"] == "") & ~trends["name"].isin(moved(kept["findings"])["name"]), "name"].tolist()
    if flat:
        said.append(f"No trend could be told from chance for {_named(flat)}.")
    return said


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def topics_table(made: Mapping[str, Any], topics: pd.DataFrame, shown: int) -> html.Piece:
    """Label, share, stability and two articles of each topic."""
    articles = made["corpus"]["articles"].set_index("doc_id")
    shares = made["topics"][shown]["doc_topics"].sort_values(["share", "doc_id"], ascending=[False, True])
    leading = shares.groupby("topic")["doc_id"].agg(
        lambda ids: "; ".join(title_of(articles.loc[doc]) for doc in ids.head(2))
    )
    rows = topics.assign(back=[come_back(row) for row in html.each_row(topics)], articles=topics["topic"].map(leading))
    columns = {
        "label": "Topic",
        "share": share_head(topics["share_low"].notna().any(), "95 %"),
        "back": "Comes back in",
        "articles": "Two articles",
    }
    formats = {
        "label": lambda row: html.link(row.label, f"03_topics_{shown:02d}.html#topic-{row.topic}"),
        "share": SHARE,
    }
    return html.table(rows, caption=f"The {len(rows)} topics, by share", columns=columns, formats=formats, most=400)


def keywords_table(trends: pd.DataFrame) -> html.Piece:
    """Early and late share and change of each name tested, the largest change first."""
    tested = trends if trends.empty else trends[trends["note"] == ""]
    if tested.empty:
        return html.say("No keyword could be tested for a trend; see “Looked for, and cannot say”.")
    rows = tested.reindex(tested["slope"].abs().sort_values(ascending=False, kind="stable").index)
    columns = {
        "name": "Keyword",
        "start": "Early, fitted",
        "end": "Late, fitted",
        "slope": f"Change, {tested['unit'].iloc[0]} (95 %)",
        "q": "q",
    }
    formats: dict[str, Any] = {
        "name": lambda row: html.link(row.name, f"04_keyword_trends.html#{anchor(row)}"),
        "start": "percent",
        "end": "percent",
        "slope": html.with_interval("slope", "low", "high"),
        "q": ".2g",
    }
    return html.table(
        rows,
        caption=f"Share of articles that mention it at the ends of the fitted line, whose slope has the interval; rose or fell is said where q is at most {MOVED}",
        columns=columns,
        formats=formats,
        most=20,
    )


# --- common parts -----------------------------------------------------------------------------------------------------------


def funnel(made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Files that were not read; then a line a stage: how many were left out, and why; then what is analysed."""
    table = audit.funnel(made["corpus"]["articles"], made["corpus"]["dropped"])
    files = audit.unread_said(made["corpus"]["dropped"])
    lines: list[dict[str, Any]] = [{"text": files}] if files else []
    n, left = int(table["n_in"].iloc[0]), int(table["n_out"].iloc[-1])
    lines.append({"n": n, "text": f"article{'s' * (n != 1)} found"})
    lines += [{"n": row.left_out, "text": row.why} for row in html.each_row(table[table["left_out"] > 0])]
    analysed = {"n": left, "text": f"article{'s' * (left != 1)} analysed"}
    lines.append(analysed | {"href": "01_corpus.html", "link": "Everything that was left out"})
    wordless = len(made["words"]["wordless"])
    return lines + ([{"n": wordless, "text": f"of them {_without_words(wordless)}"}] if wordless else [])


def _without_words(n: int) -> str:
    return f"{'has' if n == 1 else 'have'} no word that the models count, and no topics"


def left_out(made: Mapping[str, Any]) -> str:
    """What was left out, in one line."""
    table = audit.funnel(made["corpus"]["articles"], made["corpus"]["dropped"])
    parts = methods.left_out_of(table)
    undated = int((made["corpus"]["articles"]["date"] == "").sum())
    have = "has no date and is" if undated == 1 else "have no date and are"
    parts += [f"{undated:,} {have} in no series"] if undated else []
    wordless = len(made["words"]["wordless"])
    parts += [f"{wordless:,} {_without_words(wordless)}"] if wordless else []
    said = [f"of {several(int(table['n_in'].iloc[0]), 'article')} {'; '.join(parts)}" if parts else ""]
    said = list(filter(None, [*said, audit.unread_said(made["corpus"]["dropped"])]))
    return f"{'; besides, '.join(said)}." if said else "nothing."


# --- all runs ---------------------------------------------------------------------------------------------------------------


def ledger_line(folder: Path, corpus: str, topic_counts: tuple[int, ...]) -> str:
    """Which run on this corpus this is, and the topic counts tried before: choices tried are part of the method."""
    before = [row for row in read_ledger(folder) if row["corpus"] == corpus]
    tried = sorted(
        {int(k) for row in before for k in row["topic_counts"].split() if k.isdecimal() and len(k) < 9}
        | set(topic_counts)
    )
    return f"This is run {len(before) + 1} on this corpus; topic counts shown so far: {', '.join(map(str, tried))}."


def read_ledger(folder: Path) -> list[dict[str, str]]:
    try:
        with (folder / LEDGER).open(encoding="utf-8", errors="replace", newline="") as file:
            return [row for row in csv.DictReader(file) if row.get("corpus") and row.get("topic_counts") is not None]
    except (FileNotFoundError, csv.Error):
        return []


def enter(folder: Path, row: Mapping[str, Any]) -> None:
    """Add a run to the ledger of the folder, whose runs may be made at the same time; one that somebody else has written to is kept beside and told."""
    from filelock import FileLock

    def text(rows: list[dict[str, Any]]) -> str:
        stream = io.StringIO()
        writer = csv.DictWriter(stream, LEDGER_COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return stream.getvalue()

    path = folder / LEDGER
    with FileLock(folder / ".ledger.lock"):
        known = read_ledger(folder)
        if path.exists() and path.read_bytes() != text(known).encode("utf-8"):
            aside = next(name for i in count(1) if not (name := folder / f"ledger.changed-{i}.csv").exists())
            shutil.copy2(path, aside)
            print(
                f"{path}: not as runs write it; {len(known)} rows of it could be read. It is kept as {aside.name}; put its other rows back in UTF-8, with commas, "
                f"and the columns {', '.join(LEDGER_COLUMNS)}.",
                file=sys.stderr,
            )
        rows = [*known, {"when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), **row}]
        replace_file(path, lambda beside: beside.write_text(text(rows), encoding="utf-8", newline=""))


def write_runs(folder: Path) -> None:
    """Write the page over all runs of a folder, the newest first."""
    last = {row["name"]: row for row in read_ledger(folder)}
    standing = []
    for path in sorted(folder.glob("*/provenance.json")):
        name = path.parent.name
        if name.startswith(".") or name.endswith(".failed"):
            continue
        row = last.get(name, {})
        try:
            counts = ", ".join(map(str, json.loads(path.read_text(encoding="utf-8"))["topic_counts"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no record of ours
        standing.append({"name": name, "href": f"{name}/index.html", "date": row.get("when", ""), "articles": row.get("articles", ""),
                         "topics": counts, "verdict": row.get("verdict", "")})  # fmt: skip
    html.runs_page(sorted(standing, key=lambda run: run["date"], reverse=True), folder / "index.html")
