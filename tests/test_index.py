"""The front page says what was found, sturdiest first, and what cannot be said."""

from __future__ import annotations

import pandas as pd
import pytest

from topics.report import index


def trends(*notes):
    names = [f"name {i}" for i in range(len(notes))]
    return pd.DataFrame({"kind": "keyword", "name": names, "note": list(notes), "q": 0.5})


def kept(table, **verdicts):
    found = pd.DataFrame(
        [
            ("keyword", name, verdicts.get(name.replace(" ", "_"), "cannot say"), f"Mention of {name} moved.")
            for name in table["name"]
        ],
        columns=["kind", "name", "verdict", "sentence"],
    )
    return {"trends": table, "findings": found}


def test_names_with_too_few_articles_stand_in_one_sentence_with_their_numbers():
    said = index.untold(
        kept(trends("Only 3 articles mention it; a trend needs 20.", "Only 1 article mentions it; a trend needs 20."))
    )
    assert said == [
        "Whether name 0 (3), name 1 (1) rose or fell: too few articles mention each (in brackets; a trend needs 20)."
    ]


def test_a_reason_is_told_once_with_all_its_names():
    said = index.untold(kept(trends("Found by searching for it.", "Found by searching for it.", "")))
    assert said[0] == "Whether name 0, name 1 rose or fell: Found by searching for it."
    assert said[1] == "No trend could be told from chance for name 2."


def test_only_what_the_trends_room_calls_a_finding_is_one():
    made = kept(trends("", ""), name_1="rose")
    assert index.moved(made)["name"].tolist() == ["name 1"]
    assert index.untold(made) == ["No trend could be told from chance for name 0."]


@pytest.mark.parametrize(("n", "said"), [(1, "One article"), (5, "Five articles"), (29, "29 articles")])
def test_few_articles_are_counted_in_words(n, said):
    assert index._count(n) == said


def test_what_was_collected_says_how_many_are_dated_and_asks_how():
    articles = pd.DataFrame({"date": ["2019-11-20", "", ""], "source": ["a", "b", ""]})
    said = index.collected(articles, {})
    assert said.startswith("3 articles, 1 of them dated 2019-11-20 to 2019-11-20, from 2 outlets.")
    assert "collection.yml" in said
    assert "searching for “smart city”" in index.collected(articles, {"query": "smart city"})


def test_the_ledger_counts_the_runs_on_one_corpus_and_the_counts_tried(tmp_path):
    index.enter(
        tmp_path,
        {"name": "a", "corpus": "c1", "topic_counts": "5 10", "articles": 3, "settings": "s", "verdict": "v, w"},
    )
    index.enter(
        tmp_path, {"name": "b", "corpus": "c2", "topic_counts": "7", "articles": 3, "settings": "s", "verdict": "v"}
    )
    assert (
        index.ledger_line(tmp_path, "c1", (20,))
        == "This is run 2 on this corpus; topic counts shown so far: 5, 10, 20."
    )
    assert index.ledger_line(tmp_path, "c3", (3,)) == "This is run 1 on this corpus; topic counts shown so far: 3."
    assert [row["verdict"] for row in index.read_ledger(tmp_path)] == ["v, w", "v"]
