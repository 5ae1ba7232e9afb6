"""RESULTS.md and its figures, made from kept lines: medians, ranges, ratios pair by pair, and where we lose."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ABOUT = {
    "whole": "The whole: articles to finished pages",
    "models_peers": "Fits beside other tools",
    "models_scale": "How the sampler and the scores grow",
    "literature": "Benchmarks of the literature",
    "words_speed": "From clean text to counts",
    "corpus_speed": "From files to a corpus",
    "corpus_html": "Main text and dates of HTML pages with gold",
    "corpus_cleaning": "What cleaning takes out, against labels",
    "trends_speed": "Speed of the trends",
    "trends_size": "Errors of the trend statistics, by simulation",
    "kills": "Runs killed at random moments",
    "sameness": "The same run under other circumstances, byte by byte",
    "topics_coverage": "Coverage of the topics' intervals, by simulation",
}
SIZES = ("s", "ms", "ns", "min", "MB", "MiB", "GB", "bytes", "B")  # smaller is better, and a ratio says it
SMALLER = ("perplexity",)
LARGER = ("npmi", "c_npmi", "c_v", "diversity", "nmi", "purity", "precision", "recall", "f1", "accuracy", "power")
KEY = ["benchmark", "case", "measure", "unit"]
KNOWN = {*KEY, *"side value repetition run runs error seed published date command machine versions".split()}
GROWTH = {"n_topics": "topics", "topics": "topics", "articles": "articles", "threads": "threads", "workers": "workers"}
LONG = 40  # rows of a table that is folded


class Goal(NamedTuple):
    """A figure to reach: the gain beside `peer` (theirs over ours, or ours less theirs), else ours itself; cases are found by a part of their names."""

    what: str
    benchmark: str
    case: str
    measure: str
    peer: str | None
    bound: float
    least: bool = True


GOALS = (
    Goal("sample from nothing, plain way over ours", "whole", "sample, from nothing", "wall time", "plain way", 2.5),
    Goal("sample, another topic count, plain way over ours", "whole", "sample, another topic count", "wall time", "plain way", 4),
    Goal("news from nothing, plain way over ours", "whole", "news, from nothing", "wall time", "plain way", 8),
    Goal("sample, nothing changed, seconds", "whole", "sample, nothing changed", "wall time", None, 2, False),
    Goal("import topics, seconds", "whole", "import topics", "wall time", None, 0.3, False),
    Goal("files to corpus, news, two workers, seconds", "corpus_speed", "news, all stages", "wall time", None, 15, False),
    Goal("cleaning, made-up cases, precision", "corpus_cleaning", "made-up cases", "precision by character", None, 0.98),
    Goal("cleaning, made-up cases, recall", "corpus_cleaning", "made-up cases", "recall by character", None, 0.90),
    Goal("main text, F1 of 181 news pages less trafilatura's", "corpus_html", "181 news pages, main text", "f1", "trafilatura", 0),
    Goal("dates, F1 of 200 news pages less htmldate's", "corpus_html", "200 news pages, dates", "f1", "htmldate", 0),
    Goal("clean text to counts, plain chain over ours", "words_speed", "clean text to counts", "processor time", "nltk, simplemma, gensim", 5),
    *(
        Goal(f"to the same perplexity, {tool} over ours", "models_peers", f"that {tool} and topics reach", "processor time", tool, bound)
        for tool, bound in (("tomotopy", 3), ("tomotopy given our priors", 1.5), ("pyrmallet", 2), ("topica", 4), ("gensim", 20))
    ),
    Goal("c_v of a grid, gensim over ours", "models_scale", ", c_v of", "processor time", "gensim", 100),
    Goal("a grid with its scores, gensim over ours", "models_scale", ", with scores", "processor time", "gensim", 15),
    Goal("a sweep at 400 topics over one at 50", "models_scale", "400 topics over one at 50", "ratio", None, 4, False),
    Goal("memory, bytes a token", "models_scale", "a chain", "memory", None, 24, False),
)  # fmt: skip


def write(lines: list[dict[str, Any]], path: Path, quick: bool = False) -> None:
    """RESULTS.md at `path`, figures beside it in `figures/` (not for the quick version)."""
    runs = pd.DataFrame([line for line in lines if "command" in line])
    table = pd.DataFrame([line for line in lines if "command" not in line])
    if table.empty:
        path.write_text("# Results\n\nNothing is kept yet: `python benchmarks/run.py`.\n", encoding="utf-8")
        return
    for column in ("error", "runs", "seed", "published"):
        if column not in table:
            table[column] = None
    compared = pd.concat([beside_us(part) for _, part in table.groupby("benchmark", sort=False)], ignore_index=True)
    text = [
        f"# Results{', the quick version' if quick else ''}",
        "",
        HOW_TO_READ,
        "",
        *goals(table, quick),
        *losses(compared),
    ]
    order = [*ABOUT, *sorted(set(table["benchmark"]) - set(ABOUT))]
    for name in order:
        part = table[table["benchmark"] == name]
        if len(part):
            pictures = [] if quick else figures(part, path.parent / "figures")
            text += section(name, part, compared[compared["benchmark"] == name], runs, pictures)
    text += ["## Versions", ""]
    for day, those in runs[runs["run"].isin(table["run"])].groupby("date", sort=True):
        libraries = {key: value for versions in those["versions"] for key, value in versions.items()}
        text += [f"{day}: {', '.join(f'{key} {value}' for key, value in libraries.items())}.", ""]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


HOW_TO_READ = """Written by `python benchmarks/run.py` from the lines in `benchmarks/results/`; every figure can be had again by the command of its section (CORPORA is the
folder of real corpora, which do not ship). Sides were measured in turn, round after round, on one machine in one run. A cell gives the median, the range in brackets, and
the number of repetitions or seeds; after the semicolon the comparison with ours, pair by pair: for times, sizes and perplexity theirs over ours (over 1: we need less), for scores ours minus
theirs (over 0: we score higher), median and range; **bold** is a loss. A rate over simulated corpora has its
Monte Carlo standard error (±) and the number of corpora. Processor time counts all processes, and says more than wall time where the machine had other work: where that was so, the section says it, and wall times there are no figures of merit."""


# --- comparing ------------------------------------------------------------------------------------------------------------


def dimensions(part: pd.DataFrame) -> list[str]:
    """What the lines of one benchmark run over within a case, beside sides."""
    others = [column for column in part.columns if column not in KNOWN]
    return [column for column in others if part.groupby("case")[column].nunique().max() > 1]


def direction(measure: str, unit: str) -> int:
    """-1 where smaller is better, 1 where larger is, 0 where neither."""
    if unit in SIZES or measure in SMALLER or unit.startswith(("ns", "bytes")):
        return -1
    return int(measure.lower().split(" ")[0].split(",")[0] in LARGER)


def our_side(sides: list[str]) -> str | None:
    """Whose figures are ours: "topics", else the first that begins so."""
    return next(
        (side for side in sorted(sides, key=lambda side: side != "topics") if side.split(",")[0] == "topics"), None
    )


def beside_us(part: pd.DataFrame) -> pd.DataFrame:
    """One row a case, measure, place on a curve and side: median, low, high, n; and `gain` with its range, pair by pair.

    `gain` is theirs over ours where smaller is better, ours minus theirs where larger is; `lost` says that its median is on the wrong side.
    """
    dims = dimensions(part)
    rows = []
    for key, group in part.groupby([*KEY, *dims], sort=False, dropna=False):
        named = dict(zip([*KEY, *dims], key, strict=True))
        way, ours = direction(named["measure"], named["unit"]), our_side(group["side"].unique().tolist())
        base = group[group["side"] == ours].set_index(["repetition", "seed"])["value"]
        for side, theirs in group.groupby("side", sort=False):
            row = named | {"side": side, "median": theirs["value"].median(), "low": theirs["value"].min()}
            row |= {
                "high": theirs["value"].max(),
                "n": int(theirs["runs"].sum()) or len(theirs),
                "error": theirs["error"].median(),
                "way": way,
            }
            if (
                named["unit"].startswith("part of") and len(theirs) > 1
            ):  # a rate over simulated corpora: mean and its standard error
                row |= {"median": theirs["value"].mean(), "error": theirs["value"].sem()}
            row["published"] = bool(theirs["published"].eq(True).any())
            if way and side != ours and not base.empty and str(side).split(",")[0] != "topics":
                values = theirs.set_index(["repetition", "seed"])["value"]
                mine = base.reindex(values.index) if not row["published"] else pd.Series(base.median(), values.index)
                gain = ((values / mine) if way < 0 else mine - values).dropna()
                if len(gain):
                    lost = gain.median() < (1 if way < 0 else 0)
                    row |= {"gain": gain.median(), "gain_low": gain.min(), "gain_high": gain.max(), "lost": bool(lost)}
            rows.append(row)
    return pd.DataFrame(rows)


def number(value: float) -> str:
    """Three figures that count, thousands marked.

    >>> number(0.01234), number(12.345), number(12345.6)
    ('0.0123', '12.3', '12,346')
    """
    if not np.isfinite(value):
        return "–"
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3g}" if size < 0.1 else f"{value:.3f}"  # fmt: skip


def gained(row: pd.Series) -> str:
    """The last column of a table: the gain and its range, bold where it is a loss."""
    if not np.isfinite(row.get("gain", np.nan)):
        return ""
    sign = "×" if row["way"] < 0 else ""
    form = (lambda value: f"{number(value)}{sign}") if row["way"] < 0 else (lambda value: f"{value:+.3f}")
    span = f" ({form(row['gain_low'])} to {form(row['gain_high'])})" if row["gain_low"] != row["gain_high"] else ""
    return f"**{form(row['gain'])}**{span}" if row["lost"] else form(row["gain"]) + span


# --- writing --------------------------------------------------------------------------------------------------------------


def goals(table: pd.DataFrame, quick: bool) -> list[str]:
    """The figures that the project set itself, reached or not; of several cases, the worst."""
    rows = []
    for goal in GOALS:
        found = table[(table["benchmark"] == goal.benchmark) & (table["measure"] == goal.measure)]
        found = found[
            found["case"].str.contains(goal.case, regex=False) & ~found["case"].str.contains(", by ", regex=False)
        ]
        got = np.nan
        if len(found):
            compared = beside_us(found).reindex(columns=["side", "median", "gain"])
            values = compared[compared["side"] == (goal.peer or "topics")]["gain" if goal.peer else "median"]
            got = float(values.min() if goal.least else values.max())
        verdict = (
            "not measured"
            if np.isnan(got)
            else "reached"
            if (got >= goal.bound if goal.least else got <= goal.bound)
            else "**not reached**"
        )
        rows.append(
            f"| {goal.what} | {'at least' if goal.least else 'at most'} {goal.bound:g} | {number(got)} | {verdict} |"
        )
    return ["## Goals", "", "| what | goal | measured | |", "|---|---|---|---|", *rows, ""]


def losses(compared: pd.DataFrame) -> list[str]:
    """Every case and peer beside which we come second in a measure, one row each."""
    lost = compared[compared["lost"].eq(True)] if "lost" in compared else compared.iloc[:0]
    if lost.empty:
        return ["## Where we lose", "", "Nowhere in what was measured.", ""]
    rows = ["| benchmark | case | peer | by how much |", "|---|---|---|---|"]
    where = [lost["benchmark"], [place(row) for _, row in lost.iterrows()], lost["side"]]
    for (benchmark, case, side), those in lost.groupby(where, sort=False):
        said = ", ".join(f"{row['measure']} {gained(row)}" for _, row in those.iterrows())
        rows.append(f"| {ABOUT.get(benchmark, benchmark)} | {case} | {side} | {said} |")
    head = f"{len(lost)} of {int(compared['gain'].notna().sum())} comparisons of one case, measure and peer."
    return ["## Where we lose", "", head, "", *folded(rows, "All of them"), ""]


def place(row: pd.Series) -> str:
    """The case and where on its curve."""
    dims = [name for name in row.index if name not in KNOWN and name not in DERIVED and pd.notna(row[name])]
    more = [
        f"{row[name]:g} {GROWTH.get(name, name.replace('_', ' '))}"
        if isinstance(row[name], int | float)
        else f"{row[name]}"
        for name in dims
    ]
    return ", ".join([row["case"], *more])


DERIVED = {"median", "low", "high", "n", "way", "gain", "gain_low", "gain_high", "lost"}


def section(
    name: str, part: pd.DataFrame, compared: pd.DataFrame, runs: pd.DataFrame, pictures: list[str]
) -> list[str]:
    """One benchmark: how it was run, figures, tables."""
    of = runs[runs["run"].isin(part["run"])]
    text = [f"## {ABOUT.get(name, name)}", ""]
    for (day, machine), those in of.groupby(["date", "machine"], sort=False):
        load = those.get("load", pd.Series(dtype=float)).max()
        busy = f", with up to {load:.0f} processes at work when it began" if load > 2 else ""
        text += [f"{day}, {machine}{busy}:", "", *dict.fromkeys(called(row) for _, row in those.iterrows()), ""]
    text += pictures
    stages = compared["case"].str.extract(r"^(.*), by (\w+): (.*)$")
    main = compared[stages[0].isna()]
    for rows in tables(main):
        text += folded(rows, "All rows")
    for (case, by), rows in compared.groupby([stages[0], stages[1]], sort=False):
        shown = rows.assign(what=stages.loc[rows.index, 2]).sort_values("median", ascending=False)
        text += [f"**{case}, by {by}** ({', '.join(shown['side'].unique())}, {shown['measure'].iloc[0]})", ""]
        text += [f"| {by} | median (range), n |", "|---|---|"]
        text += [f"| {row['what']} | {spread(row)} |" for _, row in shown.iterrows()]
        text += [""]
    return text


def called(run: pd.Series) -> str:
    """How a run was called, and on which state of the project."""
    known = isinstance(run.get("commit"), str) and run["commit"]
    return f"- `{run['command']}`" + (f" at {known}" if known else "")


def folded(rows: list[str], title: str) -> list[str]:
    if len(rows) <= LONG:
        return [*rows, ""]
    return [f"<details><summary>{title}: {len(rows) - 2}</summary>", "", *rows, "", "</details>", ""]


def tables(compared: pd.DataFrame) -> list[list[str]]:
    """A table for each set of cases that have the same measures: a row a case and side, a column a measure."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for _, row in compared.iterrows():
        beside = gained(row)
        cell = spread(row) + (f"; {beside}" if beside else "")
        cells.setdefault((place(row), row["side"]), {})[row["measure"]] = cell
    of_case: dict[str, tuple[str, ...]] = {}
    for (case, _), found in cells.items():
        of_case[case] = tuple(dict.fromkeys([*of_case.get(case, ()), *found]))
    made: dict[tuple[str, ...], list[str]] = {}
    for (case, side), found in cells.items():
        measures = of_case[case]
        head = [f"| case | side | {' | '.join(measures)} |", "|---" * (len(measures) + 2) + "|"]
        made.setdefault(measures, head).append(
            f"| {case} | {side} | {' | '.join(found.get(m, '') for m in measures)} |"
        )
    return list(made.values())


def spread(row: pd.Series) -> str:
    unit = f" {row['unit']}" if row["unit"] in SIZES or (row["way"] < 0 and row["measure"] not in SMALLER) else ""
    if pd.notna(row["error"]):
        if row["error"] == 0:
            return f"{row['median']:.3f} in each of {row['n']}"
        return f"{row['median']:.3f} ± {row['error']:.3f}, {row['n']}"
    if row["published"]:
        return f"{number(row['median'])}{unit}, published"
    span = f" ({number(row['low'])} to {number(row['high'])})" if row["low"] != row["high"] else ""
    return f"{number(row['median'])}{unit}{span}, {row['n']}"


# --- drawing --------------------------------------------------------------------------------------------------------------

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKS = "osD^vP*X"


def figures(part: pd.DataFrame, folder: Path) -> list[str]:
    """Quality against processor time where both were recorded along a curve, and growth; the lines of Markdown that show them."""
    drawn = []
    for case, lines in part.groupby("case", sort=False):
        times = lines[lines["measure"].isin(["processor time", "cpu"])]
        if "sweeps" in lines and times["sweeps"].nunique() > 2:
            measured = [measure for measure in ("perplexity", "npmi") if (lines["measure"] == measure).any()]
            drawn += [curve(lines, times, case, measure, folder) for measure in measured]
    for name in [name for name in GROWTH if name in part]:
        for (case, measure), lines in part[part[name].notna()].groupby(["case", "measure"], sort=False):
            if (
                lines[name].nunique() > 2
                and direction(measure, lines["unit"].iloc[0]) < 0
                and lines.get("sweeps", pd.Series([0])).nunique() < 2
            ):
                drawn.append(growth(lines, case, measure, name, folder))
    return drawn


def curve(lines: pd.DataFrame, times: pd.DataFrame, case: str, measure: str, folder: Path) -> str:
    keys = [key for key in ("side", "sweeps", "repetition", "seed") if key in lines and lines[key].notna().any()]
    both = lines[lines["measure"] == measure].merge(times, on=keys, suffixes=("", "_time"))
    figure, axes = plt.subplots(figsize=(6.4, 4))
    for i, (side, points) in enumerate(both.groupby("side", sort=False)):
        axes.plot(points["value_time"], points["value"], MARKS[i % 8], color=COLOURS[i % 8], alpha=0.25, ms=4)
        middle = points.groupby("sweeps")[["value_time", "value"]].median()
        axes.plot(middle["value_time"], middle["value"], "-" + MARKS[i % 8], color=COLOURS[i % 8], label=side, ms=5)
    axes.set(
        xscale="log", xlabel="processor time of the fit (s)", ylabel=measure, title=f"{measure} against time: {case}"
    )
    for formatted in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        formatted(plt.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(axis="x", which="minor", labelsize=7)
    axes.legend(fontsize=8)
    return save(
        figure, folder, f"{lines['benchmark'].iloc[0]} {case} {measure}", f"{measure} against processor seconds, {case}"
    )


def growth(lines: pd.DataFrame, case: str, measure: str, over: str, folder: Path) -> str:
    figure, axes = plt.subplots(figsize=(6.4, 4))
    for i, (side, points) in enumerate(lines.groupby("side", sort=False)):
        spread = points.groupby(over)["value"].agg(["median", "min", "max"])
        axes.plot(spread.index, spread["median"], "-" + MARKS[i % 8], color=COLOURS[i % 8], label=side)
        axes.fill_between(spread.index.astype(float), spread["min"], spread["max"], color=COLOURS[i % 8], alpha=0.15)
    axes.set(
        xlabel=GROWTH[over],
        ylabel=f"{measure} ({lines['unit'].iloc[0]})",
        title=f"{measure} by {GROWTH[over]}: {case}",
        ylim=(0, None),
    )
    axes.legend(fontsize=8)
    return save(
        figure, folder, f"{lines['benchmark'].iloc[0]} {case} {measure} {over}", f"{measure} by {GROWTH[over]}, {case}"
    )


def save(figure: Any, folder: Path, name: str, says: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".svg"
    with matplotlib.rc_context({"svg.hashsalt": "topics", "svg.fonttype": "none"}):
        figure.savefig(folder / file, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return f"![{says}](figures/{file})\n"
