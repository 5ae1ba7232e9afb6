"""The benchmarks' own bookkeeping, and published figures that our coherence must give."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from topics.trends.contexts import check_name

ROOT = Path(__file__).parents[1]
CORPORA = ROOT.parent / "shared" / "corpora"


@pytest.fixture(autouse=True)
def benchmarks_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in ("record", "results", "run", "literature", "words_speed"):
        sys.modules.pop(name, None)


def line(side, value, repetition=0, case="news", measure="processor time", unit="s", **more):
    found = {"benchmark": "words_speed", "case": case, "side": side, "measure": measure, "value": value, "unit": unit}
    return found | {"repetition": repetition, "run": "r1"} | more


ABOUT = {"run": "r1", "date": "2026-01-01", "command": "python benchmarks/x.py", "machine": "m", "versions": {"a": "1"}}


def test_what_the_benchmark_looks_up_can_be_looked_up():
    for names in importlib.import_module("words_speed").LOOKED_UP.values():
        for name in names:
            check_name(name)


def test_ratios_are_taken_pair_by_pair_and_losses_are_said():
    results = importlib.import_module("results")
    lines = [line("topics", ours, i) for i, ours in enumerate((1, 2, 4))]
    lines += [line("plain", theirs, i) for i, theirs in enumerate((3, 4, 4))]
    lines += [line("topics", 0.5, measure="npmi", unit=""), line("plain", 0.6, measure="npmi", unit="")]
    table = results.beside_us(results.pd.DataFrame(lines).assign(error=None, runs=None, seed=None, published=None))
    rows = table[table["side"] == "plain"].set_index("measure")
    assert rows.loc["processor time", "gain"] == 2  # of 3, 2 and 1, not of the medians' 4 over 2
    assert rows.loc["npmi", "gain"] == pytest.approx(-0.1)
    assert rows["lost"].tolist() == [False, True]


def test_results_are_written_from_kept_lines_and_the_same_lines_give_the_same_bytes(tmp_path):
    results = importlib.import_module("results")
    lines = [ABOUT, *(line(side, value, threads=n) for side, value in (("topics", 2), ("x", 1)) for n in (1, 2, 4))]
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        results.write(lines, tmp_path / name / "RESULTS.md")
        written.append({f.name: f.read_bytes() for f in (tmp_path / name).rglob("*.*")})
    assert written[0] == written[1]
    text = written[0]["RESULTS.md"].decode()
    assert "| From clean text to counts | x | processor time | 3 of 3 | **0.500×**, news, 1 threads |" in text
    assert sum(name.endswith(".svg") for name in written[0]) == 1


def test_a_new_run_replaces_the_cases_it_measured_and_what_its_command_gave(tmp_path):
    run = importlib.import_module("run")
    other = ABOUT | {"run": "r0", "command": "python benchmarks/y.py"}
    run.keep(
        [ABOUT, line("topics", 1), line("topics", 1, case="gone"), other, line("topics", 1, case="stays", run="r0")],
        tmp_path,
    )
    run.keep([ABOUT | {"run": "r2"}, line("topics", 3, run="r2")], tmp_path)
    kept = [json.loads(row) for row in (tmp_path / "words_speed.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["run"] for row in kept if "command" in row} == {"r0", "r2"}
    assert [(row["case"], row["value"]) for row in kept if "command" not in row] == [("stays", 1), ("news", 3)]
    assert not any("part" in row for row in kept)
    run.keep([ABOUT | {"run": "r3"}, line("topics", 3, run="r3"), line("topics", 4, case="more", run="r3")], tmp_path)
    run.keep([other | {"run": "r4"}, line("topics", 5, case="more", run="r4")], tmp_path)
    kept = [json.loads(row) for row in (tmp_path / "words_speed.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["run"]: row.get("part", False) for row in kept if "command" in row} == {"r3": True, "r4": False}


def test_a_call_stands_until_what_it_measures_changes(tmp_path, monkeypatch):
    run = importlib.import_module("run")
    monkeypatch.setattr(run, "HERE", tmp_path / "benchmarks")
    for name in ("benchmarks/x.py", "benchmarks/y.py", "src/topics/words/counts.py", "src/topics/report/html.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("from y import z\n" * (name == "benchmarks/x.py"))

    def git(*words):
        call = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
        return subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    record = importlib.import_module("record")
    monkeypatch.setattr(record, "__file__", str(tmp_path / "benchmarks" / "record.py"))
    head = git("rev-parse", "--short", "HEAD")
    (tmp_path / "benchmarks/results.jsonl").write_text("")  # kept of an earlier call
    git("add", ".")
    assert record.commit() == head
    (tmp_path / "src/topics/words/counts.py").write_text("other = 1")
    assert record.commit() == f"{head}-dirty"
    git("checkout", "src")
    bench, kept = run.Bench("x.py", ("{corpora}/news",), None, of=run.WORDS), tmp_path / "results"
    assert run.stands(bench, kept) is None  # never run
    about = ABOUT | {"command": "python benchmarks/x.py CORPORA/news", "commit": git("rev-parse", "--short", "HEAD")}
    run.keep([about, line("topics", 1)], kept)
    assert run.stands(bench, kept) == about
    (tmp_path / "src/topics/report/html.py").write_text("other = 1")
    assert run.stands(bench, kept) == about
    for name in ("src/topics/words/counts.py", "benchmarks/x.py", "benchmarks/y.py"):
        (tmp_path / name).write_text("other = 1")
        assert run.stands(bench, kept) is None
        git("checkout", name)
    run.keep([about | {"command": "python benchmarks/z.py", "run": "rz"}, line("topics", 1, run="rz")], kept)
    assert run.stands(bench, kept) is None  # another call has taken what it gave
    run.keep([about | {"run": "r2", "commit": about["commit"] + "-dirty"}, line("topics", 2, run="r2")], kept)
    assert run.stands(bench, kept) is None  # nobody knows what was measured


@pytest.mark.skipif(not CORPORA.exists(), reason="the real corpora are not beside the project")
def test_our_coherence_of_gensims_topics_is_the_published_one():
    literature = importlib.import_module("literature")
    corpus = literature.corpora(CORPORA)["BBC News"]()
    counts, numbers = literature.counted(corpus)
    object.__setattr__(counts, "texts", corpus.texts)
    found = literature.measured(counts, numbers, literature.gensim(counts, 10, 0)[0])
    assert (found["c_npmi"], found["diversity"]) == pytest.approx(literature.RUNS_IN_PRINT[10, 0], abs=2e-4)
