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
RUN_ALL = "notebook:run-all-cells"


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


@pytest.fixture
def notebook(chromium, lab):
    """Opens a notebook in JupyterLab."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})

    def opened(path: str):
        page.goto(f"{lab['url']}lab/tree/{path}?token={lab['token']}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        return page

    yield opened
    page.close()


def write(page, line: str) -> None:
    """Put `line` in the place of the line of the parameters cell that sets the same name."""
    name = line.partition(" ")[0]
    page.locator(".cm-line").filter(has_text=re.compile(rf"^{name} =")).click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.insert_text(line)


def run_all(page) -> list[dict]:
    """Choose Run All Cells and give every code cell once the kernel has come to the end."""
    page.evaluate(
        """async () => {
            const panel = jupyterapp.shell.currentWidget;
            await panel.sessionContext.ready;
            await jupyterapp.commands.execute('RUN');
        }""".replace("RUN", RUN_ALL)
    )
    cells = page.evaluate("() => jupyterapp.shell.currentWidget.content.model.toJSON().cells")
    return [cell for cell in cells if cell["cell_type"] == "code"]


def outputs(cells: list[dict]) -> list[dict]:
    return [output for cell in cells for output in cell["outputs"]]


@pytest.mark.browser
def test_another_number_of_topics_is_shown_with_its_tables_and_figures(notebook):
    page = notebook("notebooks/03_topics.ipynb")
    write(page, "n_topics = 4  # how many topics")
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
    assert "36 articles" not in browser.locator("output").inner_text(), "the page's script works"


@pytest.mark.browser
@pytest.mark.parametrize(("line", "said"), [("n_topics = 'many'", "n_topics"), ("articles = '../artikles'", "articles")])  # fmt: skip
def test_a_wrong_value_is_told_in_one_line(notebook, line, said):
    page = notebook("notebooks/03_topics.ipynb")
    write(page, line)
    (error,) = [output for output in outputs(run_all(page)) if output["output_type"] == "error"]
    assert len(error["traceback"]) == 1
    assert said in error["traceback"][0]
    assert "\n" not in error["traceback"][0]
