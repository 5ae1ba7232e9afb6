"""What a person decides is applied at the next run and told."""

from datetime import date

import pytest

from topics.corpus import prepare
from topics.corpus.corrections import line_for, read_corrections
from topics.tables import UserError

TODAY = date(2026, 11, 21)
STORIES = {
    "a": "By Ann Example\n\nThe ferry sails four times a day between the two islands, the harbour master said on Tuesday morning.\n\nShare this article\n",
    "b": "The bank raised its rate by a quarter of a point for the third time in a year, and nobody in the hall was surprised at all.",
    "c": "Pupils of three schools built a telescope from a kit and saw the rings of Saturn on the very first evening of the spring term.",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in {**STORIES, "d": STORIES["b"]}.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    return tmp_path


def ids(folder) -> dict[str, str]:
    made = prepare(folder, today=TODAY)
    known = {file[0]: doc_id for file, doc_id in zip(made["articles"]["file"], made["articles"]["doc_id"], strict=True)}
    gone = made["repeats"]["doc_id"].tolist()
    return known | {doc_id[0]: doc_id for doc_id in gone}


def correct(folder, *rows):
    lines = ["doc_id,field,value,reason", *(line_for(*row) for row in rows)]
    (folder / "corrections.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return prepare(folder, today=TODAY)


def test_dates_drops_titles_and_unlinks(folder):
    doc = ids(folder)
    assert set(doc) == set("abcd")
    repeat = next(doc[x] for x in "bd" if doc[x] in set(prepare(folder, today=TODAY)["repeats"]["doc_id"]))
    made = correct(
        folder, (doc["a"], "date", "2019-05", "asked"), (doc["c"], "article", "drop", "off topic"), (repeat, "unlink", "*", ""), (doc["a"], "title", "Ferry", ""),
        ("nobody", "date", "2019", ""),
    )  # fmt: skip
    articles = made["articles"].set_index("doc_id")
    assert articles.loc[doc["a"], ["date", "date_source", "date_precision", "title"]].tolist() == [
        "2019-05",
        "correction",
        "month",
        "Ferry",
    ]
    assert sorted(articles["file"]) == ["a.txt", "b.txt", "d.txt"]
    assert not len(made["repeats"])
    told = dict(zip(made["dropped"]["id"], made["dropped"]["reason"], strict=True))
    assert told[doc["c"]] == "by hand: off topic"
    assert told["nobody"] == "date: there is no such article"


def test_passages_are_restored_and_removed_and_the_original_still_comes_back(folder):
    from topics.corpus.clean import rebuild

    doc = ids(folder)["a"]
    made = correct(
        folder,
        (doc, "restore", "By Ann", "it matters"),
        (doc, "remove", "the harbour master said on Tuesday morning", ""),
    )
    text = made["articles"].set_index("doc_id").loc[doc, "text"]
    assert text.startswith("By Ann Example\n\nThe ferry sails")
    assert "harbour master" not in text
    rows = made["removals"][made["removals"]["doc_id"] == doc]
    assert set(rows["step"]) == {"sharing", "correction"}
    assert rebuild(text, rows) == STORIES["a"]


def test_an_article_that_is_kept_by_hand_stays_whatever_it_repeats(folder):
    doc = ids(folder)
    made = correct(folder, (doc["d"], "article", "keep", ""), (doc["b"], "article", "keep", ""))
    assert len(made["articles"]) == 4


def test_wrong_rows_are_all_named_at_once(folder):
    (folder / "corrections.csv").write_text(
        "doc_id,field,value,reason\na,dat,2019,\nb,date,soon,\nc,article,maybe,\n", encoding="utf-8"
    )
    with pytest.raises(
        UserError,
        match=r"row 2: no such field 'dat' \(allowed: date, .*\)\. Did you mean 'date'\?; row 3: date must be like .* got 'soon'; row 4: article must be keep or drop",
    ):
        read_corrections(folder)
    (folder / "corrections.csv").write_text("id,value\n", encoding="utf-8")
    with pytest.raises(UserError, match="has no column doc_id, field"):
        read_corrections(folder)


def test_without_a_file_there_are_no_corrections(tmp_path):
    assert read_corrections(tmp_path).columns.tolist() == ["doc_id", "field", "value", "reason"]
    assert not len(read_corrections(None))
