"""A run says how it was made; a rebuilt one, or another, says in words what is not the same."""

from __future__ import annotations

import hashlib
import json

import pandas as pd
import pytest

from topics.report import provenance
from topics.tables import UserError, write_table

RECORD = {
    "inputs": [{"file": "a.txt", "bytes": 1, "sha256": "1"}, {"file": "b.txt", "bytes": 1, "sha256": "1"}],
    "settings": {"unit": "auto", "lemmas": True, "topic_counts": "auto"}, "libraries": {"gensim": "4.4.0"}, "topics": "0.1.0", "code": "c", "lock": "l",
    "notebooks": {"n.ipynb": "1"}, "concepts": None, "labels": None, "python": "3.11.7", "processor": "x86_64", "system": "Linux",
    "topic_counts": [2], "grid": [2, 3], "seeds": [1], "day": "", "summary": "2 articles.\n- Prices rose.",
}  # fmt: skip
WORDS = {1: "rice farm field water soil crop seed plough harvest tractor", 2: "bank card loan cash shop code pay app wallet coin"}  # fmt: skip


def tables(words=WORDS, shares=(0.75, 0.25), articles=("a", "b"), n=40):
    """The tables that `diff` reads, of a corpus of `n` articles of which some are named."""
    ids = [*articles, *(f"d{i}" for i in range(n - len(articles)))]
    terms = [(2, k, i + 1, word, 0.1 - i / 200) for k, line in words.items() for i, word in enumerate(line.split())]
    topics = [(2, k, f"{line.split()[0]}, {line.split()[1]}", share, share - 0.05, share + 0.05) for (k, line), share in zip(words.items(), shares, strict=True)]  # fmt: skip
    return {
        "articles": pd.DataFrame({"doc_id": ids, "file": [f"{name[0]}.txt" if name in articles else name for name in ids], "title": [f"On {name}" for name in ids], "date": "2020"}),
        "dropped": pd.DataFrame({"id": ["b"], "reason": ["no text"]}) if "b" not in articles else pd.DataFrame({"id": [], "reason": []}),
        "topic_terms": pd.DataFrame(terms, columns=["n_topics", "topic", "rank", "term", "probability"]),
        "topics": pd.DataFrame(topics, columns=["n_topics", "topic", "label", "share", "share_low", "share_high"]),
    }  # fmt: skip


def write_run(folder, record=RECORD, figure=20.5, page="", **of_tables):
    """A run's folder as `make_run` leaves it."""
    for name, table in tables(**of_tables).items():
        write_table(table, folder / "tables", name)
    (folder / "figures").mkdir(exist_ok=True)
    clip = "p" + hashlib.sha256(str(figure).encode()).hexdigest()[:10]  # as matplotlib names a part by its shape
    drawn = f'<path d="M 10 {figure}" clip-path="url(#{clip})"/><clipPath id="{clip}"/>'
    (folder / "figures" / "funnel.svg").write_text(f"<svg>{drawn}</svg>")
    (folder / "config.yml").write_text("seeds: [1, 2]\n")
    if page:
        (folder / "index.html").write_text(page)
    provenance.write(record, folder)


def verified(capsys, folder, record=RECORD, **of_tables):
    """Verify the run `folder/mine` with a rebuilding that gives these tables and this record; the status and what was said."""
    status = provenance.verify("mine", out=folder, make=lambda settings, work, *rest: write_run(work, record, **of_tables))  # fmt: skip
    return status, capsys.readouterr().out


def test_a_run_rebuilt_alike_is_the_same_to_the_byte(tmp_path, capsys):
    write_run(tmp_path / "mine")
    assert verified(capsys, tmp_path) == (0, "mine: rebuilt from nothing; all 5 tables and figures are the same to the byte.\n")  # fmt: skip


def test_pages_are_compared_but_for_the_count_of_runs(tmp_path, capsys):
    front = '<p>Three topics.</p>\n<p class="ledger">This is run 1.</p>\n'
    write_run(tmp_path / "mine", page=front)
    status, said = verified(capsys, tmp_path, page=front.replace("run 1", "run 2"))
    assert (status, said) == (0, "mine: rebuilt from nothing; all 5 tables and figures and 1 pages are the same to the byte.\n")  # fmt: skip
    status, said = verified(capsys, tmp_path, page=front.replace("Three", "Four"))
    assert status == 1
    assert "; 1 of 1 pages differ.\n" in said
    assert "- index.html differs in 1 of its 1 lines\n" in said
    status, said = verified(capsys, tmp_path)
    assert "- index.html is not made any more\n" in said
    status, said = verified(capsys, tmp_path, record=RECORD | {"processor": "another"}, page=front.replace("Three", "Four"))  # fmt: skip
    assert (status, "pages" in said) == (0, False)


def test_what_a_rebuilt_run_has_otherwise_is_said_with_how_far(tmp_path, capsys):
    write_run(tmp_path / "mine")
    status, said = verified(capsys, tmp_path, shares=(0.75 * (1 + 1e-3), 0.25))
    assert status == 1
    assert "1 of 5 tables and figures differ.\nWhat came out otherwise:\n- tables/topics differs: numbers by 0.001 of their size at most\n" in said  # fmt: skip
    status, said = verified(capsys, tmp_path, articles=("a",))
    assert "- tables/articles differs in doc_id, file, title" in said
    assert "- tables/dropped differs: 0 rows of 2 columns before, 1 of 2 now" in said
    status, said = verified(capsys, tmp_path, shares=(0.75, float("nan")))
    assert (status, "- tables/topics differs in share, share_low, share_high" in said) == (1, True)


@pytest.mark.parametrize("drawn", ["20.5 L 3 4", '20.5" fill="#fff'])
def test_a_figure_that_differs_is_not_described_as_a_table(tmp_path, capsys, drawn):
    write_run(tmp_path / "mine")
    _, said = verified(capsys, tmp_path, figure=drawn)
    assert "- figures/funnel differs: other lines, shapes or words are drawn in it\n" in said


@pytest.mark.parametrize(("off", "moved", "status"), [(1e-9, 1e-6, 0), (1e-3, 1e-6, 1), (1e-9, 0.1, 1)])
def test_another_processor_may_round_otherwise_within_the_tolerance(tmp_path, capsys, off, moved, status):
    write_run(tmp_path / "mine")
    elsewhere = RECORD | {"instructions": ["AVX2"]}
    found, said = verified(capsys, tmp_path, elsewhere, shares=(0.75 * (1 + off), 0.25), figure=20.5 + moved)
    assert found == status
    assert ("2 of 5 tables and figures differ, within the tolerance." in said) == (status == 0)
    assert "- instructions: none before, AVX2 now" in said


def test_what_decides_a_run_is_named_where_it_was_changed(tmp_path, capsys):
    write_run(tmp_path / "mine")
    now = json.loads(json.dumps(RECORD)) | {"code": "d", "labels": "x", "notebooks": {"n.ipynb": "2"}}
    now["inputs"] = [{"file": "a.txt", "bytes": 1, "sha256": "2"}, {"file": "c.txt", "bytes": 1, "sha256": "1"}]
    now["libraries"], now["settings"] = {"gensim": "4.5.0"}, {"unit": "paragraph", "lemmas": False, "topic_counts": [2]}
    status, said = verified(capsys, tmp_path, now)
    assert status == 0, "no table and no figure is another"
    assert said.splitlines()[1:] == [
        "What decides a run was changed since:", "- lemmas: True before, False now", "- unit: auto before, paragraph now", "- gensim: 4.4.0 before, 4.5.0 now",
        "- the source of topics was changed", "- the file of labels is new", "- notebook n.ipynb was changed",
        "- article file a.txt was changed", "- article file b.txt is gone", "- article file c.txt is new",
    ]  # fmt: skip


def test_a_report_that_was_touched_after_the_run_is_not_verified(tmp_path, capsys):
    write_run(tmp_path / "mine")
    (tmp_path / "mine" / "tables" / "topics.csv").write_text("mine,now\n")
    (tmp_path / "mine" / "figures" / "funnel.svg").unlink()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    status, said = verified(capsys, tmp_path)
    assert status == 1
    assert said.splitlines()[1:] == [
        "In the folder itself, after the run:", "- tables/topics.csv was changed", "- figures/funnel.svg is gone", "- notes.txt was added",
    ]  # fmt: skip


def test_a_run_that_cannot_be_rebuilt_says_why(tmp_path, capsys):
    def fails(*_):
        raise RuntimeError("03_topics_02, cell 3: boom")

    write_run(tmp_path / "mine")
    assert provenance.verify("mine", out=tmp_path, make=fails) == 1
    assert capsys.readouterr().err == "mine: cannot be rebuilt: 03_topics_02, cell 3: boom\n"


def test_two_runs_alike_differ_in_nothing(tmp_path):
    for name in ("one", "two"):
        write_run(tmp_path / name)
    assert provenance.diff("one", "two", out=tmp_path).splitlines() == [
        "one and two: what decided them", "- nothing differs", "", "Articles: 40 in one, 40 in two, 40 in both", "- the same in both", "",
        "2 topics of one beside 2 of two: 2 of 2 have the same ten words first", "- and nothing else differs",
    ]  # fmt: skip


def test_what_a_terminal_would_act_on_is_not_written_to_it():
    assert provenance.listed("A", ["\x1b[2Jtitle\u202e \x9b31m"], 9) == "A\n- \ufffd[2Jtitle\ufffd \ufffd31m\n"


def test_two_runs_are_told_apart_in_words(tmp_path):
    write_run(tmp_path / "one")
    words = {1: WORDS[2], 2: WORDS[1].replace("tractor", "buffalo"), 3: "school class teacher lesson exam pupil book term desk hall"}  # fmt: skip
    other = RECORD | {"seeds": [2], "settings": RECORD["settings"] | {"unit": "article"}, "summary": "3 articles.\n- Prices rose."}  # fmt: skip
    write_run(tmp_path / "two", other, words=words, shares=(0.5, 0.3, 0.2), articles=("a2", "c"))
    assert provenance.diff("one", "two", out=tmp_path).splitlines() == [
        "one and two: what decided them", "- unit: auto in one, article in two", "", "Articles: 40 in one, 40 in two, 38 in both",
        "- only in one: “On a” (a); two has another text in its file", "- only in one: “On b” (b); left out of two: no text",
        "- only in two: “On a2” (a2); one has another text in its file", "- only in two: “On c” (c)", "",
        "2 topics of one beside 3 of two: 1 of 2 have the same ten words first",
        "- 1 “rice, farm”, 0.95 alike: topic 2 in two; share 75.0 % (70.0–80.0) in one, 30.0 % (25.0–35.0) in two; leading in one alone: tractor; leading in two alone: buffalo",
        "- 2 “bank, card”, 1.00 alike: topic 1 in two; share 25.0 % (20.0–30.0) in one, 50.0 % (45.0–55.0) in two", "- 3 “school, class” of two has no counterpart in one", "",
        "Said on the front page of one alone:", "- 2 articles.", "", "Said on the front page of two alone:", "- 3 articles.",
    ]  # fmt: skip


def test_texts_that_a_public_report_withholds_are_not_called_different(tmp_path):
    for name, public, text in (("own", False, "Rain fell."), ("published", True, "")):
        write_run(tmp_path / name, RECORD | {"settings": RECORD["settings"] | {"public": public}})
        articles = tables()["articles"].assign(text=text)
        write_table(articles, tmp_path / name / "tables", "articles")
    said = provenance.diff("own", "published", out=tmp_path)
    assert "- texts are withheld in the public report published, so they are not compared\n" in said
    assert "not the same in both" not in said


@pytest.mark.parametrize("text", ["{}", "[]", "[" * 100_000, '{"inputs": [1]}', "null", "{"])
def test_a_damaged_record_is_one_line(tmp_path, text):
    write_run(tmp_path / "mine")
    (tmp_path / "mine" / "provenance.json").write_text(text)
    for ask in (lambda: provenance.diff("mine", "mine", out=tmp_path), lambda: verified(None, tmp_path)):
        with pytest.raises(UserError, match=r"provenance\.json: (is damaged|cannot be read).*again\.$"):
            ask()


@pytest.mark.parametrize("table", ["articles", "dropped", "topics", "topic_terms"])
def test_a_foreign_table_is_one_line(tmp_path, table):
    write_run(tmp_path / "mine")
    pd.DataFrame({"doc_id": ["a"], "x": [1]}).to_parquet(tmp_path / "mine" / "tables" / f"{table}.parquet")
    with pytest.raises(UserError, match=f"mine: table {table} has no column .*: it is none of ours"):
        provenance.diff("mine", "mine", out=tmp_path)


def test_a_run_that_is_not_named_is_the_only_one_or_all_are_named(tmp_path):
    with pytest.raises(UserError, match="there is no run yet: `make reports` makes one"):
        provenance.read(None, tmp_path)
    write_run(tmp_path / "one")
    assert provenance.read(None, tmp_path)[0] == tmp_path / "one"
    write_run(tmp_path / "two")
    with pytest.raises(UserError, match="there are several runs; name one of one, two"):
        provenance.read(None, tmp_path)
