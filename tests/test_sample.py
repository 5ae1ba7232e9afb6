"""The shipped sample is what its key says: counts, lengths, themes, dates and every kind of dirt; and it is not padded.

The sample is read here with the standard library alone, so that a mistake of our own reader cannot hide one of the sample.
"""

import calendar
import csv
import html
import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from scipy.stats import kendalltau

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
KEY = Path(__file__).with_name("sample_key.csv")
THEMES = {"mfg": "falls", "city": "level", "train": "level", "coop": "level", "farm": "rises", "pay": "rises"}
YEARS = [str(year) for year in range(2017, 2025)]
MONTHS = list(calendar.month_name)[1:]

# what each kind of dirt looks like in the file as it lies; the key says where it is
DIRT = {
    "agency": r"\(Indigo Wire\)|Source: Indigo Wire",
    "boilerplate": r"Red River Dispatch - the capital region, every morning",
    "bracket_remains": r"\[(\.\.\.|See graphic|Video:)",
    "byline": r"(?m)^(<p class=\"byline\">)?By (HAN BRIDGE|Techline staff|[A-Z]\w+ [A-Z]\.)",
    "caption": r"hinh anh \d|Photo: |Illustrative photo|!\[\]\(\) \w",
    "copyright": r"©|&copy;|\(c\) ",
    "credit": r"(?m)^(Reporting by [A-Z]\.[A-Z] - Translating|Translated) by [A-Z]\.[A-Z]",
    "dateline": r"(?m)^[A-Z ]{5,}, \w+\.? \d+, \d{4} \(Indigo Wire\) —",
    "email": r"\w@\w+\.example",
    "end_mark": r"\./\.",
    "furniture": r"<nav>|id=\"menu\"",
    "header": r"(?m)^\w+ \d+, \d{4}, \d\d:\d\d \[GMT\+7\]",
    "initials": r"(?m)^[A-Z]\.[A-Z]$",
    "markup": r"!\[\]\(\)[^|]*\|",
    "mojibake": r"â€|Ã.|Ä.",
    "nbsp": "\u00a0",
    "other_news": r"Other News",
    "related": r"Read next|You may also like",
    "repeated_title": r"(?m)^(.{15,80}[^.\n])\n+\1$",
    "share": r"(?m)^Share |share-buttons|Share this:",
    "smart_quotes": r"[“”’]|â€",
    "standfirst_repeat": r"(?m)^(.{80,}\.)\.?\n+\1$",
    "trending": r"(?m)^Trending$",
    "url_in_text": r"(?m)^[^<\n]*https://",
}
FORMS = (
    "metadata", "column", "html meta", "time tag", "url", "header", "dateline", "slash", "file name", "event", "none",
)  # fmt: skip
PLANTED = (  # lines that are dirt, taken out before the prose is compared
    r"(?ms)^(Other News|Trending)\n.*",
    r"(?m)^(By |Reporting by |Translated by |Share |Updated: |Red River Dispatch - |\(c\) ).*$",
    r"(?m)^\w+ \d+, \d{4}, \d\d:\d\d \[GMT\+7\]$",
    r"(?m)^[A-Z ]+, \w+\.? \d+, \d{4} \(Indigo Wire\) —",
    r"(?m)^.* hinh anh \d",
    r"\(Photo: [\w ]+\)|!\[\]\(\)|\(Source: Indigo Wire\)|^\(Indigo Wire\)",
)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def as_it_lies(entry: dict[str, str]) -> str:
    """The text of a row of the key, with its dirt: of a table the cell, of a page the whole page."""
    if entry["row"]:
        return rows(SAMPLE / entry["file"])[int(entry["row"]) - 1]["text"]
    return (SAMPLE / entry["file"]).read_bytes().decode("utf-8").replace("\r\n", "\n")


def story(entry: dict[str, str]) -> str:
    """The text without a page's furniture; dirt within the text stays."""
    text = as_it_lies(entry)
    if entry["file"].endswith(".html"):
        text = re.search(r'(?s)<div class="(?:story|post)-body">\n(.*?)\n *</div>', text)[1]
        text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return text


def prose(entry: dict[str, str]) -> str:
    text = story(entry)
    for pattern in PLANTED:
        text = re.sub(pattern, "", text)
    return text


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:[.,'’-][^\W_]+)*", text.lower())


def shingles(text: str, n: int) -> set[tuple[str, ...]]:
    found = words(text)
    return set(zip(*(found[i:] for i in range(n)), strict=False))


def likeness(one: set, other: set) -> float:
    return len(one & other) / len(one | other)


def name(entry: dict[str, str]) -> str:
    return entry["file"] + (f"#{entry['id']}" if entry["id"] else "")


KEYED = rows(KEY)
ARTICLES = [entry for entry in KEYED if entry["themes"]]
ORIGINALS = [entry for entry in ARTICLES if not entry["repeats"]]
ENGLISH = [entry for entry in ORIGINALS if entry["language"] == "en"]


def test_the_key_names_every_file_and_row_and_nothing_else():
    there = {path.relative_to(SAMPLE).as_posix() for path in SAMPLE.rglob("*") if path.is_file()}
    assert there - {".gitkeep"} == {entry["file"] for entry in KEYED}
    for table in (path for path in there if path.endswith(".csv") and not path.endswith("metadata.csv")):
        keyed = [(entry["row"], entry["id"]) for entry in KEYED if entry["file"] == table]
        assert sorted(keyed) == sorted((str(n), row["id"]) for n, row in enumerate(rows(SAMPLE / table), 1))
    sidecar = SAMPLE / "red-river-dispatch" / "metadata.csv"
    beside = {path.name for path in sidecar.parent.glob("*.txt")}
    assert {row["file"] for row in rows(sidecar)} == beside
    assert not [path for path in there if "readme" in path.lower()]


def test_there_are_enough_articles_of_the_right_length():
    assert len(ENGLISH) >= 144
    assert Counter(entry["language"] for entry in ARTICLES)["vi"] == 2
    assert len({entry["file"].split("/")[0] for entry in ARTICLES}) >= 5
    lengths = [len(story(entry).split()) for entry in ARTICLES]
    assert 120 <= min(lengths) < max(lengths) <= 350
    assert max(lengths) - min(lengths) > 150, "articles of one length would be no likeness of news"


def test_no_sentence_stands_in_two_articles():
    seen: dict[str, str] = {}
    for entry in ORIGINALS:
        for sentence in set(re.split(r"(?<=[.!?”\"])\s+", prose(entry))):
            bare = " ".join(words(sentence))
            if len(bare.split()) > 4:
                assert seen.setdefault(bare, name(entry)) == name(entry), (bare, seen[bare], name(entry))


@pytest.mark.parametrize(("n", "most"), [(6, 2), (5, 4), (4, 7)])
def test_no_phrase_runs_through_the_articles(n, most):
    where = defaultdict(set)
    for entry in ENGLISH:
        for shingle in shingles(prose(entry), n):
            where[shingle].add(name(entry))
    assert not {" ".join(phrase): len(found) for phrase, found in where.items() if len(found) > most}


def test_openings_and_endings_differ():
    openings = Counter(" ".join(words(prose(entry))[:3]) for entry in ENGLISH)
    assert openings.most_common(1)[0][1] == 1


@pytest.mark.parametrize("which", ["all", "dated"])
def test_two_themes_rise_one_falls_and_the_others_stay_level(which):
    chosen = [entry for entry in ENGLISH if which == "all" or entry["date_shown"] != "none"]
    count = Counter((entry["themes"].split(";")[0], entry["date"][:4]) for entry in chosen)
    total = Counter(entry["date"][:4] for entry in chosen)
    assert ({theme for theme, _ in count}, sorted(total)) == (set(THEMES), YEARS)
    assert max(total.values()) <= 1.5 * min(total.values())
    for theme, direction in THEMES.items():
        trend = kendalltau(range(len(YEARS)), [count[theme, year] / total[year] for year in YEARS])
        if direction == "level":
            assert trend.pvalue > 0.1, (theme, trend)
        else:
            assert trend.pvalue < 0.01, (theme, trend)
            assert (trend.statistic > 0) == (direction == "rises"), (theme, trend)


def test_every_kind_of_dirt_is_there_three_times_and_where_the_key_says():
    times = Counter(kind for entry in ARTICLES for kind in entry["dirt"].split("; "))
    assert {kind: n for kind, n in times.items() if n < 3} == {}
    assert set(DIRT) <= set(times)
    for entry in ARTICLES:
        text, kinds = as_it_lies(entry), set(entry["dirt"].split("; "))
        found = {kind for kind, pattern in DIRT.items() if re.search(pattern, text)}
        assert found == kinds & set(DIRT), (name(entry), found ^ (kinds & set(DIRT)))


def test_mojibake_is_utf8_read_as_cp1252_and_can_be_undone():
    back = {bytes([byte]).decode("cp1252", errors="ignore") or chr(byte): byte for byte in range(256)}
    for entry in ARTICLES:
        if "mojibake" in entry["dirt"]:
            text = as_it_lies(entry)
            repaired = bytes(back[character] for character in text).decode("utf-8")
            assert len(repaired) < len(text)
            assert not re.search(DIRT["mojibake"], repaired)


def written(date: str) -> list[str]:
    """The ways in which the sample writes a day."""
    year, month, day = date.split("-")
    long = MONTHS[int(month) - 1]
    return [
        date, f"{year}/{month}/{day}", f"{day}/{month}/{year}", f"{day}.{month}.{year}", f"{year}{month}{day}",
        *(f"{shape} {int(day)}, {year}" for shape in (long, long[:3], long[:3] + ".")),
    ]  # fmt: skip


def test_dates_stand_where_the_key_says_and_nowhere_else():
    sidecar = {row["file"]: row["date"] for row in rows(SAMPLE / "red-river-dispatch" / "metadata.csv")}
    forms = Counter(form for entry in ARTICLES for form in entry["date_shown"].split(", "))
    assert set(forms) == set(FORMS)
    assert min(forms.values()) >= 3
    for entry in ARTICLES:
        page, date = as_it_lies(entry), entry["date"]
        ways = written(date)
        places = {
            "metadata": sidecar.get(Path(entry["file"]).name, ""),
            "column": rows(SAMPLE / entry["file"])[int(entry["row"]) - 1]["date"] if entry["row"] else "",
            "html meta": " ".join(re.findall(r"<meta[^>]*published_time[^>]*>", page)),
            "time tag": " ".join(re.findall(r"<time[^>]*>", page)),
            "url": " ".join(re.findall(r"<link rel=\"canonical\"[^>]*>", page)),
            "header": " ".join(re.findall(r"(?m)^.*\[GMT\+7\]$", page)),
            "dateline": " ".join(re.findall(DIRT["dateline"], page)),
            "file name": entry["file"],
            "event": page if "event" in entry["date_shown"] else "",
        }
        found = {place for place, text in places.items() if any(way in text for way in ways)}
        shown = set(entry["date_shown"].split(", ")) - {"none", "slash"}
        if "Updated: " in page:
            assert f"Updated: {ways[2]} |" in page
            assert entry["date_shown"] == "slash"
        assert found == shown, (name(entry), found, shown)
        if entry["date_shown"] == "none":
            assert not any(way in page for way in ways)


def test_repeats_repeat_and_nothing_else_does():
    named = {name(entry): entry for entry in ARTICLES}
    repeats = [entry for entry in ARTICLES if entry["repeats"]]
    assert len(repeats) >= 5
    assert {entry["note"].split(",")[0] for entry in repeats} == {"exact", "near"}
    for entry in repeats:
        first = named[entry["repeats"]]
        same = likeness(shingles(prose(entry), 5), shingles(prose(first), 5))
        assert same > (0.85 if entry["note"].startswith("exact") else 0.72), (name(entry), same)
        assert entry["date"] >= first["date"]
        assert entry["themes"] == first["themes"]
    sets = [shingles(prose(entry), 3) for entry in ORIGINALS]
    assert max(likeness(one, other) for one, other in itertools.combinations(sets, 2)) < 0.03


def test_one_file_is_empty_and_one_is_a_picture_with_the_wrong_name():
    kinds = {entry["dirt"]: SAMPLE / entry["file"] for entry in KEYED if entry["dirt"] in ("empty", "not_text")}
    assert kinds["empty"].read_bytes() == b""
    assert kinds["not_text"].suffix == ".txt"
    assert kinds["not_text"].read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_nobody_is_named_and_no_real_address_is_given():
    for entry in ARTICLES:
        page = as_it_lies(entry)
        assert not re.search(r"\b(Mr|Mrs|Ms|Dr|Prof)\b\.? [A-Z]", page), name(entry)
        assert all(host.endswith(".example") for host in re.findall(r"https?://([^/\s\"<]+)", page)), name(entry)
    for table in SAMPLE.rglob("*.csv"):
        assert all(".example/" in row["url"] for row in rows(table)), table
