"""The steps in order: each is kept under what decided it, and gives the same bytes however it is made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import THEMES, write_articles

from topics import many, pipeline, store
from topics.corpus.read import read_articles
from topics.models import sweep
from topics.tables import COLUMNS, UserError

ROOT = Path(__file__).parents[1]


def chosen(articles, cache, **given):
    return pipeline.settings(ROOT / "config.yml", articles=str(articles), cache=str(cache), **given)


def kept(cache, step):
    return {path.name for path in Path(cache).glob(f"{step}-*")}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    settings = chosen(write_articles(folder / "articles", 36), folder / "cache", topic_counts=[3], seeds=[1, 2, 3])
    return folder, settings, pipeline.everything(settings)


def test_every_table_is_made_with_its_columns(made):
    _, _, everything = made
    assert set(everything["tables"]) == set(COLUMNS)
    for name, table in everything["tables"].items():
        assert tuple(table.columns[: len(COLUMNS[name])]) == COLUMNS[name]
    assert len(everything["tables"]["articles"]) == 36
    assert everything["tables"]["doc_topics"].groupby(["n_topics", "doc_id"])[
        "share"
    ].sum().to_numpy() == pytest.approx(1)


def test_groups_are_compared_over_articles_whatever_the_unit_of_the_models(made):
    folder, settings, _ = made
    by_paragraph = chosen(settings.articles, folder / "cache", unit="paragraph")
    table = pipeline.keyness(by_paragraph)["keyness"]
    assert len(table)
    assert table.equals(pipeline.keyness(settings)["keyness"])


def test_a_script_of_the_user_need_not_guard_its_calls_against_being_loaded_by_workers(tmp_path):
    write_articles(tmp_path / "articles", 420, n_words=320)
    code = (
        "from topics import pipeline\n"
        f"chosen = pipeline.settings({str(ROOT / 'config.yml')!r}, articles='articles', cache='cache', workers=2)\n"
        "print(len(pipeline.corpus(chosen)['articles']))\n"
    )
    (tmp_path / "script.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=200
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "420\n", "")


def test_few_articles_are_not_counted_by_article(tmp_path):
    settings = chosen(write_articles(tmp_path / "articles", 6), tmp_path / "cache", unit="article")
    with pytest.raises(UserError, match="unit: articles are counted from 30 on, and there are 6"):
        pipeline.words(settings)


def test_a_report_among_the_articles_is_no_article(articles, tmp_path):
    (articles / "old" / "mine").mkdir(parents=True)
    record = articles / "old" / "mine" / "provenance.json"
    record.write_text('{"topics": "0.1.0", "outputs": {}}')
    with pytest.raises(UserError, match="articles: holds a report, which is no article"):
        pipeline.check(chosen(articles, tmp_path / "cache"))
    record.write_text('{"of": "something else"}')
    assert "36" in pipeline.check(chosen(articles, tmp_path / "cache"))


@pytest.mark.parametrize("setting", ["labels", "concepts"])
def test_a_file_that_is_named_and_not_there_is_told_with_the_nearest_before_any_work(articles, tmp_path, setting):
    (tmp_path / "mine.yml").write_text("")
    told = rf"{setting}: .*mime\.yml: no such file\. Did you mean 'mine\.yml'\?"
    with pytest.raises(UserError, match=told):
        chosen(articles, tmp_path / "cache", **{setting: str(tmp_path / "mime.yml")})
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("collection.yml", "querry: rice\n", "Did you mean 'query'"),
        ("totals.csv", "source,period\na news,2010\n", "Missing: total"),
        ("totals.csv", "source,period,total\n" + "".join(f"{s} news,{y},0\n" for s in "ab" for y in range(2010, 2020)), "than were collected"),
        ("config.yml", "keywords: ['...']\n", "has no letter or digit"),
        ("config.yml", "keywords: ['*']\n", "`\\*` needs letters beside it"),
        ("Totals.csv", "source,period,total\n", "is read under the name totals.csv alone"),
        ("COLLECTION.yml", "query: rice\n", "is read under the name collection.yml alone"),
    ],
)  # fmt: skip
def test_a_mistake_in_what_lies_beside_the_articles_is_told_before_any_fit(articles, tmp_path, monkeypatch, file, text, said):  # fmt: skip
    monkeypatch.setattr(pipeline, "comparison", lambda *_: pytest.fail("fitted"))
    (articles if file != "config.yml" else tmp_path).joinpath(file).write_text(text)
    config = tmp_path / "config.yml" if file == "config.yml" else ROOT / "config.yml"
    given = {"articles": str(articles), "cache": str(tmp_path / "cache"), "period": "year"}
    found = pipeline.settings(config, **given)
    with pytest.raises(UserError, match=said):
        pipeline.everything(found) if "collected" in said else pipeline.check_by_hand(found)


def test_all_that_is_wrong_in_what_is_written_by_hand_is_told_together(articles, tmp_path):
    (tmp_path / "mine.yml").write_text("topics:\n  - nmae: a\n")
    (tmp_path / "ways.yml").write_text("rice: x: y")
    (articles / "collection.yml").write_text("querry: rice\n")
    (articles / "totals.csv").write_text("source,period\na news,2010\n")
    named = {"labels": str(tmp_path / "mine.yml"), "concepts": str(tmp_path / "ways.yml"), "keywords": ["..."]}
    with pytest.raises(UserError) as told:
        pipeline.check_by_hand(chosen(articles, tmp_path / "cache", **named))
    lines = str(told.value).splitlines()
    for said in ("keyword '...'", "mine.yml", "ways.yml", "collection.yml", "totals.csv"):
        assert sum(said in line for line in lines) == 1, said
    assert len(lines) == 5


def test_a_stop_word_that_is_a_concept_and_would_stay_is_told(articles, tmp_path):
    (tmp_path / "ways.yml").write_text("e-payment: [digital payment]\n")
    given = {"concepts": str(tmp_path / "ways.yml"), "stop_words": ["said", "E-payment"]}
    with pytest.raises(UserError, match=r"stop_words: 'e-payment' stands in ways\.yml"):
        pipeline.words(chosen(articles, tmp_path / "cache", **given))


def test_what_was_searched_for_has_no_trend_in_whatever_form(articles, tmp_path):
    with (articles / "article-000.txt").open("a") as file:
        file.write("Two farms burned.\n")
    (articles / "collection.yml").write_text("terms: [farms]\n")
    trends = pipeline.keywords(chosen(articles, tmp_path / "cache", keywords=["farm", "rice"]))["trends"]
    assert trends["note"].str.contains("found by searching for it").tolist() == [True, False]


def test_planted_themes_are_the_topics(made):
    _, _, everything = made
    terms = everything["tables"]["topics"].query("n_topics == 3")["terms"]
    found = sorted(sorted(row.split(", ")) for row in terms)
    assert found == sorted(sorted(theme) for theme in THEMES)


def test_another_topic_count_builds_only_its_own_fits(made):
    folder, settings, _ = made
    before = {step: kept(folder / "cache", step) for step in ("corpus", "words", "fit", "foretold")}
    more = chosen(folder / "articles", folder / "cache", topic_counts=[3, 7], seeds=[1, 2, 3])
    pipeline.everything(more)
    assert kept(folder / "cache", "corpus") == before["corpus"]
    assert kept(folder / "cache", "words") == before["words"]
    new = kept(folder / "cache", "fit") - before["fit"]
    models = [
        store.keep(folder / "cache", key, lambda: pytest.fail("built"), classes=_classes())["model"] for key in new
    ]
    assert {model.n_topics for model in models} == {7}
    assert len(kept(folder / "cache", "foretold") - before["foretold"]) == 3  # a seed each
    assert settings.topic_counts == (3,)


def _classes():
    from topics.models.lda import TopicModel
    from topics.words.counts import Counts

    return Counts, TopicModel


def test_a_second_time_nothing_is_built(made, monkeypatch):
    folder, settings, everything = made
    monkeypatch.setattr(store, "_write", lambda *_: pytest.fail("something was built"))
    again = pipeline.everything(settings)
    for name, table in everything["tables"].items():
        assert again["tables"][name].equals(table), name
    assert folder.exists()


def test_steps_beside_the_fits_are_done_also_where_no_fit_is_missing_and_what_fails_in_them_is_told(made):
    _, settings, _ = made
    done = []
    pipeline.fits(settings, [], beside=[done.append, done.append])
    assert done == [settings, settings]

    def fails(_):
        raise UserError("no")

    with pytest.raises(UserError, match="no"):
        pipeline.fits(settings, [], beside=[fails, done.append])


@pytest.mark.parametrize(("cores", "workers", "at_once"), [(2, "auto", 3), (8, 2, 2), (1, "auto", 1), (3, "auto", 3)])
def test_fits_that_are_fewer_than_twice_the_cores_share_them(made, monkeypatch, cores, workers, at_once):
    _, settings, _ = made
    monkeypatch.setattr(pipeline, "worker_count", lambda asked: cores if asked == "auto" else asked)
    lock, running, most = threading.Lock(), [], []

    def make(_, jobs, *__):
        with lock:
            running.append(jobs)
            most.append(len(running))
        time.sleep(0.2)
        with lock:
            running.remove(jobs)

    monkeypatch.setattr(pipeline, "_make", make)
    missing = sweep.jobs([9], (1, 2, 3), "resampled")  # which never go abreast
    pipeline.fits(replace(settings, workers=workers), missing)
    assert (len(most), max(most)) == (3, at_once)


def test_whoever_stops_a_run_waits_for_no_thread():
    begun, release, finished = threading.Event(), threading.Event(), []

    def slow(item):
        begun.set()
        release.wait(20)
        finished.append(item)

    def stopped():
        with many.threads(1) as each:
            each(slow, [1, 2])
            begun.wait()
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            stopped()
        assert not finished
    finally:
        release.set()


def test_the_order_of_files_and_the_number_of_workers_change_no_byte(made, tmp_path):
    folder, _, everything = made
    other = tmp_path / "other"
    for path in sorted((folder / "articles").iterdir(), reverse=True):
        other.mkdir(exist_ok=True)
        shutil.copy(path, other / path.name)
    settings = chosen(other, tmp_path / "cache", topic_counts=[3], seeds=[1, 2, 3], workers=1)
    again = pipeline.everything(settings)
    for name, table in everything["tables"].items():
        assert again["tables"][name].to_csv() == table.to_csv(), name


def test_few_articles_are_read_not_counted(tmp_path):
    settings = chosen(write_articles(tmp_path / "articles", 6), tmp_path / "cache", seeds=[1, 2, 3])
    assert pipeline.few(settings)
    assert pipeline.unit(settings) == "paragraph"
    assert pipeline.grid(settings) == (2, 3)
    everything = pipeline.everything(settings)
    assert everything["suggested"] is None
    assert everything["comparison"]["choice"]["n_topics"] is None


def test_the_sample_is_taken_while_there_is_nothing_else(monkeypatch, tmp_path):
    monkeypatch.setattr("topics.settings.project_folder", lambda: tmp_path)
    settings = pipeline.settings(ROOT / "config.yml")
    with pytest.raises(UserError, match="no articles"):
        pipeline.articles_path(settings)
    write_articles(tmp_path / "data" / "sample", 1)
    (tmp_path / "data" / "raw").mkdir()
    (tmp_path / "data" / "raw" / ".gitkeep").touch()
    assert pipeline.articles_path(settings).name == "sample"
    write_articles(tmp_path / "data" / "raw", 1)
    assert pipeline.articles_path(settings).name == "raw"


def test_a_correction_beside_one_file_enters_the_key(tmp_path):
    (tmp_path / "a.csv").write_text("text\nsome words\n")
    before = pipeline.inputs(tmp_path / "a.csv")
    (tmp_path / "corrections.csv").write_text("doc_id,field,value,reason\n")
    assert pipeline.inputs(tmp_path / "a.csv") != before


def test_a_file_and_its_folder_are_two_corpora(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.csv").write_text("text\nThe ferry sails four times a day\n")
    (folder / "metadata.csv").write_text("file,date\nb.txt,2018\n")
    file, whole = (pipeline.corpus(chosen(path, tmp_path / "cache"))["dropped"] for path in (folder / "a.csv", folder))
    assert file.empty
    assert whole["reason"].tolist() == ["there is no file 'b.txt'"]


def test_a_date_after_today_is_none_and_the_day_decides_only_where_there_is_one(tmp_path, monkeypatch):
    def dates(year):
        clock = type("Clock", (date,), {"today": classmethod(lambda _: date(year, 6, 1))})
        for module in ("topics.pipeline", "topics.corpus.dates"):
            monkeypatch.setattr(f"{module}.date", clock)
        base = pipeline.corpus(chosen(tmp_path / "data", tmp_path / "cache"))
        return sorted(base["articles"]["date"]), base["dropped"]["reason"].tolist(), base.key

    (tmp_path / "data").mkdir()
    rows = ["The ferry sails four times a day,2018-04-26", "The bank has raised its rate again,2031-01-01"]
    (tmp_path / "data" / "a.csv").write_text("\n".join(["text,date", *rows]))
    (found, said, early), (later, _, late), (last, _, same) = dates(2030), dates(2031), dates(2035)
    assert found == ["", "2018-04-26"]
    assert any("in the future: 2031-01-01" in reason for reason in said)
    assert later == last == ["2018-04-26", "2031-01-01"]
    assert early != late == same


@pytest.mark.skipif(os.name == "nt", reason="links as on Unix")
def test_what_is_read_through_a_link_into_a_hidden_folder_enters_the_key(tmp_path):
    hidden = tmp_path / "data" / ".git" / "annex"
    hidden.mkdir(parents=True)
    (hidden / "one.csv").write_text("text\nsome words\n")
    (hidden / "two.csv").write_text("text\nother words\n")
    (tmp_path / "outside.csv").write_text("text\nsecret\n")
    (tmp_path / "data" / "out.csv").symlink_to(tmp_path / "outside.csv")
    seen = []
    for target in ("one.csv", "two.csv"):
        (tmp_path / "data" / "a.csv").unlink(missing_ok=True)
        (tmp_path / "data" / "a.csv").symlink_to(Path(".git", "annex", target))
        seen.append(pipeline.inputs(tmp_path / "data"))
        read, _ = read_articles(tmp_path / "data")
        assert [item["file"] for item in seen[-1]] == read["file"].tolist() == ["a.csv"]
        assert seen[-1][0]["sha256"] == store.file_digest(hidden / target)
    assert seen[0] != seen[1]


def test_a_wrong_cleaning_step_is_named(articles, tmp_path):
    with pytest.raises(UserError, match="Did you mean 'bylines'"):
        chosen(articles, tmp_path / "cache", skip_steps=["byline"])
