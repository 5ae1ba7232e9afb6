"""The folder of a run: named, one run at a time, put in place whole, and what is left where a run fails."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from topics.report import folder
from topics.tables import UserError


def test_ctrl_c_while_the_workplace_is_cleared_leaves_nothing_of_it(tmp_path, monkeypatch):
    tries, delete = [], folder.shutil.rmtree

    def broken_off(folder, **more):
        tries.append(folder)
        if len(tries) == 1:
            raise KeyboardInterrupt
        if len(tries) > 2:  # till then a process that was just killed writes on
            delete(folder, **more)

    with pytest.raises(KeyboardInterrupt), folder.workplace(tmp_path, "mine") as work:  # noqa: PT012
        (work / "page.html").write_text("half")
        monkeypatch.setattr(folder.shutil, "rmtree", broken_off)
    assert not list(tmp_path.iterdir())
    assert len(tries) == 3


def test_a_second_run_on_the_same_folder_waits(tmp_path, capsys):
    order = []
    held, let_go = threading.Event(), threading.Event()

    def first():
        with folder.one_at_a_time(tmp_path, "mine"):
            held.set()
            let_go.wait(10)
            order.append("first")

    def second():
        with folder.one_at_a_time(tmp_path, "mine"):
            order.append("second")

    one, two = threading.Thread(target=first), threading.Thread(target=second)
    one.start()
    held.wait(10)
    two.start()
    two.join(0.3)
    assert two.is_alive()
    let_go.set()
    one.join(10)
    two.join(10)
    assert order == ["first", "second"]
    assert "waiting for it" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../up",
        ".hidden",
        "a/b",
        "a.failed",
        "a b",
        "x" * 81,
        "-x",
        "con",
        "NUL.txt",
        "a.",
        "index.html",
        "Ledger.csv",
        "日" * 61,
    ],
)
def test_a_name_never_becomes_a_path(name):
    with pytest.raises(UserError):
        folder.run_name(name, Path("articles"))


@pytest.mark.parametrize(
    ("articles", "name"),
    [("…", "articles"), ("NewsArticles.zip", "NewsArticles"), ("a b", "a-b"), ("日" * 84, "日" * 60)],
)
def test_a_run_is_named_after_its_articles(articles, name):
    assert folder.run_name(None, Path(articles)) == name


@pytest.mark.parametrize("can", [True, False], ids=["at once", "in two steps"])
def test_folders_change_places_whether_or_not_the_system_can_do_it_at_once(tmp_path, monkeypatch, can):
    if not can:
        monkeypatch.setattr(folder, "exchange", lambda one, other: False)
    for name in ("work", "final"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "who").write_text(name)
    folder.put_in_place(tmp_path / "work", tmp_path / "final")
    assert (tmp_path / "final" / "who").read_text() == "work"
    assert can or sorted(path.name for path in tmp_path.iterdir()) == ["final"]


def test_what_a_killed_run_left_is_put_right(tmp_path):
    others = {".mine.two.part-7-1", ".mine.part-2.part-7-1", "mine.failed"}  # of other runs, which may be running
    for name in (".mine.old", ".mine.part-7-1", *others):
        (tmp_path / name).mkdir()
    (tmp_path / ".mine.old" / "index.html").write_text("the last good one")
    with folder.workplace(tmp_path, "mine") as work:
        assert (tmp_path / "mine" / "index.html").read_text() == "the last good one"
        left = {path.name for path in tmp_path.iterdir()} - {work.name}
    assert left == {"mine", *others}


def test_evidence_has_no_half_written_files(tmp_path):
    figures = tmp_path / ".run.part-1" / ".jupyter" / "1" / "figures"
    figures.mkdir(parents=True)
    (figures / "lengths.svg").write_text("<svg/>")
    (figures / ".lengths.svg.7.part").write_text("<sv")
    failed = folder.keep_evidence(tmp_path / ".run.part-1", tmp_path / "run.failed", KeyboardInterrupt())
    found = sorted(path.name for path in failed.rglob("*") if path.is_file())
    assert found == ["error.txt", "lengths.svg"]


def test_evidence_is_kept_of_a_failure_that_names_a_file_whose_name_is_no_text(tmp_path):
    (tmp_path / "work").mkdir()
    failed = folder.keep_evidence(tmp_path / "work", tmp_path / "run.failed", RuntimeError("caf\udce9.txt: gone"))
    assert r"caf\udce9.txt: gone" in (failed / "error.txt").read_text(encoding="utf-8")
