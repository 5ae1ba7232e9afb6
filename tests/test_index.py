"""The front page says what was found, sturdiest first, and what cannot be said."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from topics.corpus import audit
from topics.report import index


def trends(*notes, too_few=np.nan):
    names = [f"name {i}" for i in range(len(notes))]
    columns = {"note": list(notes), "n_too_few": too_few, "unit": "log-odds per year", "q": 0.5}
    return pd.DataFrame({"kind": "keyword", "name": names} | columns)


def kept(table, **verdicts):
    found = pd.DataFrame(
        [
            ("keyword", name, verdicts.get(name.replace(" ", "_"), "cannot say"), f"Mention of {name} moved.")
            for name in table["name"]
        ],
        columns=["kind", "name", "verdict", "sentence"],
    )
    return {"trends": table, "findings": found, "unheard": []}


def test_a_card_says_where_a_date_was_read_in_the_words_of_the_page_on_articles():
    row = SimpleNamespace(date="2020-01-02", date_source="column", source="", n_words=9, title="A", url="", text="b")
    dated = index._card(row, [])["meta"][1]
    assert dated == "2020-01-02 (a column or field of the file, or metadata.csv beside the articles)"


def test_names_with_too_few_articles_stand_in_one_sentence_with_their_numbers():
    said = index.untold(kept(trends("Only 1 article mentions it.", "Only 3 articles mention it.", too_few=[1, 3])))
    assert said == [
        "Whether name 1 (3), name 0 (1) rose or fell: too few articles in years of 5 articles or more mention each (in brackets; a trend needs 20)."
    ]


def test_a_reason_is_told_once_with_all_its_names():
    said = index.untold(kept(trends("Found by searching for it.", "Found by searching for it.", "")))
    assert said[0] == "Whether name 0, name 1 rose or fell: Found by searching for it."
    assert said[1] == "No trend could be told from chance for name 2."


def test_only_what_the_trends_room_calls_a_finding_is_one():
    made = kept(trends("", ""), name_1="rose")
    assert index.moved(made["findings"])["name"].tolist() == ["name 1"]
    assert index.untold(made) == ["No trend could be told from chance for name 0."]


@pytest.mark.parametrize(
    ("n", "said"), [(5, "1 more of the 5 topics does not come"), (6, "2 more of the 6 topics do not come")]
)
def test_topics_that_do_not_come_back_are_counted_as_one_or_several(n, said):
    shaky = {"stable": False, "found": 1, "runs": 4, "joins": "", "junk": False}
    topics = pd.DataFrame([{"topic": i, "label": f"topic {i}", **shaky} for i in range(1, n + 1)])
    made = {
        "suggested": n, "topics": {n: {"labels": pd.DataFrame({"topic": [], "name": []})}}, "topics_over_time": {n: {"trends": trends()}},
        "keywords": kept(trends("A note.")), "corpus": {"articles": pd.DataFrame({"date": ["2020-01-01"]})},
    }  # fmt: skip
    assert any(line["text"].startswith(said) for line in index.cannot_say(made, topics, n))


@pytest.mark.parametrize(("n", "said"), [(1, "One article"), (5, "Five articles"), (29, "29 articles")])
def test_few_articles_are_counted_in_words(n, said):
    assert index._count(n) == said


def test_where_no_count_is_suggested_nothing_is_claimed_of_any_topic(monkeypatch):
    def never(*_):
        raise AssertionError("no topic is to be claimed or listed")

    for name in ("topic_findings", "topic_trends", "topics_table"):
        monkeypatch.setattr(index, name, never)
    monkeypatch.setattr(index, "standing", lambda *_: pd.DataFrame({"stable": [True]}))
    made = {
        "suggested": None, "topic_counts": (3,), "topics": {3: {"labels": pd.DataFrame({"topic": [], "name": []})}}, "reading": {3: {}},
        "keywords": kept(trends("A note.")), "comparison": {"choice": {"n_topics": None, "range": [], "why": "No number of topics is suggested."}},
        "corpus": {"articles": pd.DataFrame({"date": ["2020-01-01"]})},
    }  # fmt: skip
    page = index.many_articles(made, [audit.Said("verdict"), *[audit.Said("Beware.", warns=True)] * 5])
    assert page["warnings"] == ["Beware."] * 3
    assert page["findings"] == []
    assert page["verdict"] == "verdict No number of topics held up, so none is claimed."
    assert page["figure"] is None
    assert page["cannot_say"][0]["text"] == "No number of topics is suggested. No topic is claimed."
    assert "hold up" in page["topics"]


def topics_of(**columns):
    base = {"topic": [1, 2], "label": ["roads", "wards"], "share": [0.6, 0.4], "share_low": 0.3, "share_high": 0.7, "terms": "a, b",
            "found": [4, 4], "runs": 4, "stable": True, "junk": False, "again": [0.7, 0.9], "everywhere": False}  # fmt: skip
    return pd.DataFrame(base | columns)


def made_of(counterparts=()):
    columns = ["kind", "topic", "n_topics_b", "similarity", "mutual"]
    shares = pd.DataFrame({"doc_id": ["a", "a", "b", "b"], "topic": [1, 2, 1, 2], "share": [0.9, 0.1, 0.3, 0.7]})
    return {
        "topics": {2: {"doc_topics": shares, "floor": 0.5}},
        "reading": {2: {"counterparts": pd.DataFrame(counterparts, columns=columns)}},
    }


def test_findings_on_topics_are_steady_not_junk_and_the_steadiest_first():
    found = index.topic_findings(made_of(), topics_of(), 2)
    assert [finding["name"] for finding in found] == [2, 1]
    assert [f["name"] for f in index.topic_findings(made_of(), topics_of(stable=[True, False]), 2)] == [1]
    assert [f["name"] for f in index.topic_findings(made_of(), topics_of(junk=[True, False]), 2)] == [2]
    common = index.topic_findings(made_of(), topics_of(everywhere=[False, True]), 2)
    assert [f["name"] for f in common] == [1, 2]
    assert "the language that they share" in common[1]["text"]
    assert "the language that they share" not in common[0]["text"]


def test_a_finding_says_share_interval_comparison_and_what_it_survives():
    elsewhere = [
        ("count", 1, 5, 0.8, True),
        ("count", 1, 8, 0.8, True),
        ("count", 1, 10, 0.4, True),
        ("count", 1, 12, 0.9, False),
    ]
    text = index.topic_findings(made_of(elsewhere), topics_of(), 2)[1]["text"]
    assert "60.0 % (30.0–70.0) of the counted words of an average article" in text
    assert "2 equal topics would have 50.0 %" in text
    assert "the largest topic of 1 article." in text
    assert text.endswith("It comes back in 4 of 4 other runs, and at 5 and 8 topics.")


def test_steady_topics_without_a_trend_are_told_by_their_labels(monkeypatch):
    table = pd.DataFrame(
        {
            "kind": "topic",
            "name": ["1", "2"],
            "note": ["Only 3 years hold 5 articles or more.", "It is not stable."],
            "n_too_few": np.nan,
            "q": 0.5,
        }
    )
    monkeypatch.setattr(index, "findings", lambda trends: trends.assign(verdict="cannot say"))
    made = {"topics_over_time": {2: {"trends": table}}}
    said = index.untold_of_topics(made, topics_of(stable=[True, False]), 2)
    assert said == ["Whether “roads” rose or fell: Only 3 years hold 5 articles or more."]


def test_where_there_is_no_series_the_first_figure_says_why_and_claims_no_interval_that_is_none():
    made = {"topics_over_time": {2: {"series": pd.DataFrame()}}}
    shown = index.first_figure(made, {"kind": "topic", "name": 1}, topics_of(), 2)
    assert "with 95 % intervals (these articles, given these topics). No series, since the dates" in shown
    bare = index.first_figure(made, {"kind": "topic", "name": 1}, topics_of(share_low=np.nan, share_high=np.nan), 2)
    assert "counted words, no interval: this fit has no posterior draws. No series" in bare


def test_what_was_collected_says_how_many_are_dated_and_asks_how():
    articles = pd.DataFrame({"date": ["2019-11-20", "", ""], "source": ["a", "b", ""]})
    said = index.collected(articles, {})
    assert said.startswith(
        "3 articles, 1 of them dated 2019-11-20 to 2019-11-20, from 2 outlets and 1 of unknown outlet."
    )
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


@pytest.mark.parametrize(
    "change",
    [lambda text: text.replace(",", ";"), lambda text: text.replace("v\n", 'v,"\n'), lambda text: text + "x" * 200_000],
)
def test_a_ledger_that_somebody_else_wrote_to_is_kept_beside_and_told(tmp_path, capsys, change):
    row = {"name": "good", "corpus": "c", "topic_counts": "5", "articles": 3, "settings": "s", "verdict": "v"}
    index.enter(tmp_path, row)
    changed = change((tmp_path / "ledger.csv").read_text(encoding="utf-8"))
    (tmp_path / "ledger.csv").write_text(changed, encoding="utf-8")
    assert index.ledger_line(tmp_path, "c", (9,)).startswith("This is run")
    index.enter(tmp_path, row)
    assert (tmp_path / "ledger.changed-1.csv").read_text(encoding="utf-8") == changed
    assert "kept as ledger.changed-1.csv" in capsys.readouterr().err
    index.enter(tmp_path, row)
    assert not capsys.readouterr().err
    assert not (tmp_path / "ledger.changed-2.csv").exists()


def test_a_damaged_record_or_ledger_does_not_spoil_the_list_of_runs(tmp_path):
    row = {"name": "good", "corpus": "c", "topic_counts": "5 x", "articles": 3, "settings": "s", "verdict": "v"}
    index.enter(tmp_path, row)
    with (tmp_path / "ledger.csv").open("ab") as ledger:
        ledger.write("2026-01-01,caf\u00e9,c,s,3,7,v\n".encode("latin-1"))
    for name, text in (("good", '{"topic_counts": [5]}'), ("torn", '{"topic_counts": [5'), ("other", "[]")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "provenance.json").write_text(text)
    index.write_runs(tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert [f"{name}/index.html" in page for name in ("good", "torn", "other")] == [True, False, False]
    assert "<li>3 articles</li><li>topic counts shown: 5</li>" in page
    assert index.ledger_line(tmp_path, "c", (9,)).endswith("run 3 on this corpus; topic counts shown so far: 5, 7, 9.")
