"""Notebooks are thin: question, parameters, one setup cell, then call, show, say; committed without outputs."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from topics.tables import UserError

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("0[1-9]_*.ipynb"))
COMMON = {"articles": None, "config": "../config.yml", "out": None}
OWN = {"02_topic_counts": {"topic_counts", "seeds"}, "03_topics": {"n_topics"}}


def cells(path, kind):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [("".join(cell["source"]), cell) for cell in notebook["cells"] if cell["cell_type"] == kind]


def parameters(path):
    (source,) = [text for text, cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", [])]
    return source


def test_the_four_notebooks_are_there():
    names = [path.stem for path in NOTEBOOKS]
    assert {"01_corpus", "02_topic_counts", "03_topics", "04_keyword_trends"} <= set(names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_it_is_committed_without_outputs(self, path):
        for _, cell in cells(path, "code"):
            assert cell["outputs"] == []
            assert cell["execution_count"] is None

    def test_it_names_its_kernel_and_language(self, path):
        metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        assert metadata["kernelspec"]["name"] == "python3"
        assert metadata["language_info"]["name"] == "python"

    def test_it_begins_with_its_question(self, path):
        first, _ = cells(path, "markdown")[0]
        assert first.startswith("# ")
        assert "?" in first.splitlines()[0]

    def test_its_parameters_are_literals_with_comments(self, path):
        source = parameters(path)
        found = {}
        for node in ast.parse(source).body:
            assert isinstance(node, ast.Assign)
            found[node.targets[0].id] = ast.literal_eval(node.value)
        assert all("#" in line for line in source.strip().splitlines())
        assert {name: found[name] for name in COMMON} == COMMON
        assert set(found) - set(COMMON) == OWN.get(path.stem, set())

    def test_nothing_is_defined_or_computed_in_it(self, path):
        sources = [text for text, _ in cells(path, "code")]
        for source in sources:
            for node in ast.walk(ast.parse(source)):
                assert not isinstance(
                    node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.For | ast.While | ast.If
                ), source
        imports = [source for source in sources if "import " in source]
        assert len(imports) == 1, "one setup cell"

    @pytest.mark.parametrize("wrong", [[], {"a": 1}, True, 3.5, "five"], ids=repr)
    def test_a_parameter_of_a_wrong_type_is_one_line_before_any_work(self, path, wrong, monkeypatch):
        given, setup = [text for text, _ in cells(path, "code")][:2]
        for name in ast.parse(given).body:
            name = name.targets[0].id
            if name in COMMON and isinstance(wrong, str):
                continue  # that is a path
            shell = SimpleNamespace(user_ns={"In": [given, f"# Parameters\n{name} = {wrong!r}"]})
            monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=shell: shell))
            monkeypatch.chdir(path.parent)
            exec(given, shell.user_ns)
            shell.user_ns[name] = wrong
            with pytest.raises(UserError, match=f"^{name} must be [^\\n]* Got [^\\n]*$"):
                exec(setup, shell.user_ns)

    def test_a_cell_is_short(self, path):
        assert all(len(text.splitlines()) <= 12 for text, _ in cells(path, "code"))
        assert len(cells(path, "code")) <= 30
