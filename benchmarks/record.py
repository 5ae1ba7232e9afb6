"""Figures of a benchmark as JSON lines, so that `run.py` can make tables, ratios and curves of them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def record(
    benchmark: str, case: str, side: str, measure: str, value: float, unit: str, repetition: int = 0, **more: Any
) -> None:
    """Append one measured figure to the file that `run.py` names in the environment; without it, do nothing.

    `side` is whom the figure is of ("topics", "gensim", …); figures of one `case` and `repetition` were measured in
    turn and are compared pair by pair. `more` holds what a curve needs (sweep, topics, threads, …).
    """
    file = os.environ.get("TOPICS_BENCH_LINES")
    if file:
        line = {"benchmark": benchmark, "case": case, "side": side, "measure": measure, "value": float(value)}
        line |= {"unit": unit, "repetition": repetition, **more}
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")
