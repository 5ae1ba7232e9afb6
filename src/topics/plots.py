"""Tables to figures: each function takes a table, draws it and computes nothing.

A function takes `ax=None` (a figure of its own is made) and returns the axes; nothing is saved or shown. Each figure
carries its question as a title and, as the figure's label, alternative text made from the same table by the
`describe_…` function of the same name. `to_svg` and `to_pdf` turn a figure into text and bytes that are the same
every time: no dates, ids with a fixed salt, letters as outlines in SVG and as embedded TrueType in PDF.

Colours are those of Okabe and Ito (2008), which readers with any of the usual colour-vision deficiencies tell apart;
colour is never the only sign. Widths suit one column of a page or a screen; sizes of type stand in STYLE.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache, wraps
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

INK, MUTED, LINE, PAPER = "#1b1f24", "#5b6470", "#d5dae0", "#ffffff"
BLUE, ORANGE, GREEN, PURPLE, SKY, AMBER = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"
PALETTE = (BLUE, AMBER, GREEN, ORANGE, PURPLE, SKY)
WIDTH = 5.0  # inches: one column
THIN = 5  # articles: a period with fewer stands apart from the line of a series
LISTED, BESIDE = 12, 2  # words in a list; small figures in a row
NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # matplotlib writes each label into a comment as it is
LINE_HEIGHT = 0.15  # inches of a line of small text
TITLE = 0.30  # inches above the axes kept for the title; pages cut them off and set the title as text
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 9.2, "axes.titlesize": 9.5, "axes.labelsize": 9.2,
    "xtick.labelsize": 8.8, "ytick.labelsize": 8.8, "legend.fontsize": 8.8, "legend.frameon": False,
    "text.color": INK, "axes.edgecolor": MUTED, "axes.labelcolor": INK, "xtick.color": MUTED, "ytick.color": MUTED,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.major.size": 2.5,
    "ytick.major.size": 2.5, "grid.color": LINE, "grid.linewidth": 0.5, "axes.axisbelow": True, "hatch.linewidth": 0.6,
    "figure.facecolor": PAPER, "axes.facecolor": "none", "lines.linewidth": 1.4, "lines.markersize": 3.5,
    "svg.hashsalt": "topics", "svg.fonttype": "path", "pdf.fonttype": 42, "pdf.compression": 6,
}  # fmt: skip


# What every figure shares ---------------------------------------------------------------------------------------------


def _styled(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    @wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> Axes:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def _figure(height: float, title: str, alt: str) -> Figure:
    """A figure one column wide that bears its title and alternative text."""
    whole = height + TITLE
    figure = Figure(figsize=(WIDTH, whole), layout=ConstrainedLayoutEngine(rect=(0, 0, 1, height / whole)))
    figure.text(0.004, 1 - 0.06 / whole, title, va="top", size=10.5, gid="title")
    figure.set_label(alt)
    return figure


def _axes(ax: Axes | None, height: float, title: str, alt: str) -> Axes:
    """The axes given, or those of a figure of their own."""
    return _figure(height, title, alt).add_subplot() if ax is None else ax


def to_svg(figure: Figure) -> str:
    """The figure as SVG text, the same bytes each time."""
    stream = io.BytesIO()
    _save(figure, stream, "svg", {"Date": None, "Creator": "topics"})
    return NO_XML.sub("\ufffd", stream.getvalue().decode())


def to_pdf(figure: Figure) -> bytes:
    """The figure as PDF with its fonts embedded (Type 42), the same bytes each time."""
    _drop_tables_of_fonts()
    stream = io.BytesIO()
    _save(figure, stream, "pdf", {"CreationDate": None, "Creator": "topics", "Producer": None})
    return stream.getvalue()


@cache
def _drop_tables_of_fonts() -> None:
    """Embed of a font its outlines alone (ISO 32000, 9.9): a PDF places each letter itself, and the other tables take most of the time.

    matplotlib passes no options on to fontTools, so its default is changed; should a release rename that, figures only take longer.
    """
    from fontTools.subset import Options

    unused = ["GSUB", "GPOS", "GDEF", "MATH", "kern", "BASE", "post", "cmap", "name", "OS/2", "gasp"]
    usual = getattr(Options, "_drop_tables_default", [])
    Options._drop_tables_default = [*usual, *unused]


def _save(figure: Figure, stream: io.BytesIO, kind: str, metadata: dict[str, Any]) -> None:
    """Save; the layout is settled once, so that a figure's bytes do not depend on how often it was saved before."""
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        if layout := figure.get_layout_engine():
            layout.execute(figure)
            figure.set_layout_engine(None)  # else it is settled, and all is drawn, once more at each save
        figure.savefig(stream, format=kind, metadata=metadata)


def position(period: Any) -> int:
    """Where an ISO period stands on a line on which neighbours are 1 apart.

    >>> position("2018-02") - position("2017-12"), position("2018-Q1") - position("2017-Q4")
    (2, 1)
    >>> position("2021-W01") - position("2020-W53"), position("2020-03-01") - position("2020-02-28"), position("1999")
    (1, 2, 1999)
    """
    year, _, rest = str(period).partition("-")
    if not rest:
        return int(year)
    if rest[0] == "Q":
        return int(year) * 4 + int(rest[1:]) - 1
    if rest[0] == "W":
        return date.fromisocalendar(int(year), int(rest[1:]), 1).toordinal() // 7
    if len(rest) == 2:
        return int(year) * 12 + int(rest) - 1
    return date.fromisoformat(str(period)).toordinal()


def _shorten(text: Any, n: int = 37) -> str:
    text = " ".join(str(text).split())
    return text if len(text) <= n else text[: n - 1].rstrip() + "…"


def _plain(text: Any) -> str:
    """Text that matplotlib will not read as mathematics."""
    return _shorten(text).replace("$", r"\$")


def number(value: Any, percent: bool = False) -> str:
    """Three digits that a reader can take in.

    >>> number(0.1234, percent=True), number(1e-18, percent=True), number(1234.5), number(0.01234), number(float("nan"))
    ('12.3 %', '0 %', '1,234', '0.0123', 'none')
    """
    if value is None or not math.isfinite(value):
        return "none"
    if percent:
        return f"{round(100 * value, 3):.3g} %" if abs(value) < 0.9995 else f"{100 * value:.0f} %"
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _is_share(unit: str) -> bool:
    return any(word in unit.lower() for word in ("share", "proportion", "fraction"))


def _interval(row: Any, estimate: str = "estimate", percent: bool = False) -> str:
    text = number(getattr(row, estimate), percent)
    low, high = getattr(row, "low", math.nan), getattr(row, "high", math.nan)
    return f"{text} ({number(low, percent)} to {number(high, percent)})" if math.isfinite(low) else text


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """The rows, each with its columns as attributes."""
    return iter(table.itertuples(index=False))


def _numbers(table: pd.DataFrame, column: str) -> np.ndarray:
    return table[column].to_numpy(dtype=float) if column in table else np.full(len(table), np.nan)


def _flags(table: pd.DataFrame, column: str, otherwise: bool) -> np.ndarray:
    return table[column].to_numpy(dtype=bool) if column in table else np.full(len(table), otherwise)


def _period_axis(ax: Axes, periods: Sequence[str], most: int = 6) -> None:
    """At most `most` labels, each at its period; ISO text, as in the tables."""
    known = sorted(set(periods), key=position)
    apart = (position(known[-1]) - position(known[0]) + 1) / most
    shown = known[:1]
    for period in known:
        if position(period) - position(shown[-1]) >= apart:
            shown.append(period)
    ax.set_xticks([position(p) for p in shown], shown)
    ax.set_xlim(position(known[0]) - 0.7, position(known[-1]) + 0.7)


def _rows_down(ax: Axes, names: Iterable[Any]) -> None:
    """Names as rows, the first at the top."""
    shown = [_plain(name) for name in names]
    ax.set_yticks(range(len(shown)), shown)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _listed(names: Iterable[Any], values: Iterable[str], most: int = 8) -> str:
    pairs = [f"{_shorten(n, 60)} {v}" for n, v in zip(names, values, strict=True)]
    more = f"; and {len(pairs) - most} more" if len(pairs) > most else ""
    return "; ".join(pairs[:most]) + more


# The corpus -----------------------------------------------------------------------------------------------------------


def describe_articles_per_period(table: pd.DataFrame) -> str:
    total = table.groupby("period")["n_docs"].sum()
    first, last = min(total.index, key=position), max(total.index, key=position)
    total = total[total > 0]
    span = position(last) - position(first) + 1
    fewest = f"fewest in {total.idxmin()} ({number(total.min())})"
    least = fewest if len(total) == span else f"none in {span - len(total)} of the {span} periods"
    return f"Bars: {number(total.sum())} articles from {first} to {last}; most in {total.idxmax()} ({number(total.max())}), {least}."


@_styled
def articles_per_period(
    table: pd.DataFrame, title: str = "How many articles are there, and when?", ax: Axes | None = None
) -> Axes:
    """Stacked bars. A row is a period and source: `period, source, n_docs` (and `partial`: drawn hatched).

    The five largest sources have a colour each; the rest stand together as "other".
    """
    ax = _axes(ax, 2.3, title, describe_articles_per_period(table))
    largest = table.groupby("source")["n_docs"].sum().sort_values(ascending=False, kind="stable").index[:5].tolist()
    shown = table.assign(of=table["source"].where(table["source"].isin(largest), "other"))
    periods = sorted(shown["period"].unique(), key=position)
    partial = set(shown.loc[_flags(shown, "partial", False), "period"])
    foot = np.zeros(len(periods))
    for colour, source in zip(PALETTE, [*largest, "other"], strict=False):
        part = shown[shown["of"] == source].groupby("period")["n_docs"].sum()
        if part.empty:
            continue
        height = np.array([part.get(p, 0) for p in periods], dtype=float)
        bars = ax.bar(
            [position(p) for p in periods],
            height,
            bottom=foot,
            width=0.84,
            color=colour,
            label=_plain(_shorten(source, 20)),
        )
        for bar, period in zip(bars, periods, strict=True):
            if period in partial:
                bar.set(hatch="////", edgecolor=PAPER)
        foot += height
    _period_axis(ax, periods)
    ax.set_ylabel("articles")
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    if len(shown["of"].unique()) > 1:
        _key_above(ax)
    return ax


def _key_above(ax: Axes) -> None:
    """A key above the axes, in as many columns as its names leave room for."""
    longest = max(len(name) for name in ax.get_legend_handles_labels()[1])
    columns = 3 if longest <= 14 else 2
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, borderaxespad=0.1, handlelength=1.2, columnspacing=1.2
    )


def describe_lengths(articles: pd.DataFrame) -> str:
    n = articles["n_words"]
    return (
        f"Histogram of the lengths of {number(len(n))} articles: half have {number(n.median())} words or fewer; "
        f"the shortest has {number(n.min())}, the longest {number(n.max())}."
    )


@_styled
def lengths(articles: pd.DataFrame, title: str = "How long are the articles?", ax: Axes | None = None) -> Axes:
    """Histogram of `n_words` on a logarithmic axis, the median as a line. A row is an article."""
    ax = _axes(ax, 1.9, title, describe_lengths(articles))
    n = np.clip(_numbers(articles, "n_words"), 1, None)
    ax.hist(n, bins=np.geomspace(n.min() * 0.95, n.max() * 1.05, min(40, 6 + len(n) // 8)).tolist(), color=BLUE, edgecolor=PAPER, lw=0.4)  # fmt: skip
    ax.axvline(float(np.median(n)), color=ORANGE, lw=1.2)
    ax.annotate(f"median {number(float(np.median(n)))}", (float(np.median(n)), 1), (4, -2), xycoords=("data", "axes fraction"),
                textcoords="offset points", va="top", color=INK, size=8.8)  # fmt: skip
    ax.margins(y=0.16)
    ax.set(xscale="log", xlabel="words in the article", ylabel="articles")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if n.max() < 100 * n.min() else (1,)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    return ax


def describe_bars(table: pd.DataFrame, name: str, unit: str) -> str:
    return f"Bars, {unit}: " + _listed(table[name], map(number, table["n"])) + "."


@_styled
def bars(table: pd.DataFrame, name: str, unit: str, title: str, ax: Axes | None = None) -> Axes:
    """Horizontal bars in the table's order, each with its number. A row is a bar: its name in the column `name`, and `n`."""
    ax = _axes(ax, 0.62 + 0.24 * len(table), title, describe_bars(table, name, unit))
    values, rows = _numbers(table, "n"), np.arange(len(table))
    ax.barh(rows, values, color=BLUE, height=0.62)
    for row, v in zip(rows, values, strict=True):
        ax.annotate(number(v), (v, row), (3, 0), textcoords="offset points", va="center", color=INK, size=8.8)
    _rows_down(ax, [str(label).replace("_", " ") for label in table[name]])
    ax.set(xlim=(0, max(1.0, np.nanmax(values, initial=0)) * 1.14), xlabel=unit)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    return ax


# The topics -----------------------------------------------------------------------------------------------------------


def describe_scores(scores: pd.DataFrame, reference: pd.DataFrame, crosses: str = "words shuffled") -> str:
    means = scores.groupby("n_topics")["value"].mean()
    listed = _listed([f"{k} topics" for k in means.index], map(number, means))
    text = f"Dots, one a seed: {scores['measure'].iloc[0]} by number of topics; means {listed}"
    if len(reference):
        text += f"; crosses, {crosses}: {number(reference['value'].min())} to {number(reference['value'].max())}"
    return text + "."


@_styled
def scores(
    scores: pd.DataFrame,
    reference: pd.DataFrame,
    chosen: int | None = None,
    title: str | None = None,
    crosses: str = "words shuffled",
    ax: Axes | None = None,
) -> Axes:
    """One measure over topic counts: a dot a seed, a line through the means, crosses for what `crosses` says.

    `scores` are SCORES of one measure; `reference` has their `n_topics, value`, or no row; `chosen` is marked by a line.
    """
    measure, better = scores[["measure", "better"]].iloc[0]
    title = title or f"{measure.capitalize()}: which counts do well?"
    ax = _axes(ax, 2.1, title, describe_scores(scores, reference, crosses))
    means = scores.groupby("n_topics")["value"].mean()
    if chosen is not None:
        ax.axvline(chosen, color=LINE, lw=6, zorder=0)
    ax.plot(means.index, means, color=BLUE, lw=1, zorder=2)
    ax.plot(
        scores["n_topics"], scores["value"], "o", color=BLUE, mec=PAPER, mew=0.4, ms=4, ls="", label="a seed", zorder=3
    )
    if len(reference):
        ax.plot(reference["n_topics"], reference["value"], "x", color=ORANGE, ms=4, mew=1, ls="", label=crosses)
    ax.set_xscale("log")
    ax.set_xticks(means.index.tolist(), [str(k) for k in means.index])
    ax.minorticks_off()
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="y")
    ax.set(xlabel="number of topics", ylabel=f"{measure}\n({better}er is better)")
    _key_above(ax)
    return ax


def describe_alignment(topics: pd.DataFrame, matches: pd.DataFrame) -> str:
    counts = sorted(topics["n_topics"].unique())
    strong = (matches["similarity"] >= 0.5).sum()
    return (
        f"Flow of topics over {', '.join(map(str, counts))} topics: {number(strong)} of {number(len(matches))} links "
        "have a similarity of 0.5 or more."
    )


@_styled
def alignment(
    topics: pd.DataFrame,
    matches: pd.DataFrame,
    title: str = "How do topics split and merge as the count grows?",
    ax: Axes | None = None,
) -> Axes:
    """Bars are topics, as tall as their share; bands join each count's topics to the next's, darker where more similar.

    `topics` has the columns of TOPICS; a row of `matches` is a band between two neighbouring counts: `n_topics_a, topic_a, n_topics_b, topic_b,
    similarity`, and `weight`, by which a topic's bar is divided among its bands.
    """
    counts = sorted(topics["n_topics"].unique())
    ax = _axes(ax, max(2.4, 0.17 * counts[-1] + 0.6), title, describe_alignment(topics, matches))
    place: dict[tuple[int, int], tuple[float, float]] = {}
    for x, k in enumerate(counts):
        top = 1.0
        for row in _rows(topics[topics["n_topics"] == k].sort_values("topic")):
            height = row.share * 0.86
            place[k, row.topic] = (top - height, height)
            ax.bar(x, height, 0.09, top - height, color=MUTED, zorder=3)
            top -= height + 0.14 / max(1, k - 1)
    for x, k in {0: counts[0], len(counts) - 1: counts[-1]}.items():
        named = topics[topics["n_topics"] == k].sort_values("topic")
        middles = [low + height / 2 for low, height in (place[k, topic] for topic in named["topic"])]
        places = _apart(middles, LINE_HEIGHT * ax.figure.dpi / ax.figure.bbox.height)
        beside, side = (0.07, "left") if x else (-0.07, "right")
        for row, y in zip(_rows(named), places, strict=True):
            label = f"{row.topic} {_shorten(row.label, 22)}" if x else str(row.topic)
            ax.text(x + beside, y, label.replace("$", r"\$"), size=7.6, va="center", ha=side)
    rows = matches.sort_values(["topic_a", "topic_b"])
    ends = [["n_topics_a", "topic_a"], ["n_topics_b", "topic_b"]]
    parts = [rows["weight"] / rows.groupby(end)["weight"].transform("sum") for end in ends]  # of the bar at either end
    used = dict.fromkeys([(end, node) for end in "ab" for node in place], 0.0)
    for row, part_a, part_b in zip(_rows(rows), *parts, strict=True):
        sides = []
        nodes = ("a", (row.n_topics_a, row.topic_a), part_a), ("b", (row.n_topics_b, row.topic_b), part_b)
        for end, node, part in nodes:
            low, height = place[node]
            sides.append((low + height - used[end, node], part * height))
            used[end, node] += part * height
        x = counts.index(row.n_topics_a)
        ax.add_patch(_band(x + 0.045, *sides[0], x + 0.955, *sides[1], alpha=0.06 + 0.5 * min(1.0, row.similarity)))
    ax.set_xticks(range(len(counts)), [f"{k} topics" for k in counts])
    ax.set(xlim=(-0.25, len(counts) - 1 + 0.75), ylim=(-0.02, 1.02), yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(axis="x", length=0)
    return ax


def _apart(places: Sequence[float], gap: float) -> np.ndarray:
    """Places from 1 down, moved as little as puts each `gap` or more below the one before, none under 0 where there is room.

    >>> _apart([0.9, 0.12, 0.1], 0.1).round(3).tolist()
    [0.9, 0.16, 0.06]
    """
    from scipy.optimize import isotonic_regression  # here, for it is slow to import

    steps = gap * np.arange(len(places))
    free = np.asarray(isotonic_regression(np.asarray(places) + steps, increasing=False).x)
    return np.clip(free, min(1.0, gap * (len(places) - 1)), None) - steps


def _band(x0: float, y0: float, w0: float, x1: float, y1: float, w1: float, alpha: float) -> PathPatch:
    middle, c = (x0 + x1) / 2, Outline.CURVE4
    upper = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    lower = [(x1, y1 - w1), (middle, y1 - w1), (middle, y0 - w0), (x0, y0 - w0), (x0, y0)]
    codes = [Outline.MOVETO, c, c, c, Outline.LINETO, c, c, c, Outline.CLOSEPOLY]
    return PathPatch(Outline(upper + lower, codes), fc=BLUE, ec="none", alpha=alpha)


def describe_shares(topics: pd.DataFrame) -> str:
    rows = _rows(topics.rename(columns={"share_low": "low", "share_high": "high"}))
    dots = "Dots with intervals" if topics["share_low"].notna().any() else "Dots"
    return f"{dots}, topics by share: " + _listed(
        [f"{t} {n}" for t, n in zip(topics["topic"], topics["label"], strict=True)], [_interval(r, "share", True) for r in rows]
    ) + "."  # fmt: skip


@_styled
def shares(
    topics: pd.DataFrame,
    seeds: pd.DataFrame | None = None,
    title: str = "How much of the articles is each topic?",
    ax: Axes | None = None,
) -> Axes:
    """A dot and its interval a topic. TOPICS rows of one count; hollow where the column `stable` is False.

    `seeds` (`topic, share`, a row a topic and seed) are drawn as ticks: other runs, never blended into the interval.
    """
    ax = _axes(ax, 0.66 + 0.22 * len(topics), title, describe_shares(topics))
    names = [f"{_shorten(label, 33)}  {topic}" for topic, label in zip(topics["topic"], topics["label"], strict=True)]
    bounded = topics.rename(columns={"share_low": "low", "share_high": "high"})
    _dots_and_lines(ax, bounded, names, "share", _flags(topics, "stable", True))
    if seeds is not None and len(seeds):
        where = {topic: row for row, topic in enumerate(topics["topic"])}
        known = seeds[seeds["topic"].isin(where)]
        ax.plot(known["share"], known["topic"].map(where), "|", color=ORANGE, ms=7, mew=1, ls="", label="other seeds")
        _key_above(ax)
    sure = " (95 % interval)" if topics["share_low"].notna().any() else ""
    ax.set_xlabel(f"mean share of an article’s counted words{sure}", loc="right")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.3g} %"))
    return ax


def _dots_and_lines(
    ax: Axes, table: pd.DataFrame, names: Iterable[Any], value: str, sure: np.ndarray, colour: Any = BLUE
) -> None:
    """A row for each of the table: its name, a dot at the value, a line from `low` to `high`."""
    rows = np.arange(len(table))
    ax.hlines(rows, _numbers(table, "low"), _numbers(table, "high"), color=colour, lw=1.6)
    for shade in dict.fromkeys(np.broadcast_to(colour, len(table)).tolist()):
        mine = np.broadcast_to(colour, len(table)) == shade
        _dots(ax, _numbers(table, value)[mine], rows[mine], sure[mine], shade)
    _rows_down(ax, names)
    ax.grid(axis="x")


def _dots(
    ax: Axes, x: np.ndarray, y: np.ndarray, sure: np.ndarray, colour: str = BLUE, size: float = 4.5, pale: bool = False
) -> None:
    """Filled where sure, hollow where not; whole where they lie on an axis, but pale ones, which may lie outside the frame."""
    known = np.isfinite(x) & np.isfinite(y)
    looks = {"alpha": 0.35} if pale else {"clip_on": False}
    for mine, inside in ((known & sure, colour), (known & ~sure, PAPER)):
        dots = ax.plot(x[mine], y[mine], "o", mfc=inside, mec=colour, ms=size, ls="", zorder=3, **looks)
        dots[0].set_in_layout(False)


def describe_terms(topic_terms: pd.DataFrame) -> str:
    likely = topic_terms.sort_values("probability", ascending=False)["term"].head(8)
    marked = topic_terms.sort_values("frex", ascending=False)["term"].head(8)
    return f"Most probable words: {', '.join(likely)}. Words that mark the topic: {', '.join(marked)}."


@_styled
def terms(topic_terms: pd.DataFrame, title: str = "Which words make the topic?") -> Axes:
    """Two lists side by side: the twelve words of highest probability, and of highest FREX with their exclusivity. TOPIC_TERMS of one topic."""
    sides = _figure(0.5 + 0.19 * LISTED, title, describe_terms(topic_terms)).subplots(1, 2)
    looks = (
        ("probability", "probability", "probability in the topic", BLUE),
        ("frex", "exclusivity", "exclusivity, 0 to 1", GREEN),
    )
    for side, (order, column, unit, colour) in zip(sides, looks, strict=True):
        rows = topic_terms.sort_values([order, "term"], ascending=[False, True]).head(LISTED)
        side.barh(range(len(rows)), rows[column], color=colour, height=0.6)
        _rows_down(side, [_shorten(t, 20) for t in rows["term"]])
        side.set(ylim=(LISTED - 0.4, -0.6), xlabel=unit)
        side.xaxis.set_major_locator(MaxNLocator(2))
    return sides[0]


def describe_correlations(table: pd.DataFrame, expected: float = 0.0) -> str:
    pairs = [*_rows(table[table["topic_a"] < table["topic_b"]].sort_values("r"))]
    if not pairs:
        return "No pairs of topics."
    low, high = pairs[0], pairs[-1]
    return (
        f"Grid of correlations between topics’ shares, which without any bond would be about {expected:.2f}: highest between topics {high.topic_a} and "
        f"{high.topic_b} ({high.r:.2f}), lowest between topics {low.topic_a} and {low.topic_b} ({low.r:.2f})."
    ).replace("-", "−")


@_styled
def correlations(
    table: pd.DataFrame,
    expected: float = 0.0,
    title: str = "Which topics go together in an article?",
    ax: Axes | None = None,
) -> Axes:
    """A grid. A row is a pair: `topic_a, topic_b, r` (−1 to 1); blue with a plus lies above what is expected, orange with a minus below it."""
    names = sorted(set(table["topic_a"]) | set(table["topic_b"]))
    if ax is None:
        height = max(2.0, min(4.6, 0.8 + 0.26 * len(names)))
        figure = _figure(height + 0.4, title, describe_correlations(table, expected))
        ax, scale = figure.subplots(2, height_ratios=(height, 0.18))
        _scale_of_shades(scale, expected)
    where, size = {t: i for i, t in enumerate(names)}, min(8.8, 200 / len(names))  # numbers of two digits fit a cell
    pairs = table[table["topic_a"] != table["topic_b"]]
    cells = [(where[row.topic_b], where[row.topic_a], row.r - expected) for row in _rows(pairs)]
    _shade(ax, cells)
    for x, y, beyond in cells:
        if abs(beyond) >= 0.05:
            sign = _beyond(beyond)
            ax.text(x, y, sign if len(names) <= 12 else sign[0], ha="center", va="center", size=min(7.6, size))
    ax.set_xticks(range(len(names)), [str(t) for t in names], size=size)
    ax.set_yticks(range(len(names)), [str(t) for t in names], size=size)
    ax.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5), xlabel="topic", ylabel="topic", aspect="equal")
    ax.tick_params(length=0)
    return ax


def _shade(ax: Axes, cells: Sequence[tuple[float, float, float]]) -> None:
    """Cells `(x, y, beyond)`, the fuller the further their correlation lies beyond what is expected; all at once, for there can be thousands."""
    drawn = [Rectangle((x - 0.47, y - 0.47), 0.94, 0.94) for x, y, _ in cells]
    colours = [to_rgba(BLUE if beyond > 0 else ORANGE, min(1.0, abs(beyond) * 1.4)) for _, _, beyond in cells]
    ax.add_collection(PatchCollection(drawn, facecolors=colours, linewidths=0))


def _beyond(value: float) -> str:
    """A distance from what is expected, with its sign and without its 0."""
    return f"{value:+.1f}".replace("0.", ".").replace("-", "−")


def _scale_of_shades(ax: Axes, expected: float) -> None:
    """The key to the cells: distances from what is expected, as far as there are correlations."""
    steps = [step for step in (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6) if abs(expected + step) <= 1]
    _shade(ax, [(x, 0, step) for x, step in enumerate(steps)])
    said = [_beyond(step) if step else f"r {expected:.2f}".replace("-", "−") for step in steps]
    ax.set_xticks(range(len(steps)), said, size=7.6)
    ax.tick_params(length=0)
    ax.set(xlim=(-0.5, len(steps) - 0.5), ylim=(-0.5, 0.5), yticks=[])
    ax.spines[:].set_visible(False)


# Over time ------------------------------------------------------------------------------------------------------------


def describe_series(series: pd.DataFrame) -> str:
    rows = series.dropna(subset=["estimate"]).sort_values("period", key=lambda p: p.map(position))
    if rows.empty:
        return "No period holds enough articles."
    unit, name = str(rows["unit"].iloc[0]), str(rows["name"].iloc[0])
    percent = _is_share(unit)
    first, last = rows.iloc[0], rows.iloc[-1]
    known = rows[rows["n_docs"] >= THIN] if (rows["n_docs"] >= THIN).any() else rows
    top = known.iloc[int(known["estimate"].to_numpy().argmax())]
    return (
        f"{name}, {unit}: {_interval(first, percent=percent)} in {first['period']}, {_interval(last, percent=percent)} in "
        f"{last['period']}; highest {_interval(top, percent=percent)} in {top['period']}. "
        f"Bars beneath: {number(series['n_docs'].min())} to {number(series['n_docs'].max())} articles a period."
    )


def _line(ax: Axes, series: pd.DataFrame, small: bool = False) -> None:
    """Band, line and dots; the line breaks where periods are missing, dots are hollow where a period is partial.

    Periods of fewer than `THIN` articles are pale dots apart from the line: the scale is not theirs, and they may lie outside it.
    """
    rows = series.sort_values("period", key=lambda p: p.map(position))
    x = np.array([position(p) for p in rows["period"]], dtype=float)
    y, low, high = (_numbers(rows, c) for c in ("estimate", "low", "high"))
    n = _numbers(rows, "n_docs")
    thin = (n < THIN) & (np.nanmax(n, initial=0) >= THIN)
    shown = np.isfinite(y) & ~thin
    breaks = np.flatnonzero((np.diff(x) > 1) | ~shown[1:] | ~shown[:-1]) + 1
    for piece in np.split(np.arange(len(x)), breaks):
        if len(piece) > 1:
            ax.fill_between(x[piece], low[piece], high[piece], color=BLUE, alpha=0.2, lw=0)
            ax.plot(x[piece], y[piece], color=BLUE)
        elif shown[piece].all():
            ax.vlines(x[piece], low[piece], high[piece], color=BLUE, alpha=0.35, lw=3)
    whole = ~_flags(rows, "partial", False)
    size = 4.5 if len(x) <= 60 and not small else 2
    _dots(ax, x[shown], y[shown], whole[shown], size=size)
    unit = str(rows["unit"].iloc[0])
    if _is_share(unit):
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{100 * v:.3g} %"))
    ends = np.concatenate([y[shown], high[shown], [1e-12]])
    ax.set_ylim(min(0.0, float(np.nanmin(low[shown], initial=0))), 1.06 * float(np.nanmax(ends)))
    _dots(ax, x[thin], y[thin], whole[thin], size=size, pale=True)


def _volume(ax: Axes, series: pd.DataFrame) -> None:
    """Articles per period as bars, partial periods hatched."""
    rows = series.drop_duplicates("period")
    x, y = np.array([position(p) for p in rows["period"]], float), _numbers(rows, "n_docs")
    left, right, foot, partial = x - 0.42, x + 0.42, 0 * y, _flags(rows, "partial", False)
    corners = np.stack([[left, left, right, right], [foot, y, y, foot]]).T
    _bars(ax, corners[~partial], fc=MUTED, lw=0)
    _bars(ax, corners[partial], fc="none", ec=MUTED, hatch="/////", lw=0.5)
    ax.set_ylim(0, 1.05 * max(1.0, float(np.nanmax(y, initial=0))))
    ax.yaxis.set_major_locator(MaxNLocator(2, integer=True))


def _bars(ax: Axes, corners: np.ndarray, **look: Any) -> None:
    """Bars as one shape, for a shape each takes most of the time of a figure of many: `corners` are (n_bars, 4, 2)."""
    if len(corners):
        ax.add_patch(PathPatch(Outline.make_compound_path_from_polys(corners), **look))


@_styled
def series(
    series: pd.DataFrame,
    bursts: pd.DataFrame | None = None,
    seeds: pd.DataFrame | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One topic or keyword over time with its interval, articles per period beneath (but on axes that are given).

    SERIES rows of one name and source. Missing periods are gaps; where the column `partial` is True the period is
    hatched. `bursts` (BURSTS rows) are shaded, or a broken line where their `what` is "break"; `seeds` (`period, estimate`, a row a seed) are ticks.
    """
    name, unit = str(series["name"].iloc[0]), str(series["unit"].iloc[0])
    if ax is None:
        figure = _figure(2.9, title or f"{_shorten(name, 50)}: how does it move?", describe_series(series))
        ax, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        _volume(below, series)
        below.set_ylabel("articles")
    for burst in () if bursts is None else _rows(bursts):
        if getattr(burst, "what", "burst") == "break":
            ax.axvline(position(burst.start) - 0.5, color=ORANGE, lw=1.2, ls="--", zorder=0)
            continue
        ax.axvspan(position(burst.start) - 0.5, position(burst.end) + 0.5, color=AMBER, alpha=0.22, lw=0, zorder=0)
    _line(ax, series)
    if seeds is not None and len(seeds):
        ax.plot([position(p) for p in seeds["period"]], seeds["estimate"], "_", color=ORANGE, ms=6, mew=1, ls="")
    ax.grid(axis="y")
    ax.set_ylabel(_wrap(unit))
    _period_axis(ax, series["period"].tolist())
    return ax


def _wrap(text: str, n: int = 26) -> str:
    if len(text) <= n or " " not in text[:n]:
        return text
    cut = text.rfind(" ", 0, n)
    return text[:cut] + "\n" + _wrap(text[cut + 1 :], n)


def describe_multiples(series: pd.DataFrame) -> str:
    ends = series.dropna(subset=["estimate"]).groupby("name", sort=False)["estimate"].agg(["first", "last"])
    percent = _is_share(str(series["unit"].iloc[0]))
    return f"Small figures, first to last period, {series['unit'].iloc[0]}: " + _listed(
        ends.index, [f"{number(a, percent)} to {number(b, percent)}" for a, b in _rows(ends)], 12
    ) + "."  # fmt: skip


@_styled
def multiples(series: pd.DataFrame, title: str = "How often does each keyword appear, and when?") -> Axes:
    """A small figure for each name of SERIES, with its interval, each on its own scale; articles per period at the foot."""
    names = series["name"].drop_duplicates().tolist()
    columns = min(BESIDE, len(names))
    deep = math.ceil(len(names) / columns)
    figure = _figure(1.1 * deep + 0.75, title, describe_multiples(series))
    panels = figure.subplots(deep + 1, columns, sharex=True, squeeze=False, height_ratios=[1.0] * deep + [0.5])
    for panel, name in zip(panels[:-1].flat, names, strict=False):
        _line(panel, series[series["name"] == name], small=True)
        panel.set_title(_plain(_shorten(name, 27)), loc="left", size=9.2, pad=3)
        panel.yaxis.set_major_locator(MaxNLocator(3))
        panel.grid(axis="y")
    for panel in panels[:-1].flat[len(names) :]:
        panel.set_axis_off()
    for panel in panels[-1]:
        _volume(panel, series)
        _period_axis(panel, series["period"].tolist(), most=3 if len(str(series["period"].iloc[0])) < 8 else 2)
    panels[-1, 0].set_ylabel("articles")
    return panels[0, 0]


def describe_forest(trends: pd.DataFrame) -> str:
    rows = [_interval(r, "slope") for r in _rows(trends)]
    return f"Dots with intervals, trends, {trends['unit'].iloc[0]}: " + _listed(trends["name"], rows) + "."


@_styled
def forest(trends: pd.DataFrame, title: str = "What rises, and what falls?", ax: Axes | None = None) -> Axes:
    """A dot and its interval a trend, in the table's order, a line at no change. Columns of TRENDS.

    Filled where the column `sure` says so, or, where there is none, where the interval leaves out 0; else hollow.
    """
    ax = _axes(ax, 0.66 + 0.22 * len(trends), title, describe_forest(trends))
    ax.axvline(0, color=MUTED, lw=0.8)
    clear = (_numbers(trends, "low") > 0) | (_numbers(trends, "high") < 0)
    sure = trends["sure"].to_numpy(dtype=bool) if "sure" in trends else clear
    _dots_and_lines(ax, trends, trends["name"], "slope", sure)
    ax.set_xlabel(str(trends["unit"].iloc[0]))
    return ax


def describe_keyness(keyness: pd.DataFrame) -> str:
    rows = [_interval(r, "log_odds") for r in _rows(keyness)]
    first = keyness.iloc[0]
    return f"Dots with intervals, log-odds of words in {first['group']} against {first['against']}: " + _listed(keyness["term"], rows) + "."  # fmt: skip


@_styled
def keyness(keyness: pd.DataFrame, title: str | None = None, ax: Axes | None = None) -> Axes:
    """A dot and its interval a term, right of 0 where it marks the group. KEYNESS rows of one group."""
    group, against = str(keyness["group"].iloc[0]), str(keyness["against"].iloc[0])
    title = title or f"Which words mark “{_shorten(group, 18)}” against “{_shorten(against, 18)}”?"
    ax = _axes(ax, 0.66 + 0.2 * len(keyness), title, describe_keyness(keyness))
    ax.axvline(0, color=MUTED, lw=0.8)
    colour = np.where(_numbers(keyness, "log_odds") >= 0, BLUE, ORANGE)
    _dots_and_lines(ax, keyness, keyness["term"], "log_odds", np.full(len(keyness), True), colour)
    ax.set_xlabel(f"log-odds: ← {_plain(against)}   |   {_plain(group)} →")
    return ax
