"""The columns of every table that passes from one room to the next, and how a table is written.

A table may have more columns behind these, never fewer. `conform` puts the columns in order and says what is
missing; `write_table` writes CSV and Parquet, whole or not at all.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ARTICLES = (
    "doc_id", "file", "row", "source", "url", "title", "text", "date", "date_precision", "date_source", "date_text",
    "not_before", "not_after", "language", "n_words",
)  # fmt: skip
REMOVALS = ("doc_id", "step", "start", "n_chars", "passage", "replacement")
DROPPED = ("stage", "what", "id", "reason", "n")
REPEATS = ("doc_id", "repeats", "similarity", "how")
TERMS = ("term", "n", "n_docs", "kind")
SCORES = ("n_topics", "seed", "measure", "value", "better")
TOPICS = (
    "n_topics", "topic", "label", "share", "share_low", "share_high", "stability", "coherence", "exclusivity", "terms",
)  # fmt: skip
TOPIC_TERMS = ("n_topics", "topic", "rank", "term", "probability", "frex")
DOC_TOPICS = ("n_topics", "doc_id", "topic", "share")
MATCHES = ("n_topics_a", "seed_a", "topic_a", "n_topics_b", "seed_b", "topic_b", "similarity")
SERIES = (
    "kind", "n_topics", "name", "source", "period", "n_docs", "n_words", "estimate", "low", "high", "level", "unit",
    "method",
)  # fmt: skip
TRENDS = (
    "kind", "n_topics", "name", "slope", "low", "high", "level", "unit", "p", "q", "n_periods", "method", "family",
)  # fmt: skip
KEYNESS = (
    "group", "against", "term", "n", "n_docs", "log_odds", "low", "high", "level", "dispersion", "q", "method",
)  # fmt: skip
BURSTS = ("kind", "name", "start", "end", "weight", "q")
CONTEXTS = ("name", "doc_id", "date", "start", "left", "match", "right")

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "articles": ARTICLES,
    "removals": REMOVALS,
    "dropped": DROPPED,
    "repeats": REPEATS,
    "terms": TERMS,
    "scores": SCORES,
    "topics": TOPICS,
    "topic_terms": TOPIC_TERMS,
    "doc_topics": DOC_TOPICS,
    "matches": MATCHES,
    "series": SERIES,
    "trends": TRENDS,
    "keyness": KEYNESS,
    "bursts": BURSTS,
    "contexts": CONTEXTS,
}

LEVEL = 0.95  # of every interval
CSV_ROWS = 1_000_000  # a longer table is written as Parquet alone
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by spreadsheets


class UserError(ValueError):
    """A mistake in what the user gave: one line that says what, where, what is allowed, what came and what to do.

    The command line prints it without a traceback and ends with status 2; a notebook shows it so too.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def nearest(name: str, names: Iterable[str]) -> str:
    """A question after the likely meaning of a wrong name, or nothing.

    >>> nearest("topic_count", ["topic_counts", "seeds"])
    " Did you mean 'topic_counts'?"
    """
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def read_yaml(path: Path, load: Callable[[str], Any] | None = None, hint: str = "") -> Any:
    """What a YAML file holds, by `load` (PyYAML's `safe_load`). Raises `UserError` with file, line and reason, and the `hint`."""
    import yaml

    try:
        return (load or yaml.safe_load)(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise UserError(f"{path}: cannot be read ({problem.strerror}).{hint}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not UTF-8 text.{hint}") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        why = getattr(problem, "problem", None) or "cannot be parsed"
        raise UserError(f"{path}{line}: not YAML: {why}.{hint}") from None


def conform(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with the columns of `COLUMNS[name]` first, in order, and rows numbered from 0.

    Raises `KeyError` where a column is missing: a mistake of ours, never of the user's.

    >>> import pandas as pd
    >>> conform(pd.DataFrame({"term": ["ai"], "kind": ["word"], "n": [2], "n_docs": [1]}), "terms").columns.tolist()
    ['term', 'n', 'n_docs', 'kind']
    """
    wanted = list(COLUMNS[name])
    missing = [column for column in wanted if column not in table.columns]
    if missing:
        raise KeyError(f"table {name} has no column {', '.join(missing)}")
    more = [column for column in table.columns if column not in wanted]
    return table[wanted + more].reset_index(drop=True)


def empty(name: str) -> pd.DataFrame:
    """A table of no rows with the columns of `COLUMNS[name]`.

    >>> len(empty("terms"))
    0
    """
    import pandas as pd

    return pd.DataFrame({column: [] for column in COLUMNS[name]})


def dropped(rows: Iterable[tuple[str, str, str, str, int]]) -> pd.DataFrame:
    """DROPPED from tuples of its columns: a row is a thing left out.

    >>> dropped([("words", "term", "the", "stop word", 12)]).loc[0, "reason"]
    'stop word'
    """
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(DROPPED))


def neutralise(value: Any) -> Any:
    """A text cell that a spreadsheet would run as a formula, with an apostrophe before it; all else as it is.

    >>> neutralise("=1+1"), neutralise("plain"), neutralise(-1.5)
    ("'=1+1", 'plain', -1.5)
    """
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return value


def write_table(table: pd.DataFrame, folder: Path, name: str) -> list[Path]:
    """Write `name.csv` (UTF-8, one header line, `\\n`, full precision) and `name.parquet` into `folder`.

    Formulas are neutralised in the CSV alone. A table of more than a million rows is written as Parquet alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [folder / f"{name}.parquet"]
    replace_file(written[0], lambda path: table.to_parquet(path, index=False))
    if len(table) <= CSV_ROWS:
        import pandas as pd

        safe = table.copy()
        for column in safe.columns:
            if not pd.api.types.is_numeric_dtype(safe[column]):
                safe[column] = safe[column].map(neutralise)
        written.append(folder / f"{name}.csv")
        replace_file(written[1], lambda path: safe.to_csv(path, index=False, lineterminator="\n", encoding="utf-8"))
    return written


def replace_file(path: Path, write: Any) -> None:
    """Call `write` with a path beside `path`, then rename: the file is there whole or as it was."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
