"""What became of everything that was given, in a table whose counts add up, and what the corpus can carry, in words.

A module of its own because the notebook, the front page and `topics check` say the same and none of them computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from topics.tables import BESIDE

STAGES = (  # why articles are left out, and why one is
    ("read", "had no text or could not be used", "had no text or could not be used"),
    ("clean", "had nothing left after cleaning", "had nothing left after cleaning"),
    ("corrections", "were left out by hand", "was left out by hand"),
    ("language", "are in another language", "is in another language"),
    ("repeats", "repeat another article", "repeats another article"),
)
FEW = 30  # articles, under which nothing is counted by article: units are paragraphs, no scores, no trends
HANDFUL = 100  # articles, under which a corpus carries a handful of topics
SHORT_MEDIAN = 100  # words
THIN_PERIOD = 5  # articles
NO_ARTICLES = ("a hidden ", "a README ")  # how the reasons begin for files that nobody takes for articles
MOST_REASONS = 3


class Said(NamedTuple):
    """A sentence on a corpus, and whether it is a warning."""

    text: str
    warns: bool = False


def funnel(articles: pd.DataFrame, dropped: pd.DataFrame) -> pd.DataFrame:
    """A row is a stage: `stage, n_in, n_out, left_out, why`; each stage's `n_out` is the next one's `n_in`.

    The first `n_in` counts every article found, the last `n_out` is the number of articles of the corpus.

    >>> from topics.tables import dropped
    >>> funnel(pd.DataFrame({"doc_id": ["a"]}), dropped([("repeats", "article", "b", "repeats a", 1)]))["n_in"].tolist()
    [2, 2, 2, 2, 2]
    """
    gone = dropped[dropped["what"].isin(["article", "row"])].groupby("stage")["n"].sum()
    counts = [int(gone.get(stage, 0)) for stage, *_ in STAGES]
    n_in = len(articles) + sum(counts)
    rows = []
    for (stage, why, why_one), left_out in zip(STAGES, counts, strict=True):
        rows.append((stage, n_in, n_in - left_out, left_out, why_one if left_out == 1 else why))
        n_in -= left_out
    return pd.DataFrame(rows, columns=["stage", "n_in", "n_out", "left_out", "why"])


def unread(dropped: pd.DataFrame) -> pd.DataFrame:
    """The rows of files that were not read, or not to their end; hidden files, READMEs and files about the articles are none."""
    files = dropped[dropped["what"] == "file"]
    about = [str(name).rsplit("/", 1)[-1].lower() in BESIDE for name in files["id"]]
    return files[~files["reason"].str.startswith(NO_ARTICLES) & ~pd.Series(about, index=files.index, dtype=bool)]


def unread_said(dropped: pd.DataFrame) -> str:
    """How many files were not read and the most frequent reasons; nothing where all were.

    >>> from topics.tables import dropped
    >>> unread_said(dropped([("read", "file", "a.pdf", "format .pdf is not read", 1)]))
    '1 file was not read (format .pdf is not read: 1)'
    """
    files = unread(dropped)
    if files.empty:
        return ""
    reasons = files["reason"].str.split(r"[:;]", regex=True).str[0].str.slice(0, 80).value_counts(sort=False)
    most = sorted(reasons.items(), key=lambda pair: (-pair[1], str(pair[0])))
    said = [f"{reason}: {n:,}" for reason, n in most[:MOST_REASONS]]
    said += [f"other reasons: {sum(n for _, n in most[MOST_REASONS:]):,}"] if most[MOST_REASONS:] else []
    return f"{len(files):,} file{'s were' if len(files) != 1 else ' was'} not read ({'; '.join(said)})"


def on_files(articles: pd.DataFrame, dropped: pd.DataFrame) -> list[Said]:
    """A warning where more than a tenth of the files were not read."""
    n = len(unread(dropped))
    if not n or n <= 0.1 * (n + articles["file"].nunique()):
        return []
    return [Said(f"{unread_said(dropped)}: look at them before trusting what is left.", warns=True)]


def removals_by_step(removals: pd.DataFrame, articles: pd.DataFrame) -> pd.DataFrame:
    """A row is a cleaning step: `step, n, n_docs, n_chars, share`, the share being that of all characters as read."""
    kept = int(articles["text"].str.len().sum())
    total = kept + int(removals["n_chars"].sum()) - int(removals["replacement"].str.len().sum())
    by_step = removals.groupby("step", sort=False)
    table = pd.DataFrame(
        {"n": by_step.size(), "n_docs": by_step["doc_id"].nunique(), "n_chars": by_step["n_chars"].sum()}
    )
    table["share"] = table["n_chars"] / max(1, total)
    return table.sort_values(["n_chars", "n"], ascending=False).rename_axis("step").reset_index()


def dates_known(articles: pd.DataFrame) -> pd.DataFrame:
    """A row is a way in which dates are known, at a precision: `date_source, date_precision, n, share`."""
    table = articles.groupby(["date_source", "date_precision"]).size().rename("n").reset_index()
    return (
        table.assign(share=table["n"] / max(1, len(articles)))
        .sort_values(["n", "date_source"], ascending=[False, True])
        .reset_index(drop=True)
    )


def verdict(articles: pd.DataFrame, dropped: pd.DataFrame, periods: pd.DataFrame | None = None) -> list[Said]:
    """Sentences on what a corpus of these articles can carry: its size, lengths, dates, sources and periods.

    A row of `periods` is one that the report uses: `period, n_docs`. Without it nothing is said of periods.
    """
    if not len(articles):
        return [Said("No article is left: there is nothing to analyse. The table of what was left out says why.")]
    return [
        *_on_size(articles),
        *on_files(articles, dropped),
        *_on_lengths(articles),
        *_on_dates(articles),
        *_on_periods(articles, periods),
        *_on_sources(articles),
        *_on_losses(articles, dropped),
    ]


def check_text(
    articles: pd.DataFrame,
    removals: pd.DataFrame,
    dropped: pd.DataFrame,
    repeats: pd.DataFrame,
    columns: Mapping[str, Mapping[str, list[str]]] | None = None,
    periods: pd.DataFrame | None = None,
) -> str:
    """What `python -m topics check` prints: columns used, the funnel, removals, repeats, dates, periods, the verdict."""
    steps = removals_by_step(removals, articles)
    parts = [
        ("Columns", [f"{table}: {columns_said(roles)}" for table, roles in list((columns or {}).items())[:10]]),
        ("Articles", _lines(funnel(articles, dropped), "{stage:<12} {n_in:>8,} in {left_out:>8,} {why}")),
        ("Left out", _reasons(dropped)),
        (
            "Taken out of the texts",
            _lines(steps, "{step:<14} {n:>8,} passages in {n_docs:>7,} articles, {share:6.2%} of the characters"),
        ),
        (
            "Dates",
            _lines(dates_known(articles), "{date_source:<12} {date_precision:<6} {n:>8,} articles, {share:6.1%}"),
        ),
        ("Articles per period", _per_period_lines(articles, periods)),
        ("What this corpus can carry", [f"- {said.text}" for said in verdict(articles, dropped, periods)]),
    ]
    return (
        "\n\n".join("\n".join([title, *(f"  {line}" for line in lines or ["none"])]) for title, lines in parts) + "\n"
    )


def columns_said(roles: Mapping[str, list[str]]) -> str:
    """Which columns of a table were taken for what, in words.

    >>> columns_said({"text": ["subtitle", "body"], "date": ["published"]})
    'text from subtitle, body; date from published'
    """
    return "; ".join(f"{role} from {', '.join(names)}" for role, names in roles.items())


def _on_size(articles: pd.DataFrame) -> list[Said]:
    n, words = len(articles), int(articles["n_words"].sum())
    head = f"{n:,} article{'s' * (n != 1)} of {words:,} word{'s' * (words != 1)}."
    if n < FEW:
        carry = (
            "Topics of so few articles are a way of reading them closely; no share, trend or comparison rests on them."
        )
    elif n < HANDFUL:
        carry = "Enough for a handful of broad topics; shares have wide intervals, and trends need longer periods."
    else:
        topics = min(50, max(5, round((n / 2) ** 0.5 / 5) * 5))
        carry = f"As a rule of thumb enough for some {topics} topics to be looked for; the comparison of topic counts says which hold up."
    return [Said(f"{head} {carry}")]


def _on_lengths(articles: pd.DataFrame) -> list[Said]:
    if 1 < len(articles) < FEW:
        low, high = int(articles["n_words"].min()), int(articles["n_words"].max())
        return [Said(f"The shortest has {low:,} word{'s' * (low != 1)}, the longest {high:,}.")]
    median, low, high = (int(articles["n_words"].quantile(q)) for q in (0.5, 0.05, 0.95))
    sentence = f"Half of the articles have {median:,} words or more, nine in ten between {low:,} and {high:,}."
    if median >= SHORT_MEDIAN:
        return [Said(sentence)]
    short = "They are short: a topic of one article rests on few words, and most of what is said holds for groups of articles alone."
    return [Said(f"{sentence} {short}", warns=True)]


def _on_dates(articles: pd.DataFrame) -> list[Said]:
    dated = articles[articles["date"] != ""]
    share = 1 - len(dated) / len(articles)
    if not len(dated):
        return [Said("No article has a date: nothing can be said about change over time.", warns=True)]
    few, to_day = len(articles) < FEW, dated["date_precision"].eq("day")
    how_many = "all" if to_day.all() else f"{to_day.sum()}" if few else f"{100 * to_day.mean():.0f} %"
    dates = f"from {dated['date'].min()} to {dated['date'].max()}, {how_many} of them to the day"
    if few:
        return [
            Said(f"{len(dated)} of {len(articles)} articles {'has' if len(dated) == 1 else 'have'} a date, {dates}.")
        ]
    said = [Said(f"{len(dated):,} article{'s are' if len(dated) != 1 else ' is'} dated, {dates}.")]
    if undated := len(articles) - len(dated):
        have = "has no date and is" if undated == 1 else "have no date and are"
        none = f"{100 * share:.0f} % ({undated:,}) {have} in no series; a trend speaks for the others alone."
        said.append(Said(none, warns=True))
    return said


def _on_periods(articles: pd.DataFrame, periods: pd.DataFrame | None) -> list[Said]:
    n = int((articles["date"] != "").sum())
    if periods is None or periods.empty or len(articles) < FEW:
        return []
    counts = periods.set_index("period")["n_docs"]
    counts, sentences = counts[counts > 0], []
    if len(counts) > 1 and counts.max() > 0.5 * n:
        sentences.append(
            f"{100 * counts.max() / n:.0f} % of the dated articles are of {counts.idxmax()}: what looks like a level of the whole is mostly of that time."
        )
    thin = int((counts < THIN_PERIOD).sum())
    if thin:
        sentences.append(
            f"{thin} of {len(counts)} periods with articles {'has' if thin == 1 else 'have'} fewer than {THIN_PERIOD}: single values there mean little."
        )
    return [Said(sentence, warns=True) for sentence in sentences]


def _on_sources(articles: pd.DataFrame) -> list[Said]:
    counts = articles["source"].replace("", "unknown").value_counts()
    if counts.index[0] == "unknown" and len(counts) == 1:
        none = "The source of no article is known: a change in which outlets were collected cannot be told from a change in what they write."
        return [Said(none, warns=True)]
    known, unknown = counts.drop("unknown", errors="ignore"), int(counts.get("unknown", 0))
    if unknown > 0.1 * len(articles):
        share = 100 * unknown / len(articles)
        named = f"{len(known)} source{'s are' if len(known) != 1 else ' is'} named, most often {known.index[0]} ({known.iloc[0]:,})"
        return [Said(f"The source of {share:.0f} % of the articles is unknown; {named}.", warns=True)]
    lost = f" and {unknown:,} article{'s' * (unknown != 1)} of unknown source" if unknown else ""
    first = f"{len(known)} source{'s' * (len(known) != 1)}{lost}; {known.index[0]} has {100 * known.iloc[0] / len(articles):.0f} % of the articles."
    if known.iloc[0] > 0.5 * len(articles) and len(counts) > 1:
        return [Said(f"{first} The corpus speaks for that source more than for all.", warns=True)]
    return [Said(first)]


def _on_losses(articles: pd.DataFrame, dropped: pd.DataFrame) -> list[Said]:
    table = funnel(articles, dropped)
    n = table["n_in"].iloc[0]
    lost = table[table["left_out"] > 0.1 * n]
    said = "{:,} of {:,} articles {}: look at them before trusting what is left."
    return [Said(said.format(row.left_out, n, row.why), warns=True) for row in lost.itertuples()]


def _lines(table: pd.DataFrame, form: str) -> list[str]:
    return [form.format_map(row) for row in table.to_dict("records")]


def _reasons(dropped: pd.DataFrame) -> list[str]:
    """Reasons with their counts, those that differ in a name or a number told as one."""
    if not len(dropped):
        return []
    kinds = dropped["reason"].str.replace(r"\S*\d\S*|'[^']*'", "…", regex=True).str.slice(0, 80)
    grouped = (
        dropped.assign(kind=kinds).groupby(["stage", "what", "kind"], sort=True).agg(n=("n", "sum"), id=("id", "first"))
    )
    top = grouped.sort_values("n", ascending=False, kind="stable").head(15)
    return [
        f"{row.n:>8,} {stage}: {what}: {kind} (such as {row.id})"
        for (stage, what, kind), row in zip(top.index, top.itertuples(), strict=True)
    ]


def _per_period_lines(articles: pd.DataFrame, periods: pd.DataFrame | None) -> list[str]:
    if periods is None:
        return ["not counted"]
    counts = [int(n) for n in periods["n_docs"]]
    bars = ["▪" * max(1, round(40 * n / max(counts))) if n else "" for n in counts]
    lines = [
        f"{period:<10} {n:>8,} {bar}".rstrip() for period, n, bar in zip(periods["period"], counts, bars, strict=True)
    ]
    lines = lines if len(lines) <= 40 else [*lines[:20], "…", *lines[-20:]]
    outside = len(articles) - sum(counts)
    return [*lines, f"{'in none':<10} {outside:>8,} undated, or too coarsely"] if outside else lines
