"""The columns of every table that passes from one room to the next, and how a table is written.

A table may have more columns behind these, never fewer. `conform` puts the columns in order, each of its type, and says
what is missing; `write_table` writes CSV and Parquet, whole or not at all; `read_yaml` reads what people write.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import yaml

ROLES = ("text", "title", "date", "url", "source", "id")  # what a column of the user's own tables may be

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
# What a column of these tables is: one of these whole numbers, one of these numbers, else text; n_topics may be missing in SERIES and TRENDS.
WHOLE = frozenset(
    "row n_words start n_chars n n_docs n_topics seed topic rank n_topics_a seed_a topic_a n_topics_b seed_b topic_b n_periods".split()
)
NUMBERS = frozenset(
    "similarity value share share_low share_high stability coherence exclusivity probability frex estimate low high level slope "
    "p q log_odds dispersion weight".split()
)

BESIDE = ("metadata.csv", "corrections.csv", "collection.yml", "totals.csv")  # lie beside the articles and are none
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


def together(*checks: Callable[[], object]) -> list[Any]:
    """What each of these returns, in order. Raises one `UserError` with all that they say is wrong, a line each.

    >>> together(lambda: 5, lambda: nearest("seed", ["seeds"]))
    [5, " Did you mean 'seeds'?"]
    """
    returned, problems = list[object](), list[str]()
    for check in checks:
        try:
            returned.append(check())
        except UserError as problem:
            problems.append(str(problem))
    if problems:
        raise UserError("\n".join(dict.fromkeys(problems)))
    return returned


def conform(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with the columns of `COLUMNS[name]` first, in order, each of its type, and rows numbered from 0.

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
    return _typed(table[wanted + more].reset_index(drop=True), name)


def _typed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with each column of `COLUMNS[name]` as its type, whatever stands in it or in what it was put together from."""
    types = {column: type_of(name, column) for column in COLUMNS[name]}
    return table.astype({column: kind for column, kind in types.items() if str(table[column].dtype) != kind})


def type_of(name: str, column: str) -> str:
    """The type of a column of a table: `int64`, `Int64` where it may be missing, `float64` or `str`.

    >>> type_of("series", "n_topics"), type_of("contexts", "start"), type_of("bursts", "start"), type_of("trends", "p")
    ('Int64', 'int64', 'str', 'float64')
    """
    if column in NUMBERS:
        return "float64"
    if column not in WHOLE or (name, column) == ("bursts", "start"):
        return "str"
    return "Int64" if column == "n_topics" and name in ("series", "trends") else "int64"


def empty(name: str) -> pd.DataFrame:
    """A table of no rows with the columns of `COLUMNS[name]`, each of its type.

    >>> len(empty("terms"))
    0
    """
    import pandas as pd

    return _typed(pd.DataFrame({column: [] for column in COLUMNS[name]}), name)


def dropped(rows: Iterable[tuple[str, str, str, str, int]]) -> pd.DataFrame:
    """DROPPED from tuples of its columns: a row is a thing left out.

    >>> dropped([("words", "term", "the", "stop word", 12)]).loc[0, "reason"]
    'stop word'
    """
    import pandas as pd

    return _typed(pd.DataFrame(list(rows), columns=list(DROPPED)), "dropped")


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

    Formulas are neutralised in the CSV alone, in the header too, and a name of a column is one line there. A table of more than a million rows is written as Parquet alone.
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
        safe.columns = [neutralise(" ".join(str(column).splitlines())) for column in safe.columns]
        written.append(folder / f"{name}.csv")
        replace_file(written[1], lambda path: safe.to_csv(path, index=False, lineterminator="\n", encoding="utf-8"))
    return written


# --- files that people write -------------------------------------------------------------------------------------------


def read_yaml(path: Path, what: str) -> Any:
    """The plain values of a file of `what` (settings, labels, …) in YAML; None where it says nothing.

    Raises `UserError` with file and line where it is no YAML, a name stands twice, or a date or number is none.
    """
    import yaml

    node = yaml_node(path, what)
    if node is None:
        return None
    for part in _yaml_parts(node):
        _check_part(part, path.name)
    try:
        return yaml.SafeLoader("").construct_document(node)
    except yaml.YAMLError as problem:
        line = (getattr(problem, "problem_mark", None) or node.start_mark).line + 1
        why = getattr(problem, "problem", None) or "cannot be understood"
        raise UserError(f"{path.name}, line {line}: not YAML: {why}. Mend this file of {what}.") from None


def yaml_node(path: Path, what: str) -> yaml.Node | None:
    """What a file of `what` in YAML is made of, each part with its line; None where it says nothing. Raises `UserError`."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise UserError(f"{path}: cannot be read as a file of {what} ({problem.strerror}).") from None
    except UnicodeDecodeError:
        raise UserError(
            f"{path.name}: cannot be read: it is not UTF-8 text. Save this file of {what} as UTF-8."
        ) from None
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except RecursionError:
        raise UserError(f"{path.name}: lists stand in lists too deep for a file of {what}.") from None
    except yaml.YAMLError as problem:
        mark, at = getattr(problem, "problem_mark", None), getattr(problem, "position", 0)
        line = (mark.line if mark else text.count("\n", 0, at)) + 1
        why = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "cannot be parsed"
        raise UserError(f"{path.name}, line {line}: not YAML: {why}. Mend this file of {what}.") from None


def _yaml_parts(node: yaml.Node) -> Iterator[yaml.Node]:
    """A node and all that is in it, each once, in the order of the file; one may be in itself."""
    seen, waiting = set(), [node]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        inner = part.value if isinstance(part.value, list) else []
        waiting += [each for item in reversed(inner) for each in (item[::-1] if isinstance(item, tuple) else [item])]


def _check_part(part: yaml.Node, file: str) -> None:
    """Raises `UserError` where a name stands twice among others, or a date or number is none."""
    import yaml

    if isinstance(part, yaml.MappingNode):
        first: dict[tuple[str, str], int] = {}
        for key in [key for key, _ in part.value if isinstance(key, yaml.ScalarNode)]:
            line = key.start_mark.line + 1
            if (key.tag, key.value) in first:
                before = first[key.tag, key.value]
                raise UserError(f"{file}, line {line}: {key.value!r} stands already in line {before}; keep one.")
            first[key.tag, key.value] = line
    elif part.tag.endswith((":timestamp", ":int", ":float")):
        try:
            yaml.SafeLoader("").construct_object(part)
        except (ValueError, OverflowError):
            kind = "date" if part.tag.endswith(":timestamp") else "number that can be read"
            said = f"{part.value[:40]} is no {kind}; put it in quotes if it is a word."
            raise UserError(f"{file}, line {part.start_mark.line + 1}: {said}") from None


def replace_file(path: Path, write: Any) -> None:
    """Call `write` with a path beside `path`, then rename: the file is there whole or as it was."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(beside)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
