"""The front page of a run, and the page over all runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def gather(everything: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    raise NotImplementedError


def write_front_page(data: Mapping[str, Any], work: Path) -> None:
    raise NotImplementedError


def write_runs(folder: Path) -> None:
    raise NotImplementedError
