"""Periods: how long they are, which article falls in which, and what was collected.

Periods are ISO text (`2018`, `2018-Q2`, `2018-04`, `2018-W17`, `2018-04-26`). Months and longer are cut from the text of the
date; weeks begin on Monday and bear the year of their Thursday (ISO 8601).
What a user says of the collection (`collection.yml`, `totals.csv`) is read here, since it decides the same two
things: where the first and last periods are cut off, and out of how many articles a share is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from topics.tables import UserError, nearest, read_yaml

LENGTHS = ("day", "week", "month", "quarter", "year")
# What a date must be known to for a period of that length.
ENOUGH = {
    "day": ("day",),
    "week": ("day",),
    "month": ("day", "month"),
    "quarter": ("day", "month"),
    "year": ("day", "month", "year"),
}
PER_YEAR = {"day": 365.25, "week": 365.25 / 7, "month": 12, "quarter": 4, "year": 1}
WAVE_FROM = {"week": 157, "month": 36, "quarter": 16}  # a yearly wave enters the model from so many periods on
TOLD_APART = 0.05  # part of a season's size that must be left beside a level, a line and other seasons
FEWEST_PERIODS = 8  # no trend from fewer: below, AR(1) errors cannot be told from a trend (METHODS.md)
ARTICLES_A_PERIOD = 20  # half of the periods of the main stretch hold at least so many, where a length allows
DATED_ENOUGH = 0.8  # share of the dated articles that a length must be able to place
STRAGGLERS = 0.01  # share of articles at either end that do not stretch the span by which a length is chosen
MOST_PERIODS = 130
UNKNOWN = "unknown"  # the outlet of articles without one
PERIOD = r"\d{4}(-(Q[1-4]|W\d\d|\d\d|\d\d-\d\d))?"  # how a period is written
FIRST_DAY = np.datetime64(
    "0001-01-01", "D"
)  # days and weeks are counted from it, a Monday, so that no date's number is below zero
COLLECTION = ("query", "terms", "outlets", "scraped", "since", "until", "seasons", "notes")


def choose_length(articles: pd.DataFrame, length: str = "auto") -> tuple[str, str]:
    """The length of a period (one of `LENGTHS`) and the sentence that says why.

    articles: `date`, `date_precision`. The shortest length is taken that can place four fifths of the dated articles
    and of which half the periods of the main stretch (without the first and last hundredth of the articles) hold 20
    articles, in 8 to 130 periods; if there is none, the one with the most articles a period that still makes 8 periods;
    if there is none, the longest that can be placed.

    >>> days = pd.date_range("2018-01-01", periods=300).strftime("%Y-%m-%d")
    >>> choose_length(pd.DataFrame({"date": days, "date_precision": "day"}))[0]
    'month'
    """
    if length != "auto":
        if length not in LENGTHS:
            raise UserError(f"period must be one of auto, {', '.join(LENGTHS)}. Got {length!r}.")
        return length, f"Periods are {length}s, as set."
    dated = articles[articles["date_precision"].isin(ENOUGH["year"])]
    if dated.empty:
        return "year", "No article has a date, so nothing can be shown over time."
    facts = [_density(dated, each) for each in LENGTHS]
    placeable = [fact for fact in facts if fact["placed"] >= DATED_ENOUGH] or facts[-1:]
    dense = [f for f in placeable if f["half"] >= ARTICLES_A_PERIOD and FEWEST_PERIODS <= f["periods"] <= MOST_PERIODS]
    long_enough = [f for f in placeable if FEWEST_PERIODS <= f["periods"] <= MOST_PERIODS]
    chosen = dense[0] if dense else long_enough[-1] if long_enough else placeable[-1]
    return chosen["length"], _why(chosen, facts)


def _density(dated: pd.DataFrame, length: str) -> dict[str, Any]:
    """How well a length fits: share of dated articles it can place, periods of the main stretch, articles in half of them."""
    fine = dated["date_precision"].isin(ENOUGH[length])
    ordinal = np.sort(ordinals(dated.loc[fine, "date"], length))
    if not len(ordinal):
        return {"length": length, "placed": 0.0, "periods": 0, "half": 0.0}
    first, last = np.quantile(ordinal, [STRAGGLERS, 1 - STRAGGLERS], method="nearest")
    main = ordinal[(ordinal >= first) & (ordinal <= last)]
    return {
        "length": length,
        "placed": float(fine.mean()),
        "periods": int(last - first + 1),
        "half": float(np.median(np.bincount(main - int(first), minlength=int(last - first + 1)))),
    }


def _why(chosen: Mapping[str, Any], facts: list[dict[str, Any]]) -> str:
    length, n = chosen["length"], chosen["periods"]
    if n < FEWEST_PERIODS:
        span = f"{n} {length}{'s' if n != 1 else ''}"
        return f"Periods are {length}s; the main stretch of the articles covers {span}, too few for a trend."
    sentence = f"Periods are {length}s: half of the {n} {length}s of the main stretch hold {chosen['half']:.0f} articles or more"
    place = LENGTHS.index(length)
    if place == 0:
        return sentence + "."
    shorter = facts[place - 1]
    if shorter["placed"] < DATED_ENOUGH:
        return (
            f"{sentence}; for {shorter['length']}s only {100 * shorter['placed']:.0f} % of the dates are exact enough."
        )
    if shorter["periods"] > MOST_PERIODS:
        return f"{sentence}; {shorter['length']}s would be {shorter['periods']}, too many to read."
    return f"{sentence}; {shorter['length']}s would hold {shorter['half']:.0f}."


def ordinals(dates: pd.Series, length: str) -> np.ndarray:
    """Whole numbers that count periods from the year 1 on, none below zero: successive periods differ by one. Dates are ISO text, cut or whole.

    >>> ordinals(pd.Series(["2018-01-01", "2018-02"]), "month").tolist()
    [24216, 24217]
    """
    text = dates.astype(str)
    year = text.str.slice(0, 4).astype("int64").to_numpy()
    if length == "year":
        return year
    month = text.str.slice(5, 7).astype("int64").to_numpy()
    if length == "quarter":
        return year * 4 + (month - 1) // 3
    if length == "month":
        return year * 12 + month - 1
    day = (text.to_numpy(dtype="datetime64[D]") - FIRST_DAY).astype("int64")
    return day // 7 if length == "week" else day


def label(ordinal: int, length: str) -> str:
    """The ISO text of a period.

    >>> label(24216, "month"), label(8073, "quarter"), label(2018, "year"), label(105259, "week"), label(736809, "day")
    ('2018-01', '2018-Q2', '2018', '2018-W18', '2018-04-26')
    """
    if length == "year":
        return f"{ordinal:04d}"
    if length == "quarter":
        return f"{ordinal // 4:04d}-Q{ordinal % 4 + 1}"
    start = bounds(ordinal, length)[0]
    if length == "week":
        year, week, _ = start.astype(object).isocalendar()
        return f"{year:04d}-W{week:02d}"
    return str(start)[: 7 if length == "month" else 10]


def bounds(ordinal: int, length: str) -> tuple[np.datetime64, np.datetime64]:
    """First day of a period and of the one after it.

    >>> [str(day) for day in bounds(8073, "quarter")]
    ['2018-04-01', '2018-07-01']
    """

    def start(number: int) -> np.datetime64:
        if length == "day":
            return FIRST_DAY + number
        if length == "week":
            return FIRST_DAY + 7 * number
        months = {"month": number, "quarter": number * 3, "year": number * 12}[length]
        return (np.datetime64("0000-01", "M") + months).astype("datetime64[D]")

    return start(ordinal), start(ordinal + 1)


def place(articles: pd.DataFrame, length: str) -> pd.DataFrame:
    """Where each article stands in time: one row an article, sorted by `doc_id`.

    Columns: doc_id, source (`unknown` where none is), n_words; ordinal (of its period, -1 where its date is missing or too coarse); day and week
    (number of the day and of its Monday's week; an article without a day has one of its own, below zero, as nothing
    is known of which articles it goes with).

    >>> table = pd.DataFrame({"doc_id": ["b", "a"], "date": ["2018", "2018-02-03"], "date_precision": ["year", "day"],
    ...                       "source": ["x", "y"], "n_words": [10, 20]})
    >>> place(table, "month")["ordinal"].tolist()
    [24217, -1]
    """
    articles = articles.sort_values("doc_id", kind="stable").reset_index(drop=True)
    fine = articles["date_precision"].isin(ENOUGH[length]).to_numpy()
    exact = (articles["date_precision"] == "day").to_numpy()
    ordinal = np.full(len(articles), -1, dtype="int64")
    ordinal[fine] = ordinals(articles.loc[fine, "date"], length)
    day = -1 - np.arange(len(articles), dtype="int64")
    week = day.copy()
    day[exact] = ordinals(articles.loc[exact, "date"], "day")
    week[exact] = ordinals(articles.loc[exact, "date"], "week")
    return pd.DataFrame(
        {
            "doc_id": articles["doc_id"],
            "source": articles["source"].fillna("").astype(str).replace("", UNKNOWN),
            "n_words": articles["n_words"].astype("int64"),
            "ordinal": ordinal,
            "day": day,
            "week": week,
        }
    )


def calendar(placed: pd.DataFrame, length: str, since: str | None = None, until: str | None = None) -> pd.DataFrame:
    """All periods from the first article to the last: one row a period, gaps too (n_docs 0).

    Columns: ordinal, period, start, end (first and last day), n_docs, n_words, partial. A first or last
    period is partial if the collection says that it begins or ends inside it (`since`, `until`), or, where it does not say, if
    so long a stretch without an article at its edge would come about by chance in fewer than 5 % of cases:
    (1 - stretch / length) ** (days with articles) < 0.05.

    >>> days = pd.date_range("2018-01-17", "2018-03-31").strftime("%Y-%m-%d")
    >>> table = pd.DataFrame({"doc_id": days, "date": days, "date_precision": "day", "source": "", "n_words": 100})
    >>> calendar(place(table, "month"), "month")[["period", "n_docs", "partial"]].values.tolist()
    [['2018-01', 15, True], ['2018-02', 28, False], ['2018-03', 31, False]]
    """
    inside = placed[placed["ordinal"] >= 0]
    if inside.empty:
        return pd.DataFrame(columns=["ordinal", "period", "start", "end", "n_docs", "n_words", "partial"])
    ordinal = np.arange(inside["ordinal"].min(), inside["ordinal"].max() + 1)
    edges = [bounds(int(number), length) for number in ordinal]
    groups = inside.groupby("ordinal")
    table = pd.DataFrame(
        {
            "ordinal": ordinal,
            "period": [label(int(number), length) for number in ordinal],
            "start": [str(start) for start, _ in edges],
            "end": [str(after - 1) for _, after in edges],
            "n_docs": groups.size().reindex(ordinal, fill_value=0).to_numpy(),
            "n_words": groups["n_words"].sum().reindex(ordinal, fill_value=0).to_numpy(),
        }
    )
    days = FIRST_DAY + np.unique(inside.loc[inside["day"] >= 0, "day"].to_numpy())
    begins = edges[0][0] if since is None else np.datetime64(since, "D")
    stops = edges[-1][1] if until is None else np.datetime64(until, "D") + 1
    if since is None and len(days):
        begins = _stretch(days, *edges[0], at_start=True)
    if until is None and len(days):
        stops = _stretch(days, *edges[-1], at_start=False)
    partial = np.zeros(len(table), dtype=bool)
    partial[0] = begins > edges[0][0]
    partial[-1] |= stops < edges[-1][1]
    return table.assign(partial=partial)


def positions(placed: pd.DataFrame, periods: pd.DataFrame) -> np.ndarray:
    """The row of `periods` in which each article stands, -1 where in none."""
    first = periods["ordinal"].iloc[0] if len(periods) else 0
    return np.where(placed["ordinal"] >= 0, placed["ordinal"] - first, -1)


def _stretch(days: np.ndarray, start: np.datetime64, after: np.datetime64, *, at_start: bool) -> np.datetime64:
    """Where the articles of a first or last period really begin or end: its edge, unless chance hardly explains the void."""
    within = days[(days >= start) & (days < after)]
    if not len(within):
        return start if at_start else after
    void = within[0] - start if at_start else after - 1 - within[-1]
    if (1 - void / (after - start)) ** len(within) >= 0.05:
        return start if at_start else after
    return within[0] if at_start else within[-1] + 1


def read_collection(folder: Path) -> dict[str, Any]:
    """What the user says of the collection in `collection.yml` of the articles' folder; empty where there is none.

    Keys, all optional: `query` (text), `terms` (list: what was searched for), `outlets`, `scraped` (date), `since`, `until` (dates
    between which articles were sought), `seasons` (name: list of days, such as Tet, or of [first day, last day]), `notes`.
    Raises `UserError` for what cannot be understood.
    """
    path = folder / "collection.yml"
    if not path.is_file():
        return {}
    said = read_yaml(path, "what is known of the collection")
    said = {} if said is None else said
    if not isinstance(said, dict):
        raise UserError(
            f"{path.name} must be a list of names and values such as `query: smart city`. Got {type(said).__name__}."
        )
    for key in said:
        if key not in COLLECTION:
            raise UserError(
                f"{path.name}: {key!r} is not one of {', '.join(COLLECTION)}.{nearest(str(key), COLLECTION)}"
            )
    for key in ("scraped", "since", "until"):
        if said.get(key) is not None:
            said[key] = _day(said[key], f"{path.name}: {key}")
    for key in ("query", "notes"):
        if isinstance(said.get(key), list | dict):
            raise UserError(f"{path.name}: {key} must be text. Got {said[key]!r}. A list of words goes under terms.")
    for key in ("terms", "outlets"):
        value = said.get(key)
        if value is not None:
            said[key] = [str(each) for each in (value if isinstance(value, list) else [value])]
    if said.get("since") and said.get("until") and said["since"] > said["until"]:
        raise UserError(f"{path.name}: since ({said['since']}) must not be after until ({said['until']}).")
    seasons = said.get("seasons") or {}
    if not isinstance(seasons, dict):
        raise UserError(
            f"{path.name}: seasons must be names with lists of days, such as `Tet: [2018-02-16]`. Got {seasons!r}."
        )
    said["seasons"] = {str(name): _events(name, spans, path.name) for name, spans in seasons.items()}
    return said


def _day(value: Any, where: str) -> str:
    try:
        if len(str(value)) != len("2018-04-26"):  # a month or a year would be its first day
            raise ValueError
        return str(np.datetime64(str(value), "D"))
    except ValueError:
        raise UserError(f"{where} must be a day such as 2018-04-26. Got {value!r}.") from None


def _events(name: Any, spans: Any, file: str) -> list[tuple[str, str]]:
    """Days or pairs of days as pairs of first and last day."""
    if not isinstance(spans, list):
        raise UserError(f"{file}: seasons: {name} must be a list of days or of pairs of days. Got {spans!r}.")
    pairs = [tuple(each) if isinstance(each, list) and len(each) == 2 else (each, each) for each in spans]
    where = f"{file}: seasons: {name}"
    days = [(_day(first, where), _day(last, where)) for first, last in pairs]
    for first, last in days:
        if first > last:
            raise UserError(f"{where}: the first day ({first}) must not be after the last ({last}).")
    return days


def read_totals(path: Path) -> pd.DataFrame:
    """Totals of articles that each outlet published in each period, whether collected or not: `source, period, total`.

    Raises `UserError` naming file and row where a column is missing, a total is no whole number or a pair stands twice.
    """
    try:
        head = path.read_text(encoding="utf-8-sig").partition("\n")[0]
        sign = max(",;\t", key=head.count)  # a spreadsheet writes ; where the comma is in numbers
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False, sep=sign)
        if not isinstance(table.index, pd.RangeIndex):  # what pandas makes of more cells than the header has
            raise pd.errors.ParserError("rows have more cells than the header; quote a name with a comma in it")
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path.name}: not readable as CSV ({' '.join(str(error).split())}). Mend or remove it."
        ) from None
    missing = [column for column in ("source", "period", "total") if column not in table.columns]
    if missing:
        raise UserError(f"{path.name} must have the columns source, period, total. Missing: {', '.join(missing)}.")
    total = pd.to_numeric(table["total"], errors="coerce")
    wrong = np.flatnonzero(~(total >= 0) | (total % 1 != 0))
    if len(wrong):
        row = int(wrong[0])
        raise UserError(f"{path.name}, row {row + 2}: total must be a whole number. Got {table['total'][row]!r}.")
    for column, form, allowed in (
        ("source", r".*\S.*", "a name"),
        ("period", PERIOD, "such as 2018, 2018-Q2, 2018-04, 2018-W17 or 2018-04-26"),
    ):
        wrong = np.flatnonzero(~table[column].str.fullmatch(form))
        if len(wrong):
            row = int(wrong[0])
            raise UserError(f"{path.name}, row {row + 2}: {column} must be {allowed}. Got {table[column][row]!r}.")
    twice = table.duplicated(["source", "period"])
    if twice.any():
        row = int(np.flatnonzero(twice)[0])
        raise UserError(
            f"{path.name}, row {row + 2}: {table['source'][row]} and {table['period'][row]} stand there twice. Keep one."
        )
    return table.assign(total=total.astype("int64"))[["source", "period", "total"]]


def denominators(
    periods: pd.DataFrame, placed: pd.DataFrame, totals: pd.DataFrame | None
) -> tuple[pd.DataFrame | None, str]:
    """Totals of published articles, a row for each of `periods` and a column an outlet, or None, and the sentence that says which was used and why.

    Totals are used only if they cover every outlet that has articles, in every period from the first to the last.
    """
    if totals is None or periods.empty:
        return None, "Shares are of the articles collected; how many the outlets published in all is not known."
    sources = sorted(placed.loc[placed["ordinal"] >= 0, "source"].unique())
    wide = totals.pivot(index="period", columns="source", values="total").reindex(
        index=periods["period"], columns=sources
    )
    if wide.isna().to_numpy().any():
        period, source = np.argwhere(wide.isna().to_numpy())[0]
        return None, (
            f"totals.csv has no total for {sources[source]} in {periods['period'].iloc[period]}, so shares "
            "are of the articles collected."
        )
    counts = placed.groupby(["ordinal", "source"]).size().unstack(fill_value=0)
    counted = counts.reindex(index=periods["ordinal"], columns=sources, fill_value=0).to_numpy(dtype=int)
    total = wide.to_numpy(dtype=float)
    for at, outlet in np.argwhere(total < counted)[:1].tolist():
        raise UserError(
            f"totals.csv: {sources[outlet]} has fewer articles in {wide.index[at]} ({total[at, outlet]:.0f}) "
            f"than were collected ({counted[at, outlet]}). Mend the totals or remove the file."
        )
    strange = sorted(set(totals["source"]) - set(placed["source"]))
    unread = f" It has outlets of no article here, which count for nothing: {', '.join(strange)}." if strange else ""
    return wide, f"Shares are of all articles that the outlets published, as given in totals.csv.{unread}"


def season_terms(
    periods: pd.DataFrame, length: str, seasons: Mapping[str, list[tuple[str, str]]] | None = None
) -> tuple[np.ndarray, str]:
    """Columns that stand for seasons in the period model (rows of `periods`, those with articles), and a sentence.

    A yearly wave (sine and cosine) for weeks and months that span three years, quarters that span four; a
    weekend term for days that span eight weeks; and for each named season (Tet moves, so a wave does not catch it) the
    part of each period inside it, if it comes in two separate years or more. None that these periods cannot tell from a level, a line or
    the seasons before it: weekends where all articles are of weekdays, a feast of every year in periods of a year.
    """
    n, span = len(periods), periods["ordinal"].max() - periods["ordinal"].min() + 1
    ordinal = periods["ordinal"].to_numpy()
    columns, names = [np.ones(n), ordinal - ordinal.mean()], []

    def add(name: str, *terms: np.ndarray) -> None:
        known = np.column_stack(columns)
        rest = [term - known @ np.linalg.lstsq(known, term, rcond=None)[0] for term in terms]
        if np.linalg.svd(np.column_stack(rest), compute_uv=False)[-1] > TOLD_APART * np.linalg.norm(terms[-1]):
            columns.extend(terms)
            names.append(name)

    if length in WAVE_FROM and span >= WAVE_FROM[length]:
        angle = 2 * np.pi * ordinal / PER_YEAR[length]
        add("a yearly wave", np.sin(angle), np.cos(angle))
    if length == "day" and span >= 56:
        add("weekends", (ordinal % 7 >= 5).astype(float))
    start, end = (periods[edge].to_numpy(dtype="datetime64[D]").astype("int64") for edge in ("start", "end"))
    for name, spans in (seasons or {}).items():
        days = [tuple(int(np.datetime64(day, "D").astype("int64")) for day in pair) for pair in spans]
        inside = sum(
            (np.clip(np.minimum(end, last) - np.maximum(start, first) + 1, 0, None) for first, last in days),
            np.zeros(n),
        )
        years = {str(day)[:4] for day in periods["start"].to_numpy()[inside > 0]}
        if len(years) >= 2 and n - len(columns) > FEWEST_PERIODS - 2:
            add(name, inside / (end - start + 1))
    sentence = f"The trend is net of {', '.join(names)}." if names else "These periods cannot tell seasons from trends."
    return np.column_stack(columns)[:, 2:], sentence
