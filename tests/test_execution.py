"""Notebooks are executed each in a process of its own, and what goes wrong in one is said."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from topics import pipeline
from topics.report import execution

ROOT = Path(__file__).parents[1]


def notebook(folder, *sources):
    """A notebook with a parameters cell and these cells."""
    cells = [new_code_cell("seeds = None  # one", metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "page.ipynb"
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": spec, "language_info": {"name": "python"}}), path)
    return path


def test_a_misspelt_parameter_stops_before_the_kernel_starts(tmp_path):
    with pytest.raises(RuntimeError, match="Did you mean 'n_topics'"):
        execution.execute(
            ROOT / "notebooks" / "03_topics.ipynb", {"n_topcis": 9}, tmp_path / "x.ipynb", execution.Kernels(tmp_path)
        )
    assert not (tmp_path / "x.ipynb").exists()


@pytest.mark.skipif(os.name != "posix", reason="groups of POSIX")
def test_a_kernel_that_ended_before_it_had_a_group_of_its_own_does_not_take_the_run_along(tmp_path, monkeypatch):
    """Its group is then that of the run, and Jupyter kills a kernel by its group."""
    from jupyter_client.provisioning import local_provisioner

    monkeypatch.setattr(local_provisioner, "launch_kernel", lambda *_, **more: subprocess.Popen(["sleep", "60"]))
    kernels = execution.Kernels(tmp_path)
    with kernels.start("page") as kernel:
        started = kernel.provisioner.process
        assert os.getpgid(started.pid) == os.getpgrp()
        assert kernel.provisioner.pgid is None
    started.wait(20)  # and we are still here
    assert not kernels._running


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
        execution.execute(path, {}, tmp_path / "copy.ipynb", execution.Kernels(tmp_path / "home"))


def test_an_executed_copy_bears_nothing_of_the_machine_and_no_chance(tmp_path):
    made = []
    for place in ("one", "two"):
        copy = tmp_path / f"{place}.ipynb"
        told = parameterize_notebook(load_notebook_node(str(notebook(tmp_path))), {"out": f"/somewhere/{place}"})
        nbformat.write(told, copy)
        execution.forget_the_machine(copy, {f"/somewhere/{place}": ".."})
        made.append(nbformat.read(copy, as_version=4))
    ids = [[cell.pop("id") for cell in each.cells] for each in made]
    assert made[0] == made[1]
    assert [each[1] for each in ids] == ["injected-parameters"] * 2


def test_a_failing_cell_is_named_with_its_last_lines_and_its_copy_kept(tmp_path):
    path = notebook(tmp_path, "x = 1", "print('so far')\n1 / 0")
    with pytest.raises(RuntimeError, match=r"copy, cell 3 \(print\('so far'\)\): ZeroDivisionError: division by zero"):
        execution.execute(path, {"seeds": 3}, tmp_path / "copy.ipynb", execution.Kernels(tmp_path / "home"))
    assert "so far" in (tmp_path / "copy.ipynb").read_text(encoding="utf-8")


def test_a_killed_kernel_is_said_with_the_cell_that_killed_it(tmp_path):
    dying = "import os, signal, sys\nprint('out of memory', file=sys.__stderr__, flush=True)\nos.kill(os.getpid(), 9)"
    path = notebook(tmp_path, "x = 1", dying)
    kernels = execution.Kernels(tmp_path / "home")
    with pytest.raises(RuntimeError, match=r"cell 2 \(import os, signal, sys\): its process died .*\nout of memory"):
        execution.execute(path, {}, tmp_path / "copy.ipynb", kernels)
    assert "x = 1" in (tmp_path / "copy.ipynb").read_text(encoding="utf-8")
    assert kernels._running == {}


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_process_that_dies_before_the_first_cell_is_started_once_more(tmp_path, monkeypatch, deaths):
    kernels, begun = execution.Kernels(tmp_path / "home"), []
    start = kernels._new

    def dying(lines):
        begun.append(lines)
        return start(["__import__('os')._exit(1)"] if len(begun) <= deaths else lines)

    monkeypatch.setattr(kernels, "_new", dying)
    path, copy = notebook(tmp_path, "print('done')"), tmp_path / "copy.ipynb"
    if deaths == 1:
        execution.execute(path, {}, copy, kernels)
        assert "done" in copy.read_text(encoding="utf-8")
    else:
        with pytest.raises(RuntimeError, match=r"cell 0 \(before the first\): its process died"):
            execution.execute(path, {}, copy, kernels)
    assert len(begun) == 2


def test_processes_for_notebooks_load_one_after_the_other_and_leave_a_core_to_the_articles(tmp_path, monkeypatch):
    kernels, begun = execution.Kernels(tmp_path, workers=2), []

    def new(lines):
        kernels._begun += 1
        begun.append(home := tmp_path / str(kernels._begun))
        home.mkdir()
        process = SimpleNamespace(poll=lambda: 1 if len(begun) == 2 else None)  # the second dies while it loads
        return home, SimpleNamespace(
            provisioner=SimpleNamespace(process=process), shutdown_kernel=lambda now: begun.append("killed")
        )

    def wait_for(n):
        for _ in range(200):
            if len(begun) >= n:
                break
            time.sleep(0.02)
        time.sleep(0.2)
        return len(begun)

    monkeypatch.setattr(kernels, "_new", new)
    kernels.begin(4)
    assert wait_for(1) == 1
    (begun[0] / "loaded").touch()
    assert wait_for(3) == 3
    kernels.kill()
    (begun[2] / "loaded").touch()
    assert wait_for(7) == 6
    assert begun[3:] == ["killed"] * 3


def test_a_live_notebook_says_how_far_long_work_is_and_keeps_nothing_of_it(tmp_path, capfd):
    slow = "import time\nfrom topics.pipeline import watched\nfor i in watched(range(6), total=6, what='6 fits'):\n    time.sleep(0.3)\nprint('done')"
    execution.execute(notebook(tmp_path, slow), {}, tmp_path / "copy.ipynb", execution.Kernels(tmp_path / "home"))
    cell = nbformat.read(tmp_path / "copy.ipynb", as_version=4).cells[-1]
    assert [output.text for output in cell.outputs] == ["done\n"]
    assert list(pipeline.watched("ab", total=2, what="letters")) == ["a", "b"]
