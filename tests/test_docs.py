"""What the documents say is what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from topics import __main__ as command_line
from topics import __version__, settings, tables
from topics.trends import periods

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):.*##", MAKEFILE, flags=re.M)
SOURCES = sorted((ROOT / "src" / "topics").rglob("*.py"))


@pytest.mark.parametrize("target", [name for name in TARGETS if name != "help"])
def test_every_target_is_in_the_readme(target):
    assert f"make {target}" in README


def test_every_target_of_the_readme_is_in_the_makefile():
    assert set(re.findall(r"`make ([a-z-]+)", README)) <= set(TARGETS)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("TOPIC=5", "There is no TOPIC (did you mean TOPICS?)."),
        ("articles=my/folder", "There is no articles (did you mean ARTICLES?)."),
        ("DATA=my/folder", "There is no DATA. Names that make takes here: ARTICLES TOPICS"),
        ("TOPICS=5 10", None),
    ],
)
def test_make_knows_the_names_given_to_it(given, said):
    """make itself takes any name: a misspelt one would leave its value unheeded, and the sample's report where one's own was asked for."""
    ran = subprocess.run(["make", "-n", "help", given], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "") if said is None else ran.returncode == 2 and said in ran.stderr


@pytest.mark.parametrize("command", list(command_line.COMMANDS))
def test_every_command_is_in_the_readme(command):
    assert f"python -m topics {command}" in README
    assert command in command_line.COMMANDS


@pytest.mark.parametrize("name", list(settings.FIELDS))
def test_every_setting_is_in_the_readme_as_it_is(name):
    assert f"| `{name}` |" in README
    assert settings.FIELDS[name].metadata["doc"] in README


def test_the_readme_names_no_setting_that_there_is_not():
    rows = README.split("| setting | default |", 1)[1].split("\n\n", 1)[0]
    assert set(re.findall(r"^\| `(\w+)` \|", rows, flags=re.M)) == set(settings.FIELDS)


@pytest.mark.parametrize("name", list(tables.COLUMNS))
def test_every_table_is_in_the_readme_with_its_columns(name):
    rows = [line for line in README.splitlines() if line.startswith(f"| `{name}` |")]
    assert any(", ".join(tables.COLUMNS[name]) in row for row in rows)


def test_every_page_is_in_the_readme_with_the_notebook_that_makes_it():
    for notebook in sorted((ROOT / "notebooks").glob("0[1-9]_*.ipynb")):
        assert f"notebooks/{notebook.name}" in README
        assert f"`{notebook.stem}" in README


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert project["version"] == __version__
    assert f"version: {__version__}" in citation


@pytest.mark.parametrize(
    "name",
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "METHODS.md", "LICENSE", "CITATION.cff", "data/README.md"],
)
def test_every_document_is_there_and_says_something(name):
    assert len((ROOT / name).read_text(encoding="utf-8")) > 200


def test_files_and_folders_that_documents_name_exist():
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for path in re.findall(
            r"`((?:src|tests|notebooks|data|docs|benchmarks|\.ci)/[\w./-]+|[\w.-]+\.(?:md|toml|yml|lock|cff))`", text
        ):
            made = ("data/cache", "data/raw", "corrections", "metadata", "collection")
            made += ("notebooks/NN_name", "src/topics/report/name_page")
            if not path.startswith(made):
                assert (ROOT / path).exists(), f"{name} names {path}"


def test_the_pictures_of_the_readme_are_there_and_light_and_say_what_they_show():
    pictures = re.findall(r"!\[([^\]]*)\]\((docs/[^)]+)\)", README)
    assert len(pictures) >= 5
    assert all(len(shown) > 20 for shown, _ in pictures)
    assert {file for _, file in pictures} == {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.webp")}
    assert sum((ROOT / file).stat().st_size for _, file in pictures) < 600_000


def test_what_may_be_said_of_a_collection_stands_where_users_look():
    said = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    assert [name for name in periods.COLLECTION if f"`{name}`" not in said] == []
    forms = {periods.label(int(number), length) for length in periods.LENGTHS for number in periods.ordinals(pd.Series(["2021-03-01"]), length)}  # fmt: skip
    assert {form for form in forms if f"`{form}`" not in said} == set()
    assert "`totals.csv`" in said
