"""The notebooks as a person uses them: in JupyterLab in a browser, a number changed, all cells run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import write_articles

ROOT = Path(__file__).parents[1]
START = re.search(r"default_url=/(lab/tree/\S+)", (ROOT / "Makefile").read_text(encoding="utf-8"))[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A folder like the project's, with its notebooks, a few articles and settings that fit them in seconds."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    write_articles(folder / "articles", 36)
    (folder / "config.yml").write_text("articles: articles\nseeds: [1, 2]\ntopic_counts: [3]\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def lab(project):
    """JupyterLab on the loopback with a token, as `make lab` starts it; yields its address and token."""
    home = project / "jupyter"
    environment = os.environ | {f"JUPYTER_{name}_DIR": str(home / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment |= {"IPYTHONDIR": str(home / "ipython"), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--port-retries=50"]
    command += ["--allow-root", f"--notebook-dir={project}", "--LabApp.expose_app_in_browser=True"]
    with (project / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield started(server, home / "RUNTIME", project / "lab.log")
        finally:
            server.terminate()
            server.wait(20)


def started(server: subprocess.Popen, runtime: Path, log: Path) -> dict:
    """What JupyterLab says of itself once it listens."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        for file in runtime.glob("jpserver-*.json"):
            if said := file.read_text(encoding="utf-8"):
                return json.loads(said)
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8")[-2000:])


@pytest.fixture(scope="module")
def notebook(chromium, lab):
    """JupyterLab opened where `make lab` opens it, and from there the notebook of topics."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{lab['url']}{START}?token={lab['token']}")
    page.locator(".jp-RenderedMarkdown a", has_text="03_topics").click(timeout=60_000)
    line(page, "n_topics").wait_for(timeout=60_000)
    yield page
    page.close()


def line(page, name: str):
    """The line of the parameters cell that sets `name`."""
    return page.locator(".cm-line").filter(has_text=re.compile(rf"^{name} ="))


def write(page, **values) -> None:
    """Write these values into the parameters cell, as one types them."""
    for name, value in values.items():
        line(page, name).click()
        page.keyboard.press("Home")
        page.keyboard.press("Shift+End")
        page.keyboard.insert_text(f"{name} = {value!r}")


def run_all(page) -> list[dict]:
    """Choose Run All Cells and give every code cell once the kernel has come to the end."""
    cells = page.evaluate(
        """async () => {
            const panel = jupyterapp.shell.currentWidget;
            await panel.sessionContext.ready;
            await jupyterapp.commands.execute('notebook:run-all-cells');
            return panel.content.model.toJSON().cells;
        }"""
    )
    return [cell for cell in cells if cell["cell_type"] == "code"]


def outputs(cells: list[dict]) -> list[dict]:
    return [output for cell in cells for output in cell["outputs"]]


@pytest.mark.browser
def test_another_number_of_topics_is_shown_with_its_tables_and_figures(notebook):
    page = notebook
    write(page, n_topics=4)
    cells = run_all(page)
    assert not [output for output in outputs(cells) if output["output_type"] in ("error", "stream")]
    shown = "".join("".join(output["data"].get("text/html", "")) for output in outputs(cells))
    assert "each of the 4 topics" in shown
    page.locator(".topics figure svg").first.scroll_into_view_if_needed()
    assert page.locator(".topics .table tbody tr").count() >= 4
    font = "element => getComputedStyle(element).fontFamily"
    assert "Charter" in page.locator(".topics").first.evaluate(font), "the looks of the pages"
    page.locator(".jp-Cell").last.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    browser = page.locator(".topics .browser")
    assert "system-ui" in browser.locator("table").evaluate(font), "also where the first cells are out of sight"
    browser.locator("select").select_option("2")
    assert re.match(r"\d+ of 36 articles", browser.locator("output").inner_text()), "the page's script works"


@pytest.mark.browser
@pytest.mark.parametrize("wrong", [{"n_topics": "many"}, {"n_topics": 4, "articles": "../artikles"}])
def test_a_wrong_value_is_told_in_one_line(notebook, wrong):
    write(notebook, **wrong)
    (error,) = [output for output in outputs(run_all(notebook)) if output["output_type"] == "error"]
    assert len(error["traceback"]) == 1
    assert re.search(r"n_topics must be|no such file or folder of articles", error["traceback"][0])
    assert "\n" not in error["traceback"][0]
