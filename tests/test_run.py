"""A run appears whole or not at all."""

from __future__ import annotations

import dataclasses
import errno
from pathlib import Path

import pytest

from topics import pipeline, settings
from topics.report import run
from topics.tables import UserError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def chosen(tmp_path):
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "a.txt").write_text("An article.")
    return settings.load(None, {"articles": str(articles), "cache": str(tmp_path / "cache")})[0]


def fake_run(monkeypatch, text="new", fail=None):
    def make(settings, work, name, runs):
        (work / "index.html").write_text(text)
        (work / "provenance.json").write_text("{}")
        if fail:
            raise fail
        entry = {"name": name, "corpus": "c", "settings": "s", "articles": 1, "topic_counts": "3", "verdict": "v"}
        return {"summary": "v", "entry": entry}

    monkeypatch.setattr(run, "make_run", make)
    monkeypatch.setattr("topics.report.index.write_runs", lambda folder: None)


def test_a_finished_run_takes_the_place_of_the_last(chosen, tmp_path, monkeypatch):
    for text in ("first", "second"):
        fake_run(monkeypatch, text)
        assert run.reports(chosen, name="mine", out=tmp_path / "out") == 0
    assert (tmp_path / "out" / "mine" / "index.html").read_text() == "second"
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["mine"]


@pytest.mark.parametrize(
    "problem", [RuntimeError("cell 3: boom"), OSError(28, "No space left on device"), MemoryError()]
)
def test_a_failed_run_leaves_the_last_good_one_and_its_evidence(chosen, tmp_path, monkeypatch, capsys, problem):
    fake_run(monkeypatch, "good")
    run.reports(chosen, name="mine", out=tmp_path / "out")
    fake_run(monkeypatch, "half", fail=problem)
    assert run.reports(chosen, name="mine", out=tmp_path / "out") == 1
    assert (tmp_path / "out" / "mine" / "index.html").read_text() == "good"
    assert (tmp_path / "out" / "mine.failed" / "index.html").read_text() == "half"
    assert type(problem).__name__ in (tmp_path / "out" / "mine.failed" / "error.txt").read_text()
    assert "The last good report stands in" in capsys.readouterr().err
    fake_run(monkeypatch, "good again")
    run.reports(chosen, name="mine", out=tmp_path / "out")
    assert not (tmp_path / "out" / "mine.failed").exists()


@pytest.mark.parametrize("where", ["there/cache", None])
def test_a_full_disk_is_named_with_what_can_be_done(tmp_path, monkeypatch, where):
    monkeypatch.chdir(tmp_path)
    said = run.failure(
        OSError(errno.ENOSPC, "No space left on device", where), Path("out/mine.failed"), Path("out/mine")
    )
    assert said.splitlines()[0] == (
        f"The run failed: no space is left on the disk of {where or 'out'}. "
        "Free some, or name a folder on another: cache in config.yml, OUT for reports"
    )
    assert run.failure(MemoryError(), Path("out/mine.failed"), Path("out/mine")).startswith(
        "The run failed: MemoryError\n"
    )


def test_an_interrupted_run_leaves_the_last_good_one(chosen, tmp_path, monkeypatch):
    fake_run(monkeypatch, "good")
    run.reports(chosen, name="mine", out=tmp_path / "out")
    fake_run(monkeypatch, "half", fail=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run.reports(chosen, name="mine", out=tmp_path / "out")
    assert (tmp_path / "out" / "mine" / "index.html").read_text() == "good"


@pytest.mark.parametrize(
    ("out", "name", "said"),
    [("articles", "mine", "lies inside the folder of articles"), ("articles/reports", "mine", "would read its own report"), (".", "articles", "would take their place")],
)  # fmt: skip
def test_a_run_never_lies_among_its_articles_nor_they_in_it(chosen, tmp_path, out, name, said):
    with pytest.raises(UserError, match=said):
        run.reports(chosen, name=name, out=tmp_path / out)
    assert [path.name for path in tmp_path.rglob("*")] == ["articles", "a.txt"]


def test_a_folder_that_is_no_report_is_never_replaced(chosen, tmp_path, monkeypatch):
    fake_run(monkeypatch)
    (tmp_path / "out" / "mine").mkdir(parents=True)
    assert run.reports(chosen, name="mine", out=tmp_path / "out") == 0
    (tmp_path / "out" / "thesis").mkdir()
    (tmp_path / "out" / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(UserError, match="thesis: is no report"):
        run.reports(chosen, name="thesis", out=tmp_path / "out")
    assert (tmp_path / "out" / "thesis" / "chapter.txt").exists()


def test_the_runs_settings_file_gives_the_same_settings(chosen, tmp_path):
    work = tmp_path / "out" / ".mine.part"
    work.mkdir(parents=True)
    (work / "config.yml").write_text(run.settings_text(chosen, work, [5]), encoding="utf-8")
    again, _ = settings.load(work / "config.yml")
    assert settings.deciding(again) == settings.deciding(chosen) | {"topic_counts": [5]}
    assert again.articles == chosen.articles
    assert pipeline.articles_path(again) == pipeline.articles_path(chosen)


def test_what_is_wrong_by_hand_is_told_before_a_kernel_starts(chosen, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "Notebooks", lambda *_: pytest.fail("a kernel"))
    (tmp_path / "mine.yml").write_text("topics: 5")
    wrong = dataclasses.replace(chosen, labels=str(tmp_path / "mine.yml"))
    with pytest.raises(UserError, match=r"mine\.yml"):
        run.reports(wrong, name="mine", out=tmp_path / "reports")
    assert not (tmp_path / "reports" / "mine").exists()
