"""What the page of concepts and keywords shows: each function takes what the pipeline keeps and gives a piece of the page.

Whatever is counted leads to its sentences: a table row or a small figure links to the name's own part, and in it every period
opens on the places that were counted. Each section brings its own heading, so that a page of few articles has none that is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from topics import plots, tokens
from topics.corpus import audit
from topics.report import html
from topics.report.corpus_page import SHOWN_WHOLE, title_of
from topics.report.html import per_cent, several
from topics.settings import project_folder
from topics.trends.keywords import FIXED_MIX, MIX_CHANGED
from topics.trends.statistics import END_MENTIONS, MOVED
from topics.trends.steps import COMPANIONS, SURE

PLACES = 5000  # places shown on the page, at most; of more, a sample by chance from every period of every name
FEWEST_PLACES = 2  # shown of each period, however many names and periods there are
LONGEST = 420  # characters of a sentence shown; a longer one is cut between words on both sides of the place
ARTICLES_OF_BURST = 12  # articles listed of a burst
MARKING = 15  # words shown on each side of a comparison
SMALL_FIGURES = 24  # names with a small figure
OUTLETS = 30  # outlets listed of each name, the largest
DRAWN = 20  # articles that mention a name, from which on it has a figure of its own
EXAMPLES = 3  # sentences shown of each companion


def things(concepts: str | Path, keywords: Sequence[str]) -> html.Piece:
    """Which things are followed: the file of concepts and the keywords in use."""
    file = Path(concepts)
    shown = file.relative_to(project_folder()).as_posix() if file.is_relative_to(project_folder()) else file.name
    none = "no keywords, since the settings name none"
    named = f"the keywords of the settings ({', '.join(keywords)})" if keywords else none
    return html.say("The things are the concepts of {file} and {named}.", file=shown, named=named)


# --- in short -----------------------------------------------------------------------------------------------------------------


def answer(kept: Mapping[str, Any]) -> html.Piece:
    """The question answered in one line and a list, the surest first; each line links to its evidence."""
    head, unheard = html.heading("In short"), "\n\n".join(kept["unheard"])
    if kept["names"].empty:
        none = "No concept or keyword stands in the articles. Name what you care about in the file of concepts, or as keywords in the settings."
        return html.group(head, html.verdict(none), unheard)
    n = len(kept["placed"])
    if kept["series"].empty:
        said = f"{several(n, 'article')}: read {'it' if n == 1 else 'them'}. Nothing is shown over time."
        return html.group(head, html.verdict(said), _why_no_series(kept), unheard)
    said = kept["findings"]
    lines = [_linked(row) for row in html.each_row(moved(said))]
    mixed = said[(said["verdict"] == "cannot say") & said["sentence"].str.contains(MIX_CHANGED, regex=False)]
    for what, words in (("burst", "For a time unusually common"), ("break", "From one period on more or less common")):
        if len(found := _bursts(kept, what)):
            names = ", ".join(f"[{row.name}](#{anchor(row)}) ({row.start})" for row in html.each_row(found))
            lines.append(f"- {words}: {names}.")
    doubtful = f"{several(len(mixed), 'name')} moved in the articles as collected, whose mix of outlets changed, but not surely within the outlets"
    return html.group(
        head,
        html.verdict(_headline(kept)),
        "\n".join(lines),
        html.details(doubtful, "\n".join(_linked(row) for row in html.each_row(mixed))) if len(mixed) else "",
        unheard,
    )


def _headline(kept: Mapping[str, Any]) -> str:
    n, tested = len(kept["trends"]), int(kept["trends"]["slope"].notna().sum())
    if not tested:
        names = "the one name" if n == 1 else f"any of the {n} names"
        return f"No trend could be tested for {names}; why stands beneath."
    could = f"Of {several(n, 'name')}, {tested} could be tested for a trend"
    rose, fell = ((kept["findings"]["verdict"] == way).sum() for way in ("rose", "fell"))
    if not rose + fell:
        return f"{could}; of none can it be said that it rose or fell."
    return f"{could}: {rose} rose, {fell} fell; of the others it cannot be said."


def _linked(row: Any) -> str:
    """A finding as a line of a list, in which the name leads to its own part."""
    link = f"[{row.name}](#{anchor(row)})"
    return "- " + row.sentence.replace(f" {row.name} ", f" {link} ", 1).replace(f" {row.name}:", f" {link}:", 1)


def _why_no_series(kept: Mapping[str, Any]) -> str:
    n, dated = len(kept["placed"]), int((kept["placed"]["ordinal"] >= 0).sum())
    if not dated:
        return "No article has a date, so there is no before and after."
    return (
        f"{dated} of {several(n, 'article')} {'has' if dated == 1 else 'have'} a date. That makes no line: no share, no interval, no trend and no burst "
        "is given. What each article says of each thing stands below, with its sentences."
    )


def anchor(row: Any) -> str:
    """The id of a name's part of the page: `concept-…` or `keyword-…`."""
    return html.anchor(row.kind, row.name)


def _link(row: Any) -> html.Piece:
    return html.link(row.name, f"#{anchor(row)}")


def _bursts(kept: Mapping[str, Any], what: str) -> pd.DataFrame:
    """The bursts, or breaks, that stand their test."""
    table = kept["bursts"]
    return table[(table["q"] < SURE) & (table["what"] == what)] if len(table) else table


def burst_sentence(row: Any) -> str:
    """A row of BURSTS in words."""
    inside, outside = per_cent(row.share_in), per_cent(row.share_out)
    if row.what == "break":
        return f"Break: from {row.start} on {inside} of the articles mention it, {outside} of the earlier ones (q = {_q(row.q)})."
    when = row.start if row.start == row.end else f"{row.start} to {row.end}"
    return f"Burst: in {when} {inside} of the articles mention it, {outside} of the others (q = {_q(row.q)})."


def length_of(trend: Any) -> str:
    """The length of a period, of which the unit of a row of TRENDS tells."""
    return str(trend.unit).rsplit(" ", 1)[-1]


def _q(q: float) -> str:
    return "under 0.001" if q < 0.001 else f"{q:.2g}"


def moved(findings: pd.DataFrame) -> pd.DataFrame:
    """What the trends room calls a finding: names that rose or fell, the sturdiest first, with its sentence."""
    return findings[findings["verdict"] != "cannot say"]


# --- what was collected ---------------------------------------------------------------------------------------------------------


def collected(kept: Mapping[str, Any], volume: pd.DataFrame, collection: Mapping[str, Any]) -> html.Piece:
    """What the articles are, how they were found, out of what a share is taken, and how long a period is; where no share is taken, what is said of them."""
    if kept["series"].empty and not _known_of(collection):
        return html.Piece("")
    pieces: list[Any] = [html.heading("What was collected"), _collection(collection)]
    if len(kept["series"]):
        drawn = plots.articles_per_period(volume, title="How many articles stand behind each period?")
        caption = f"{kept['why']} Hatched: only part of the period is covered."
        pieces.append(html.figure(drawn, name="volume", caption=caption))
        coarse = int((kept["placed"]["ordinal"] < 0).sum())
        are = "is" if coarse == 1 else "are"
        left = f" {several(coarse, 'article')} without a date exact enough for a {kept['length']} {are} in no series."
        pieces.append(kept["denominator"] + left * (coarse > 0))
    return html.group(*pieces)


def _collection(said: Mapping[str, Any]) -> html.Piece:
    """What the user said of the collection; asked for where nothing is said, since a search decides what a trend means."""
    known = _known_of(said)
    if known:
        facts = [f"- {key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in known.items()]
        return html.say("What `collection.yml` says of the articles:\n\n" + "\n".join(facts))
    example = "query: smart city\nterms: [smart city, smart cities]\noutlets: [Example Daily]\nscraped: 2024-05-31\nsince: 2018-01-01\nuntil: 2023-12-31"
    return html.details(
        "How were these articles found? No `collection.yml` says so.",
        "Articles that were found by searching for a term cannot show that term’s trend, and how many articles an outlet published in "
        "all (`totals.csv`: `source,period,total`) is what a share should be taken of. Beside the articles, `collection.yml` says it:",
        html.lines(example),
    )


def _known_of(said: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if value and key != "seasons"}


# --- how often and when -----------------------------------------------------------------------------------------------------------


def overview(kept: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """A small figure for each name; where articles are few, the grid of articles and names, whose cells open the sentences."""
    if kept["names"].empty:
        return html.Piece("")
    if kept["series"].empty:
        return html.group(html.heading("Which article names what, and how often"), grid(kept, articles))
    every = kept["series"][(kept["series"]["source"] == "") & kept["series"]["unit"].str.startswith("share")]
    names = _by_importance(kept).head(SMALL_FIGURES)
    shown = pd.concat([every[every["name"] == name] for name in names["name"]], ignore_index=True)
    left = len(kept["names"]) - len(names)
    more = f" The {left} names in the fewest articles stand in their own parts alone." if left > 0 else ""
    links = " · ".join(map(_link, html.each_row(names)))
    return html.group(
        html.heading("How often, and when"),
        "An article mentions a thing or it does not; however often it says it, it counts once.",
        html.figure(
            plots.multiples(shown, title="Share of articles that mention it"),
            name="keywords",
            caption="Line: share of the period’s articles; band: 95 % interval (Wilson, on the effective number of articles); each on its own scale. Pale dots: periods of fewer than five articles, "
            f"which may lie outside the frame. Foot: articles a period. Gaps are periods without articles.{more}",
        ),
        html.Piece(f"<p>Read on: {links}</p>"),
    )


def _by_importance(kept: Mapping[str, Any]) -> pd.DataFrame:
    """The names, those that moved first, then those that burst, then by the number of articles that mention them."""
    names = kept["names"]
    names = names.assign(
        n_docs=np.asarray((kept["mentions"] > 0).sum(axis=0)).ravel(),
        sure=names["name"].isin(moved(kept["findings"])["name"]),
        burst=names["name"].isin(_bursts(kept, "burst")["name"]),
    )
    return names.sort_values(["sure", "burst", "n_docs", "name"], ascending=[False, False, False, True])


def grid(kept: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """Articles and names: how often each stands in each; a cell opens every sentence that was counted."""
    places: dict[Any, Any] = dict(tuple(kept["contexts"].groupby(["doc_id", "name"])))
    none, names = kept["contexts"].head(0), _by_importance(kept)["name"]
    cells: list[tuple[Any, ...]] = []
    for article in html.each_row(
        articles.sort_values(["date", "doc_id"], key=lambda column: column.replace("", "9999"))
    ):
        head = f"{title_of(article, 50)} ({article.date or 'undated'})"
        head += f" {article.doc_id}" if any(head == cell[1] for cell in cells) else ""
        for name in names:
            rows = places.get((article.doc_id, name), none)
            cells.append((article.doc_id, head, name, len(rows), _sentences(rows, article.text)))
    table = pd.DataFrame(cells, columns=["doc_id", "article", "concept", "n", "sentences"])
    caption = "How often each thing is named in each article; a number opens its sentences"
    return html.grid(table, caption, name="concept_grid")


# --- what moves ---------------------------------------------------------------------------------------------------------------


def moves(kept: Mapping[str, Any]) -> html.Piece:
    """All trends with intervals, their tests one click down, and what was not tested in a table of the same size."""
    if kept["series"].empty or kept["names"].empty:
        return html.Piece("")
    verdict = kept["trends"]["name"].map(kept["findings"].set_index("name")["verdict"])
    trends = kept["trends"].assign(verdict=verdict, sure=verdict != "cannot say")
    tested = trends[trends["note"] == ""].sort_values("slope", ascending=False, kind="stable")
    return html.group(
        html.heading("What moves, and how sure that is"),
        _tested(tested) if len(tested) else "No name could be tested for a trend.",
        _not_tested(trends[trends["note"] != ""]),
    )


def _tested(tested: pd.DataFrame) -> html.Piece:
    first, span = tested.iloc[0], (tested["first"].min(), tested["last"].max())
    heads = {
        "name": "Name", "verdict": "It", "start": "First", "end": "Last", "slope": "Change of log-odds (95 %)", "q": "q", "selected": "Interval of the findings",
        "raw_slope": "As collected", "correlation": "Correlation of successive periods", "sen": "Sen’s slope of the share",
        "tau": "Kendall’s tau", "tau_p": "p of tau", "p": "p",
    }  # fmt: skip
    formats: dict[str, Any] = {
        "name": _link, "sen": ".2%",
        "start": lambda row: _end(row.start, row.first, span[0]), "end": lambda row: _end(row.end, row.last, span[1]),
        "slope": html.with_interval("slope", "low", "high", digits=3), "q": lambda row: _q(row.q), "p": lambda row: _q(row.p),
        "selected": lambda row: "" if row.selected_low != row.selected_low else f"{row.selected_low:.3f} to {row.selected_high:.3f}".replace("-", "−"), "raw_slope": ".3f",
        "correlation": ".2f", "tau": ".2f", "tau_p": ".2g",
    }  # fmt: skip
    caption = (
        f"{first['family']} over {first['n_periods']} {length_of(first)}s. First, last: share of articles by the fitted trend in {span[0]} and {span[1]}"
        f"{_inner_ends(tested, span)}. As collected: the same change whatever outlets the articles are of. q: Benjamini and Hochberg over this family. Sen’s slope and Kendall’s tau describe, they do not test."
    )
    return html.group(
        html.figure(
            plots.forest(tested, title="Which names are in more articles, and which in fewer?"),
            name="trends",
            caption=f"Change of the log-odds that an article mentions it, {first['unit'].removeprefix('log-odds ')}, with 95 % intervals (0.1: the odds grow by 10.5 %). "
            f"Filled: rose or fell (q at most {MOVED}). {first['season']}",
        ),
        html.details(
            "The tests: q-values, what they rest on, and other measures",
            html.table(tested, name="trend_tests", caption=caption, columns=heads, formats=formats),
        ),
        f"The model: log-odds per {length_of(first)} with errors that follow from one to the next.^[Log-odds of the share per period, weighted by its effective "
        "number of articles, within outlets where there are several; AR(1) errors by REML, averaged over their likelihood; t reference.]",
    )


def _end(share: float, period: str, span: str) -> str:
    """A share at an end of the fitted line, with its period where that is not the one of the caption.

    >>> _end(0.1234, "2018-03", "2018-01"), _end(0.1234, "2018-01", "2018-01")
    ('12.3 % (2018-03)', '12.3 %')
    """
    return html.interval(share, percent=True, digits=1) + (f" ({period})" if period != span else "")


def _inner_ends(tested: pd.DataFrame, span: tuple[str, str]) -> str:
    """Why some lines are shown between other periods than those of the caption; nothing where all are shown between these."""
    inner = int(((tested["first"] != span[0]) | (tested["last"] != span[1])).sum())
    if not inner:
        return ""
    return (
        f"; of {inner} of the {len(tested)} names in the period that stands beside the share, since fewer than {END_MENTIONS:.0f} articles before it, or after it, "
        "were to be expected to mention the name, too few for a share there (the test takes in all periods)"
    )


def _not_tested(rows: pd.DataFrame) -> html.Piece:
    if rows.empty:
        return html.say("Every name could be tested.")
    caption = f"Not tested: {several(len(rows), 'name')}, and why"
    return html.table(rows, caption=caption, columns={"name": "Name", "note": "Why not"}, formats={"name": _link})


# --- each name ------------------------------------------------------------------------------------------------------------------


def each(kept: Mapping[str, Any], beside: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """A part for each name: its trend in words, its series with bursts, its numbers by period and outlet, its companions, its sentences."""
    if kept["names"].empty:
        return html.Piece("")
    by_doc, places = _known(articles), _with_periods(kept)
    most = max(FEWEST_PLACES, PLACES // max(1, places.groupby(["name", "period"]).ngroups))
    found: dict[Any, Any] = dict(tuple(places.groupby("name")))
    parts = [_part(row, kept, beside, found[row.name], by_doc, most) for row in html.each_row(_by_importance(kept))]
    return html.group(html.heading("Each thing, and where to read it"), *parts)


def _known(articles: pd.DataFrame) -> dict[str, Any]:
    return {row.doc_id: row for row in html.each_row(articles)}


def _with_periods(kept: Mapping[str, Any]) -> pd.DataFrame:
    """CONTEXTS with the period of each place; "" where the article stands in none."""
    period = dict(zip(kept["periods"]["ordinal"], kept["periods"]["period"], strict=True))
    of = {row.doc_id: period.get(row.ordinal, "") for row in html.each_row(kept["placed"])}
    return kept["contexts"].assign(period=kept["contexts"]["doc_id"].map(of))


def _part(
    row: Any,
    kept: Mapping[str, Any],
    beside: Mapping[str, Any],
    places: pd.DataFrame,
    by_doc: Mapping[str, Any],
    most: int,
) -> html.Piece:
    """One name."""
    key = anchor(row)
    said = f"{several(len(places), 'place')} in {several(row.n_docs, 'article')}."
    heading = html.heading(row.name, id=key, level=3)
    if kept["series"].empty:
        return html.group(heading, said, html.details("Read the sentences", *_quotes(places, by_doc)))
    mine = kept["series"][kept["series"]["name"] == row.name]
    shares, rates = (mine[(mine["source"] == "") & mine["unit"].str.startswith(unit)] for unit in ("share", "mentions"))
    finding = kept["findings"].loc[kept["findings"]["name"] == row.name, "sentence"].iloc[0]
    bursts = kept["bursts"][(kept["bursts"]["name"] == row.name) & (kept["bursts"]["q"] < SURE)]
    looks = {"burst": " Shaded: burst.", "break": " Broken line: break."}
    shaded = "".join(looks[what] for what in looks if what in set(bursts.get("what", [])))
    return html.group(
        heading,
        f"{finding} {' '.join(map(burst_sentence, html.each_row(bursts)))}",
        html.figure(
            plots.series(shares, bursts=bursts, title=f"{row.name}: in what share of the articles?"),
            name=f"series_{key}",
            caption=f"Share of articles that mention it, with 95 % intervals; articles a period beneath.{shaded} In all {said}",
        )
        if row.n_docs >= DRAWN
        else said,
        _numbers(row, key, shares, rates, mine[mine["source"] == FIXED_MIX]),
        *(_burst_articles(burst, kept, places, by_doc) for burst in html.each_row(bursts) if burst.what == "burst"),
        _by_outlet(row, mine),
        _companions(row, beside, places, by_doc),
        _read(key, places, by_doc, most),
    )


def _numbers(row: Any, key: str, shares: pd.DataFrame, rates: pd.DataFrame, mixed: pd.DataFrame) -> html.Piece:
    """The numbers of one name by period; each period that mentions it links to its sentences."""
    for what, rows in {"rate": rates, "fixed": mixed}.items():
        shares = shares.join(rows.set_index("period")[["estimate", "low", "high"]].add_prefix(f"{what}_"), on="period")
    heads = {
        "period": "Period", "n_docs": "Articles", "n_mentioning": "Mention it", "estimate": "Share (95 %)", "n_mentions": "Places",
        "rate_estimate": "Per 10,000 words (95 %)",
    }  # fmt: skip
    heads |= {} if mixed.empty else {"fixed_estimate": "Share at a fixed mix of outlets (95 %)"}
    formats = {
        "period": lambda r: html.link(r.period, f"#{_period_id(key, r.period)}") if r.n_mentions else r.period,
        "estimate": html.with_interval("estimate", "low", "high", percent=True, digits=1),
        "rate_estimate": html.with_interval("rate_estimate", "rate_low", "rate_high"),
        "fixed_estimate": html.with_interval("fixed_estimate", "fixed_low", "fixed_high", percent=True, digits=1),
    }
    gaps = int((shares["n_docs"] == 0).sum())
    left = f" {several(gaps, 'period')} without articles {'is' if gaps == 1 else 'are'} left out." if gaps else ""
    caption = (
        f"{row.name} by period; a period opens its sentences.{left} Rates have no interval from fewer than eight blocks (outlet and day), nor "
        "without a mention. At a fixed mix every outlet weighs what it weighs in the whole span; there is none where too many outlets lack."
    )
    return html.details(
        "The numbers, by period",
        html.table(shares[shares["n_docs"] > 0], caption=caption, columns=heads, formats=formats, most=400),
    )


def _period_id(key: str, period: str) -> str:
    return f"{key}-{period.lower() or 'undated'}"


def _burst_articles(burst: Any, kept: Mapping[str, Any], places: pd.DataFrame, by_doc: Mapping[str, Any]) -> html.Piece:
    """The articles of a burst, all or some drawn at random, each with one sentence."""
    when = kept["periods"]["period"].tolist()
    inside = places[places["period"].isin(when[when.index(burst.start) : when.index(burst.end) + 1])]
    first = inside.drop_duplicates("doc_id")
    shown = sample(first, ARTICLES_OF_BURST)
    some = f": {len(shown)} of {len(first):,}, drawn at random" if len(shown) < len(first) else f": {len(first)}"
    return html.details(f"The articles of the burst{some}", *_quotes(shown, by_doc))


def _by_outlet(row: Any, mine: pd.DataFrame) -> html.Piece:
    """Articles and those that mention it, of each outlet and how its share goes; nothing where there is one outlet."""
    outlets = mine[~mine["source"].isin(["", FIXED_MIX])]
    if outlets.empty:
        return html.Piece("")
    table = outlets.groupby("source", sort=False).agg(
        n_docs=("n_docs", "sum"), n_mentioning=("n_mentioning", "sum"), shares=("estimate", list)
    )
    table = table.reset_index().sort_values(["n_docs", "source"], ascending=[False, True])
    heads = {"source": "Outlet", "n_docs": "Articles", "n_mentioning": "Mention it", "shares": "Share by period"}
    formats = {"shares": lambda r: html.spark(r.shares, f"share of the articles of {r.source} by period")}
    caption = (
        f"{row.name} by outlet. Lines: share of the outlet’s articles, each on its own scale, gaps where it has none."
    )
    return html.details("By outlet", html.table(table, caption=caption, columns=heads, formats=formats, most=OUTLETS))


def _companions(row: Any, beside: Mapping[str, Any], places: pd.DataFrame, by_doc: Mapping[str, Any]) -> html.Piece:
    """The terms that mark a name's sentences, each opening its sentences, and how that changed between the halves of the span."""
    table = beside["companions"][beside["companions"]["name"] == row.name]
    near = table[table["group"] == f"sentences with {row.name}"]
    if near.empty:
        return html.Piece("")
    heads = {"term": "Term", "n": "Sentences with both", "log_odds": "Log-odds (95 %)", "q": "q"}
    formats = {"log_odds": html.with_interval("log_odds", "low", "high"), "q": lambda r: _q(r.q)}
    together = beside["together"][beside["together"]["name"] == row.name]
    together = together.assign(date=[by_doc[doc].date for doc in together["doc_id"]])
    opened = []
    for term in near["term"].head(COMPANIONS):
        rows = together[together["term"] == term]
        shown = sample(rows, EXAMPLES)
        known = places[places["doc_id"].isin(shown["doc_id"])]
        opened.append(html.details(f"{term}: {_some(len(shown), len(rows))}", *_quotes(shown, by_doc, known)))
    changed = [
        f"{when}: {', '.join(rows['term'].head(COMPANIONS))}"
        for when in ("early", "late")
        if len(rows := table[table["group"] == f"{when} sentences with {row.name}"])
    ]
    told = f"More in its early, and in its late sentences: {'; '.join(changed)}." if changed else ""
    return html.details(
        f"In its sentences: {', '.join(near['term'].head(COMPANIONS))}",
        html.table(
            near,
            caption="Terms that mark its sentences against the other sentences of the same articles; articles are the units",
            columns=heads,
            formats=formats,
            most=COMPANIONS,
        ),
        told,
        *opened,
    )


def _some(shown: int, all_: int) -> str:
    return several(all_, "place") + (f"; {shown} of them, drawn at random" if shown < all_ else "")


def _read(key: str, places: pd.DataFrame, by_doc: Mapping[str, Any], most: int) -> html.Piece:
    """The sentences of one name, by period, all of them or a sample by chance."""
    parts = []
    for when, rows in places.groupby("period", sort=True):
        period = str(when)
        shown = sample(rows, most)
        n = f"{several(rows['doc_id'].nunique(), 'article')}, {_some(len(shown), len(rows))}"
        summary = f"{period or 'Undated, or dated too coarsely'}: {n}"
        parts.append(html.details(summary, *_quotes(shown, by_doc), id=_period_id(key, period)))
    return html.details("Read the sentences, by period", *parts)


def sample(places: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many places, by chance that is the same every time, one an article before a second of any.

    >>> rows = pd.DataFrame({"name": "x", "doc_id": ["a", "a", "b"], "start": [1, 2, 3], "date": ""})
    >>> sorted(sample(rows, 2)["doc_id"])
    ['a', 'b']
    """
    if len(places) <= most:
        return places
    rng = np.random.default_rng(len(places))
    drawn = places.assign(chance=rng.random(len(places)))
    drawn["turn"] = drawn.sort_values("chance").groupby("doc_id").cumcount()
    kept = drawn.sort_values(["turn", "chance"]).head(most)
    return kept.sort_values(["date", "doc_id", "start"], kind="stable").drop(columns=["chance", "turn"])


def _quotes(places: pd.DataFrame, by_doc: Mapping[str, Any], also: pd.DataFrame | None = None) -> list[html.Piece]:
    """The sentences that hold the places, each article's together, with where they stand; places of `also` are marked in them too."""
    made = []
    more: dict[Any, Any] = {} if also is None else dict(tuple(also.groupby("doc_id")))
    for doc, rows in places.groupby("doc_id", sort=False):
        article = by_doc[str(doc)]
        where = " · ".join(filter(None, [article.date or "undated", article.source, title_of(article)]))
        text = _joined(_sentences(rows, article.text, more.get(doc)))
        own = f"01_corpus.html#{html.anchor('article', doc)}" if len(by_doc) <= SHOWN_WHOLE else None
        made.append(html.quote(text, where, article.url or own))
    return made


def _sentences(places: pd.DataFrame, text: str, also: pd.DataFrame | None = None) -> list[html.Piece]:
    """The sentences that hold the places, in order, each once with all its places marked; “…” where a long one is cut."""
    found: list[tuple[int, int, list[tuple[int, int]]]] = []
    for start, end in _spans(places):
        first, last = _sentence(text, start, end)
        if found and first < found[-1][1]:  # fragments of one long sentence that overlap are one
            before, until, spans = found.pop()
            found.append((before, max(until, last), [*spans, (start, end)]))
        else:
            found.append((first, last, [(start, end)]))
    extra = [] if also is None else _spans(also)
    return [
        _marked(text, first, last, spans + [span for span in extra if first <= span[0] < last])
        for first, last, spans in found
    ]


def _joined(sentences: Sequence[html.Piece]) -> html.Piece:
    """Sentences in a row, one “…” between each two."""
    text = str(sentences[0])
    for sentence in map(str, sentences[1:]):
        text += (" " if text.endswith("…") else " … ") + sentence.removeprefix("… ")
    return html.Piece(text)


def _spans(places: pd.DataFrame) -> list[tuple[int, int]]:
    ends = places["end"] if "end" in places else places["start"] + places["match"].str.len()
    return sorted(zip(places["start"].tolist(), ends.tolist(), strict=True))


@lru_cache(maxsize=1024)
def _bounds(text: str) -> tuple[np.ndarray, list[tuple[int, int]]]:
    found = tokens.sentences(text)
    return np.array([start for start, _ in found], dtype=np.int64), found


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence that holds a place; of a very long one as many whole words on both sides as there is room for."""
    first, last = _whole(text, start, end)
    if last - first <= LONGEST:
        return first, last
    low = max(first, start - LONGEST // 2)
    high = min(last, max(end, low + LONGEST))
    if low > first and (space := re.search(r"(?<=\s)\S", text[low - 1 : start + 1])):
        low += space.start() - 1
    if high < last and (space := re.search(r"\s+\S*$", text[end : high + 1])):
        high = end + space.start()
    return low, high


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence that holds a place begins and ends."""
    starts, found = _bounds(text)
    first, last = found[max(0, int(np.searchsorted(starts, start, side="right")) - 1)] if found else (start, end)
    return min(first, start), max(last, end)


def _marked(text: str, first: int, last: int, spans: Iterable[tuple[int, int]]) -> html.Piece:
    """A stretch of a text with the spans marked; “…” on the side where its sentence goes on."""
    shown = html.highlight(text[first:last], [(start - first, min(end, last) - first) for start, end in spans])
    before, after = _whole(text, first, first + 1)[0] < first, _whole(text, last - 1, last)[1] > last
    return html.Piece(f"{'… ' * before}{shown}{' …' * after}")


# --- what rose and fell unasked -----------------------------------------------------------------------------------------------------


def unasked(marked: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """Words that mark the earlier and the later articles, and each large outlet, out of the whole vocabulary."""
    if len(articles) < audit.FEW:
        return html.Piece("")
    head = html.heading(_unasked_of([bool(group["held"]) for group in marked["groups"]]))
    if not marked["groups"]:
        return html.group(head, "No groups are compared: the articles have neither dates nor outlets.")
    by_doc = _known(articles)
    said = "The whole vocabulary is screened here, not what anyone had in mind."
    pairs = (_comparison(pair, group, marked, by_doc) for pair, group in enumerate(marked["groups"]))
    return html.group(head, said, *pairs)


def _unasked_of(over_time: Sequence[bool]) -> str:
    """What is compared, by whether each comparison is of earlier and later articles (else of outlets)."""
    what = ["what rose and fell"] * any(over_time) + ["what marks each outlet"] * (not all(over_time))
    said = f"{', and '.join(what)}," if len(what) > 1 else what[0] if what else "what marks groups of articles"
    return f"{said[0].upper()}{said[1:]} without being asked"


def _comparison(
    pair: int, group: Mapping[str, Any], marked: Mapping[str, Any], by_doc: Mapping[str, Any]
) -> html.Piece:
    """One pair of groups: how many terms were screened, which mark either side, and where they stand."""
    sides = [group["group"], group["against"]]
    title = html.heading(f"{sides[0]} against {sides[1]}", level=3)
    if not group["tested"]:
        reason = marked["dropped"].loc[marked["dropped"]["id"] == " against ".join(sides), "reason"]
        return html.group(title, html.say(f"Not compared: {reason.iloc[0] if len(reason) else 'too few articles'}."))
    table = marked["keyness"]
    sure = table[table["group"].isin(sides) & table["against"].isin(sides) & (table["q"] < SURE)]
    held = " with the outlets held constant" if group["held"] else ""
    said = (
        f"{group['n']:,} against {group['n_against']:,} articles{held}; {group['tested']:,} words, phrases and concepts tested together. "
        f"{_found(sure, sides)}^[{METHOD.format(group['blocks'])}]"
    )
    members = marked["sides"][marked["sides"]["pair"] == pair].set_index("doc_id")["side"]
    contexts = marked["contexts"].assign(side=marked["contexts"]["doc_id"].map(members))
    lists = (
        _words(side, other, sure[sure["group"] == side], contexts[contexts["side"] == side], by_doc)
        for side, other in (sides, sides[::-1])
    )
    return html.group(title, said, *lists)


METHOD = (
    "Log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008); blocks of a {}, not words, are the units; what stands is confirmed by "
    "permuting them; q: Benjamini and Hochberg over all terms. Dispersion: Gries’ DP, 0 even over the articles, 1 all in one."
)


def _found(sure: pd.DataFrame, sides: Sequence[str]) -> str:
    if sure.empty:
        return "None of them marks a side at a false discovery rate of 5 %."
    n = [int((sure["group"] == side).sum()) for side in sides]
    return f"At a false discovery rate of 5 %, {n[0]:,} mark{'s' * (n[0] == 1)} the first and {n[1]:,} the second."


def _words(side: str, other: str, mine: pd.DataFrame, contexts: pd.DataFrame, by_doc: Mapping[str, Any]) -> html.Piece:
    """The words of one side, those that mark it most surely: figure, numbers and sentences. One side may stand against several others, so both name it."""
    if mine.empty:
        return html.Piece("")
    both = f"{side} against {other}"
    every, mine = len(mine), mine.head(MARKING)
    heads = {
        "term": "Term", "share": "Share of articles", "share_against": "Of the others", "n": "Places", "n_docs": "Articles",
        "log_odds": "Log-odds (95 %)", "dispersion": "Dispersion", "q": "q",
    }  # fmt: skip
    formats: dict[str, Any] = {
        "share": "percent", "share_against": "percent", "log_odds": html.with_interval("log_odds", "low", "high"), "dispersion": ".2f",
        "q": lambda row: _q(row.q), "term": lambda row: html.link(row.term, f"#{html.anchor('term', f'{row.term} {both}')}"),
    }  # fmt: skip
    quotes = []
    for row in html.each_row(mine):
        places = contexts[contexts["name"] == row.term]
        shown = sample(places, EXAMPLES)
        said = f"{row.term}: {_some(len(shown), len(places))}"
        quotes.append(html.details(said, *_quotes(shown, by_doc), id=html.anchor("term", f"{row.term} {both}")))
    caption = f"Terms that mark “{side}” against “{other}”: {len(mine)} of {every}, by p"
    return html.group(
        html.figure(
            plots.keyness(mine),
            name=html.anchor("keyness", both),
            title=f"Which words mark “{side}” against “{other}”?",
            caption="Log-odds with 95 % intervals that take blocks of time as units.",
        ),
        html.details("The numbers", html.table(mine, caption=caption, columns=heads, formats=formats)),
        html.details("The sentences", *quotes),
    )
