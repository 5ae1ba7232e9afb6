"""What the page of concepts and keywords shows: each function takes what the pipeline keeps and gives a piece of the page.

Whatever is counted leads to its sentences: a table row or a small figure links to the name's own part, and in it every period
opens on the places that were counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from topics import plots, tokens
from topics.report import html

SURE = 0.05  # false discovery rate of what is called a trend, a burst, a word that marks
PLACES = 6000  # places shown on the page, at most; of more, a sample by chance from every period of every name
FEWEST_PLACES = 2  # shown of each period, however many names and periods there are
LONGEST = 420  # characters of a sentence shown; a longer one is cut on both sides of the word
ARTICLES_OF_BURST = 12  # articles listed of a burst
MARKING = 15  # words shown on each side of a comparison
SMALL_FIGURES = 24  # names with a small figure
FIXED_MIX = "(fixed mix)"
OF_SENTENCES = "The table `contexts` has every place."


# --- in short -----------------------------------------------------------------------------------------------------------------


def answer(kept: Mapping[str, Any]) -> html.Piece:
    """The question answered in one line and a list, the surest first; each line links to its evidence."""
    if kept["names"].empty:
        return html.verdict(
            "No concept or keyword stands in the articles. Name what you care about in data/concepts.yml, or as keywords in config.yml."
        )
    n = len(kept["placed"])
    if kept["series"].empty:
        head = f"{_count(n, 'article')}: read {'it' if n == 1 else 'them'}. Nothing is shown over time."
        return html.group(html.verdict(head), html.say(_why_no_series(kept)))
    trends = kept["trends"]
    moved = trends[trends["q"] < SURE]
    moved = moved.reindex(moved["shrunken"].abs().sort_values(ascending=False, kind="stable").index)
    tested = int(trends["slope"].notna().sum())
    head = (
        f"Of {_count(len(trends), 'name')}, {tested} could be tested: {int((moved['slope'] > 0).sum())} rose, "
        f"{int((moved['slope'] < 0).sum())} fell, {tested - len(moved)} moved no more than chance would."
    )
    lines = [f"- [{row.name}](#{anchor(row)}): {trend_sentence(row)}" for row in moved.itertuples(index=False)]
    return html.group(html.verdict(head), html.say("\n".join(lines)) if lines else html.say(""))


def _why_no_series(kept: Mapping[str, Any]) -> str:
    dated = int((kept["placed"]["ordinal"] >= 0).sum())
    if not dated:
        return "No article has a date, so there is no before and after."
    return (
        f"{_count(dated, 'article')} with a date {'makes' if dated == 1 else 'make'} no line: no share, no interval and no trend is "
        "given. What each article says of each thing stands below, with its sentences."
    )


def anchor(row: Any) -> str:
    """The id of a name's part of the page: `concept-…` or `keyword-…`."""
    return html.anchor(row.kind, row.name)


def trend_sentence(row: Any) -> str:
    """A row of TRENDS in words: what moved, by how much, how sure, among how many."""
    if row.note:
        return row.note
    odds = f"the odds change by {_percent(row.slope)} a {_length(row)} (95 % interval {_percent(row.low)} to {_percent(row.high)})"
    among = f"q = {_q(row.q)}, {_count(int(row.n_family), 'name')} tested together"
    if not row.q < SURE:
        return f"No trend can be told from chance over {row.n_periods} {_length(row)}s: {odds}; {among}."
    way = "more" if row.slope > 0 else "fewer"
    return (
        f"Mentioned in {way} articles: from {row.start:.1%} of them in {row.first} to {row.end:.1%} in {row.last} by the fitted "
        f"trend; {odds}; {among}."
    )


def composition_sentence(row: Any) -> str:
    """Whether the trend is the same at a fixed mix of outlets; nothing where that cannot be told or it agrees."""
    mixed = getattr(row, "fixed_mix_slope", np.nan)
    if row.note or mixed != mixed or row.low <= mixed <= row.high:
        return ""
    return (
        f"**The mix of outlets matters here**: with every outlet weighing the same throughout, the odds change by {_percent(mixed)} a "
        f"{_length(row)}, which is outside that interval."
    )


def burst_sentence(row: Any) -> str:
    """A row of BURSTS in words."""
    when = row.start if row.start == row.end else f"{row.start} to {row.end}"
    what = f"in {row.share_in:.1%} of the articles of {when}, in {row.share_out:.1%} of the others ({row.n_in} articles; q = {_q(row.q)})"
    return f"Burst: {what}." if row.what == "burst" else f"Break: from {row.start} on {what}."


def _percent(slope: float) -> str:
    """A change of log-odds as a change of the odds in percent."""
    return f"{100 * np.expm1(slope):+.2g} %".replace("-", "−")


def _length(row: Any) -> str:
    return str(row.unit).rsplit(" ", 1)[-1]


def _q(q: float) -> str:
    return "under 0.001" if q < 0.001 else f"{q:.2g}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


# --- what was collected ---------------------------------------------------------------------------------------------------------


def collected(kept: Mapping[str, Any], volume: pd.DataFrame, collection: Mapping[str, Any]) -> html.Piece:
    """What the articles are, how they were found, out of what a share is taken, and how long a period is."""
    pieces = [_collection(collection)]
    if len(kept["series"]):
        drawn = plots.articles_per_period(volume, title="How many articles stand behind each period?")
        caption = f"{kept['why']} Hatched: only part of the period is covered."
        pieces.append(
            html.figure(drawn, name="volume", caption=caption, alt=plots.describe_articles_per_period(volume))
        )
        coarse = int((kept["placed"]["ordinal"] < 0).sum())
        left = (
            f" {_count(coarse, 'article')} without a date exact enough for a {kept['length']} {'is' if coarse == 1 else 'are'} in no series."
            if coarse
            else ""
        )
        pieces.append(html.say(kept["denominator"] + left))
    return html.group(*pieces)


def _collection(said: Mapping[str, Any]) -> html.Piece:
    """What the user said of the collection; asked for where nothing is said, since a search decides what a trend means."""
    known = {key: value for key, value in said.items() if value and key != "seasons"}
    if known:
        facts = [f"- {key}: {', '.join(value) if isinstance(value, list) else value}" for key, value in known.items()]
        return html.say("What `collection.yml` says of the articles:\n\n" + "\n".join(facts))
    lines = "query: smart city\nterms: [smart city, smart cities]\noutlets: [Example Daily]\nscraped: 2024-05-31\nsince: 2018-01-01\nuntil: 2023-12-31"
    asked = html.say(
        "Articles that were found by searching for a term cannot show that term’s trend, and how many articles an outlet published in "
        "all (`totals.csv`: `source,period,total`) is what a share should be taken of. Beside the articles, `collection.yml` says it:"
    )
    return html.details(
        "How were these articles found? No `collection.yml` says so.",
        asked,
        html.Piece(f"<pre tabindex='0'><code>{html.esc(lines)}</code></pre>"),
    )


# --- how often and when -----------------------------------------------------------------------------------------------------------


def overview(kept: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """A small figure for each name; where articles are few, the grid of articles and names, whose cells open the sentences."""
    if kept["names"].empty:
        return html.say("Nothing to show.")
    if kept["series"].empty:
        return grid(kept, articles)
    every = kept["series"][(kept["series"]["source"] == "") & kept["series"]["unit"].str.startswith("share")]
    names = _by_importance(kept).head(SMALL_FIGURES)
    shown = pd.concat([every[every["name"] == name] for name in names["name"]], ignore_index=True)
    left = len(kept["names"]) - len(names)
    more = f" The {left} names in the fewest articles have their figure in their own part alone." if left > 0 else ""
    links = " · ".join(html.link(row.name, f"#{anchor(row)}") for row in names.itertuples(index=False))
    return html.group(
        html.figure(
            plots.multiples(shown, title="Share of articles that mention it"),
            name="keywords",
            caption="Line: share of the period’s articles; band: 95 % interval (Wilson, on the effective number of articles); each on its own scale. Foot: "
            f"articles a period. Gaps are periods without articles.{more}",
            alt=plots.describe_multiples(shown),
        ),
        html.Piece(f"<p>{html.say('Read on:').striptags()} {links}</p>"),
    )


def _by_importance(kept: Mapping[str, Any]) -> pd.DataFrame:
    """The names, those that moved first, then those that burst, then by the number of articles that mention them."""
    names = kept["names"].assign(n_docs=np.asarray((kept["mentions"] > 0).sum(axis=0)).ravel())
    trends, bursts = kept["trends"], kept["bursts"]
    sure = names["name"].isin(trends.loc[trends["q"] < SURE, "name"]) if len(trends) else False
    burst = names["name"].isin(bursts.loc[bursts["q"] < SURE, "name"]) if len(bursts) else False
    order = names.assign(sure=sure, burst=burst).sort_values(
        ["sure", "burst", "n_docs", "name"], ascending=[False, False, False, True]
    )
    return order.reset_index(drop=True)


def grid(kept: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """Articles by names: how often each stands in each; a cell opens every sentence that was counted."""
    by_id = articles.set_index("doc_id")
    titles = {doc: by_id.at[doc, "title"] or doc for doc in by_id.index}
    order = sorted(by_id.index, key=lambda doc: (by_id.at[doc, "date"] or "9999", doc))
    names = _by_importance(kept)
    groups = {key: rows for key, rows in kept["contexts"].groupby(["doc_id", "name"])}
    cells = [
        {
            "article": f"{titles[doc]} ({by_id.at[doc, 'date'] or 'undated'})",
            "concept": name,
            "n": len(groups.get((doc, name), ())),
            "sentences": _sentences(groups[doc, name], by_id.at[doc, "text"]) if (doc, name) in groups else [],
        }
        for doc in order
        for name in names["name"]
    ]
    return html.grid(
        pd.DataFrame(cells),
        name="concept_grid",
        caption="How often each thing is named in each article; a number opens its sentences",
    )


def _sentences(places: pd.DataFrame, text: str) -> list[html.Piece]:
    """The sentences that hold the places, in order, each once with all its places marked."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in places.sort_values("start").itertuples():
        end = row.start + len(row.match)
        found.setdefault(_sentence(text, row.start, end), []).append((row.start, end))
    return [_marked(text, where, spans) for where, spans in found.items()]


@lru_cache(maxsize=64)
def _bounds(text: str) -> tuple[np.ndarray, list[tuple[int, int]]]:
    found = tokens.sentences(text)
    return np.array([start for start, _ in found], dtype=np.int64), found


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence that holds a place, cut on both sides where it is very long."""
    starts, found = _bounds(text)
    first, last = found[max(0, int(np.searchsorted(starts, start, side="right")) - 1)] if found else (start, end)
    first, last = min(first, start), max(last, end)
    if last - first <= LONGEST:
        return first, last
    first = max(first, start - LONGEST // 2)
    return first, min(last, first + LONGEST)


def _marked(text: str, where: tuple[int, int], spans: Iterable[tuple[int, int]]) -> html.Piece:
    first, last = where
    return html.highlight(text[first:last], [(start - first, min(end, last) - first) for start, end in spans])


# --- what moves ---------------------------------------------------------------------------------------------------------------


def moves(kept: Mapping[str, Any]) -> html.Piece:
    """All trends with intervals, their tests one click down, and what was not tested in a table of the same size."""
    if kept["series"].empty:
        return html.say("No trend is tested. " + _why_no_series(kept) if len(kept["names"]) else "Nothing to test.")
    trends = kept["trends"]
    tested = trends[trends["note"] == ""].sort_values("slope", ascending=False, kind="stable")
    return html.group(
        _tested(tested) if len(tested) else html.say("No name could be tested for a trend."),
        _not_tested(trends[trends["note"] != ""]),
    )


def _tested(tested: pd.DataFrame) -> html.Piece:
    first = tested.iloc[0]
    heads = {
        "name": "Name", "start": "First", "end": "Last", "slope": "Change of log-odds", "q": "q", "shrunken": "Drawn towards none",
        "fixed_mix_slope": "Fixed mix of outlets", "correlation": "Correlation of successive periods", "sen": "Sen’s slope of the share",
        "tau": "Kendall’s tau", "tau_p": "p of tau", "p": "p",
    }  # fmt: skip
    formats: dict[str, Any] = {
        "name": lambda row: html.link(row.name, f"#{anchor(row)}"), "start": ".1%", "end": ".1%", "sen": ".2%",
        "slope": html.with_interval("slope", "low", "high", digits=3), "q": lambda row: _q(row.q), "p": lambda row: _q(row.p),
        "shrunken": html.with_interval("shrunken", "shrunken_low", "shrunken_high", digits=3), "fixed_mix_slope": ".3f",
        "correlation": ".2f", "tau": ".2f", "tau_p": ".2g",
    }  # fmt: skip
    caption = (
        f"{first['family']}, {first['first']} to {first['last']}, {first['n_periods']} {_length(first)}s. First, last: share of articles by the fitted "
        "trend. q: Benjamini and Hochberg over this family. Sen’s slope and Kendall’s tau describe, they do not test."
    )
    return html.group(
        html.figure(
            plots.forest(tested, title="Which names are in more articles, and which in fewer?"),
            name="trends",
            caption=f"Change of the log-odds that an article mentions it, {first['unit'].removeprefix('log-odds ')}, with 95 % intervals (0.1: the odds grow by 10.5 %). "
            f"Filled: the interval leaves out no change. {first['season']}",
            alt=plots.describe_forest(tested),
        ),
        html.details(
            "The tests: q-values, what they rest on, and other measures",
            html.table(tested, name="trend_tests", caption=caption, columns=heads, formats=formats),
        ),
        html.say(
            "The model: log-odds per period with errors that follow from period to period.^[Log-odds of the share per period, weighted by its effective "
            "number of articles; AR(1) errors by REML, averaged over their likelihood; t reference. Names that are so alike from one period to the next "
            "that no test holds its size are not tested.]"
        ),
    )


def _not_tested(rows: pd.DataFrame) -> html.Piece:
    if rows.empty:
        return html.say("Every name could be tested.")
    return html.table(
        rows,
        caption=f"Not tested: {_count(len(rows), 'name')}, and why",
        columns={"name": "Name", "note": "Why not"},
        formats={"name": lambda row: html.link(row.name, f"#{anchor(row)}")},
    )


# --- each name ------------------------------------------------------------------------------------------------------------------


def each(kept: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """A part for each name: its trend in words, its series with bursts, its numbers by period, and the sentences behind them."""
    if kept["names"].empty:
        return html.say("")
    names = _by_importance(kept)
    by_doc = _known(articles)
    places = _with_periods(kept)
    most = max(FEWEST_PLACES, PLACES // max(1, places.groupby(["name", "period"]).ngroups))
    parts = [
        _part(row, kept, places[places["name"] == row.name], by_doc, most) for row in names.itertuples(index=False)
    ]
    return html.group(*parts)


def _known(articles: pd.DataFrame) -> dict[str, Any]:
    return {row.doc_id: row for row in articles.itertuples(index=False)}


def _with_periods(kept: Mapping[str, Any]) -> pd.DataFrame:
    """CONTEXTS with the period of each place; "" where the article stands in none."""
    period = (
        dict(zip(kept["periods"]["ordinal"], kept["periods"]["period"], strict=True)) if len(kept["series"]) else {}
    )
    of = dict(zip(kept["placed"]["doc_id"], kept["placed"]["ordinal"].map(period).fillna(""), strict=True))
    return kept["contexts"].assign(period=kept["contexts"]["doc_id"].map(of))


def _part(row: Any, kept: Mapping[str, Any], places: pd.DataFrame, by_doc: Mapping[str, Any], most: int) -> html.Piece:
    """One name."""
    key = anchor(row)
    pieces = [html.heading(row.name, id=key, level=3)]
    said = f"{_count(len(places), 'place')} in {_count(row.n_docs, 'article')}."
    series = kept["series"]
    mine = series[(series["name"] == row.name) & (series["source"] == "")]
    if len(mine):
        trend = next(kept["trends"][kept["trends"]["name"] == row.name].itertuples(index=False))
        bursts = kept["bursts"]
        bursts = bursts[(bursts["name"] == row.name) & (bursts["q"] < SURE)]
        shares, rates = (mine[mine["unit"].str.startswith(unit)] for unit in ("share", "mentions"))
        spans = bursts[bursts["what"] == "burst"] if len(bursts) else bursts
        pieces += [
            html.say(" ".join(filter(None, [said, trend_sentence(trend), composition_sentence(trend)]))),
            *(html.say(burst_sentence(burst)) for burst in bursts.itertuples(index=False)),
            html.figure(
                plots.series(shares, bursts=spans, title=f"{row.name}: share of articles that mention it"),
                name=f"series_{key}",
                caption="95 % intervals; articles a period beneath." + (" Shaded: burst." if len(spans) else ""),
                alt=plots.describe_series(shares),
            ),
            _numbers(row, key, shares, rates),
        ]
    else:
        pieces.append(html.say(said))
    return html.group(*pieces, _read(key, places, kept, by_doc, most))


def _numbers(row: Any, key: str, shares: pd.DataFrame, rates: pd.DataFrame) -> html.Piece:
    """The numbers of one name by period; each period that mentions it links to its sentences."""
    rated = rates.rename(columns={"estimate": "rate", "low": "rate_low", "high": "rate_high", "note": "rate_note"})
    both = shares.merge(rated[["period", "rate", "rate_low", "rate_high", "rate_note"]], on="period")
    heads = {
        "period": "Period", "n_docs": "Articles", "n_mentioning": "Mention it", "estimate": "Share (95 %)", "n_mentions": "Places",
        "rate": "Per 10,000 words (95 %)",
    }  # fmt: skip
    formats = {
        "period": lambda r: html.link(r.period, f"#{_period_id(key, r.period)}") if r.n_mentions else r.period,
        "estimate": html.with_interval("estimate", "low", "high", percent=True, digits=1),
        "rate": html.with_interval("rate", "rate_low", "rate_high"),
    }
    caption = f"{row.name} by period. Rates without an interval: fewer than eight days and sources, or no mention. A period opens its sentences."
    return html.details(
        "Numbers by period", html.table(both, caption=caption, columns=heads, formats=formats, most=400)
    )


def _period_id(key: str, period: str) -> str:
    return f"{key}-{period.lower() or 'undated'}"


def _read(key: str, places: pd.DataFrame, kept: Mapping[str, Any], by_doc: Mapping[str, Any], most: int) -> html.Piece:
    """The sentences of one name, by period, all of them or a sample by chance."""
    if kept["series"].empty:
        return html.details("Read the sentences", *_quotes(places, by_doc))
    parts = []
    for period, rows in places.groupby("period", sort=True):
        shown = sample(rows, most)
        n = f"{_count(len(rows), 'place')} in {_count(rows['doc_id'].nunique(), 'article')}"
        some = f"; {len(shown)} of them, by chance" if len(shown) < len(rows) else ""
        summary = f"{period or 'Undated, or dated too coarsely'}: {n}{some}"
        parts.append(html.details(summary, *_quotes(shown, by_doc), id=_period_id(key, str(period))))
    return html.details("Read the sentences, by period", *parts)


def sample(places: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many places, by chance that is the same every time, one an article before a second of any.

    >>> rows = pd.DataFrame({"name": "x", "doc_id": ["a", "a", "b"], "start": [1, 2, 3], "date": ""})
    >>> sample(rows, 2)["doc_id"].tolist()
    ['a', 'b']
    """
    if len(places) <= most:
        return places
    rng = np.random.default_rng(len(places))
    drawn = places.assign(chance=rng.random(len(places)))
    drawn["turn"] = drawn.sort_values("chance").groupby("doc_id").cumcount()
    kept = drawn.sort_values(["turn", "chance"]).head(most)
    return kept.sort_values(["date", "doc_id", "start"], kind="stable").drop(columns=["chance", "turn"])


def _quotes(places: pd.DataFrame, by_doc: Mapping[str, Any]) -> list[html.Piece]:
    """Sentences with where they stand, each article's together."""
    made = []
    for doc, rows in places.groupby("doc_id", sort=False):
        article = by_doc[doc]
        where = " · ".join(filter(None, [article.date or "undated", article.source, article.title or article.doc_id]))
        text = html.Piece(" … ".join(_sentences(rows, article.text)))
        made.append(html.quote(text, where, article.url or f"01_corpus.html#{html.anchor('article', doc)}"))
    return made


# --- what rose and fell unasked -----------------------------------------------------------------------------------------------------


def unasked(marked: Mapping[str, Any], articles: pd.DataFrame) -> html.Piece:
    """Words that mark the earlier and the later articles, and each large outlet, out of the whole vocabulary."""
    if not marked["groups"]:
        return html.say("No groups are compared: there are too few articles, or they have neither dates nor outlets.")
    by_doc = _known(articles)
    return html.group(*(_comparison(group, marked, by_doc) for group in marked["groups"]))


def _comparison(group: Mapping[str, Any], marked: Mapping[str, Any], by_doc: Mapping[str, Any]) -> html.Piece:
    """One pair of groups: how many words were screened, which mark either side, and where they stand."""
    name, against = group["group"], group["against"]
    table = marked["keyness"]
    rows = table[table["group"].isin([name, against]) & table["against"].isin([name, against])] if len(table) else table
    title = html.heading(f"{name} against {against}", level=3)
    if not group["tested"]:
        reason = marked["dropped"].loc[marked["dropped"]["id"] == f"{name} against {against}", "reason"]
        return html.group(title, html.say(f"Not compared: {reason.iloc[0] if len(reason) else 'too few articles'}."))
    sure = rows[rows["q"] < SURE]
    said = (
        f"{group['n']:,} against {group['n_against']:,} articles; {group['tested']:,} words, phrases and concepts tested together; "
        f"{_count(len(sure), 'one')} {'marks' if len(sure) == 1 else 'mark'} a side at a false discovery rate of 5 %."
    )
    said = said.replace("ones mark", "mark").replace("one marks", "marks")
    method = "^[Log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008); days and weeks are the units, not words; survivors confirmed by permuting them. Dispersion: Gries’ DP, 0 even, 1 all in one article.]"
    pieces = [title, html.say(said + method)]
    for side in (name, against):
        mine = sure[sure["group"] == side].head(MARKING)
        if len(mine):
            pieces.append(_words(side, mine, marked, by_doc))
    return html.group(*pieces)


def _words(side: str, mine: pd.DataFrame, marked: Mapping[str, Any], by_doc: Mapping[str, Any]) -> html.Piece:
    """The words of one side: figure, numbers and sentences."""
    heads = {
        "term": "Term", "share": "Share of articles", "share_against": "Of the others", "n": "Places", "n_docs": "Articles",
        "log_odds": "Log-odds (95 %)", "dispersion": "Dispersion", "q": "q",
    }  # fmt: skip
    formats: dict[str, Any] = {
        "share": "percent", "share_against": "percent", "log_odds": html.with_interval("log_odds", "low", "high"), "dispersion": ".2f",
        "q": lambda row: _q(row.q),
    }  # fmt: skip
    contexts = marked["contexts"]
    quotes = [
        html.details(row.term, *_quotes(sample(contexts[contexts["name"] == row.term], 6), by_doc))
        for row in mine.itertuples(index=False)
    ]
    return html.group(
        html.figure(
            plots.keyness(mine),
            name=html.anchor("keyness", side),
            caption="Log-odds with 95 % intervals that take blocks of time as units.",
            alt=plots.describe_keyness(mine),
        ),
        html.details(
            "The numbers", html.table(mine, caption=f"Terms that mark {side}", columns=heads, formats=formats)
        ),
        html.details("The sentences", *quotes),
    )
