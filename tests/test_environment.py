"""environment.yml, pyproject.toml and the locks say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]


def ranges(lines):
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(item.name): item.specifier for item in requirements}


def conda_ranges():
    lines = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    plain = [line for line in lines if isinstance(line, str) and line != "pip"]
    (by_pip,) = [line["pip"] for line in lines if isinstance(line, dict)]
    assert "-e ." in by_pip
    return ranges(plain + [line for line in by_pip if line != "-e ."])


def locked(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    pins = {}
    for entry in entries:
        requirement = Requirement(entry.split(" \\\n")[0].strip())
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        assert "--hash=sha256:" in entry, f"{name}: {requirement.name} has no hash"
        pins.setdefault(canonicalize_name(requirement.name), set()).add(Version(pin.version))
    return pins


def test_environment_yml_has_the_ranges_of_pyproject():
    conda = conda_ranges()
    python = conda.pop("python")
    ours = ranges(PROJECT["project"]["dependencies"] + GROUPS["build"] + GROUPS["dev"])
    assert conda == ours
    assert str(python) == str(Requirement(f"python{PROJECT['project']['requires-python']}").specifier)


@pytest.mark.parametrize(
    ("lock", "groups"),
    [
        ("requirements.lock", ["build"]),
        ("requirements-dev.lock", ["build", "dev"]),
        ("requirements-bench.lock", ["build", "bench"]),
    ],
)
def test_the_lock_holds_a_version_in_range_of_everything_asked_for(lock, groups):
    pins = locked(lock)
    asked = ranges(PROJECT["project"]["dependencies"] + [line for group in groups for line in GROUPS[group]])
    for name, specifier in asked.items():
        assert name in pins, f"{lock} lacks {name}"
        assert all(version in specifier for version in pins[name]), f"{lock}: {name} {pins[name]} is not {specifier}"


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-bench.lock"])
def test_the_locks_agree(lock):
    run, more = locked("requirements.lock"), locked(lock)
    assert {name: more.get(name) for name in run} == run


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"])
def test_locks_hold_no_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_every_dependency_has_its_reason_beside_it():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("dependencies = [", 1)[1].split("\n]", 1)[0]
    assert all("#" in line for line in block.strip().splitlines())
