"""Results are kept under what decided them, whole, without pickles."""

from __future__ import annotations

import ast
import json
import os
import shutil
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from topics import store
from topics.corpus.read import read_articles


@dataclass(frozen=True)
class Thing:
    names: np.ndarray
    matrix: sp.csr_matrix
    seed: int


def result():
    return {
        "table": pd.DataFrame({"word": ["ai", "việt"], "n": [1, 2]}),
        "thing": Thing(np.array(["a", "b"]), sp.csr_matrix([[0, 1], [2, 0]]), 3),
        "plain": {"why": "because", 4: [1, 2.5, None, float("inf")], "pair": (1, "x")},
    }


def test_what_is_kept_comes_back_as_it_was(tmp_path):
    kept = store.keep(tmp_path, "step-1", result, classes=[Thing])
    assert kept["table"].equals(result()["table"])
    assert kept["thing"].names.tolist() == ["a", "b"]
    assert (kept["thing"].matrix != result()["thing"].matrix).nnz == 0
    assert kept["plain"] == result()["plain"]


def test_a_kept_result_is_not_built_again(tmp_path):
    store.keep(tmp_path, "step-1", result, classes=[Thing])
    again = store.keep(tmp_path, "step-1", lambda: pytest.fail("built again"), classes=[Thing])
    assert again["plain"] == result()["plain"]


@pytest.mark.parametrize("damage", ["cut", "foreign", "missing", "{", "5", "null", "[" * 100_000, "word"])
def test_a_damaged_entry_is_built_again(tmp_path, damage):
    store.keep(tmp_path, "step-1", result, classes=[Thing])
    file = tmp_path / "step-1" / "table.parquet"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:50])
    elif damage == "foreign":
        pd.DataFrame({"word": ["other"], "n": [9]}).to_parquet(file)
    elif damage == "missing":
        file.unlink()
    else:  # the manifest itself; also one letter of a plain value
        manifest = tmp_path / "step-1" / "manifest.json"
        text = manifest.read_text().replace("plain", "plaim") if damage == "word" else damage
        manifest.write_text(text)
    kept = store.keep(tmp_path, "step-1", result, classes=[Thing])
    assert kept["table"].equals(result()["table"])


def forge(manifest, path):
    """A manifest of one who knows how ours are made."""
    manifest["digest"] = store.digest({name: part for name, part in manifest.items() if name != "digest"})
    path.write_text(json.dumps(manifest))


def test_a_class_that_was_not_named_is_never_made(tmp_path):
    store.keep(tmp_path, "step-1", lambda: {"x": 1})
    manifest = json.loads((tmp_path / "step-1" / "manifest.json").read_text())
    manifest["result"]["x"] = {"$class": "Popen", "fields": {}}
    forge(manifest, tmp_path / "step-1" / "manifest.json")
    assert store.keep(tmp_path, "step-1", lambda: {"x": 2})["x"] == 2


def test_a_name_that_leads_out_of_the_entry_is_refused(tmp_path):
    store.keep(tmp_path, "step-1", lambda: {"x": np.arange(3)})
    manifest = json.loads((tmp_path / "step-1" / "manifest.json").read_text())
    manifest["result"]["x"] = {"$array": "../secret.npy"}
    np.save(tmp_path / "secret.npy", np.arange(9))
    manifest["files"]["../secret.npy"] = store.file_digest(tmp_path / "secret.npy")
    forge(manifest, tmp_path / "step-1" / "manifest.json")
    assert len(store.keep(tmp_path, "step-1", lambda: {"x": np.arange(3)})["x"]) == 3


def test_objects_are_refused_and_nothing_half_written_stays(tmp_path):
    with pytest.raises(TypeError):
        store.keep(tmp_path, "step-1", lambda: {"table": result()["table"], "bad": object()})
    assert list(tmp_path.iterdir()) == []


def test_the_key_changes_with_everything_that_decides():
    def make(step="s", room="tables", values=None, inputs=("i",)):
        return store.key(step, room=room, values=values or {"n": 1}, inputs=inputs)

    others = {make(step="t"), make(room="store"), make(values={"n": 2}), make(inputs=("j",)), make(values={"n": "1"})}
    assert len(others | {make()}) == 6
    assert make() == make()


def test_the_code_of_a_room_reaches_what_it_imports():
    names = {path.relative_to(store.PACKAGE).as_posix() for path in store._sources("pipeline")}
    assert {"pipeline.py", "tables.py", "corpus/__init__.py", "words/counts.py", "models/lda.py"} <= names


def test_the_store_drops_what_was_used_longest_ago(tmp_path):
    import os

    for number in range(4):
        store.keep(tmp_path, f"step-{number}", lambda: {"x": np.zeros(1000)})
        os.utime(tmp_path / f"step-{number}" / "manifest.json", (number, number))
    store.trim(tmp_path, 20_000)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-2", "step-3"]


def test_what_another_run_drops_or_finishes_meanwhile_does_not_stop_the_trimming(tmp_path, monkeypatch):
    for number in range(2):
        store.keep(tmp_path, f"step-{number}", lambda: {"x": np.zeros(1000)})
    (tmp_path / ".part-1").mkdir()
    found = type(tmp_path).glob

    def gone_once_found(folder, pattern):
        for path in list(found(folder, pattern)):
            gone = path if path.is_dir() else path.parent
            if gone.name != "step-1":
                shutil.rmtree(gone)
            yield path

    monkeypatch.setattr(type(tmp_path), "glob", gone_once_found)
    store.trim(tmp_path, 20_000)
    assert [path.name for path in tmp_path.iterdir()] == ["step-1"]


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names of files are Unicode there")
def test_a_file_whose_name_is_no_utf8_is_called_as_in_the_table_of_articles(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xff.txt", "w") as file:
        file.write("The bank gives loans to the farmers of the delta, and the school has students and teachers.")
    said = [item["file"] for item in store.inputs(tmp_path)]
    json.dumps(said, ensure_ascii=False).encode("utf-8")
    assert said == read_articles(tmp_path)[0]["file"].tolist()


@pytest.mark.parametrize("path", sorted(store.PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_the_imports_that_enter_a_key_are_those_of_the_syntax_tree(path):
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    ours = {name.removeprefix("topics.") for name in names if name.startswith("topics.")}
    others = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"topics"}
    found, libraries = store._imports(path)
    assert {name for name in found if not name.endswith(".__init__")} == ours
    assert libraries == others
