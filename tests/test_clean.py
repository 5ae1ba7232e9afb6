"""What is around the story is taken out, the story never, and the original comes back character for character."""

import importlib.util
import json
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.corpus.clean import STEPS, About, clean_articles, clean_text, heading
from topics.corpus.edits import rebuild
from topics.corpus.lines import folded, recurring_lines
from topics.corpus.read import RAW, read_articles
from topics.tables import REMOVALS, UserError

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
PIECES = [
    "By Ann Example\n", "April 26, 2031\n", "![](a.png) A caption\n|\n", "HA NOI, Nov 20 (VNS) — ", "Rain fell on the town. ", "./.", "&amp;", "<b>", "</b>",
    "<p>", "donâ€™t ", "Ã©", "didn\"t", "http://x.example/a ", "a@b.example", "Other News\n- One headline here\n- Another one there\n", "organi-\nsation ",
    "(Photo: Ann Example)", "Translated by N.T\n", "Share this article\n", "\x00", "\u200b", "[...]", "[link](http://x.example)", "\n", "\n\n", " ", "The same line twice as a standfirst is.\n",
]  # fmt: skip
texts = st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.text(max_size=200))


def table(rows) -> pd.DataFrame:
    return pd.DataFrame(
        [{**dict.fromkeys(RAW, ""), "row": 0, "doc_id": f"d{i:04d}", **row} for i, row in enumerate(rows)]
    )


def as_removals(text, edits) -> pd.DataFrame:
    return pd.DataFrame(
        [(s, text[s : s + n], new) for s, n, _, new in edits], columns=["start", "passage", "replacement"]
    )


@given(texts, st.permutations(list(STEPS)))
@settings(max_examples=300)
def test_the_original_comes_back_whatever_the_text_and_the_order_of_the_steps(text, steps):
    cleaned, edits = clean_text(text, steps, About(title="Rain fell on the town"))
    assert rebuild(cleaned, as_removals(text, edits)) == text
    assert all(start + n <= following for (start, n, *_), (following, *_) in pairwise(edits))


@given(texts)
@settings(max_examples=100)
def test_cleaning_invents_nothing(text):
    cleaned, edits = clean_text(text)
    kept = sum(n for _, n, _, _ in edits)
    assert len(cleaned) == len(text) - kept + sum(len(new) for *_, new in edits)


def benchmark():
    spec = importlib.util.spec_from_file_location("corpus_cleaning", ROOT / "benchmarks" / "corpus_cleaning.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_precision_and_recall_on_the_labelled_cases_are_what_the_project_promises():
    bench = benchmark()
    precision, recall = bench.scores(bench.made_up())
    assert precision >= 0.98
    assert recall >= 0.90


@pytest.mark.skipif(not (SHARED / "articles").is_dir(), reason="the real articles are not here")
def test_of_the_real_articles_no_sentence_is_lost():
    bench = benchmark()
    pairs = bench.real(SHARED, only=("articles", "reindustrialisation.jsonl.gz"))
    precision, recall = bench.scores(pairs)
    assert len(pairs) >= 5
    assert precision == 1.0
    assert recall >= 0.90


STORY = "The council of town {i} met on day {i} and spoke of matter {i} until the lamps of street {i} were lit."


def test_lines_that_recur_in_a_source_go_and_those_of_repeated_articles_stay():
    rows = [
        {
            "source": "post",
            "text": f"{STORY.format(i=chr(65 + i) * 3)}\n\nThe Post is read on both sides of the river.\n",
        }
        for i in range(12)
    ]
    rows += [
        {
            "source": "echo",
            "text": "This is one and the same story, told again and again.\n\nIt has two paragraphs of its own, no less.\n",
        }
    ] * 12
    articles, removals, _ = clean_articles(table(rows))
    assert removals["passage"].str.strip().unique().tolist() == ["The Post is read on both sides of the river."]
    assert set(removals["step"]) == {"recurring"}
    assert articles["text"].iloc[12:].eq(rows[12]["text"]).all()


def test_endings_that_recur_go_from_texts_of_one_line():
    rows = [
        {
            "source": "post",
            "text": f"{STORY.format(i=chr(65 + i) * 3)} It was late. {STORY.format(i=chr(97 + i) * 3)} (The Post Weekly {i}/2031 page {i})",
        }
        for i in range(9)
    ]
    articles, removals, _ = clean_articles(table(rows))
    assert removals["passage"].str.startswith("(The Post Weekly").all()
    assert len(removals) == 9
    assert articles["text"].str.contains("It was late").all()


@pytest.mark.parametrize(
    ("head", "title"), [("Weekly digest ({i})", "Weekly digest (3)"), ("The Post of the River", "")]
)
def test_a_first_line_that_recurs_but_for_its_number_is_the_title_and_a_masthead_is_none(head, title):
    rows = [
        {
            "source": "post",
            "text": f"{head.format(i=i)}\n\n{STORY.format(i=chr(65 + i) * 3)}\n\n{STORY.format(i=chr(65 + i) * 2)}\n",
        }
        for i in range(12)
    ]
    articles, removals, _ = clean_articles(table(rows))
    assert removals["passage"].str.strip().tolist() == [head.format(i=i) for i in range(12)]
    assert articles["title"].iloc[3] == title
    assert articles["title"].nunique() == (12 if title else 1)


def test_a_source_of_few_articles_has_no_recurring_lines():
    assert recurring_lines(table([{"source": "post", "text": "A line that stands in each of them.\n"}] * 4)) == {}


def test_removals_and_articles_are_tables_of_the_contract():
    articles, removals, dropped = clean_articles(
        table([{"text": "HA NOI, Nov 20 (VNS) — Rain fell./."}, {"text": "\u200b"}])
    )
    assert removals.columns.tolist() == list(REMOVALS)
    assert articles["doc_id"].tolist() == ["d0000"]
    assert dropped[["stage", "id", "reason"]].values.tolist() == [["clean", "d0001", "nothing is left after cleaning"]]
    with pytest.raises(UserError, match=r"no such step: bylnes\. The steps are encoding"):
        clean_articles(table([{"text": "x"}]), steps=["bylnes"])
    untouched, none, _ = clean_articles(table([{"text": "Rain fell./."}]), steps=[])
    assert untouched.loc[0, "text"] == "Rain fell./."
    assert not len(none)


def test_a_title_is_the_tables_own_or_the_heading_and_a_caption_alone_is_a_text():
    articles, _, _ = clean_articles(
        table([{"text": "Rain in Hue\n\nIt rained all day long."}, {"text": "Photo: Ann Example"}])
    )
    assert articles["title"].tolist() == ["Rain in Hue", ""]
    assert articles["text"].tolist() == ["Rain in Hue\n\nIt rained all day long.", "Photo: Ann Example"]
    assert heading("One line only.") == ""


def test_lines_are_compared_without_case_digits_and_addresses():
    assert folded("Page 3 of 20, http://a.example/1") == folded("page 99 of 1, http://b.example/2")


def test_words_divided_at_a_lines_end_are_joined_as_the_corpus_writes_them():
    rows = [
        {"text": "The organi-\nsation met. Its self-\ndetermination is new."},
        {"text": "An organisation of self-determination."},
    ]
    assert clean_articles(table(rows))[0].loc[0, "text"] == "The organisation met. Its self-determination is new."


def test_hostile_patterns_come_to_an_end_and_back():
    for bad in (
        "at " * 4000,
        "By " + "A " * 4000,
        "<a " * 4000,
        "[" * 8000,
        "http://" * 2000,
        "Share on " * 2000,
        "1:1 " * 3000,
        "A, " * 4000,
        "![](" * 3000,
        "(Photo: " * 2000,
        "a@b." * 3000,
    ):
        for text in (bad, bad + "\n", (bad[:240] + "\n") * 40):
            cleaned, edits = clean_text(text)
            assert rebuild(cleaned, as_removals(text, edits)) == text, bad[:20]


@pytest.mark.skipif(not (SHARED / "corpora/dated").is_dir(), reason="the dated corpora are not here")
@pytest.mark.parametrize("name", ["parlspeech-v2-sample-houseofcommons.zip", "reindustrialisation.jsonl.gz"])
def test_real_originals_come_back(name):
    raw, _ = read_articles(SHARED / "corpora/dated" / name)
    articles, removals, _ = clean_articles(raw)
    originals, by_doc = dict(zip(raw["doc_id"], raw["text"], strict=True)), dict(tuple(removals.groupby("doc_id")))
    for doc_id, text in zip(articles["doc_id"], articles["text"], strict=True):
        assert rebuild(text, by_doc.get(doc_id, removals.head(0))) == originals[doc_id]


def test_the_labels_of_real_articles_hold_no_text():
    labels = json.loads((ROOT / "tests/cases/real_removals.json").read_text(encoding="utf-8"))
    assert all(
        len(digest) == 64 and all(isinstance(n, int) for span in spans for n in span)
        for digest, spans in labels.items()
    )


def test_a_caption_run_into_its_paragraph_goes_alone():
    original = "A title here hinh anh 1Two people sign (Photo: Some Wire)The fund pays fees. It began in May.\n\nMore of it follows."
    text, edits = clean_text(original, ["captions"])
    assert text == "The fund pays fees. It began in May.\n\nMore of it follows."
    assert len(edits) == 1


def test_a_dateline_of_any_agency_goes_and_its_date_is_read():
    from topics.corpus.dates import in_header

    original = "HA NOI, Nov. 20, 2017 (Indigo Wire) — Lecture rooms are full this term.\n\nMore follows here."
    assert clean_text(original, ["datelines"])[0].startswith("Lecture rooms")
    assert in_header(original).text == "Nov. 20, 2017"


@pytest.mark.parametrize(
    "stamp",
    [
        "Veröffentlicht am 3. Mai 2021, 10:30 Uhr",
        "lunes, 3 de mayo de 2021",
        "Mise à jour : 3 mai 2021",
        "Aggiornato alle 10:30 del 3 maggio 2021",
        "Gepubliceerd op 3 mei 2021 om 10:30",
        "segunda-feira, 3 de maio de 2021",
        "Updated at 10:30 on 3/5/2021",
        "Last modified on Mon 3 May 2021 10.30 BST",
    ],
)
def test_a_stamp_goes_in_every_language_that_is_read_and_its_day_is_known(stamp):
    from topics.corpus.dates import in_header, updated_in

    story = f"It rained in the town.\n\n{stamp}\n\nThe river rose by a foot, said the harbour master on 4 May 2021."
    assert clean_text(story)[0] == story.replace(f"{stamp}\n", "")
    found = in_header(story) or updated_in(story)
    assert (found.either or found.first).isoformat() == "2021-05-03"


def test_a_line_that_says_more_than_a_date_stays():
    for line in (
        "Adele, 3 May 2021",
        "By the sea on 3 May 2021",
        "Sunday in May 2021",
        "3 May 2021: the day it rained",
    ):
        story = f"It rained in the town.\n\n{line}\n\nThe river rose by a foot."
        assert clean_text(story, ["stamps"])[0] == story
