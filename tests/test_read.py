"""Everything that comes in ends in a row of RAW, a row of DROPPED, or one clear error."""

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from topics import store
from topics.corpus.read import RAW, columns_found, read_articles
from topics.tables import DROPPED, UserError

SHARED = Path(__file__).resolve().parents[2] / "shared"
STORY = "The town council met on Monday. It spoke of the harbour, the ferry and the price of fish for an hour."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def reasons(dropped: pd.DataFrame) -> dict[str, str]:
    return dict(zip(dropped["id"], dropped["reason"], strict=True))


def test_a_folder_of_texts_is_a_row_each_and_files_that_are_none_are_rows_of_dropped(folder):
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "one.txt").write_text(STORY, encoding="utf-8")
    (folder / "deep" / "er" / "two.md").write_text(
        f"---\ntitle: Harbour\ndate: 2019-04-02\n---\n{STORY}", encoding="utf-8"
    )
    (folder / "README.md").write_text("read me", encoding="utf-8")
    (folder / "Readmission rates.txt").write_text(STORY, encoding="utf-8")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    (folder / ".hidden.txt").write_text("no", encoding="utf-8")
    raw, dropped = read_articles(folder)
    assert raw["file"].tolist() == sorted(
        ["one.txt", "deep/er/two.md", "Readmission rates.txt"], key=lambda f: raw.set_index("file").loc[f, "doc_id"]
    )
    assert raw.columns[: len(RAW)].tolist() == list(RAW)
    assert dropped.columns.tolist() == list(DROPPED)
    assert set(reasons(dropped)) == {"README.md", "photo.jpg", ".hidden.txt"}
    two = raw.set_index("file").loc["deep/er/two.md"]
    assert (two["title"], two["date_column"], two["text"]) == ("Harbour", "2019-04-02", STORY)


def test_every_table_format_and_every_packing_gives_the_same_articles(folder, tmp_path):
    rows = [
        {
            "id": f"a{i}",
            "headline": f"Title {i}",
            "body": f"{STORY} Number {i}.",
            "published": "2020-01-02",
            "section": "x",
        }
        for i in range(3)
    ]
    frame = pd.DataFrame(rows)
    made = {
        "t.csv": frame.to_csv(index=False).encode(),
        "t.tsv": frame.to_csv(index=False, sep="\t").encode(),
        "semicolons.csv": frame.to_csv(index=False, sep=";").encode(),
        "t.json": json.dumps({"articles": rows}).encode(),
        "t.jsonl": "\n".join(json.dumps(row) for row in rows).encode(),
        "utf16.csv": frame.to_csv(index=False).encode("utf-16"),
    }
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    made |= {name: (tmp_path / name).read_bytes() for name in ("t.parquet", "t.xlsx")}
    for name, data in list(made.items()):
        made[f"{name}.gz"] = gzip.compress(data)
        made[f"{name}.bz2"] = bz2.compress(data)
        made[f"{name}.xz"] = lzma.compress(data)
        zipped, tarred = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(zipped, "w") as archive:
            archive.writestr(name, data)
        with tarfile.open(fileobj=tarred, mode="w:xz") as tar:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        made[f"{name}.zip"], made[f"{name}.tar.xz"] = zipped.getvalue(), tarred.getvalue()
    for name, data in made.items():
        (folder / name).write_bytes(data)
        raw, dropped = read_articles(folder / name)
        assert raw[["doc_id", "title", "text", "date_column", "section"]].to_dict("records") == [
            {
                "doc_id": r["id"],
                "title": r["headline"],
                "text": r["body"],
                "date_column": r["published"],
                "section": "x",
            }
            for r in rows
        ], name
        assert not len(dropped), name
        assert raw["row"].tolist() == [1, 2, 3], name


def test_columns_are_found_by_name_and_can_be_set(folder):
    (folder / "t.csv").write_text("Titre,Lead,Story\nA,first,second\n", encoding="utf-8")
    raw, _ = read_articles(folder / "t.csv", columns={"text": ["Lead", "Story"]})
    assert raw.loc[0, "text"] == "first\n\nsecond"
    assert raw.loc[0, "title"] == "A"
    assert columns_found(["Text", "Date", ""])["text"] == ["Text"]
    with pytest.raises(UserError, match=r"no such role: txt.*text, title, date"):
        read_articles(folder, columns={"txt": "Story"})


def test_columns_are_found_with_their_accents():
    found = columns_found(["Tiêu đề", "Nội dung", "Ngày", "Año"])
    assert found == {"text": ["Nội dung"], "title": ["Tiêu đề"], "date": ["Ngày"]}
    assert columns_found(["Ti\u0301tulo", "texto"]) == {"text": ["texto"], "title": ["Ti\u0301tulo"]}


def test_a_table_without_text_is_an_error_where_it_was_named_and_a_row_among_others(folder):
    (folder / "prices.csv").write_text("day,price\n1,2\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"the columns are: day, price"):
        read_articles(folder / "prices.csv")
    with pytest.raises(UserError, match="columns are: day, price"):
        read_articles(folder)
    (folder / "a.txt").write_text(STORY, encoding="utf-8")
    raw, dropped = read_articles(folder)
    assert len(raw) == 1
    assert "the columns are: day, price" in reasons(dropped)["prices.csv"]


def test_every_list_of_articles_in_a_json_document_is_read_and_another_is_a_row_of_dropped(folder):
    years = {"2018": [{"text": STORY}], "2019": [{"text": f"{STORY} {i}"} for i in range(3)]}
    (folder / "a.json").write_text(json.dumps({**years, "outlets": [{"name": "The Post"}], "tags": ["a", "b"]}))
    raw, dropped = read_articles(folder)
    assert sorted(raw["row"]) == [1, 2, 3, 4]
    assert reasons(dropped) == {
        "a.json, 'outlets'": "a list of 1 without a column of text",
        "a.json, 'tags'": "a list of 2 without a column of text",
    }


def test_two_columns_of_one_name_are_both_kept_and_told(folder):
    (folder / "a.csv").write_text(f"id,text,text,,\n1,{STORY.replace(',', '')},second,,\n", encoding="utf-8")
    raw, dropped = read_articles(folder)
    assert [column for column in raw.columns if column not in RAW] == ["text (3)"]
    assert raw.loc[0, ["text", "text (3)"]].tolist() == [STORY.replace(",", ""), "second"]
    assert reasons(dropped) == {
        "a.csv, columns 2 and 3": "both are named 'text': the first counts, the other is 'text (3)'"
    }
    assert read_articles(folder, columns={"text": "text (3)"})[0].loc[0, "text"] == "second"


@pytest.mark.parametrize(("file", "form"), [("a.jsonl", "{}\n{}\n"), ("a.json", "[{}, {}]")])
def test_a_key_that_stands_twice_in_an_object_is_told(folder, file, form):
    record = f'{{"id": "%d", "text": "first", "text": {json.dumps(STORY)}}}'
    (folder / file).write_text(form.format(record % 1, record % 2), encoding="utf-8")
    raw, dropped = read_articles(folder)
    assert raw["text"].tolist() == [STORY, STORY]
    assert reasons(dropped) == {f"{file}, 'text'": "more than once in an object (2 of them): the last counts"}


def test_of_an_outlet_told_as_an_object_the_name_is_taken_and_the_rest_kept(folder):
    sources = [{"id": None, "name": "Reuters"}, {"title": "The Post"}, {"id": 7}, "Echo"]
    rows = [{"source": source, "content": STORY} for source in sources]
    (folder / "a.json").write_text(json.dumps({"status": "ok", "articles": rows}), encoding="utf-8")
    raw = read_articles(folder)[0].sort_values("row")
    assert raw["source"].tolist() == ["Reuters", "The Post", '{"id": 7}', "Echo"]
    assert raw["source_given"].tolist() == ['{"id": null, "name": "Reuters"}', '{"title": "The Post"}', "", ""]


def test_a_sidecar_joins_by_file_name(folder):
    (folder / "a.txt").write_text(STORY, encoding="utf-8")
    (folder / "b.html").write_text(f"<html><body><article><p>{STORY * 5}</p></article></body></html>", encoding="utf-8")
    (folder / "metadata.csv").write_text(
        "file,title,date,source,url,desk\na.txt,Harbour,2018-04-26,The Post,https://post.example/a,local\nb,Fish,2018-05,The Post,,\nc.txt,x,,,,\n",
        encoding="utf-8",
    )
    raw, dropped = read_articles(folder)
    a = raw.set_index("file").loc["a.txt"]
    assert a[["title", "date_column", "source", "url", "desk"]].tolist() == [
        "Harbour",
        "2018-04-26",
        "The Post",
        "https://post.example/a",
        "local",
    ]
    assert raw.set_index("file").loc["b.html", "date_column"] == "2018-05"
    assert "there is no file 'c.txt'" in reasons(dropped)["metadata.csv, row 3"]


def test_columns_that_are_set_are_those_of_a_sidecar_too(folder):
    (folder / "a.txt").write_text(STORY, encoding="utf-8")
    (folder / "metadata.csv").write_text("file,erschienen,outlet\na.txt,2018-04-26,The Post\n", encoding="utf-8")
    raw, _ = read_articles(folder, columns={"text": "inhalt", "date": "erschienen", "title": []})
    assert raw.loc[0, ["date_column", "source"]].tolist() == ["2018-04-26", "The Post"]
    with pytest.raises(
        UserError, match=r"no table has a column 'erschienn' \(for date\)\. Did you mean 'erschienen'\?"
    ):
        read_articles(folder, columns={"date": "erschienn"})


def test_a_sidecar_that_names_a_file_twice_says_so(folder):
    (folder / "a.txt").write_text(STORY, encoding="utf-8")
    (folder / "metadata.csv").write_text("file,date\na.txt,2018\na,2019\n", encoding="utf-8")
    raw, dropped = read_articles(folder)
    assert raw.loc[0, "date_column"] == "2019"
    said = "'a.txt' is named again: what metadata.csv, row 2 says of it counts"
    assert reasons(dropped) == {"metadata.csv, row 1": said}


def test_a_sidecar_beside_one_file_is_read_and_enters_the_key(folder):
    for name in "ab":
        (folder / f"{name}.txt").write_text(STORY, encoding="utf-8")
    (folder / "Metadata.csv").write_text("file,date\na.txt,2018\nb.txt,2019\n", encoding="utf-8")
    raw, dropped = read_articles(folder / "a.txt")
    assert raw[["file", "date_column"]].to_numpy().tolist() == [["a.txt", "2018"]]
    assert not len(dropped)
    assert [item["file"] for item in store.inputs(folder / "a.txt")] == ["a.txt", "Metadata.csv"]


def test_ids_are_the_sources_own_or_of_name_and_content_and_never_the_position(folder):
    (folder / "a.txt").write_text(STORY, encoding="utf-8")
    (folder / "b.txt").write_text(STORY + " More.", encoding="utf-8")
    before = dict(read_articles(folder)[0][["file", "doc_id"]].itertuples(index=False, name=None))
    (folder / "0.txt").write_text("Another one.", encoding="utf-8")
    (folder / "metadata.csv").write_text("file,title\na.txt,Later\n", encoding="utf-8")
    after = dict(read_articles(folder)[0][["file", "doc_id"]].itertuples(index=False, name=None))
    assert {file: after[file] for file in before} == before
    lines = [json.dumps({"id": "1" if i < 2 else "2", "text": f"{STORY} {i}"}) for i in range(3)]
    (folder / "t.jsonl").write_text("\n".join(lines), encoding="utf-8")
    ids = set(read_articles(folder / "t.jsonl")[0]["doc_id"])
    (folder / "t.jsonl").write_text("\n".join(reversed(lines)), encoding="utf-8")
    assert len(ids) == 3
    assert set(read_articles(folder / "t.jsonl")[0]["doc_id"]) == ids


def test_an_own_id_stands_as_it_is_whatever_else_is_read_and_only_what_collides_is_prefixed(folder):
    def ids():
        return dict(read_articles(folder)[0][["text", "doc_id"]].itertuples(index=False, name=None))

    (folder / "post.csv").write_text("id,text\nP-1,one\nP-2,two\n,none\n", encoding="utf-8")
    alone = ids()
    assert [alone["one"], alone["two"]] == ["P-1", "P-2"]
    assert alone["none"].startswith("post-")
    (folder / "wire.csv").write_text("id,text\nW-1,three\nP-2,four\n", encoding="utf-8")
    both = ids()
    assert both == alone | {"two": "post-P-2", "three": "W-1", "four": "wire-P-2"}
    (folder / "deep").mkdir()
    (folder / "deep" / "wire.csv").write_text("id,text\nP-2,five\nP-2,six\npost-P-2,seven\n", encoding="utf-8")
    more = ids()
    assert len(set(more.values())) == len(more) == 8
    assert more["seven"] == "post-P-2"
    assert {text: more[text] for text in ("one", "three")} == {"one": "P-1", "three": "W-1"}


def test_an_id_is_never_a_path_and_holds_no_control_character(folder):
    rows = [
        {"id": own, "text": own}
        for own in ("../../etc/passwd", "/abs", "a\x1b[31m\u202eb", "..", "https://a.example/1")
    ]
    (folder / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found = set(read_articles(folder)[0]["doc_id"])
    assert found == {"_/_/etc/passwd", "abs", "a_31m_b", "_", "https://a.example/1"}


def test_empty_and_missing_paths_are_one_clear_line(folder):
    with pytest.raises(UserError, match="holds no files"):
        read_articles(folder)
    (folder / "articles.csv").write_text("text\n" + STORY, encoding="utf-8")
    with pytest.raises(UserError, match=r"is not there\. Did you mean .*articles\.csv"):
        read_articles(folder / "artcles.csv")
    (folder / "x.docx").write_bytes(b"x")
    with pytest.raises(
        UserError, match=r"format \.docx is not read\. Save the document as text\. Formats .* read: \.csv"
    ):
        read_articles(folder / "x.docx")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"id,text\n", r"a\.csv: a table without rows\. Give a table"),
        ("a.json", b"[]", "a table without rows"),
        ("a.json", b'{"text":\n"one"}\n{"text":\n"two"}\n', r"more than one JSON document, and not one a line\.$"),
        ("a.zip", b"PK\x05\x06" + bytes(18), r"an archive without files\. Put articles into"),
        ("a.zip", b"PK\x03\x04nothing", r"archive cannot be read: .*Download or pack the archive anew\."),
        ("a.xls", b"PK", r"format \.xls is not read\. Save the spreadsheet as \.xlsx or CSV\."),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), r"locked by a password, .* Take the password off in Excel\."),
        ("a.xlsx", b"PK\x03\x04nothing", r"a\.xlsx: cannot be read further: .*zip"),
        ("a.csv", b"day,price\n1,2\n", r"the columns are: day, price\. Set `columns` to name the column of text"),
    ],
)
def test_what_is_to_be_done_fits_what_was_found(folder, name, data, said):
    (folder / name).write_bytes(data)
    with pytest.raises(UserError, match=said):
        read_articles(folder)


def test_a_column_that_is_set_and_that_no_table_has_is_named_with_the_nearest(folder):
    (folder / "a.csv").write_text("text,published\none,2018\n", encoding="utf-8")
    (folder / "b.jsonl").write_text('{"text": "two", "section": "x"}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"no table has a column 'publishd' \(for date\)\. Did you mean 'published'\?"):
        read_articles(folder, columns={"date": "publishd"})
    assert len(read_articles(folder, columns={"date": ["published", "section"]})[0]) == 2


@pytest.mark.skipif(os.name == "nt", reason="links and devices as on Unix")
def test_links_out_of_the_folder_and_devices_are_passed_over_with_a_row(folder, tmp_path):
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "a.txt").write_text(STORY, encoding="utf-8")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    raw, dropped = read_articles(folder)
    assert raw["text"].tolist() == [STORY]
    said = reasons(dropped)
    assert said["out.txt"] == "a link out of the folder"
    assert said["up"] == "a link to a folder"
    assert said["pipe.txt"] == "not a regular file"
    assert "cannot be read" in said["loop.txt"]


def test_what_may_not_be_read_is_a_row_of_dropped_and_never_stops_the_others(folder, monkeypatch):
    (folder / "shut").mkdir()
    for name in ("good.txt", "bad.txt", "bad.csv", "shut/in.txt"):
        (folder / name).write_text(STORY, encoding="utf-8")
    refused = {"shut", "bad.txt", "bad.csv"}
    scan, open_path = os.scandir, Path.open

    def refuse(act):
        def maybe(path, *more):
            if Path(path).name in refused:
                raise PermissionError(13, "Permission denied", str(path))
            return act(path, *more)

        return maybe

    monkeypatch.setattr(os, "scandir", refuse(scan))
    monkeypatch.setattr(Path, "open", refuse(open_path))
    raw, dropped = read_articles(folder)
    assert raw["file"].tolist() == ["good.txt"]
    assert reasons(dropped) == {
        "bad.csv": "cannot be read further: Permission denied",
        "bad.txt": "Permission denied",
        "shut": "a folder that cannot be opened: Permission denied",
    }
    found = {item["file"]: item["sha256"] for item in store.inputs(folder)}
    assert found["bad.txt"] == "" != found["good.txt"]
    with pytest.raises(UserError, match=r"shut cannot be opened: Permission denied\."):
        read_articles(folder / "shut")


@pytest.mark.parametrize("way", ["w:gz", "w:xz", "w"])
def test_a_zip_within_a_tar_is_read_though_a_tar_goes_from_front_to_back(folder, way):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("b.txt", STORY)
        archive.writestr("a.txt", STORY + " More.")
    with tarfile.open(folder / "all.tar", way) as archive:
        for name, data in (("inner.zip", packed.getvalue()), ("c.txt", STORY.encode())):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    raw, dropped = read_articles(folder / "all.tar")
    assert sorted(raw["file"]) == ["all.tar/c.txt", "all.tar/inner.zip/a.txt", "all.tar/inner.zip/b.txt"]
    assert dropped.empty


def test_bombs_long_lines_and_nests_are_bounded_and_reported(folder, monkeypatch):
    monkeypatch.setattr("topics.corpus.read.MAX_ARTICLE", 10_000)
    monkeypatch.setattr("topics.corpus.records.MAX_LINE", 10_000)
    monkeypatch.setattr("topics.corpus.files.MAX_UNPACKED", 1_000_000)
    (folder / "a.txt").write_text(STORY, encoding="utf-8")
    (folder / "big.txt.gz").write_bytes(gzip.compress(b"x" * 100_000))
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"0" * 5_000_000)
    inner = (folder / "bomb.zip").read_bytes()
    for level in range(3):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"level{level}.zip", inner)
        inner = packed.getvalue()
    (folder / "nest.zip").write_bytes(inner)
    (folder / "lines.jsonl").write_bytes(
        b'{"text": "' + b"y" * 50_000 + b'"}\n' + json.dumps({"text": STORY}).encode() + b"\n"
    )
    raw, dropped = read_articles(folder)
    said = "\n".join(f"{i}: {r}" for i, r in reasons(dropped).items())
    assert sorted(raw["file"]) == ["a.txt", "lines.jsonl"]
    for expected in (
        "big.txt.gz: more than",
        "bomb.zip: unpacks to more than",
        "nested more than 2 deep",
        "lines.jsonl, line 1: longer than",
    ):
        assert expected in said


def test_names_in_archives_are_labels_and_never_paths(folder):
    with zipfile.ZipFile(folder / "evil.zip", "w") as archive:
        archive.writestr("../../up.txt", STORY)
        archive.writestr("/abs\x1b[31m.txt", STORY + " Again.")
    raw, _ = read_articles(folder)
    assert all(".." not in name and "\x1b" not in name for name in raw["file"])
    assert {path.name for path in folder.parent.iterdir()} == {"data"}


BROKEN = {
    "unclosed.csv": b'text,date\n"never closed,2020\nnext,2021\n',
    "ragged.csv": b"text,date\none,two,three,four\nfine text,2020-01-01\n",
    "nul.csv": b"text\nbefore\x00after\n",
    "half.json": b'[{"text": "a"}, {"te',
    "deep.json": b"[" * 100_000,
    "mixed.jsonl": b'{"text": "good"}\n[1]\nnot json\n{"text": 5}\n',
    "not.zip": b"PK\x03\x04nothing",
    "cut.tar.xz": lzma.compress(b"x" * 1000)[:40],
    "cut.csv.gz": gzip.compress(b"text\n" + STORY.encode() * 50)[:40],
    "cut.parquet": b"PAR1",
    "cut.xlsx": b"PK\x03\x04",
    "locked.xlsx": b"\xd0\xcf\x11\xe0" + bytes(600),
    "other.xlsx": b"id,text\n1,none of Excel\n",
    "empty.csv": b"",
    "empty.html": b"",
    "odd.html": b"<html><body>" + b"<div>" * 3000 + b"text",
    "bytes.txt": bytes(range(256)),
    "surrogate.jsonl": b'{"text": "\\ud800 alone"}\n',
}


def test_broken_files_end_in_rows_and_never_stop_the_others(folder):
    for name, data in BROKEN.items():
        (folder / name).write_bytes(data)
    (folder / "good.txt").write_text(STORY, encoding="utf-8")
    raw, dropped = read_articles(folder)
    told = set(raw["file"]) | {i.split(",")[0].split("/")[0] for i in dropped["id"]}
    assert told == set(BROKEN) | {"good.txt"}
    assert dropped["reason"].str.len().between(3, 700).all()
    assert "row 1" in " ".join(dropped.loc[dropped["id"].str.startswith("ragged"), "id"])
    raw["text"].str.encode("utf-8")  # no lone surrogate is left: the table can be written
    for name in BROKEN:
        said = ""
        try:
            read_articles(folder / name)
        except UserError as error:
            said = str(error)
        assert "\n" not in said


def test_a_quote_that_is_never_closed_costs_its_own_row_and_no_other(folder):
    rows = [f'{i},"Title {i}","{STORY} {i}\n\nSaid ""he"", and left.",2018-04-{i:02d}\n' for i in range(1, 9)]
    head = "id,title,text,date\n"
    (folder / "good.csv").write_text(head + "".join(rows), encoding="utf-8")
    assert len(read_articles(folder / "good.csv")[0]) == 8
    for at, cut in ((2, "Title 3"), (2, "and left."), (7, "Title 8"), (7, "and left.")):
        broken = rows.copy()
        broken[at] = broken[at].replace(f'{cut}"', cut)
        (folder / "broken.csv").write_text(head + "".join(broken), encoding="utf-8")
        raw, dropped = read_articles(folder / "broken.csv")
        assert raw["doc_id"].tolist() == [str(i) for i in range(1, 9) if i != at + 1], (at, cut)
        assert "a quote that opens here is not closed" in reasons(dropped)[f"broken.csv, row {at + 1}"]


def test_where_no_row_can_be_told_from_another_each_broken_one_is_told(folder, monkeypatch):
    monkeypatch.setattr("topics.corpus.records._begins_a_record", lambda *_: pytest.fail("looked ahead"))
    (folder / "t.csv").write_text(
        "text\n" + "".join(f'"a" b, c{i}\n' for i in range(50)) + STORY.replace(",", "") + "\n"
    )
    raw, dropped = read_articles(folder)
    assert len(raw) == 1
    assert dropped["reason"].tolist() == ["has 2 cells where the header has 1"] * 50


def test_cells_of_many_lines_stand_whatever_is_in_them(folder):
    table = "Prices:\n1,2018-04-01\n2,2018-04-02\nend"
    careless = 'He said "yes" to all of them.'
    (folder / "t.csv").write_text(f'text,date\n"{table}",2018\n"{careless}",2019\nA 5" disk,2020\n', encoding="utf-8")
    raw, dropped = read_articles(folder / "t.csv")
    assert set(raw["date_column"]) == {"2018", "2019", "2020"}
    assert table in set(raw["text"])
    assert not len(dropped)


def test_the_same_table_whatever_the_map_and_the_order_of_the_files(folder):
    from concurrent.futures import ThreadPoolExecutor

    for i in range(40):
        (folder / f"{(i * 17) % 40}.txt").write_text(f"{STORY} {i}", encoding="utf-8")
    with ThreadPoolExecutor(3) as pool:
        pd.testing.assert_frame_equal(read_articles(folder)[0], read_articles(folder, map=pool.map)[0])


@pytest.mark.skipif(not (SHARED / "corpora/robust").is_dir(), reason="the robust corpora are not here")
def test_naughty_strings_and_odd_tables_are_rows_or_clear_errors(tmp_path):
    with tarfile.open(SHARED / "corpora/robust/robust_small.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    strings = json.loads((tmp_path / "blns/blns.json").read_text(encoding="utf-8"))
    lines = "\n".join(json.dumps({"id": str(i), "text": s}) for i, s in enumerate(strings))
    (tmp_path / "naughty.jsonl").write_text(lines, encoding="utf-8")
    raw, dropped = read_articles(tmp_path / "naughty.jsonl")
    assert len(raw) + len(dropped) == len(strings)
    texts = dict(zip(raw["doc_id"], raw["text"], strict=True))
    assert all(
        texts[str(i)] == s.replace("\r\n", "\n").replace("\r", "\n") for i, s in enumerate(strings) if str(i) in texts
    )
    for file in sorted((tmp_path / "csv-spectrum/csvs").iterdir()):
        with pytest.raises(UserError, match=r"the columns are|could be read|holds no"):
            read_articles(file)
        header = pd.read_csv(file, nrows=0).columns[0]
        raw, _ = read_articles(file, columns={"text": header})
        cells = pd.read_csv(file, dtype=str, keep_default_na=False)[header].str.replace("\r\n", "\n")
        assert sorted(raw["text"]) == sorted(cell for cell in cells if cell.strip())


@pytest.mark.parametrize(
    "table",
    [
        f'sep=;\r\ntitle;text\r\nHarbour;"{STORY}"\r\nFerry;"{STORY} Twice."\r\n',  # as Excel is told its delimiter
        f'\r\n\r\ntitle,text\r\nHarbour,"{STORY}"\r\nFerry,"{STORY} Twice."\r\n',
        f'title,text\rHarbour,"{STORY}"\rFerry,"{STORY} Twice."\r',  # as Excel writes on a Mac
    ],
    ids=["a line that names the delimiter", "empty lines before the header", "carriage returns alone"],
)
def test_tables_as_spreadsheets_write_them_are_read(folder, table):
    (folder / "a.csv").write_bytes(table.encode())
    raw, dropped = read_articles(folder)
    assert sorted(zip(raw["title"], raw["text"], raw["row"], strict=True)) == [
        ("Ferry", f"{STORY} Twice.", 2),
        ("Harbour", STORY, 1),
    ]
    assert not len(dropped)


def test_of_a_workbook_the_first_sheet_with_rows_is_read_as_its_reader_sees_it(folder):
    book = openpyxl.Workbook()
    hidden, empty, shown, other = (book.active, *(book.create_sheet(name) for name in ("empty", "articles", "notes")))
    hidden.sheet_state = "hidden"
    hidden.append(["text", "a list to choose from"])
    shown.append([None])
    shown.append(["Title", "Published", "Text", "id", "Score", "Text"])
    shown.append(["Một", datetime(2021, 3, 4), f"{STORY}_x000D_\nHai.", 12.0, 1.5, None])
    shown.append([None] * 6)
    shown.append(["Ferry", datetime(2021, 3, 4, 9, 30), f"{STORY} ".ljust(32_767, "x"), 13, None, "=1+1"])
    other.append(["Ask the harbour master."])
    book.save(folder / "a.xlsx")
    raw, dropped = read_articles(folder)
    assert not len(list(empty.values))
    assert raw[["doc_id", "row", "title", "date_column", "Score"]].to_numpy().tolist() == [
        ["12", 1, "Một", "2021-03-04", "1.5"],
        ["13", 2, "Ferry", "2021-03-04T09:30:00", ""],
    ]
    assert raw.loc[0, "text"] == f"{STORY}\nHai."
    assert reasons(dropped) == {
        "a.xlsx, 'Sheet'": "of the sheets with rows the first is read, 'articles'",
        "a.xlsx, 'notes'": "of the sheets with rows the first is read, 'articles'",
        "a.xlsx, columns 3 and 6": "both are named 'Text': the first counts, the other is 'Text (6)'",
        "a.xlsx, row 2": "a cell of 32,767 characters, the most that Excel keeps: the rest may be lost",
    }


@pytest.mark.parametrize("how", ["columns", "list", "records", "index"])
def test_a_table_is_read_from_json_however_pandas_wrote_it(folder, how):
    table = pd.DataFrame({"title": ["Harbour", "Ferry"], "text": [STORY, f"{STORY} Twice."]})
    (folder / "a.json").write_text(json.dumps(table.to_dict("list")) if how == "list" else table.to_json(orient=how))
    raw, _ = read_articles(folder)
    assert sorted(zip(raw["title"], raw["text"], strict=True)) == [("Ferry", f"{STORY} Twice."), ("Harbour", STORY)]


def test_json_lines_are_read_under_the_name_of_one_document_too(folder):
    lines = [json.dumps({"title": f"Title {i}", "text": f"{STORY} Number {i}."}) for i in range(3)]
    (folder / "a.json").write_text("\n".join([*lines, "{broken"]))
    raw, dropped = read_articles(folder)
    assert sorted(raw["title"]) == ["Title 0", "Title 1", "Title 2"]
    assert dropped["id"].tolist() == ["a.json, row 4"]
    (folder / "a.json").write_text(json.dumps({"text": STORY}, indent=1) * 2)
    with pytest.raises(UserError, match="more than one JSON document, and not one a line"):
        read_articles(folder)


def test_a_text_in_paragraphs_or_in_an_object_is_prose_and_not_json(folder):
    (folder / "a.json").write_text(
        json.dumps(
            [
                {"title": "A", "body": [STORY, "The end."], "tags": ["x", "y"]},
                {"title": "B", "body": {"text": STORY, "length": 3}},
            ]
        )
    )
    raw = read_articles(folder)[0].set_index("title")
    assert raw.loc["A", "text"] == f"{STORY}\n\nThe end."
    assert raw.loc["A", "tags"] == '["x", "y"]'
    assert raw.loc["B", "text"] == STORY


def test_what_a_browser_saved_beside_a_page_is_no_article(folder):
    page = (
        f"<html><head><title>Harbour</title></head><body><article><p>{STORY}</p><p>{STORY}</p></article></body></html>"
    )
    (folder / "page.html").write_text(page)
    for name in ("page_files", "other_files"):
        (folder / name).mkdir()
        (folder / name / "advertisement.html").write_text(page.replace("Monday", "Tuesday"))
    raw, dropped = read_articles(folder)
    assert sorted(raw["file"]) == ["other_files/advertisement.html", "page.html"]
    assert reasons(dropped) == {"page_files": "what a browser saved beside a page"}


def test_advice_is_given_once_for_all_files_that_need_it(folder):
    for name in ("a.pdf", "b.docx"):
        (folder / name).write_bytes(b"%PDF")
    with pytest.raises(UserError) as told:
        read_articles(folder)
    assert str(told.value).count("Save the document as text.") == 1
