"""A user's mistake is one clear line on standard error, with the likely meaning, and exit status 2."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from topics import __main__ as command_line
from topics import settings

ROOT = Path(__file__).parents[1]


def run(capsys, *arguments):
    try:
        status = command_line.main(arguments)
    except SystemExit as end:
        status = end.code
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report"], "Did you mean 'reports'?"),
        (["reports", "--topic", "5"], "Did you mean '--topics'?"),
        (["reports", "--topic-counts", "5"], "Did you mean '--topics'?"),
        (["reports", "--articles", "data/sample"], "The articles stand by themselves: leave '--articles' out."),
        (["reports", "--workers=4"], "'workers' is a setting: write it in config.yml."),
        (["reports", "--topics", "five"], "topic_counts must be whole numbers of 2 to 1,000, or auto. Got 'five'."),
        (["settings", "--public=2"], "public must be true or false, or 1 or 0. Got '2'."),
        (["reports", "--topics", "5", "0"], "topic_counts must be whole numbers of 2 to 1,000"),
        (["reports", "--seeds", "-1"], "seeds"),
        (["reports", "no/such/folder"], "no such file or folder of articles"),
        (["reports", "data/sampel"], "Did you mean 'sample'?"),
        (["reports", "data/sample", "--name", "../out"], "NAME must begin with"),
        (["reports", "--config", "none.yml"], "no such file of settings"),
        (["check", "no/such/folder"], "no such file or folder of articles"),
        (["verify", "none"], "no run named 'none'"),
        (["diff", "a", "b"], "no run named 'a'"),
        (["settings", "--config", "none.yml"], "no such file of settings"),
        ([], "required"),
    ],
)
def test_a_mistake_is_one_line(capsys, monkeypatch, arguments, said):
    monkeypatch.chdir(ROOT)
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert said in err
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "Traceback" not in err


def test_topic_counts_given_one_by_one_are_all_taken():
    given = command_line.parser().parse_args(["reports", "--topics", "5", "--topics", "10", "20", "--seeds", "1", "--seeds", "2"])  # fmt: skip
    assert (given.topics, given.seeds) == (["5", "10", "20"], ["1", "2"])
    assert command_line.wanted(given)[0].topic_counts == (5, 10, 20)
    assert command_line.parser().parse_args(["reports"]).topics is None


@pytest.mark.parametrize(("words", "public"), [(["--public"], True), (["--public=1"], True), (["--public=0"], False), ([], False)])  # fmt: skip
def test_public_takes_nothing_after_it_for_its_value(capsys, words, public):
    status, out, _ = run(capsys, "settings", *words, "data/sample")
    assert status == 0
    assert re.search(rf"^public +{public} +{'given' if words else 'default'}", out, re.MULTILINE)
    assert re.search(r"^articles +.*sample +given", out, re.MULTILINE)


def test_all_that_is_wrong_on_the_command_line_is_told_at_once(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("topics.pipeline.everything", None)
    words = [
        "reports",
        "nowhere",
        "--topics",
        "5x",
        "--seeds",
        "1.5",
        "--public=2",
        "--name",
        "a/b",
        "--out",
        str(tmp_path / "runs"),
    ]
    status, out, err = run(capsys, *words)
    assert (status, out) == (2, "")
    assert [line.split()[0] for line in err.splitlines()[:3]] == ["topic_counts", "seeds", "public"]
    assert "nowhere: no such file or folder" in err.splitlines()[3]
    assert err.splitlines()[4].startswith("NAME must")
    assert not (tmp_path / "runs").exists()


def test_a_store_that_cannot_be_written_is_one_line(capsys, tmp_path):
    (tmp_path / "taken").write_text("a file, where a folder should be")
    (tmp_path / "my.yml").write_text("cache: taken/store\n")
    (tmp_path / "a.txt").write_text("An article on rice and water, and on the farms of the delta.")
    status, out, err = run(capsys, "check", str(tmp_path / "a.txt"), "--config", str(tmp_path / "my.yml"))
    assert (status, out) == (2, "")
    assert re.fullmatch(r".*store: cannot be written \(.*\)\. Name another in config\.yml: cache: folder\n", err)


def test_a_full_disk_is_one_line(capsys, monkeypatch):
    def fails(given):
        raise OSError(28, "No space left on device", "reports/mine")

    monkeypatch.setitem(command_line.COMMANDS, "check", fails)
    assert run(capsys, "check") == (1, "", "reports/mine: No space left on device\n")


@pytest.mark.parametrize("command", [[], *([name] for name in command_line.COMMANDS)])
def test_every_command_has_help(capsys, command):
    status, out, _ = run(capsys, *command, "--help")
    assert status == 0
    assert "usage: python -m topics" in out


def test_settings_are_shown_with_where_they_came_from(capsys, tmp_path):
    (tmp_path / "my.yml").write_text("unit: article\n")
    status, out, _ = run(capsys, "settings", "--config", str(tmp_path / "my.yml"))
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert status == 0
    assert set(lines) == set(settings.FIELDS)
    assert "article" in lines["unit"]
    assert "my.yml" in lines["unit"]
    assert "default" in lines["seeds"]
    _, out, _ = run(capsys, "settings", "--topics", "5", "9", "--public", "--config", str(tmp_path / "my.yml"))
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "[5, 9]" in lines["topic_counts"]
    assert "given" in lines["topic_counts"]
    assert "given" in lines["public"]


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14)])
def test_another_python_gets_one_line(version):
    code = f"import sys; sys.version_info = {(*version, 0, 'final', 0)}; import topics.__main__"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = f"topics needs Python 3.11, 3.12 or 3.13. This is {version[0]}.{version[1]}.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, topics, topics.__main__; print(sorted({'numpy', 'pandas', 'gensim', 'numba', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
