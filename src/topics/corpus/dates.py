"""When an article was published, how that is known, and between which days it must lie where it is not.

Evidence is taken in the order of its worth: a correction by hand, a column or sidecar, what the page states, what
htmldate finds in it, a header line or dateline, the URL, the file name, and last an event that the text tells as news.
What is not known stays unknown; every date that was found and not used is a row of DROPPED.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from unicodedata import normalize

import pandas as pd

from topics.corpus.corrections import decisions
from topics.corpus.html import utc_hour
from topics.tables import dropped

DAY_LONG = timedelta(days=1)
FIRST_PRESS = date(1600, 1, 1)  # the first printed newspapers are of 1605: nothing was published in one before
BLOCK = 500  # articles for one call of `map`
DATE_SOURCES = ("correction", "column", "metadata", "html", "header", "url", "file name", "event")

_MONTHS = (
    ("january", "jan", "janvier", "janv", "januar", "jänner", "enero", "ene", "gennaio", "gen", "janeiro", "januari"),
    ("february", "feb", "février", "fevrier", "févr", "fév", "februar", "febrero", "febbraio", "fevereiro", "fev", "februari"),
    ("march", "mar", "mars", "märz", "marzo", "março", "maart"),
    ("april", "apr", "avril", "avr", "abril", "abr", "aprile"),
    ("may", "mai", "mayo", "maggio", "maio", "mei"),
    ("june", "jun", "juin", "juni", "junio", "giugno", "giu", "junho"),
    ("july", "jul", "juillet", "juil", "juli", "julio", "luglio", "lug", "julho"),
    ("august", "aug", "août", "aout", "agosto", "ago", "augustus"),
    ("september", "sept", "sep", "septembre", "septiembre", "settembre", "set", "setembro"),
    ("october", "oct", "octobre", "oktober", "okt", "octubre", "ottobre", "ott", "outubro", "out"),
    ("november", "nov", "novembre", "noviembre", "novembro"),
    ("december", "dec", "décembre", "decembre", "déc", "dezember", "dez", "diciembre", "dic", "dicembre", "dezembro", "desember"),
)  # fmt: skip
MONTHS: Mapping[str, int] = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}
_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
MONTH = rf"(?i:tháng \d{{1,2}}|(?:{_NAMES})\b\.?)"
YEAR = r"(?:1[6-9]|20)\d{2}"
DAY = r"(?:0?[1-9]|[12]\d|3[01])"

# The ways of writing a date; `a` and `b` are day and month in either order.
_Y, _M, _D = rf"(?P<y>{YEAR})", rf"(?P<m>{MONTH})", rf"(?P<d>{DAY})"
_MM, _DD = r"(?P<m>0[1-9]|1[0-2])", r"(?P<d>0[1-9]|[12]\d|3[01])"
_YMD = rf"{_Y}[-/.](?P<m>0?[1-9]|1[0-2])[-/.]{_D}"
_DMY = rf"{_D}(?:st|nd|rd|th|er|\.|º)?(?:[ -]|\s?(?:de|of)\s)\s?{_M},?(?:[ -]| (?:de|del|năm) ){_Y}"
_MDY = rf"{_M} {_D}(?:st|nd|rd|th)?,? {_Y}"
_FORMS = tuple(re.compile(form) for form in (
    rf"(?<!\d){_YMD}(?!\d)",
    rf"(?<!\w){_DMY}(?!\d)",
    rf"(?<!\w){_MDY}(?!\d)",
    rf"(?<![\d/.-])(?P<a>{DAY})(?P<sep>[-/.])(?P<b>{DAY})(?P=sep){_Y}(?!\d)",
    rf"(?<!\d){_Y}{_MM}{_DD}(?=T|$|[^\d]|(?:[01]\d|2[0-3])[0-5]\d(?!\d)|\d{{6}})",
    rf"(?<!\w){_M}(?:,? | năm |(?<=\d)/){_Y}(?!\d)",
    rf"^\s*{_Y}(?:[-/.]{_MM}|[-/](?P<m2>[1-9]))\s*$",
    rf"^\s*{_Y}(?:\.0)?\s*$",
))  # fmt: skip
_WHOLE = re.sub(r"\?P<\w>", "?:", rf"{_DMY}|{_MDY}|{_YMD}(?!\d)|(?<!\d){DAY}[-/.]{DAY}[-/.]{YEAR}(?!\d)")
DATE = rf"(?:{_WHOLE}|{MONTH} {DAY}\b(?!\d)|{DAY} {MONTH})"  # a date in running text, also without a year
# Words of a stamp, the line that says when an article was published or changed, in any case; `clean` takes such lines out.
_CHANGED = r"mise? à jour|modifiée?|aktualisiert|cập nhật|actualizad[oa]|aggiornat[oa]|atualizad[oa]|bijgewerkt"
_PUBLISHED = r"publiée?|veröffentlicht|đăng|xuất bản|publicad[oa]|pubblicat[oa]|gepubliceerd"
_WEEKDAYS = (
    r"thứ \w+|chủ nhật|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|"
    r"lunes|martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|"
    r"(?:segunda|terça|quarta|quinta|sexta)-feira|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag"
)
STAMP_SAYS = rf"(?:(?:last |first )?(?:updated?|published|posted|modified)|date|{_CHANGED}|{_PUBLISHED})"
ZONES = "GMT|UTC|ICT|EST|EDT|CET|CEST|BST|IST"
STAMP_WORDS = (
    rf"\b(?:{_WEEKDAYS}|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|{ZONES}|ngày|lúc|giờ|phút|năm|uhr|"
    r"on|at|am|pm|by|à|le|el|il|em|op|om|um|a|las|h|alle|ore|às|de|del)\b"
)
# Those of languages that write the day first:
DAY_FIRST = re.compile(rf"\b(?:{_CHANGED}|{_PUBLISHED}|{_WEEKDAYS}|ngày|tháng|lúc|uhr)\b", re.I)
DAY_FIRST_LANGUAGES = frozenset("vi fr de es it pt nl pl ru uk cs sk da no nb fi el tr id ro bg hr sr".split())
EPOCH = re.compile(r"^\s*(\d{9,10})(\d{3})?(?:\.\d+)?\s*$")


class Found(NamedTuple):
    """A date read from some text: the first and the last day that it can mean, and the words it was read from.

    `either` holds the other reading where the order of day and month is not known.
    """

    first: date
    last: date
    text: str
    either: date | None = None


def parse(text: str, day_first: bool | None = None) -> Found | None:
    """The first date in a short text, or None. Without `day_first`, 3/4/2017 has two readings and 26/4/2017 one.

    A date is taken as it stands: no time zone is converted. Words beside it may tell that the day comes first.

    >>> found = parse("April 26, 2023, 12:28 [GMT+7]"); found.first.isoformat(), found.text
    ('2023-04-26', 'April 26, 2023')
    >>> parse("3/4/2017").either.isoformat(), parse("3/4/2017", day_first=True).first.isoformat()
    ('2017-04-03', '2017-04-03')
    >>> parse("Thứ Hai, ngày 3/4/2017").first.isoformat()
    '2017-04-03'
    >>> parse("in 2017") is None, parse("2017-04").last.isoformat()
    (True, '2017-04-30')
    """
    day_first = True if day_first is None and DAY_FIRST.search(text) else day_first
    for pattern in _FORMS:
        if match := pattern.search(text):
            try:
                return _read(match, day_first)
            except ValueError:  # 30 February
                return None
    epoch = EPOCH.match(text)
    if epoch:
        day = datetime.fromtimestamp(int(epoch[1]), UTC).date()
        return Found(day, day, epoch[0].strip())
    return None


def _read(match: re.Match[str], day_first: bool | None = None) -> Found:
    """The date of a year, a month and a day, as far as they are said; or of a year and two numbers in either order."""
    part, said = match.groupdict(), match[0].strip().strip("/ _.,-")
    year, month, day = int(part["y"]), part.get("m") or part.get("m2"), part.get("d") or part.get("d2")
    if part.get("a"):
        return _numeric(int(part["a"]), int(part["b"]), year, said, day_first)
    if not month:
        return Found(date(year, 1, 1), date(year, 12, 31), said)
    number = _month(month)
    last = calendar.monthrange(year, number)[1]
    return Found(date(year, number, int(day or 1)), date(year, number, int(day or last)), said)


def _numeric(a: int, b: int, year: int, said: str, day_first: bool | None) -> Found:
    if a > 12 or (b <= 12 and day_first):
        day = date(year, b, a)
    elif b > 12 or day_first is False or a == b:
        day = date(year, a, b)
    else:
        return Found(date(year, a, b), date(year, a, b), said, either=date(year, b, a))
    return Found(day, day, said)


def _month(name: str) -> int:
    plain = name.lower().strip(". ")
    number = re.search(r"\d+", plain)
    return int(number[0]) if number else MONTHS[plain]


# --- evidence --------------------------------------------------------------------------------------------------------

STAMP_REST = re.compile(rf"\b{STAMP_SAYS}\b|{STAMP_WORDS}|(?<=\d)h(?![^\W\d])|[\W\d_]+", re.I)
UPDATED = re.compile(rf"^\W*(?:last )?(?:updated?|modified|{_CHANGED})", re.I)
URL_DATES = (
    re.compile(rf"(?<!\d){_Y}[/_-]?{_MM}[/_-]{_DD}(?!\d)"),
    re.compile(rf"(?<!\d){_Y}/(?P<m>[1-9]|1[0-2])/{_D}(?=/)"),
    re.compile(rf"(?<!\d){_Y}{_MM}{_DD}(?!\d)"),
    re.compile(rf"/{_Y}[/-]{_MM}(?=/)"),
)
# In file names a further number is often a counter: one sign parts a whole date, and where that is in doubt it is no day.
_TWO_BEFORE = r"(?<!\d[_.-]\d[_.-])(?<!\d[_.-]\d\d[_.-])"
_NAMED = rf"(?:{_D}(?:st|nd|rd|th)?[ _.-](?P<m>{_NAMES})|(?P<m2>{_NAMES})[ _.-](?P<d2>{DAY})(?:st|nd|rd|th)?),?[ _.-]{_Y}(?!\d)"
NAME_DATES = (
    *(re.compile(rf"(?<!\d){_TWO_BEFORE}{_Y}{by}{_MM}{by}{_DD}(?!\d)") for by in ("-", "_", r"\.")),
    *(re.compile(rf"(?<!\d){_TWO_BEFORE}{_Y}{by}(?P<m>[1-9]){by}(?P<d>[1-9]|[12]\d|3[01])(?!\d)") for by in ("-", "_", r"\.")),
    URL_DATES[2],
    *(re.compile(rf"(?<![\da-zA-Z])(?<!\d{by})(?P<a>{DAY}){by}(?P<b>{DAY}){by}{_Y}(?!\d)(?!{by}\d\d?{by}\d)") for by in ("-", "_", r"\.")),
    re.compile(rf"^[\W_]*{_NAMED}", re.I),
    re.compile(rf"(?<![^\W_]){_NAMED}[\W_]*\d{{0,3}}[\W_]*(?:\.[a-z]\w*)*$", re.I),
    *(re.compile(rf"(?<![\da-zA-Z])(?<!\d{by}){_TWO_BEFORE}{_Y}{by}{_MM}(?!\d)") for by in "-_"),
)  # fmt: skip
EVENT_VERB = r"(?:took place|was held|were held|was (?:organi[sz]ed|opened|launched|inaugurated|signed|concluded)|kicked off|opened|wrapped up|(?:has )?(?:held|hosted|organi[sz]ed)|concluded|began|s'est tenue?|a eu lieu)"
EVENT_DAY = re.compile(
    rf"{EVENT_VERB}\b[^.\n]{{0,160}}?\b(?:on|le)\b (?:\w+day,? ?)?\(?(?P<said>(?:(?P<m>{MONTH}) (?P<d>{DAY})|(?P<d2>{DAY}) (?P<m2>{MONTH}))(?:st|nd|rd|th)?(?!\d)(?:,? (?P<y>{YEAR}))?)"
)
EVENT_NAME = re.compile(
    rf"\b(?:Summit|Awards?|Expo|Exhibition|Conference|Congress|Forum|Festival|Fair|Games|Olympics|Championships?|Cup|Convention|Symposium|Workshop|Week|Day|Prize|Contest|Show)s?[ \u00a0](?P<y>{YEAR})\b"
)
AHEAD = re.compile(
    r"\b(?:will|would|to be held|upcoming|forthcoming|next|plan(?:s|ned)?|ahead of|bid|prepar(?:es?|ing)|scheduled|expected)\b",
    re.I,
)
PAST = re.compile(
    r"\b(?:was|were|had|did|took|held|showed|won|said|opened|closed|attracted|gathered|presented|introduced|signed|\w{3,}ed)\b"
)


def in_header(text: str) -> Found | None:
    """The line among the first that is nothing but a date with its byline or place, or the date in a dateline.

    >>> in_header("Rain in Hue\\n\\nBy Ann Example\\nApril 26, 2023, 12:28 [GMT+7]\\n\\nIt rained.").text
    'April 26, 2023'
    >>> in_header("The rain of April 26, 2023 is not forgotten.") is None
    True
    """
    return next((found for part, found in _stamps(text) if not UPDATED.search(part)), None)


def updated_in(text: str) -> Found | None:
    """The day in a line such as `Updated: 3 May 2021`: the article was published on it or before."""
    return next((found for part, found in _stamps(text) if UPDATED.search(part)), None)


def _stamps(text: str) -> Iterator[tuple[str, Found]]:
    """The lines among the first that are nothing but a date to the day, and that date."""
    lines = [line.strip() for line in text.split("\n", 40)[:40] if line.strip()][:8]
    for part in (part for line in lines for part in (line[:160], _dateline_head(line))):
        found = parse(part)
        if found and found.first == found.last and _only_a_stamp(part, found.text):
            yield part, found


def _dateline_head(line: str) -> str:
    """What stands before the dash of a dateline, where the line begins with one."""
    match = re.match(
        r"([A-ZÀ-Ỹ](?:[^.\n]|(?<=[a-z]{2})\.){0,60}?)\s*(?:\([A-Za-z]{2,10}\)|\([^()\n]{2,40}\)\s*(?:—|–|--)|/[A-Z]{2,8}/|—|–|--| - )",
        line,
    )
    return match[1] if match else ""


def _only_a_stamp(line: str, said: str) -> bool:
    rest = STAMP_REST.sub(" ", line.replace(said, " ", 1)).split()
    return len(rest) <= 8 and all(word[0].isupper() for word in rest)


def in_address(address: str) -> Found | None:
    """The date in a URL: to the day, or to the month.

    >>> in_address("https://example.org/news/2017/02/07/rain.html").first.isoformat()
    '2017-02-07'
    """
    return _first_of(URL_DATES, address)


def in_name(name: str) -> Found | None:
    """The date in a file name; of 07-04-2021, whose order is not known, both readings.

    >>> in_name("16.07.2024.txt").first.isoformat(), in_name("2019-06_15.txt").last.isoformat()
    ('2024-07-16', '2019-06-30')
    >>> in_name("article-07-04-2021-10.txt").either.isoformat()
    '2021-04-07'
    """
    return _first_of(NAME_DATES, name)


def _first_of(patterns: Iterable[re.Pattern[str]], address: str) -> Found | None:
    for match in (match for pattern in patterns for match in pattern.finditer(address)):
        try:
            return _read(match)
        except ValueError:  # 30 February
            continue
    return None


def in_event(text: str) -> Found | None:
    """The day of an event that the first paragraphs tell as news, its year said beside it or by the event's own name.

    >>> in_event("A fair took place in Hue on November 20.\\n\\nIt is part of the Example Awards 2019.").first.isoformat()
    '2019-11-20'
    >>> in_event("It was founded in 2015. In 2017, it grew.") is None
    True
    """
    head = "\n".join([line for line in text.split("\n") if line.strip()][:5])[:4000]
    for match in EVENT_DAY.finditer(head):
        sentence = _sentence_around(head, match.start())
        years = (
            {match["y"]}
            if match["y"]
            else {m["y"] for m in EVENT_NAME.finditer(head) if not AHEAD.search(_sentence_around(head, m.start()))}
        )
        if len(years) == 1 and not re.search(r"\b(?:will|to be|is set|is scheduled)\b", sentence):
            try:
                day = date(int(years.pop()), _month(match["m"] or match["m2"]), int(match["d"] or match["d2"]))
            except ValueError:
                continue
            return Found(day, day, match[0])
    return None


def past_event(text: str) -> Found | None:
    """The latest year of an event named with its year that the text tells as past: the article is not older.

    >>> past_event("At the exhibition Example Summit 2018, many products were on display.").text
    'Summit 2018'
    >>> past_event("The city prepares to host the Example Expo 2030.") is None
    True
    """
    named = [(match, _sentence_around(text, match.start())) for match in EVENT_NAME.finditer(text[:20_000])]
    told = [match for match, sentence in named if PAST.search(sentence) and not AHEAD.search(sentence)]
    if not told:
        return None
    latest = max(told, key=lambda match: match["y"])
    return Found(date(int(latest["y"]), 1, 1), date(int(latest["y"]), 12, 31), latest[0])


def _sentence_around(text: str, at: int) -> str:
    start = max(text.rfind(". ", 0, at), text.rfind("\n", 0, at)) + 1
    ends = [end for end in (text.find(". ", at), text.find("\n", at)) if end >= 0]
    return text[start : min(ends) if ends else len(text)]


# --- articles --------------------------------------------------------------------------------------------------------


def date_articles(
    cleaned: pd.DataFrame,
    raw: pd.DataFrame,
    *,
    sidecars: Mapping[str, str] | None = None,
    corrections: pd.DataFrame | None = None,
    today: date | None = None,
    map: Callable[..., Iterable[Any]] = map,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`cleaned` with `date, date_precision, date_source, date_text, not_before, not_after`, and DROPPED.

    `raw` has the original texts, where header lines still stand; `sidecars` the `metadata.csv` that each file's date is
    from, where it is from one. `not_before` and `not_after` are days; of an article
    with a date they are the first and last that it covers, except that an event bounds from below alone. DROPPED holds
    each date that was found and not used: in the future of `today`, before the press, unreadable, or at odds with the
    one that was used by more than a day.
    """
    today = today or date.today()
    original = dict(zip(raw["doc_id"], raw["text"], strict=True))
    heads = [normalize("NFC", original[doc_id][:4000]) for doc_id in cleaned["doc_id"]]
    names = ["doc_id", "file", "source", "url", "date_column", "date_metadata", "date_html"]
    jobs: list[tuple[str, ...]] = list(
        zip(*(cleaned[n] for n in names), heads, cleaned["text"].str[:20_000], strict=True)
    )
    blocks = [jobs[at : at + BLOCK] for at in range(0, len(jobs), BLOCK)]
    evidence = [found for found_in_block in map(_evidence_block, blocks) for found in found_in_block]
    places = [
        At(job[1], job[2], (sidecars or {}).get(job[1], job[1]), language in DAY_FIRST_LANGUAGES)
        for job, language in zip(jobs, cleaned["language"], strict=True)
    ]
    orders = _orders(places, evidence)
    by_hand = {doc_id: dict(rows) for doc_id, rows in decisions(corrections, "date", "not_before", "not_after").items()}
    rows, left = [], []
    for job, at, found in zip(jobs, places, evidence, strict=True):
        row, unused = _decide(found, orders, at, by_hand.get(job[0], {}), today)
        rows.append(row)
        left += [("dates", "date", job[0], reason, 1) for reason in unused]
    table = pd.DataFrame(
        rows, columns=["date", "date_precision", "date_source", "date_text", "not_before", "not_after"], dtype="str"
    )
    return pd.concat([cleaned.reset_index(drop=True), table], axis=1), dropped(left)


class At(NamedTuple):
    """What tells how an article's dates are written: its file, its outlet, the table that its `column` is one of, its language."""

    file: str
    source: str
    table: str
    day_first: bool  # in the article's language


Evidence = dict[str, Any]
Place = tuple[str, str]  # a source of dates, and the table or outlet whose dates are written alike


def _evidence_block(block: list[tuple[str, ...]]) -> list[Evidence]:
    return [_evidence(*job[1:]) for job in block]


def _evidence(
    file: str, source: str, url: str, column: str, metadata: str, html: str, original: str, text: str
) -> Evidence:
    """What each source says: a `Found`, the words that could not be read, or None."""
    found: Evidence = {
        "column": (parse(column) or column) if column else None,
        "metadata": (parse(metadata) or metadata) if metadata else None,
        "html": parse(html) if html else None,
        "header": in_header(original),
        "url": in_address(url) if url else None,
        "utc hour": utc_hour(column or metadata),
        "file name": in_name(file.rsplit("/", 1)[-1]),
    }
    if not any(isinstance(value, Found) for value in found.values()):
        found["event"] = in_event(text)
        found["past event"] = past_event(text)
        found["updated"] = updated_in(original)
    return found


def _orders(places: list[At], evidence: list[Evidence]) -> dict[Place, bool]:
    """For each place that dates come from, whether its numeric dates put the day first, where its other dates tell."""
    votes: dict[Place, Counter[bool]] = defaultdict(Counter)
    for at, found in zip(places, evidence, strict=True):
        for kind, value in found.items():
            if isinstance(value, Found) and value.either is None:
                numeric = re.match(rf"({DAY})[-/._]({DAY})[-/._]{YEAR}", value.text)
                if numeric and numeric[1] != numeric[2]:
                    votes[_place(kind, at)][int(numeric[1]) == value.first.day] += 1
    return {place: True in counts for place, counts in votes.items() if len(counts) == 1}


def _place(kind: str, at: At) -> Place:
    """Dates of one column of one table are written alike, and those in the names of one folder; elsewhere those of one outlet, or, where it is unknown, of one folder."""
    folder = at.file.rpartition("/")[0]
    if kind == "file name":
        return kind, folder
    return (kind, at.table if kind == "column" else at.source or folder or at.file)


def _order(kind: str, at: At, orders: Mapping[Place, bool]) -> bool | None:
    """Whether the day comes first: as in other dates of the place, else, of what readers see, as in the article's language."""
    seen = kind in ("header", "updated", "html")
    return orders.get(_place(kind, at), True if seen and at.day_first else None)


def _decide(
    found: Evidence, orders: Mapping[Place, bool], at: At, by_hand: Mapping[str, str], today: date
) -> tuple[tuple[str, ...], list[str]]:
    """The row of one article's date, and what is to be said of each date that is not used."""
    usable, unused = _usable(found, orders, at, by_hand, today)
    if usable:
        best_kind, best = usable[0]
        kind, chosen = _finest(usable, found["utc hour"])
        unused += [f"{k}: {v.text} disagrees with {best_kind}: {best.text}" for k, v in usable[1:] if _at_odds(best, v)]
        row = (*_iso(chosen), kind, chosen.text)
        days = [chosen.first, chosen.either or chosen.last]
        after, before = min(days).isoformat(), "" if kind == "event" else max(days).isoformat()
    else:
        event, updated = found.get("past event"), found.get("updated")
        updated = updated and _settled(updated, _order("updated", at, orders))
        row = ("", "none", "none", "; ".join(bound.text for bound in (event, updated) if bound))
        after = event.first.isoformat() if event else ""
        before = max(updated.last, updated.either or updated.last).isoformat() if updated else ""
    return (*row, by_hand.get("not_before", after), by_hand.get("not_after", before)), unused


def _usable(
    found: Evidence, orders: Mapping[Place, bool], at: At, by_hand: Mapping[str, str], today: date
) -> tuple[list[tuple[str, Found]], list[str]]:
    """The dates that may be true, best source first, and why the others may not."""
    corrected = parse(by_hand.get("date", ""))
    usable = [("correction", corrected)] if corrected else []
    unused = []
    for kind in DATE_SOURCES[1:]:
        value = found.get(kind)
        if isinstance(value, str):
            unused.append(f"{kind}: cannot be read as a date: {value[:80]!r}")
        elif value is not None:
            value = _settled(value, _order(kind, at, orders))
            wrong = _impossible(value, today)
            if wrong:
                unused.append(f"{kind}: {wrong}: {value.text}")
            else:
                usable.append((kind, value))
    return usable, unused


def _finest(usable: list[tuple[str, Found]], hour: int | None) -> tuple[str, Found]:
    """The best source's date; or another's, where it names a day within the best one's month or year.

    Of a time in UTC (at `hour`) the day may be another than the outlet's own, which its URL has: the one before in
    America's evening, the one after in Asia's morning.
    """
    kind, best = usable[0]
    morning, evening = hour is not None and hour >= 12, hour is not None and hour <= 8
    shift = DAY_LONG if morning else -DAY_LONG if evening else None
    for other, value in usable[1:] if kind != "correction" else []:
        seen = other == "url" and shift is not None and value.first == value.last == best.first + shift
        if seen or _within(value, best):
            return other, value
    return kind, best


def _settled(found: Found, day_first: bool | None) -> Found:
    """The one reading that is right, where the order of day and month is known."""
    if found.either is None or day_first is None:
        return found
    day = found.either if day_first else found.first
    return Found(day, day, found.text)


def _impossible(found: Found, today: date) -> str | None:
    if found.first - DAY_LONG > today:  # a day's grace for other time zones
        return "in the future"
    return "before the press" if found.last < FIRST_PRESS else None


def _at_odds(a: Found, b: Found) -> bool:
    return a.either is None and b.either is None and (b.first > a.last + DAY_LONG or b.last < a.first - DAY_LONG)


def _within(finer: Found, coarse: Found) -> bool:
    """Whether another source names a shorter time inside the chosen one: the month of a column and the day of a URL."""
    if coarse.either is not None:
        return finer.either is None and finer.first == finer.last and finer.first in (coarse.first, coarse.either)
    inside = coarse.first <= finer.first and finer.last <= coarse.last
    return inside and finer.either is None and finer.last - finer.first < coarse.last - coarse.first


def _iso(found: Found) -> tuple[str, str]:
    """The date cut to its precision. With day and month in doubt, only the year is sure."""
    if found.either is not None:
        return f"{found.first.year:04d}", "year"
    if found.first == found.last:
        return found.first.isoformat(), "day"
    if (found.first.year, found.first.month) == (found.last.year, found.last.month):
        return found.first.isoformat()[:7], "month"
    return found.first.isoformat()[:4], "year"
