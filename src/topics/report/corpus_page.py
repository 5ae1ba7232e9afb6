"""What the page of the corpus shows: each function takes tables and gives a piece of the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from topics import plots
from topics.corpus import audit, corrections, edits
from topics.report import html
from topics.report.html import several

SHOWN_WHOLE = 150  # articles shown before and after; of more, those that cleaning changed most
EXAMPLES = 5  # passages shown of each step
LONGEST = 12_000  # characters of an article shown
UNDO = {  # the setting that changes what is left out, by the first words of the reason
    "stop": "keep_words", "name": "leave_out", "reporters'": "leave_out", "in fewer": "min_docs", "in more": "max_share",
}  # fmt: skip
DATE_SOURCES = {  # where a date is read, in plain words
    "correction": "a line of corrections.csv", "column": "a column or field of the file, or metadata.csv beside the articles",
    "metadata": "what a web page states of its publication, out of readers’ sight", "html": "found elsewhere in a web page’s source",
    "header": "a line at the head of the text", "url": "the web address", "file name": "the name of the file",
    "event": "the day of an event that the text tells as news", "none": "nowhere",
}  # fmt: skip


def verdict(corpus: Mapping[str, Any], periods: pd.DataFrame) -> html.Piece:
    """What these articles can carry in these periods (`period, n_docs`), in words, the most important first."""
    first, *others = audit.verdict(corpus["articles"], corpus["dropped"], periods)
    return html.group(html.verdict(first.text), "\n".join(f"- {said.text}" for said in others))


def funnel(corpus: Mapping[str, Any]) -> html.Piece:
    """From what was found to what is analysed, stage by stage, with the reasons."""
    table = audit.funnel(corpus["articles"], corpus["dropped"])
    bars = pd.DataFrame({"stage": ["found", *table["stage"]], "n": [*table["n_in"].head(1), *table["n_out"]]})
    heads = {
        "stage": "Stage",
        "n_in": "Articles in",
        "left_out": "Left out",
        "why": "Which",
        "n_out": "Articles out",
    }
    dropped = corpus["dropped"]
    files = int((dropped["what"] == "file").sum())
    besides = f". Besides, {several(files, 'file')} held no article (listed below)" if files else ""
    left_out = html.table(
        dropped,
        name="left_out",
        caption="Everything left out before words are counted, with the reason",
        columns={"stage": "Stage", "what": "What", "id": "Which", "reason": "Reason", "n": "Number"},
    )
    return html.group(
        html.figure(
            plots.bars(bars, "stage", "articles left", "What is left after each step?"),
            name="funnel",
            caption="Bars are articles left after each stage.",
        ),
        html.table(
            table,
            name="funnel",
            caption=f"Articles in and out of each stage; the counts add up{besides}",
            columns=heads,
        ),
        html.details(f"Everything that was left out: {several(len(dropped), 'row')}", left_out)
        if len(dropped)
        else "Nothing was left out.",
    )


def removals(corpus: Mapping[str, Any]) -> html.Piece:
    """What cleaning took out by step, with examples that unfold."""
    steps = audit.removals_by_step(corpus["removals"], corpus["articles"])
    if steps.empty:
        return html.say("Cleaning changed nothing.")
    heads = {
        "step": "Step", "n": "Passages", "n_docs": "Articles", "n_chars": "Characters", "share": "Share of all characters as read",
    }  # fmt: skip
    return html.group(
        html.figure(
            plots.bars(steps, "step", "passages taken out or repaired", "What was taken out of the articles?"),
            name="removals",
            caption="Passages taken out or repaired.",
        ),
        html.table(
            steps,
            name="removals_by_step",
            caption="What cleaning took out, by step",
            columns=heads,
            formats={
                "step": lambda row: row.step.replace("_", " "),
                "share": lambda row: f"{100 * row.share:.2f} %" if row.share >= 0.00005 else "under 0.01 %",
            },
        ),
        *(_examples(step, corpus["removals"][corpus["removals"]["step"] == step]) for step in steps["step"]),
    )


def _examples(step: str, rows: pd.DataFrame) -> html.Piece:
    """The passages that a step took out most often, each once."""
    known = rows.assign(passage=rows["passage"].str.slice(0, 300)).groupby(["passage", "replacement"]).size()
    top = known.sort_values(ascending=False, kind="stable").head(EXAMPLES).rename("n").reset_index()
    heads = {"passage": "Passage", "replacement": "Put in its place", "n": "Times"}
    name = step.replace("_", " ")
    return html.details(
        f"{name}: {len(top)} of {several(len(known), 'different passage')}",
        html.table(top, caption=f"Examples of {name}", columns=heads),
    )


def words_left_out(words: Mapping[str, Any]) -> html.Piece:
    """What counts as a word: the lists used, what they leave out of the models, and the setting that undoes it."""
    dropped, kinds = words["dropped"], words["terms"]["kind"].value_counts()
    of_overlap = dropped["what"] == "place of a concept"
    overlaps, dropped = dropped[of_overlap], dropped[~of_overlap]
    by_reason = dropped.groupby("reason", sort=False)
    table = by_reason.agg(names=("id", "size"), n=("n", "sum"), most=("id", lambda ids: ", ".join(ids.head(10))))
    table = table.reset_index().sort_values("n", ascending=False)
    table["undo"] = [
        next((how for begin, how in UNDO.items() if why.startswith(begin)), "–") for why in table["reason"]
    ]
    heads = {
        "reason": "Left out as",
        "names": "Different ones",
        "n": "Places",
        "most": "Most frequent",
        "undo": "Setting",
    }
    columns = {"id": "Name", "what": "What", "reason": "Reason", "n": "Places"}
    terms = ", ".join(several(int(kinds.get(kind, 0)), kind) for kind in ("word", "phrase", "concept"))
    rows = dropped.sort_values("n", ascending=False)
    most = html.table(rows, caption="All are in `tables/dropped.csv`", columns=columns)
    taken = html.table(overlaps, caption="What a longer or earlier concept took", columns=columns)
    wordless = words["wordless"]
    without = html.table(wordless, caption="Articles without topics", columns={"id": "Article", "reason": "Reason"})
    return html.group(
        f"{' '.join(words['notes'])} **{len(words['terms']):,} terms** are left for the models: {terms}.",
        html.table(table, caption="Words, phrases and concepts that no model counts, by reason", columns=heads),
        html.details("The most frequent of them", most),
        html.details(f"Places where two concepts overlap: {overlaps['n'].sum():,}", taken) if len(overlaps) else "",
        html.details(f"Articles of which no word is counted: {len(wordless):,}", without) if len(wordless) else "",
    )


def repeats(corpus: Mapping[str, Any]) -> html.Piece:
    """Articles that repeat another, with what they repeat."""
    rows = corpus["repeats"]
    if rows.empty:
        return html.say("No article repeats another.")
    exact = int((rows["how"] == "exact").sum())
    kept = {row.doc_id: title_of(row) for row in html.each_row(corpus["articles"])}
    rows = rows.assign(title=[kept.get(doc_id, "") for doc_id in rows["repeats"]])
    return html.group(
        f"{len(rows):,} {'article repeats another and is' if len(rows) == 1 else 'articles repeat another and are'} set aside: {exact:,} word for word, {len(rows) - exact:,} nearly. "
        "Of each group the earliest and fullest is kept.^[Near repeats: MinHash over shingles of five words finds candidates; the "
        "similarity given is the exact Jaccard similarity of their shingles.]",
        html.table(rows, caption="Articles set aside as repeats", formats={"similarity": ".2f"},
                   columns={"doc_id": "Article", "repeats": "Repeats", "title": "Which is", "similarity": "Similarity", "how": "How"}),
    )  # fmt: skip


def dates(corpus: Mapping[str, Any]) -> html.Piece:
    """How the dates are known, and which of them disagree."""
    table = audit.dates_known(corpus["articles"])
    table["where"] = table["date_source"].map(DATE_SOURCES).fillna("")
    by_source = table.groupby("date_source", sort=False)["n"].sum().reset_index()
    doubts = corpus["dropped"][corpus["dropped"]["stage"] == "dates"]
    pieces = [
        html.figure(plots.bars(by_source, "date_source", "articles", "How do we know the dates?"), name="dates", caption="Bars are articles. “none” is undated: never guessed, and in no series."),
        html.table(table, name="dates_known", caption="Where dates come from, and how precise they are", formats={"share": "percent"},
                   columns={"date_source": "Known from", "where": "That is", "date_precision": "Precision", "n": "Articles", "share": "Share"}),
    ]  # fmt: skip
    if len(doubts):
        what = "Dates that disagree or were set aside"
        shown = html.table(doubts, caption=what, columns={"id": "Article", "reason": "What"})
        pieces.append(html.details(f"{what}: {len(doubts):,}", shown))
    return html.group(*pieces)


def coverage(articles: pd.DataFrame, volume: pd.DataFrame) -> html.Piece:
    """When, from where and how long. A row of `volume` is a period and source: `period, source, n_docs, partial`."""
    pieces = []
    if len(volume):
        pieces.append(html.figure(plots.articles_per_period(volume), name="articles_per_period",
                                  caption="Articles with a date that is precise enough, by period and source; hatched: period only partly covered."))  # fmt: skip
    pieces.append(html.figure(plots.lengths(articles), name="lengths", caption="Words per article after cleaning."))
    by_source = articles.assign(source=articles["source"].replace("", "unknown")).groupby("source")
    sources = by_source.agg(
        n=("doc_id", "size"), words=("n_words", "sum"), first=("date", _first), last=("date", "max")
    )
    sources = sources.reset_index().sort_values(["n", "source"], ascending=[False, True])
    heads = {"source": "Source", "n": "Articles", "words": "Words", "first": "First date", "last": "Last date"}
    return html.group(*pieces, html.table(sources, name="sources", caption="Articles by source", columns=heads))


def _first(dates: pd.Series) -> str:
    return min(dates[dates != ""], default="")


def before_and_after(corpus: Mapping[str, Any]) -> html.Piece:
    """Each article as it was read, the removals struck through, with the lines to paste for a correction."""
    articles, removals = corpus["articles"], corpus["removals"]
    lost = removals.groupby("doc_id")["n_chars"].sum()
    changed = articles.assign(lost=articles["doc_id"].map(lost).fillna(0))
    shown = changed.sort_values(["lost", "doc_id"], ascending=[False, True]).head(SHOWN_WHOLE)
    by_doc = dict(tuple(removals[removals["doc_id"].isin(shown["doc_id"])].groupby("doc_id")))
    none = removals.head(0)
    most = f"Shown are the {len(shown)} articles of {len(articles):,} that cleaning changed most; the table `removals` has every passage."
    said = most if len(shown) < len(articles) else ""
    return html.group(said, *(_article(row, by_doc.get(row.doc_id, none)) for row in html.each_row(shown)))


def title_of(article: Any, most: int = 80) -> str:
    """The title of an article, or how it begins where it has none."""
    words = " ".join(str(article.title or article.text).split())
    return words if len(words) <= most else words[:most].rsplit(" ", 1)[0] + " …"


def _article(row: Any, removed: pd.DataFrame) -> html.Piece:
    """One article: what is known of it, its text before and after, how to correct it."""
    original = edits.rebuild(row.text, removed)
    cut = f" The first {LONGEST:,} characters are shown." if len(original) > LONGEST else ""
    inside = removed[removed["start"] + removed["n_chars"] <= LONGEST]
    dated = f"{row.date} ({row.date_precision}, from {row.date_source})" if row.date else "undated"
    lines = [
        corrections.line_for(row.doc_id, "date", "2020-01-31", "why"),
        corrections.line_for(row.doc_id, "article", "drop", "why"),
    ]
    if len(removed):
        passage = " ".join(str(removed["passage"].iloc[0]).split())[:60]
        lines.insert(0, corrections.line_for(row.doc_id, "restore", passage, "why"))
    sizes = f"{several(row.n_words, 'word')} · {several(len(removed), 'passage')} taken out."
    facts = html.say("{file} · {source} · {dated} · " + sizes + cut, file=row.file, source=row.source or "source unknown", dated=dated)  # fmt: skip
    return html.details(
        html.esc(title_of(row)),
        facts,
        html.diff_view(original[:LONGEST], inside),
        "Lines for `corrections.csv` (its first line is `doc_id,field,value,reason`):",
        html.lines("\n".join(lines)),
        id=html.anchor("article", row.doc_id),
    )
