"""A run appears whole or not at all."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

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


class Interrupts:
    """Ctrl-C comes while it is being deleted, where Python lets no exception out."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def bare_except() -> None:
    with suppress(BaseException):
        signal.raise_signal(signal.SIGINT)


def deleted() -> None:
    kept = [Interrupts()]
    kept.clear()


@pytest.fixture
def no_handlers(monkeypatch):
    """Python's own handlers, as in a run, and a list of what would be printed of exceptions that nothing can catch."""
    said: list = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield said
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_ctrl_c_that_a_library_swallows_is_heeded_at_the_next_check(no_handlers):
    with pytest.raises(KeyboardInterrupt), run.heeded() as check:  # noqa: PT012
        bare_except()
        check()


def test_ctrl_c_after_the_last_check_lets_the_run_end(no_handlers):
    with run.heeded() as check:
        check(last=True)
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_an_object_is_deleted_comes_again_and_prints_nothing(no_handlers):
    with pytest.raises(KeyboardInterrupt), run.heeded():  # noqa: PT012
        deleted()
        time.sleep(20)
    assert not no_handlers


def test_ctrl_c_lets_an_import_end_first(no_handlers, tmp_path, monkeypatch):
    """An import that is broken off may leave the lock of all imports closed: other threads would wait for ever."""
    (tmp_path / "interrupts.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\nwhole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(KeyboardInterrupt), run.heeded():  # noqa: PT012
        import interrupts

        whole = interrupts.whole
        time.sleep(20)
    assert whole


def test_ctrl_c_lets_the_start_of_a_process_for_notebooks_end_first(no_handlers, tmp_path, monkeypatch):
    """One that was broken off would be known to nobody: it would go on beside the run, and write into a folder that is gone."""
    kernels = run.Kernels(tmp_path)
    monkeypatch.setattr(kernels, "_new", lambda lines: signal.raise_signal(signal.SIGINT) or (tmp_path, "process"))
    with pytest.raises(KeyboardInterrupt), run.heeded():  # noqa: PT012
        kernels.begin(2)
        time.sleep(20)
    assert kernels._spare == [(tmp_path, "process")] * 2


def test_ctrl_c_while_the_workplace_is_cleared_leaves_nothing_of_it(tmp_path, monkeypatch):
    tries, delete = [], run.shutil.rmtree

    def broken_off(folder, **more):
        tries.append(folder)
        if len(tries) == 1:
            raise KeyboardInterrupt
        if len(tries) > 2:  # till then a process that was just killed writes on
            delete(folder, **more)

    with pytest.raises(KeyboardInterrupt), run.workplace(tmp_path, "mine") as work:  # noqa: PT012
        (work / "page.html").write_text("half")
        monkeypatch.setattr(run.shutil, "rmtree", broken_off)
    assert not list(tmp_path.iterdir())
    assert len(tries) == 3


def test_an_interrupted_run_leaves_the_last_good_one(chosen, tmp_path, monkeypatch):
    fake_run(monkeypatch, "good")
    run.reports(chosen, name="mine", out=tmp_path / "out")
    fake_run(monkeypatch, "half", fail=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run.reports(chosen, name="mine", out=tmp_path / "out")
    assert (tmp_path / "out" / "mine" / "index.html").read_text() == "good"


def test_a_second_run_on_the_same_folder_waits(tmp_path, capsys):
    order = []
    held, let_go = threading.Event(), threading.Event()

    def first():
        with run.one_at_a_time(tmp_path, "mine"):
            held.set()
            let_go.wait(10)
            order.append("first")

    def second():
        with run.one_at_a_time(tmp_path, "mine"):
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
    ],
)
def test_a_name_never_becomes_a_path(name):
    with pytest.raises(UserError):
        run.run_name(name, Path("articles"))


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


@pytest.mark.parametrize(
    ("articles", "name"), [("…", "articles"), ("NewsArticles.zip", "NewsArticles"), ("a b", "a-b")]
)
def test_a_run_is_named_after_its_articles(articles, name):
    assert run.run_name(None, Path(articles)) == name


def test_the_runs_settings_file_gives_the_same_settings(chosen, tmp_path):
    work = tmp_path / "out" / ".mine.part"
    work.mkdir(parents=True)
    (work / "config.yml").write_text(run.settings_text(chosen, work, [5]), encoding="utf-8")
    again, _ = settings.load(work / "config.yml")
    assert settings.deciding(again) == settings.deciding(chosen) | {"topic_counts": [5]}
    assert again.articles == chosen.articles
    assert pipeline.articles_path(again) == pipeline.articles_path(chosen)


def notebook(folder, *sources):
    """A notebook with a parameters cell and these cells."""
    cells = [new_code_cell("seeds = None  # one", metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "page.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": spec, "language_info": {"name": "python"}}), path)
    return path


def test_a_misspelt_parameter_stops_before_the_kernel_starts(tmp_path):
    with pytest.raises(RuntimeError, match="Did you mean 'n_topics'"):
        run.execute(
            ROOT / "notebooks" / "03_topics.ipynb", {"n_topcis": 9}, tmp_path / "x.ipynb", run.Kernels(tmp_path)
        )
    assert not (tmp_path / "x.ipynb").exists()


def test_a_misspelt_parameter_given_to_papermill_itself_is_an_error(tmp_path):
    path, copy = notebook(tmp_path, "from topics import pipeline\npipeline.settings()"), tmp_path / "copy.ipynb"
    command = [sys.executable, "-m", "papermill", path, copy, "-p", "sedes", "3", "-k", "python3"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "there is no parameter 'sedes'. Did you mean 'seeds'?" in done.stderr


def test_a_folder_that_cannot_be_written_given_to_papermill_is_told_before_any_work(tmp_path):
    (tmp_path / "taken.md").write_text("a file, where a folder should be")
    path = notebook(
        tmp_path, f"out = {str(tmp_path / 'taken.md')!r}", "from topics import pipeline\npipeline.settings()"
    )
    with pytest.raises(RuntimeError, match=r"cell 2 .* out: .*taken\.md cannot be a folder to write in"):
        run.execute(path, {}, tmp_path / "copy.ipynb", run.Kernels(tmp_path / "home"))


def test_an_executed_copy_bears_nothing_of_the_machine_and_no_chance(tmp_path):
    made = []
    for place in ("one", "two"):
        copy = tmp_path / f"{place}.ipynb"
        told = parameterize_notebook(load_notebook_node(str(notebook(tmp_path))), {"out": f"/somewhere/{place}"})
        nbformat.write(told, copy)
        run.forget_the_machine(copy, {f"/somewhere/{place}": ".."})
        made.append(nbformat.read(copy, as_version=4))
    ids = [[cell.pop("id") for cell in each.cells] for each in made]
    assert made[0] == made[1]
    assert [each[1] for each in ids] == ["injected-parameters"] * 2


def test_a_failing_cell_is_named_with_its_last_lines_and_its_copy_kept(tmp_path):
    path = notebook(tmp_path, "x = 1", "print('so far')\n1 / 0")
    with pytest.raises(RuntimeError, match=r"copy, cell 3 \(print\('so far'\)\): ZeroDivisionError: division by zero"):
        run.execute(path, {"seeds": 3}, tmp_path / "copy.ipynb", run.Kernels(tmp_path / "home"))
    assert "so far" in (tmp_path / "copy.ipynb").read_text(encoding="utf-8")


def test_a_killed_kernel_is_said_with_the_cell_that_killed_it(tmp_path):
    dying = "import os, signal, sys\nprint('out of memory', file=sys.__stderr__, flush=True)\nos.kill(os.getpid(), 9)"
    path = notebook(tmp_path, "x = 1", dying)
    kernels = run.Kernels(tmp_path / "home")
    with pytest.raises(RuntimeError, match=r"cell 2 \(import os, signal, sys\): its process died .*\nout of memory"):
        run.execute(path, {}, tmp_path / "copy.ipynb", kernels)
    assert "x = 1" in (tmp_path / "copy.ipynb").read_text(encoding="utf-8")
    assert kernels._running == {}


def test_a_live_notebook_says_how_far_long_work_is_and_keeps_nothing_of_it(tmp_path, capfd):
    slow = "import time\nfrom topics.pipeline import watched\nfor i in watched(range(6), total=6, what='6 fits'):\n    time.sleep(0.3)\nprint('done')"
    run.execute(notebook(tmp_path, slow), {}, tmp_path / "copy.ipynb", run.Kernels(tmp_path / "home"))
    cell = nbformat.read(tmp_path / "copy.ipynb", as_version=4).cells[-1]
    assert [output.text for output in cell.outputs] == ["done\n"]
    assert list(pipeline.watched("ab", total=2, what="letters")) == ["a", "b"]


@pytest.mark.parametrize("can", [True, False], ids=["at once", "in two steps"])
def test_folders_change_places_whether_or_not_the_system_can_do_it_at_once(tmp_path, monkeypatch, can):
    if not can:
        monkeypatch.setattr(run, "exchange", lambda one, other: False)
    for name in ("work", "final"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "who").write_text(name)
    run.put_in_place(tmp_path / "work", tmp_path / "final")
    assert (tmp_path / "final" / "who").read_text() == "work"
    assert can or sorted(path.name for path in tmp_path.iterdir()) == ["final"]


def test_what_a_killed_run_left_is_put_right(tmp_path):
    for name in (".mine.old", ".mine.part-7-1", ".mine.two.part-7-1", "mine.failed"):
        (tmp_path / name).mkdir()
    (tmp_path / ".mine.old" / "index.html").write_text("the last good one")
    with run.workplace(tmp_path, "mine") as work:
        assert (tmp_path / "mine" / "index.html").read_text() == "the last good one"
        left = {path.name for path in tmp_path.iterdir()} - {work.name}
    assert left == {"mine", ".mine.two.part-7-1", "mine.failed"}


def test_evidence_has_no_half_written_files(tmp_path):
    figures = tmp_path / ".run.part-1" / ".jupyter" / "1" / "figures"
    figures.mkdir(parents=True)
    (figures / "lengths.svg").write_text("<svg/>")
    (figures / ".lengths.svg.7.part").write_text("<sv")
    failed = run.keep_evidence(tmp_path / ".run.part-1", tmp_path / "run.failed", KeyboardInterrupt())
    found = sorted(path.name for path in failed.rglob("*") if path.is_file())
    assert found == ["error.txt", "lengths.svg"]
