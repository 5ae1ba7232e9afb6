"""The map of the house: who may import whom, and the one door to each outside engine."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "topics"
ROOMS = ["corpus", "words", "models", "trends", "report"]
BESIDE = {"tables", "tokens"}  # what every room may use

MAY_IMPORT = {
    "tables": set(),
    "tokens": set(),
    "many": set(),
    "settings": {"tables"},
    "store": {"tables"},
    "plots": {"tables"},
    "corpus": BESIDE,
    "words": BESIDE | {"corpus"},
    "models": BESIDE | {"corpus", "words"},
    "trends": BESIDE | {"corpus", "words", "models"},
    "pipeline": BESIDE | {"settings", "store", "many", "corpus", "words", "models", "trends"},
    "report": BESIDE | {"settings", "store", "many", "plots", "pipeline", "corpus", "words", "models", "trends"},
    "__main__": BESIDE | {"settings", "store", "pipeline", "corpus", "report"},
    "__init__": set(),
}
DOORS = {  # where an outside engine may be imported
    "gensim": {"words", "models"},
    "nltk": {"tokens", "words", "trends/contexts.py"},
    "matplotlib": {"plots"},
    "papermill": {"report"},
    "nbconvert": {"report"},
    "nbformat": {"report"},
}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: imports are absolute"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_part_of_the_house_stands_on_the_map():
    assert {part(path) for path in SOURCES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path):
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("topics.")} - {"__version__"}
    wrong = ours - MAY_IMPORT[part(path)] - {part(path)}
    assert not wrong, f"{path.relative_to(PACKAGE)} may not import {sorted(wrong)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_each_outside_engine_has_one_door(path):
    engines = {name.split(".")[0] for name in imports(path)} & set(DOORS)
    places = {part(path), path.relative_to(PACKAGE).as_posix()}
    for engine in engines:
        assert places & DOORS[engine], f"{path.relative_to(PACKAGE)} opens a second door to {engine}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_is_pickled_evaluated_or_drawn_from_chance_at_large(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = imports(path)
    assert not {name.split(".")[0] for name in names} & {"pickle", "shelve", "dill", "joblib"}
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        assert call not in {"eval", "exec", "yaml.load", "random.random", "nltk.download"}, f"{path.name} calls {call}"
        allowed = ("np.random.default_rng", "np.random.Generator", "np.random.SeedSequence", "np.random.Philox")
        assert not call.startswith("np.random.") or call.startswith(allowed), f"{path.name}: {call}"
