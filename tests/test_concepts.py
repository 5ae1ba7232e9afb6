"""Concepts: one name for many ways of writing, by their rules; overlaps settled and reported; bad files told by line."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.tables import UserError
from topics.tokens import token_table
from topics.words.concepts import find, patterns, read_concepts, words_of

SHIPPED = "data/concepts.yml"


def found(text, ways):
    """The matches as (name, text), and the overlaps."""
    tokens, forms = token_table([text])
    table = patterns(ways, "concept")
    matches, overlaps = find(tokens, forms, table)
    start = tokens["start"].to_numpy()[matches["first"]]
    end = tokens["end"].to_numpy()[matches["first"] + matches["n_tokens"] - 1]
    names = table["name"].to_numpy()[matches["pattern"]]
    return [(name, text[a:b]) for name, a, b in zip(names, start, end, strict=True)], overlaps.values.tolist()


@pytest.mark.parametrize(
    ("way", "text", "expected"),
    [
        ("AI", "AI and ai and Ai", ["AI"]),
        ("IoT", "IoT, IOT, iot", ["IoT"]),
        ("4IR", "the 4IR; 4ir", ["4IR"]),
        ("US", "US firms tell us", ["US"]),
        ("smart city", "Smart city, SMART CITY, smart-city, smart cities", ["Smart city", "SMART CITY"]),
        ("=Apple", "Apple sells, apples fall, apple, APPLE", ["Apple"]),
        ("digitali*", "digitalisation, Digitalize, digital, digitali", ["digitalisation", "Digitalize", "digitali"]),
        ("*tech", "fintech, Tech, high tech, technology", ["fintech", "Tech", "tech"]),
        ("*digit*", "predigital digits fidget", ["predigital", "digits"]),
        ("d*n", "design, dn, done, Dragon", ["design", "dn", "Dragon"]),
        (
            "e-government",
            "e-government, e‑government, E-Government, egovernment",
            ["e-government", "e‑government", "E-Government"],
        ),
        ("smart cit*", "smart cities and smart citizens. Smart. Cities", ["smart cities", "smart citizens"]),
        ("people's committee", "the People’s Committee", ["People’s Committee"]),
        ("viet nam", "Viet Nam. Viet\nnam is", ["Viet Nam"]),
        ("R&D", "R&D, R & D, r&d", ["R&D"]),
    ],
)
def test_rules_of_case_and_wildcards(way, text, expected):
    assert [match for _, match in found(text, {"x x x": [way]})[0]] == expected


def test_the_longest_wins_then_the_first_and_what_is_lost_is_told():
    ways = {"economy": [], "digital economy": [], "economy plan": [], "digital": []}
    matches, overlaps = found("The digital economy plan, the economy plan, digital economy", ways)
    assert matches == [
        ("digital economy", "digital economy"),
        ("economy plan", "economy plan"),
        ("digital economy", "digital economy"),
    ]
    assert overlaps == [
        ["digital", "digital economy", 2],
        ["economy", "digital economy", 2],
        ["economy", "economy plan", 1],
        ["economy plan", "digital economy", 1],
    ]


def test_two_ways_of_one_concept_at_one_place_are_one_match_and_no_overlap():
    assert found("industrial revolution", {"Industry 4.0": ["industrial revolution", "industr* revol*"]}) == (
        [("Industry 4.0", "industrial revolution")],
        [],
    )


def test_the_shipped_file_finds_every_writing_of_the_fields_first_concept():
    text = (
        "Industry 4.0, the 4IR, the fourth industrial revolution, the Fourth Industry Revolution, the 4th Industrial "
        "Revolution and the Industrial Revolution 4.0 are one; industry, revolution and industry 3.0 are not."
    )
    tokens, forms = token_table([text])
    table = read_concepts(_shipped())
    matches, _ = find(tokens, forms, table)
    assert table["name"].to_numpy()[matches["pattern"]].tolist() == ["Industry 4.0"] * 6


def _shipped():
    from pathlib import Path

    return Path(__file__).parent.parent / SHIPPED


def _by_hand(texts, way):
    """A pattern matched by a loop over sentences: slow and plain."""
    tokens, forms = token_table(texts)
    count = 0
    for _, sentence in tokens.groupby(["doc", "sentence"]):
        words = [forms[f] for f in sentence["form"]]
        rules = [
            re.compile(".*".join(map(re.escape, w.split("\u01c2"))), 0 if case else re.I)
            for w, case in words_of([way])[0]
        ]
        count += sum(
            all(rule.fullmatch(word) for rule, word in zip(rules, words[i : i + len(rules)], strict=True))
            for i in range(len(words) - len(rules) + 1)
        )
    return count


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.sampled_from("AB ab aab b Ba . x,".split()), max_size=25).map(" ".join), max_size=4),
    st.lists(st.sampled_from(["a", "AB", "a*", "*b", "a*b", "=Ba", "x"]), min_size=1, max_size=3).map(" ".join),
)
def test_one_pattern_is_found_where_a_plain_loop_finds_it(texts, way):
    tokens, forms = token_table(texts)
    table = patterns({way: []}, "concept")
    matches, _ = find(tokens, forms, table)
    taken = np.zeros(len(tokens) + 3, int)
    for row in matches.itertuples():
        taken[row.first : row.first + row.n_tokens] += 1
    assert taken.max() <= 1
    if len(words_of([way])[0]) == 1:  # longer ones may overlap with themselves
        assert len(matches) == _by_hand(texts, way)
    else:
        assert (len(matches) > 0) == (_by_hand(texts, way) > 0)


def test_no_text_no_pattern_no_match():
    for texts, ways in (([], {"a": []}), (["a"], {}), ([""], {"a": []})):
        tokens, forms = token_table(texts)
        matches, overlaps = find(tokens, forms, patterns(ways, "concept"))
        assert matches.empty
        assert overlaps.empty


def test_a_file_is_read_as_written(tmp_path):
    path = tmp_path / "concepts.yml"
    path.write_text("AI:\n  - artificial intelligence\nno: yes\n5G:\nIndustry 4.0: [4.0 era]\n", "utf-8")
    assert read_concepts(path)[["name", "pattern", "line"]].values.tolist() == [
        ["AI", "AI", 1], ["AI", "artificial intelligence", 2], ["no", "no", 3], ["no", "yes", 3], ["5G", "5G", 4],
        ["Industry 4.0", "Industry 4.0", 5], ["Industry 4.0", "4.0 era", 5],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a: [b\nc: d", "line 2: not YAML"),
        ("- a\n- b\n", "line 1: the file must be names"),
        ("a:\n  b: c\n", "line 2: 'a': a way of writing must be text"),
        ("a: x\na: y\n", "line 2: 'a' stands already in line 1"),
        (
            "AI: [ai, artificial intelligence]\nmind:\n  - Artificial Intelligence\n",
            "line 3: 'Artificial Intelligence' stands for 'mind', but in line 1 for 'AI'",
        ),
        ("a:\n  - ok\n  - '*'\n", "line 3: '*' has no word to look for"),
        ("a:\n  - '!!'\nb: [a]\n", "line 2: '!!' has no word to look for; `*` needs letters beside it; line 3:"),
        ("'': [x]\n", "line 1: a concept needs a name"),
    ],
)
def test_a_bad_file_is_told_with_the_line_and_every_problem(tmp_path, written, said):
    path = tmp_path / "concepts.yml"
    path.write_text(written, "utf-8")
    with pytest.raises(UserError, match=re.escape(said)) as error:
        read_concepts(path)
    assert path.name in str(error.value).split(", ")[0]
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_concepts(tmp_path / "none.yml")
    (tmp_path / "bytes.yml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(UserError, match="not UTF-8"):
        read_concepts(tmp_path / "bytes.yml")


@settings(max_examples=100)
@given(
    st.text(alphabet="abc", max_size=40),
    st.lists(st.text(alphabet="abc", min_size=1, max_size=4), max_size=6, unique=True),
)
def test_overlaps_are_settled_as_a_plain_loop_settles_them(letters, ways):
    tokens, forms = token_table([" ".join(letters)])
    table = patterns({" ".join(way): [] for way in ways}, "concept")
    ranked = sorted(
        (-len(way), at, row)
        for row, way in enumerate(ways)
        for at in range(len(letters))
        if letters.startswith(way, at)
    )
    held, expected = set(), []
    for length, at, row in ranked:
        places = set(range(at, at - length))
        if not places & held:
            held |= places
            expected.append((at, row, -length))
    matches, overlaps = find(tokens, forms, table)
    assert list(matches[["first", "pattern", "n_tokens"]].itertuples(index=False, name=None)) == sorted(expected)
    assert overlaps["n"].sum() == len(ranked) - len(expected) - _of_themselves(ranked, expected)


def _of_themselves(ranked, expected):
    """Lost matches whose place is held, first in precedence, by a match of the same way."""
    lost = 0
    for length, at, row in ranked:
        if (at, row, -length) not in expected:
            holders = [(-n, a, r) for a, r, n in expected if a < at - length and at < a + n]
            lost += min(holders)[2] == row
    return lost
