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
    from topics.corpus.edits import rebuild

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


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,date,2018-02-30,\n", r"row 2: date: there is no such day, '2018-02-30'"),
        ("a,date,1500-02-03,\n", "row 2: date must be of the years 1600 to 2099, got '1500-02-03'"),
        ("a,not_after,2010-02-31,\n", "row 2: not_after: there is no such day"),
        ("a,not_before,2020,\na,not_after,2019,\n", r"not_before 2020-01-01 \(row 2\) is after not_after 2019-12-31 \(row 3\)"),
        ("a,remove,Hue, Hanoi and Vinh,\n", "row 2: has 5 cells where the header has 4: put a value with commas"),
        ("a,language,english,\n", "row 2: language must be a code of two or three letters.*got 'english'"),
        ("\n\na,dat,2018,\n", "row 4: no such field 'dat'"),
        ("a,title,,\n", "row 2: title has no value"),
        ('a,remove,"never closed,\nb,date,2018,\n', "row 2: unexpected end of data"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_one_line_with_its_number(tmp_path, rows, said):
    (tmp_path / "corrections.csv").write_text(f"doc_id,field,value,reason\n{rows}", encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_corrections(tmp_path)


def test_a_wrong_file_is_one_line(tmp_path):
    file = tmp_path / "corrections.csv"
    file.write_text("doc_id,field,value,value\na,date,2018,2019\n", encoding="utf-8")
    with pytest.raises(UserError, match="row 1: there are two columns value"):
        read_corrections(tmp_path)
    file.unlink()
    with pytest.raises(UserError, match=r"fixes\.csv: cannot be read: No such file"):
        read_corrections(tmp_path / "fixes.csv")
    (tmp_path / "Corrections.csv").touch()
    with pytest.raises(UserError, match=r"read under the name corrections\.csv alone\. Rename it"):
        read_corrections(tmp_path)
    (tmp_path / "Corrections.csv").unlink()
    file.mkdir()
    with pytest.raises(UserError, match=r"corrections\.csv: is a folder"):
        read_corrections(tmp_path)


def test_a_bound_is_a_day_and_a_passage_may_be_long(tmp_path):
    lines = [("a", "not_before", "2018"), ("a", "not_after", "2020-02"), ("a", "remove", "x" * 200_000)]
    text = "\n".join(["doc_id,field,value,reason", *(line_for(*line) for line in lines)])
    (tmp_path / "corrections.csv").write_text(text, encoding="utf-8")
    assert read_corrections(tmp_path)["value"].tolist() == ["2018-01-01", "2020-02-29", "x" * 200_000]


def test_a_correction_that_changes_nothing_is_a_row_of_dropped(folder):
    doc = ids(folder)
    rows = [
        (doc["a"], "restore", "By Ann", ""),
        (doc["a"], "restore", "nothing of the kind", ""),
        (doc["a"], "remove", "no such passage", ""),
        (doc["b"], "unlink", "nobody", ""),
        (doc["c"], "date", "2018", ""),
        (doc["c"], "date", "2019", ""),
    ]
    gone = correct(folder, *rows)["dropped"]
    assert gone[gone["what"] == "correction"]["reason"].tolist() == [
        "unlink: there is no article 'nobody'",
        "date: '2018' is overruled by '2019' in a later row",
        "restore: no passage that was taken out begins so: 'nothing of the kind'",
        "remove: the article has no such passage: 'no such passage'",
    ]


def test_corrections_of_another_name_can_be_given_and_those_of_a_folder_within_are_told(folder):
    doc = ids(folder)
    fixes = folder.parent / f"{folder.name}-fixes.csv"
    fixes.write_text(f"doc_id,field,value,reason\n{doc['c']},article,drop,x\n", encoding="utf-8")
    (folder / "deep").mkdir()
    (folder / "deep" / "corrections.csv").write_text("doc_id,field,value\n", encoding="utf-8")
    made = prepare(folder, corrections=fixes, today=TODAY)
    assert doc["c"] not in set(made["articles"]["doc_id"])
    assert "deep/corrections.csv" in set(made["dropped"]["id"])


def test_without_a_file_there_are_no_corrections(tmp_path):
    assert read_corrections(tmp_path).columns.tolist() == ["doc_id", "field", "value", "reason"]
    assert not len(read_corrections(None))


@pytest.mark.parametrize("sign", [";", "\t"])
def test_corrections_saved_by_a_spreadsheet_of_another_country_are_read(tmp_path, sign):
    rows = [["doc_id", "field", "value", "reason"], ["a", "title", "One, two", "as printed"]]
    (tmp_path / "corrections.csv").write_bytes("".join(sign.join(row) + "\r\n" for row in rows).encode("utf-8-sig"))
    assert read_corrections(tmp_path).to_numpy().tolist() == rows[1:]
