"""RESULTS.md and its figures, made from kept lines: medians, ranges, ratios pair by pair, and where we lose."""

from __future__ import annotations

import re
from numbers import Real
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pandas as pd

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator

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
EARLIER = {  # what the run kept does not show, and another did
    "whole": "How we stand on the news corpus is decided by the processor, most of all by what LdaModel does on it: on an Intel Xeon it needs four times as long for 100 topics as for 60, since "
    "a sixth of its numbers, in single precision, are denormal there after three passes (at 60 none). There the plain way took 2,521 and 2,485 s, we 320 and 355 s (7.87 times at 8aacc59, 6.99 times at 69c98dd, which "
    "also shows what neighbours on a machine do); with the reference fits 14.7 and 14.0 times; the sample 2.69 (2.52 to 3.06) and 2.40 times (2.24 to 2.84).",
    "kills": "The same kills at b231793, with the tests at work beside them, lost things once: a run asked to end by SIGTERM was ended by a SIGKILL, and "
    "left its workplace; the report that stood, kept results and ledger were whole after each of the 200. Found since: a kernel that the signal met between its start and its own process group died in the run's, and "
    "Jupyter ends a kernel by its group.",
}
SIZES = ("s", "ms", "ns", "min", "MB", "MiB", "GB", "bytes", "B")  # smaller is better, and a ratio says it
SMALLER = ("perplexity",)
LARGER = ("npmi", "c_npmi", "c_v", "diversity", "nmi", "purity", "precision", "recall", "f1", "accuracy", "power")
KEY = ["benchmark", "case", "measure", "unit"]
KNOWN = {*KEY, *"side value repetition run runs error seed published".split()}
GROWTH = {"n_topics": "topics", "topics": "topics", "articles": "articles", "threads": "threads", "workers": "workers"}
SUMMARIES = {"models_peers": ("perplexity", "npmi"), "literature": ("c_npmi", "c_v", "diversity", "nmi", "purity")}
RACE = r"^(.*): to the lowest perplexity that .* and topics reach$"
LONG = 15  # rows of a table that is folded
BUSY = 0.3  # processors with other work: wall times are no figures of merit then
LOAD = 2.5  # the same of older lines: processes at work in the minute before


class Goal(NamedTuple):
    """A figure to reach: the gain beside `peer` (theirs over ours, or ours less theirs; "": all of them), else ours itself.

    Cases are found by a part of their names; of several, the worst counts; of fits, those of so many `sweeps`. With `spread`, our median is held against
    the lowest of the other's seeds. `limit` is what stands in the way where it is not reached.
    """

    what: str
    benchmark: str
    case: str
    measure: str
    peer: str | None
    bound: float
    least: bool = True
    spread: bool = False
    sweeps: int | None = None
    limit: str = ""


MORE_WORK = "the plain way fits no references, draws no intervals and tests nothing: see the stages; fewer sweeps would cost agreement of seeds (METHODS.md, The sampler)"
GOALS = (
    Goal("sample from nothing, plain way over ours", "whole", "sample, from nothing", "wall time", "plain way", 2.5, limit=MORE_WORK),
    Goal("sample, another topic count, plain way over ours", "whole", "sample, another topic count", "wall time", "plain way", 4, limit=MORE_WORK),
    Goal("news from nothing, plain way over ours", "whole", "news, from nothing", "wall time", "plain way", 8, limit="the plain way makes 30 fits of ten passes, we 95 of 200 sweeps: to the articles, to shuffled text, without the articles held out, to parts of them. On an Intel Xeon 6.99 and 7.87 (The whole)"),
    Goal("the same, plain way with the reference fits that the pages show", "whole", "news, from nothing", "wall time", "plain way, with reference fits", 8),
    Goal("sample, nothing changed, s", "whole", "sample, nothing changed", "wall time", None, 2, False),
    Goal("heaviest page, news, MB", "whole", "news, page", "page weight", None, 8, False),
    Goal("first view of a page, news, s", "whole", "news, page", "first view", None, 2, False),
    Goal("import topics, s", "whole", "import topics", "wall time", None, 0.3, False),
    Goal("files to corpus, news, two workers, the five stages added up, without starting workers, s", "corpus_speed", "all stages", "wall time", None, 15, False),
    Goal("cleaning, made-up cases, precision", "corpus_cleaning", "made-up cases", "precision by character", None, 0.98),
    Goal("cleaning, made-up cases, recall", "corpus_cleaning", "made-up cases", "recall by character", None, 0.90),
    Goal("main text, F1 of 181 news pages less trafilatura's", "corpus_html", "181 news pages, main text", "f1", "trafilatura", 0),
    Goal("dates, F1 of 200 news pages less htmldate's", "corpus_html", "200 news pages, dates", "f1", "htmldate", 0),
    Goal("clean text to counts, plain chain over ours", "words_speed", "clean text to counts", "processor time", "nltk, simplemma, gensim", 5),
    Goal("clean text to counts, s", "words_speed", "clean text to counts", "wall time", None, 8, False),
    Goal("1,000 concepts, tokenising over ours", "words_speed", "1,000 concepts", "processor time", "tokenising", 1, limit="words of four letters and less stand everywhere"),
    Goal("contexts, the slowest of those looked up, s", "words_speed", "contexts of a", "processor time", None, 0.1, False, limit="the word \"the\", at 128,000 places"),
    *(
        Goal(f"to the same perplexity, {tool} over ours", "models_peers", f"that {tool} and topics reach", "processor time", tool, bound, limit=limit)
        for tool, bound, limit in (
            ("tomotopy", 3, ""),
            ("tomotopy given our priors", 1.5, ""),
            ("pyrmallet", 2, ""),
            ("topica", 4, "it draws from the same posterior, also compiled, in 2 to 3 times our time a sweep; in the race each fit is alone, while topics fits five seeds abreast, in .55 to .67 of the time each (How the sampler and the scores grow)"),
            ("gensim", 20, "our shortest fit, its short starts among its time, is already a sixth (news) to a half (100,000 short articles) below the lowest perplexity of LdaModel, so that what stands here is LdaModel's time over that of our shortest fit; it was 38 on an Intel Xeon, where LdaModel takes longer (The whole)"),
        )
    ),
    Goal("perplexity after 200 sweeps, the others' over ours", "models_peers", "", "perplexity", "", 1, sweeps=200),
    Goal("held-out NPMI after 200 sweeps, our median less the lowest of the others' seeds", "models_peers", "", "npmi", "", 0, spread=True, sweeps=200, limit="few topics of pyrmallet and topica are a little more coherent there"),
    Goal("100,000 short articles less a fifth held out, 50 topics, up to 200 sweeps, s", "models_peers", "100,000 short articles, 50 topics", "processor time", None, 300, False),
    Goal("c_v of a grid, gensim over ours", "models_scale", ", c_v of", "processor time", "gensim", 100),
    Goal("a grid with its scores on two cores, gensim over ours", "models_scale", ", with scores", "wall time", "gensim", 15, limit="a fit of ours makes 200 sweeps; with 50, which already give a lower perplexity than LdaModel's ten passes (Fits), it is 26, but seeds agree less (METHODS.md, The sampler)"),
    Goal("the same by processor time, where LdaModel has one core and ours two", "models_scale", ", with scores", "processor time", "gensim", 15, limit="the same; with 50 sweeps it is 14"),
    Goal("a sweep at 400 topics over one at 50", "models_scale", "400 topics over one at 50", "ratio", None, 4, False),
    Goal("four fits in one thread over two", "models_scale", "four fits, one thread over two", "ratio", None, 1.7),
    Goal("memory of a chain, bytes a token", "models_scale", "a chain", "memory", None, 24, False),
    Goal("500 keywords and the vocabulary screened, news, s", "trends_speed", "a screen: together", "wall time", None, 20, False),
    Goal("front pages that claim a trend, news with its days permuted, share", "trends_size", "permuted dates: news", "front page", None, 0.05, False),
    Goal("runs killed at random moments, things lost", "kills", "", "losses", None, 0, False),
    Goal("the same run otherwise, files that differ beyond the promise", "sameness", "", "that differ beyond the promise", None, 0, False),
)  # fmt: skip


def write(lines: list[dict[str, Any]], path: Path, quick: bool = False) -> None:
    """RESULTS.md at `path`, figures beside it in `figures/` (not for the quick version)."""
    runs = pd.DataFrame([line for line in lines if "command" in line])
    table = pd.DataFrame([line for line in lines if "command" not in line])
    if table.empty:
        path.write_text("# Results\n\nNothing is kept yet: `python benchmarks/run.py`.\n", encoding="utf-8")
        return
    table = table.reindex(columns=[*table, *({"error", "runs", "seed", "published"} - set(table))])
    table = table.sort_values("side", key=lambda side: side.str.split(",").str[0] != "topics", kind="stable")
    runs = runs.set_index("run")[lambda known: known.index.isin(table["run"])].reindex(columns=[*RUN, "others", "load"])
    runs["commit"] = runs["commit"].astype(object).fillna("")
    runs["busy"] = (runs["others"] > BUSY) | (runs["others"].isna() & (runs["load"] > LOAD))
    table["measure"] = table["measure"].where(
        ~table["run"].map(runs["busy"]) | (table["measure"] != "wall time"), "wall time, machine busy"
    )
    compared = pd.concat([beside_us(part) for _, part in table.groupby("benchmark", sort=False)], ignore_index=True)
    title = f"# Results{', the quick version' if quick else ''}"
    text = [title, "", HOW_TO_READ, "", *goals(table, runs), *losses(compared)]
    for name in [*ABOUT, *sorted(set(table["benchmark"]) - set(ABOUT))]:
        part = table[table["benchmark"] == name]
        if len(part):
            pictures = [] if quick else figures(part, path.parent / "figures")
            text += section(name, part, compared[compared["benchmark"] == name], runs, pictures)
    text += ["## Versions", ""]
    for day, those in runs.groupby("date", sort=True):
        libraries = {key: value for versions in those["versions"] for key, value in versions.items()}
        text += [f"{day}: {', '.join(f'{key} {value}' for key, value in libraries.items())}.", ""]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


RUN = ("date", "command", "machine", "versions", "commit")
HOW_TO_READ = """Written by `python benchmarks/run.py` from the lines in `benchmarks/results/`. Every figure can be had again by the command of its section; CORPORA is the folder of real corpora, which do not ship.
Sides were measured in turn, round after round, on one machine in one run. A cell gives the median, the range in brackets, and the number of repetitions or seeds; after the semicolon the comparison
with ours, pair by pair: for times, sizes and perplexity theirs over ours (over 1: we need less), for scores ours minus theirs (over 0: we score higher), median and range; **bold** is a loss. A rate over simulated
corpora has its Monte Carlo standard error (±) and the number of corpora. Processor time counts all processes. Wall time taken while the machine had other work says so and is not compared."""


# --- comparing ------------------------------------------------------------------------------------------------------------


def dimensions(part: pd.DataFrame) -> list[str]:
    """What the lines of one benchmark run over within a case, beside sides."""
    others = [column for column in part.columns if column not in KNOWN]
    return [column for column in others if part.groupby("case")[column].nunique().max() > 1]


def direction(measure: str, unit: str) -> int:
    """-1 where smaller is better, 1 where larger is, 0 where neither."""
    if measure.endswith("busy"):
        return 0
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
                    row["spread"] = base.median() - values.min() if way > 0 else np.nan
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


def goals(table: pd.DataFrame, runs: pd.DataFrame) -> list[str]:
    """The figures that the project set itself: the worst of its cases, reached or not, by which command."""
    rows = ["## Goals", "", "| what | goal | measured, n | reached | by |", "|---|---|---|---|---|"]
    for goal in GOALS:
        found = table[(table["benchmark"] == goal.benchmark) & table["measure"].str.startswith(goal.measure)]
        found = found[found["case"].str.contains(goal.case, regex=False) & ~found["case"].str.contains(", by ")]
        if goal.sweeps:
            found = found[found.get("sweeps", pd.Series(index=found.index)) == goal.sweeps]
        value = "median" if goal.peer is None else "spread" if goal.spread else "gain"
        got = beside_us(found) if len(found) else found
        if len(got):
            sides = got["side"] == (goal.peer or "topics")
            got = (
                got[sides | (goal.peer == "")].reindex(columns=list(dict.fromkeys([*got, value]))).dropna(subset=value)
            )
        bound = f"at {'least' if goal.least else 'most'} {goal.bound:g}"
        if got.empty:
            rows.append(f"| {goal.what} | {bound} | | not measured | |")
            continue
        worst = got.sort_values(value, ascending=goal.least).iloc[0]
        reached = worst[value] >= goal.bound if goal.least else worst[value] <= goal.bound
        verdict = ("yes" if reached else f"**no**{': ' * bool(goal.limit)}{goal.limit}") + (
            ", machine busy" if worst["measure"].endswith("busy") else ""
        )
        used = found.loc[(found["case"] == worst["case"]) & (found["side"] == worst["side"]), "run"].iloc[-1]
        said = f"{worst[value]:+.3f}" if goal.spread else number(worst[value])
        command = runs.loc[used, "command"].removeprefix("python benchmarks/")
        rows.append(f"| {goal.what} | {bound} | {said}, {worst['n']} | {verdict} | `{command}` |")
    return [*rows, ""]


def losses(compared: pd.DataFrame) -> list[str]:
    """Beside whom we come second, in which measure: how often, and where most."""
    lost = compared[compared["lost"].eq(True)] if "lost" in compared else compared.iloc[:0]
    if lost.empty:
        return ["## Where we lose", "", "Nowhere in what was measured.", ""]
    head = f"{len(lost)} of {int(compared['gain'].notna().sum())} comparisons of one case, measure and peer; each stands in bold in its section."
    rows = ["| benchmark | peer | measure | lost | most, and where |", "|---|---|---|---|---|"]
    keys = ["benchmark", "side", "measure"]
    for (benchmark, side, measure), those in lost.groupby(keys, sort=False):
        of = compared[(compared[keys] == [benchmark, side, measure]).all(axis=1)]["gain"].count()
        worst = those.loc[those["gain"].idxmin()]
        said = f"{gained(worst)}, {place(worst)}"
        rows.append(f"| {ABOUT.get(benchmark, benchmark)} | {side} | {measure} | {len(those)} of {of} | {said} |")
    return ["## Where we lose", "", head, "", *rows, ""]


def place(row: pd.Series) -> str:
    """The case and where on its curve."""
    dims = [name for name in row.index if name not in KNOWN and name not in DERIVED and pd.notna(row[name])]
    more = [
        f"{row[name]:g} {GROWTH.get(name, name.replace('_', ' '))}" if isinstance(row[name], Real) else f"{row[name]}"
        for name in dims
    ]
    return ", ".join([row["case"], *more])


DERIVED = {"median", "low", "high", "n", "way", "gain", "gain_low", "gain_high", "lost", "spread"}


def section(
    name: str, part: pd.DataFrame, compared: pd.DataFrame, runs: pd.DataFrame, pictures: list[str]
) -> list[str]:
    """One benchmark: how it was run, figures, tables."""
    of = runs.loc[part["run"].unique()]
    text = [f"## {ABOUT.get(name, name)}", ""]
    for (day, machine), those in of.groupby(["date", "machine"], sort=False):
        busy = ", while the machine had other work" if those["busy"].any() else ""
        commands = [f"- `{run.command}`{f' at {run.commit}' if run.commit else ''}" for run in those.itertuples()]
        text += [f"{day}, {machine}{busy}:", "", *dict.fromkeys(commands), ""]
    text += [EARLIER[name], ""] if name in EARLIER else []
    text += pictures
    stages = compared["case"].str.extract(r"^(.*), by (\w+): (.*)$")
    raced = compared["case"].str.match(RACE)
    main = compared[stages[0].isna() & ~raced]
    text += race(compared[raced])
    for measure in SUMMARIES.get(name, ()):
        text += summary(main[main["measure"] == measure], measure)
    for rows in tables(main):
        text += folded(
            rows,
            f"{'Each case with ranges and comparisons' if name in SUMMARIES else 'All'}, rows",
            0 if name in SUMMARIES else LONG,
        )
    for (case, by), rows in compared.groupby([stages[0], stages[1]], sort=False):
        shown = rows.assign(what=stages.loc[rows.index, 2]).sort_values("median", ascending=False)
        made = [f"| {by} | median (range), n |", "|---|---|"]
        made += [f"| {row['what']} | {spread(row)} |" for _, row in shown.iterrows()]
        text += folded(made, f"{case}, by {by} ({', '.join(shown['side'].unique())}, {shown['measure'].iloc[0]})", 0)
    return text


def race(rows: pd.DataFrame) -> list[str]:
    """How many times our processor time the others need to the same perplexity: a row a corpus and count, a column a tool."""
    theirs = rows.dropna(subset="gain") if "gain" in rows else rows.iloc[:0]
    cells = [gained(row) + f", {row['n']}" for _, row in theirs.iterrows()]
    shown = theirs.assign(case=theirs["case"].str.extract(RACE)[0], cell=cells)
    return crossed(shown, "processor time to the lowest perplexity that both reach, theirs over ours")


def summary(rows: pd.DataFrame, measure: str) -> list[str]:
    """Medians of one measure, at the end of curves: a row a case, a column a side; bold where ours is not as good."""
    sweeps = rows["sweeps"].fillna(0) if "sweeps" in rows else pd.Series(0, rows.index)
    rows = rows[sweeps == sweeps.groupby(rows["case"]).transform("max")]
    cells = [
        f"**{number(row['median'])}**" if row["lost"] is True else number(row["median"]) for _, row in rows.iterrows()
    ]
    return crossed(
        rows.assign(case=[place(row) for _, row in rows.iterrows()], cell=cells),
        f"{measure}, medians; bold: ahead of ours in the median pair",
    )


def crossed(rows: pd.DataFrame, title: str) -> list[str]:
    if rows.empty:
        return []
    sides = list(dict.fromkeys(rows["side"]))
    made = [f"| {title} | {' | '.join(sides)} |", "|---" * (len(sides) + 1) + "|"]
    for case, those in rows.groupby("case", sort=False):
        cells = dict(zip(those["side"], those["cell"], strict=True))
        made.append(f"| {case} | {' | '.join(cells.get(side, '') for side in sides)} |")
    return [*made, ""]


def folded(rows: list[str], title: str, longest: int) -> list[str]:
    if len(rows) - 2 <= longest:
        return [*rows, ""]
    return [f"<details><summary>{title}: {len(rows) - 2}</summary>", "", *rows, "", "</details>", ""]


def tables(compared: pd.DataFrame) -> list[list[str]]:
    """A table for each set of cases that have the same measures, those with a peer apart: a row a case and side, a column a measure."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    paired: set[str] = set()
    for _, row in compared.iterrows():
        beside = gained(row)
        paired |= {place(row)} if beside else set()
        cell = spread(row) + (f"; {beside}" if beside else "")
        cells.setdefault((place(row), row["side"]), {})[row["measure"]] = cell
    of_case: dict[str, tuple[str, ...]] = {}
    for (case, _), found in cells.items():
        of_case[case] = tuple(dict.fromkeys([*of_case.get(case, ()), *found]))
    made: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
    for (case, side), found in cells.items():
        measures = of_case[case]
        head = [f"| case | side | {' | '.join(measures)} |", "|---" * (len(measures) + 2) + "|"]
        made.setdefault((case in paired, measures), head).append(
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
QUALITY = ("perplexity", "npmi")


def figures(part: pd.DataFrame, folder: Path) -> list[str]:
    """Quality against time where both were recorded along a curve, and growth; the lines of Markdown that show them."""
    drawn = []
    for case, lines in part.groupby("case", sort=False):
        if "sweeps" in lines and lines["sweeps"].nunique() > 2 and lines["measure"].isin(QUALITY).any():
            drawn.append(curves(lines, str(case), folder))
    for over in [name for name in GROWTH if name in part]:
        for case, lines in part[part[over].notna()].groupby("case", sort=False):
            smaller = [direction(m, unit) < 0 for m, unit in zip(lines["measure"], lines["unit"], strict=True)]
            if lines[over].nunique() > 2 and any(smaller) and lines.get("sweeps", pd.Series([0])).nunique() < 2:
                drawn.append(growth(lines[smaller], str(case), over, folder))
    return drawn


def curves(lines: pd.DataFrame, case: str, folder: Path) -> str:
    """A row of panels a measure of quality, a column a kind of time: each seed as a point, medians joined."""
    measures = [measure for measure in QUALITY if (lines["measure"] == measure).any()]
    times = [time for time in dict.fromkeys(lines["measure"]) if time.startswith(("processor time", "wall time"))]
    size = {"figsize": (4.6 * len(times), 3.2 * len(measures)), "squeeze": False}
    figure, panels = plt.subplots(len(measures), len(times), sharex="col", sharey="row", layout="constrained", **size)
    keys = [key for key in ("side", "sweeps", "repetition", "seed") if lines[key].notna().any()]
    said: dict[str, list[str]] = {}
    for measure, row in zip(measures, panels, strict=True):
        for time, axes in zip(times, row, strict=True):
            both = lines[lines["measure"] == measure].merge(
                lines[lines["measure"] == time], on=keys, suffixes=("", "_time")
            )
            for i, (side, points) in enumerate(both.groupby("side", sort=False)):
                style = {"color": COLOURS[i % 8], "marker": MARKS[i % 8]}
                axes.plot(points["value_time"], points["value"], **style, ls="", alpha=0.25, ms=3)
                middle = points.groupby("sweeps")[["value_time", "value"]].median()
                axes.plot(middle["value_time"], middle["value"], **style, label=side, ms=5)
                if time == times[0]:
                    said.setdefault(str(side), []).append(f"{measure} {number(middle['value'].iloc[-1])}")
            by_tens(axes.xaxis, axes.set_xscale)
        row[0].set_ylabel(f"{measure} ({'lower' if direction(measure, '') < 0 else 'higher'} is better)")
    for time, axes in zip(times, panels[-1], strict=True):
        axes.set_xlabel(time.replace(" time", " time of the fit (s)"))
    figure.suptitle(case, fontsize=10)
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(), fontsize=8, ncols=2 * panels.shape[1], loc="outside lower center"
    )
    ends = "; ".join(f"{side}: {' and '.join(values)}" for side, values in said.items())
    return save(
        figure,
        folder,
        f"{lines['benchmark'].iloc[0]} {case}",
        f"Quality against time, {case}. At the end of the curves, {ends}.",
    )


def growth(lines: pd.DataFrame, case: str, over: str, folder: Path) -> str:
    """A panel a measure: medians joined, the range shaded, both axes by factors of ten."""
    measures = list(dict.fromkeys(lines["measure"]))
    size = {"figsize": (4.6 * len(measures), 3.6), "squeeze": False}
    figure, panels = plt.subplots(1, len(measures), layout="constrained", **size)
    said = []
    for measure, axes in zip(measures, panels[0], strict=True):
        of = lines[lines["measure"] == measure]
        for i, (side, points) in enumerate(of.groupby("side", sort=False)):
            spread = points.groupby(over)["value"].agg(["median", "min", "max"])
            style = {"color": COLOURS[i % 8], "marker": MARKS[i % 8], "ms": 5}
            axes.plot(spread.index, spread["median"], **style, label=side)
            axes.fill_between(
                spread.index.astype(float), spread["min"], spread["max"], color=style["color"], alpha=0.15
            )
            said.append(
                f"{side}, {measure}, {number(spread['median'].iloc[0])} to {number(spread['median'].iloc[-1])} {of['unit'].iloc[0]}"
            )
        axes.set(xlabel=GROWTH[over], ylabel=f"{measure} ({of['unit'].iloc[0]})")
        by_tens(axes.xaxis, axes.set_xscale)
        by_tens(axes.yaxis, axes.set_yscale)
    figure.suptitle(case, fontsize=10)
    figure.legend(
        *panels[0, 0].get_legend_handles_labels(), fontsize=8, ncols=2 * panels.shape[1], loc="outside lower center"
    )
    low, high = lines[over].min(), lines[over].max()
    says = f"Growth from {low:,g} to {high:,g} {GROWTH[over]}, {case}: {'; '.join(said)}."
    return save(figure, folder, f"{lines['benchmark'].iloc[0]} {case} {over}", says)


def by_tens(axis: Any, set_scale: Any) -> None:
    """A scale by factors of ten with plain numbers."""
    set_scale("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(plt.FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.set_minor_locator(plt.NullLocator())


def save(figure: Any, folder: Path, name: str, says: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") + ".svg"
    with matplotlib.rc_context({"svg.hashsalt": "topics", "svg.fonttype": "none"}):
        figure.savefig(folder / file, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return f"![{says}](figures/{file})\n"
