"""The funnel adds up, and the verdict says what the tables say."""

import random
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from topics import pipeline
from topics.corpus import audit, prepare
from topics.report import index
from topics.settings import Settings
from topics.tables import COLUMNS

SHARED = Path(__file__).resolve().parents[2] / "shared"
TODAY = date(2026, 11, 21)


def words(seed: int, n: int = 60) -> str:
    some = "river stone market winter garden window paper orange silver letter summer wood bread coffee train evening music horse".split()
    return " ".join(random.Random(seed).choices(some, k=n))


def texts(said: list[audit.Said]) -> list[str]:
    return [each.text for each in said]


ENGLISH = "The council of the town met on Monday and it spoke of the harbour and of the price of fish, {} and then all of them went home. "


@pytest.fixture
def folder(tmp_path):
    lines = ["id,text,date,source"]
    lines += [f'{i},"{ENGLISH.format(words(i))}",2019-0{1 + i % 9}-03,{"post" if i % 4 else "echo"}' for i in range(40)]
    lines += [f'40,"{ENGLISH.format(words(3))}",2019-09-03,post', "41,,2019-01-01,post", "42,a,b,c,d,e"]
    french = "Le conseil municipal s'est réuni lundi pour parler du port, du bac et du prix du poisson, et il était déjà bien tard. "
    lines += [f'43,"{french}",2019-01-01,post']
    (tmp_path / "articles.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "corrections.csv").write_text("doc_id,field,value,reason\n7,article,drop,test\n", encoding="utf-8")
    return tmp_path


def test_counts_add_up_from_what_was_found_to_what_is_left(folder):
    made = prepare(folder, today=TODAY)
    table = audit.funnel(made["articles"], made["dropped"]).set_index("stage")
    assert table["n_in"].iloc[0] == 44
    assert (table["n_in"] - table["left_out"] == table["n_out"]).all()
    assert (table["n_out"].iloc[:-1].to_numpy() == table["n_in"].iloc[1:].to_numpy()).all()
    assert table["n_out"].iloc[-1] == len(made["articles"]) == 39
    assert table["left_out"].to_dict() == {"read": 2, "clean": 0, "corrections": 1, "language": 1, "repeats": 1}
    for name in ("articles", "removals", "dropped", "repeats"):
        assert made[name].columns[: len(COLUMNS[name])].tolist() == list(COLUMNS[name])
    assert made["articles"]["doc_id"].is_monotonic_increasing


def test_the_check_says_all_of_it_in_plain_words(folder):
    made = prepare(folder, today=TODAY)
    text = audit.check_text(made["articles"], made["removals"], made["dropped"], made["repeats"])
    for said in (
        "39 articles",
        "2 sources; post has",
        "from 2019-01-03 to 2019-09-03",
        "by hand: test",
        "1 repeats another article",
        "1 was left out by hand",
    ):
        assert said in text


def test_the_verdict_names_what_is_missing():
    articles = pd.DataFrame(
        {
            "doc_id": ["a", "b"],
            "text": ["x y"] * 2,
            "n_words": [2, 2],
            "date": ["", ""],
            "date_precision": ["none"] * 2,
            "source": ["", ""],
        }
    )
    none = pd.DataFrame(columns=["stage", "what", "id", "reason", "n"])
    said = " ".join(texts(audit.verdict(articles, none)))
    assert "No article has a date" in said
    assert "source of no article is known" in said
    assert "way of reading them closely" in said
    assert texts(audit.verdict(articles.head(0), none)) == [
        "No article is left: there is nothing to analyse. The table of what was left out says why."
    ]


def test_files_that_were_not_read_are_told_with_their_reasons(tmp_path):
    for at in range(10):
        (tmp_path / f"a{at}.txt").write_text(ENGLISH.format(words(at)), encoding="utf-8")
    for name in (".hidden.pdf", "README.md", "old/metadata.csv", "old/corrections.csv", "a.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"%PDF")
    made = prepare(tmp_path, today=TODAY)
    assert audit.unread_said(made["dropped"]) == "1 file was not read (format .pdf is not read: 1)"
    assert audit.on_files(made["articles"], made["dropped"]) == []
    for name in ("b.pdf", "c.pdf", "d.odt"):
        (tmp_path / name).write_bytes(b"PK")
    made = prepare(tmp_path, today=TODAY)
    told = "4 files were not read (format .pdf is not read: 3; format .odt is not read: 1)"
    assert f"{told}: look at them before trusting what is left." in texts(
        audit.verdict(made["articles"], made["dropped"])
    )
    run = {"corpus": made, "words": {"wordless": []}}
    assert index.left_out(run).endswith(f"{told}.")
    assert index.funnel(run)[0] == {"text": told}


def test_a_row_of_metadata_is_no_article_whatever_is_wrong_with_it(tmp_path):
    (tmp_path / "a.txt").write_text(ENGLISH.format(words(1)), encoding="utf-8")
    (tmp_path / "metadata.csv").write_text("file,date\na.txt,2019-01-01\nb.txt,2019\na.txt,2,3\n", encoding="utf-8")
    made = prepare(tmp_path, today=TODAY)
    assert made["dropped"]["id"].tolist() == ["metadata.csv, row 2", "metadata.csv, row 3"]
    assert audit.funnel(made["articles"], made["dropped"])["n_in"].iloc[0] == 1


def test_one_is_told_as_one():
    columns = ["stage", "what", "id", "reason", "n"]
    lost = pd.DataFrame([(stage, "article", "x", "", 1) for stage in ("corrections", "language")], columns=columns)
    two = pd.DataFrame(
        {"n_words": [1, 40], "date": ["2020-01-01", ""], "date_precision": ["day", "none"], "source": ""}
    )
    run = {"corpus": {"articles": two, "dropped": lost}, "words": {"wordless": ["b"]}}
    said = "of 4 articles 1 was left out by hand; 1 is in another language; 1 has no date and is in no series; "
    said += "1 has no word that the models count, and no topics."
    assert index.left_out(run) == said
    few = texts(audit.verdict(two, lost))
    assert "The shortest has 1 word, the longest 40." in few
    assert "1 of 2 articles has a date, from 2020-01-01 to 2020-01-01, all of them to the day." in few
    many = pd.concat([two.head(1)] * 99 + [two.tail(1)], ignore_index=True)
    assert any("(1) has no date and is in no series" in sentence for sentence in texts(audit.verdict(many, lost)))
    assert index.collected(two.head(1), {}).startswith("1 article, dated")


def test_thin_periods_are_those_that_the_report_uses():
    n = 40
    articles = pd.DataFrame({"n_words": [200] * n, "date": ["2020-01-01"] * n, "date_precision": "day", "source": "a"})
    none = pd.DataFrame(columns=["stage", "what", "id", "reason", "n"])
    quarters = pd.DataFrame({"period": ["2020-Q1", "2020-Q2", "2020-Q3", "2020-Q4"], "n_docs": [24, 0, 4, 12]})
    said = texts(audit.verdict(articles, none, quarters))
    assert "1 of 3 periods with articles has fewer than 5: single values there mean little." in said
    assert any(sentence.startswith("60 % of the dated articles are of 2020-Q1:") for sentence in said)
    warned = [each.text.split(":")[0] for each in audit.verdict(articles, none, quarters) if each.warns]
    assert warned == ["60 % of the dated articles are of 2020-Q1", "1 of 3 periods with articles has fewer than 5"]
    assert not any("periods with" in told or "mostly of" in told for told in texts(audit.verdict(articles, none)))


def test_an_unknown_source_is_none_of_the_sources_here_as_on_the_front_page():
    sources = ["a"] * 20 + ["b"] * 18 + [""] * 2
    articles = pd.DataFrame({"n_words": [200] * 40, "date": "2020-01-01", "date_precision": "day", "source": sources})
    none = pd.DataFrame(columns=["stage", "what", "id", "reason", "n"])
    said = "2 sources and 2 articles of unknown source; a has 50 % of the articles."
    assert said in texts(audit.verdict(articles, none))
    assert "from 2 outlets and 2 of unknown outlet" in index.collected(articles, {})


def test_the_check_counts_articles_in_the_periods_of_the_report(tmp_path):
    days = pd.date_range("2020-01-05", periods=72, freq="10D").strftime("%Y-%m-%d")
    rows = [f'{day},"{ENGLISH.format(words(at))}"' for at, day in enumerate(days)]
    (tmp_path / "a.csv").write_text("\n".join(["date,text", *rows]) + "\n", encoding="utf-8")
    said = pipeline.check(Settings(articles=str(tmp_path), period="quarter", cache=str(tmp_path.parent / "cache")))
    assert "2020-Q1" in said
    assert "2020-01 " not in said


def test_removals_by_step_are_shares_of_the_characters_as_read(folder):
    (folder / "b.txt").write_text("Share this article\n" + ENGLISH.format(words(99)), encoding="utf-8")
    made = prepare(folder, today=TODAY)
    steps = audit.removals_by_step(made["removals"], made["articles"]).set_index("step")
    kept, taken = made["articles"]["text"].str.len().sum(), made["removals"]["n_chars"].sum()
    assert steps.loc["sharing", "n"] == 1
    assert steps["share"].sum() == pytest.approx(
        taken / (kept + taken - made["removals"]["replacement"].str.len().sum())
    )


@pytest.mark.skipif(not (SHARED / "corpora/dated").is_dir(), reason="the dated corpora are not here")
def test_french_articles_make_a_french_corpus():
    made = prepare(SHARED / "corpora/dated/reindustrialisation.jsonl.gz", today=TODAY)
    assert made["language"] == "fr"
    assert len(made["articles"]) >= 350
    assert (made["articles"]["date_source"] == "column").all()


def test_where_most_sources_are_unknown_those_that_are_named_are_counted_as_sources():
    articles = pd.DataFrame({"source": ["", "", "", "The Post", "The Post"]})
    said = "The source of 60 % of the articles is unknown; 1 source is named, most often The Post (2)."
    assert texts(audit._on_sources(articles)) == [said]
