"""The one tokeniser: what is a word, a sentence, a paragraph; and the laws that every count rests on."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pandas as pd
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.tokenize.api import TokenizerI

from topics.tokens import (
    BLOCK,
    CLITICS,
    JOINS,
    LETTER,
    TAIL,
    nltk_tokenizer,
    sentences,
    token_table,
    tokenise,
)

PROSE = st.text(
    alphabet=st.sampled_from(list("abcdeé ABCĐ 0123.,;:!?'’\"“”()-–_&/$%\n\t\u0301\ufffd\u00a0ñ中")) | st.characters(),
    max_size=120,
)


PIECES = st.lists(
    st.sampled_from(
        ["l'", "qu’", "U.", "S.", "C++", "C#", "a-B", "US$", "9", "4.0", "'s ", "com", ".", "-", "&", " ", "É", "'"]
    )
).map("".join)
WORD = regex.compile(rf"{LETTER}++(?:(?:{JOINS}){LETTER}++)*+(?:{TAIL})?", regex.VERBOSE)


def words(text):
    return [text[start:end] for start, end in tokenise(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Industry 4.0 and 5G", "Industry 4.0 and 5G"),
        ("e-government, R&D; COVID-19!", "e-government R&D COVID-19"),
        ("over US$9 billion", "over US$9 billion"),
        ("Viet Nam (Việt Nam), Đà Nẵng, Nguyễn", "Viet Nam Việt Nam Đà Nẵng Nguyễn"),
        ("the U.S. and the U.S.A at 5 a.m.", "the U.S. and the U.S.A at 5 a.m."),
        ("Vietnam's and Vietnam’s, the firms' plans", "Vietnam and Vietnam the firms plans"),
        ("we're, they've, he'd, I'm, she'll", "we they he I she"),
        ("don't can’t O'Brien rock'n'roll", "don't can’t O'Brien rock'n'roll"),
        ("l'usine, d’une, qu'il, aujourd'hui, L'Oréal", "l' usine d’ une qu' il aujourd'hui L' Oréal"),
        ("Vietnam-Japan Asia-Pacific mid-April", "Vietnam Japan Asia Pacific mid April"),
        ("US-China China-US anti-EU Al-Qaida T-Mobile CD-ROM", "US China China US anti EU Al-Qaida T-Mobile CD-ROM"),
        ("Hauts-de-France, Stratford-upon-Avon", "Hauts-de-France Stratford-upon-Avon"),
        ("CO₂ and H₂O, they'r", "CO₂ and H₂O they"),
        ("socio-economic Wi-Fi e-Government sci-tech", "socio-economic Wi-Fi e-Government sci-tech"),
        ("2016-2020, 1,000.5 people, 9/11", "2016 2020 1,000.5 people 9/11"),
        ("the world.The end", "the world The end"),
        ("Amazon.com sells C++ and C# books", "Amazon.com sells C++ and C# books"),
        ("and/or_both *bold* #AI @home", "and or both bold AI home"),
        ("AT&T’s Q&A", "AT&T Q&A"),
        ("non‑breaking–dash—long", "non‑breaking dash long"),
        ("s and 's, re 're", "s and re"),
        ("", ""),
        ("… !? -- ''", ""),
    ],
)
def test_words_of_the_field_are_kept_and_what_should_part_is_parted(text, expected):
    assert words(text) == expected.split()


def test_a_name_is_one_word_composed_or_not():
    for name in ("Nguyễn", "Đặng", "Hòa"):
        assert words(unicodedata.normalize("NFD", name)) == [unicodedata.normalize("NFD", name)]


@settings(max_examples=150)
@given(PROSE | PIECES)
def test_words_are_those_that_one_expression_finds_from_the_left(text):
    found, expected = [match.span() for match in WORD.finditer(text)], []
    for last, (start, end) in zip([0, *(end for _, end in found)], found, strict=False):
        between = text[last:start].lstrip(" ")
        if not (last and between in ("'", "’") and text[start:end] in CLITICS):
            expected.append((start, end))
    assert tokenise(text) == expected


@settings(max_examples=150)
@given(st.lists(PROSE, max_size=4))
def test_laws_of_the_token_table(texts):
    table, forms = token_table(texts)
    assert [texts[d][a:b] for d, a, b in zip(table.doc, table.start, table.end, strict=True)] == [
        forms[f] for f in table.form
    ]
    assert forms == sorted(set(forms))
    assert set(table.form) == set(range(len(forms)))
    for doc, group in table.groupby("doc"):
        assert list(zip(group.start, group.end, strict=True)) == tokenise(texts[doc])
        assert (group.start.to_numpy()[1:] >= group.end.to_numpy()[:-1]).all()
        for level in ("sentence", "paragraph"):
            steps = group[level].diff().dropna()
            assert group[level].iloc[0] == 0
            assert steps.isin([0, 1]).all()
        assert (group.groupby("sentence").paragraph.nunique() == 1).all()
        assert len(sentences(texts[doc])) == group.sentence.nunique()


@settings(max_examples=150)
@given(PROSE)
def test_every_word_stands_in_one_sentence(text):
    spans = sentences(text)
    assert all(a < b for a, b in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    for start, end in tokenise(text):
        assert sum(a <= start and end <= b for a, b in spans) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Le Duc Vien spoke. He left.", ["Mr. Le Duc Vien spoke.", "He left."]),
        ("It grew 4.0 percent. Then it fell.", ["It grew 4.0 percent.", "Then it fell."]),
        ("“Is it?” he asked. “Yes.” So be it.", ["“Is it?” he asked.", "“Yes.”", "So be it."]),
        ("Prof. T. V. Hung of FPT Corp. said so.", ["Prof. T. V. Hung of FPT Corp. said so."]),
        ("He lives in the U.S. The firm does not.", ["He lives in the U.S.", "The firm does not."]),
        ("The end of the world.The next day.", ["The end of the world.", "The next day."]),
        ("A title\nThe text begins", ["A title", "The text begins"]),
        ("Wait… What? No!", ["Wait…", "What?", "No!"]),
        ("C'est fini. À demain.", ["C'est fini.", "À demain."]),
    ],
)
def test_sentences(text, expected):
    assert [text[a:b] for a, b in sentences(text)] == expected


def test_lines_are_paragraphs_unless_they_break_in_mid_sentence():
    lines = "One thing.\nAnother thing.\n\nA third."
    wrapped = (
        "This text was broken\nby some program in\nthe middle of its\nsentences and goes\non.\n\nThe second begins."
    )
    table, _ = token_table([lines, wrapped])
    assert table.groupby("doc").paragraph.nunique().tolist() == [3, 2]
    assert table.loc[table.doc == 1, "paragraph"].tolist() == [0] * 16 + [1] * 3
    assert len(sentences(wrapped)) == 2


def test_the_table_does_not_depend_on_the_map_or_on_what_stands_beside():
    texts = [f"Text {i} says “hello, world {i % 7}”. It’s number {i}!" for i in range(BLOCK * 2 + 3)]
    table, forms = token_table(texts)
    with ThreadPoolExecutor(2) as pool:
        again, same = token_table(texts, map=pool.map)
    pd.testing.assert_frame_equal(table, again)
    assert forms == same
    alone, its_forms = token_table([texts[300]])
    part = table[table.doc == 300].reset_index(drop=True)
    assert [forms[f] for f in part.form] == [its_forms[f] for f in alone.form]
    pd.testing.assert_frame_equal(part.drop(columns=["doc", "form"]), alone.drop(columns=["doc", "form"]))


def test_words_joined_by_space_hyphen_or_possessive_are_marked():
    table, forms = token_table(["People’s Committee, Vietnam-Japan (AI) now. Next"])
    assert dict(zip([forms[f] for f in table.form], table.joined, strict=True)) == {
        "People": 0, "Committee": 2, "Vietnam": 0, "Japan": 1, "AI": 0, "now": 0, "Next": 0,
    }  # fmt: skip


def test_it_is_a_tokeniser_of_nltk():
    tokenizer = nltk_tokenizer()
    assert isinstance(tokenizer, TokenizerI)
    assert tokenizer.tokenize_sents(["5G is here", "l'usine"]) == [["5G", "is", "here"], ["l'", "usine"]]
    assert list(tokenizer.span_tokenize("a b")) == [(0, 1), (2, 3)]


def test_long_runs_lose_no_letter():
    for text in (
        "a" * 200_000,
        "a-" * 100_000,
        "U." * 100_000,
        "'" * 200_000,
        "4." * 100_000,
        "l'" * 100_000,
        "\n" * 200_000,
    ):
        words = "".join(text[start:end] for start, end in tokenise(text))
        assert [sign for sign in words if sign.isalnum()] == [sign for sign in text if sign.isalnum()]
