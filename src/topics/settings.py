"""What decides a result: one frozen `Settings`, from defaults, `config.yml` and the command line, checked at once.

Paths in `config.yml` are relative to the file itself, paths that are given to the working folder, and the default ones to the
project; after loading all are absolute. Every problem of one input is told together, with the nearest right
name for a wrong one.
"""

from __future__ import annotations

import dataclasses
import os
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from topics.tables import ROLES, UserError, nearest, read_yaml, together

# --- checks: each returns the value as it is kept, or raises ValueError saying what is allowed ---------------------------


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low:,} to {high:,}")
        return value

    return check


def _number(low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return float(value)

    return check


def _several(low: int, high: int, what: str, least: int = 1) -> Callable[[Any], tuple[int, ...]]:
    def check(value: Any) -> tuple[int, ...]:
        items = [value] if isinstance(value, int) else value
        if isinstance(value, str) and re.fullmatch(r"\s*\[?\s*\d{1,12}([\s,]+\d{1,12})*\s*\]?\s*", value):
            items = [int(item) for item in re.findall(r"\d+", value)]  # as papermill's -p gives a list
        good = isinstance(items, list | tuple) and len(items) > 0
        if not good or any(isinstance(item, bool) or not isinstance(item, int) for item in items):
            raise ValueError(f"must be whole numbers of {what}")
        if any(not low <= item <= high for item in items) or len(set(items)) < least:
            raise ValueError(f"must be whole numbers of {what}")
        return tuple(sorted(set(items)))

    return check


def _or(word: Any, check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def either(value: Any) -> Any:
        if value == word and type(value) is type(word):
            return value
        try:
            return check(value)
        except ValueError as problem:
            raise ValueError(f"{problem}, or {'nothing' if word is None else word}") from None

    return either


def _one_of(*words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return check


def _yes_or_no(value: Any) -> bool:
    """True or false, as make and the command line have it 1 or 0.

    >>> _yes_or_no(False), _yes_or_no("1")
    (False, True)
    """
    said = {"True": True, "1": True, "False": False, "0": False}
    if str(value) not in said:
        raise ValueError("must be true or false, or 1 or 0")
    return said[str(value)]


def _words(value: Any) -> tuple[str, ...]:
    items = [] if value is None else value
    if not isinstance(items, list | tuple) or any(not isinstance(item, str) or not item.strip() for item in items):
        raise ValueError("must be a list of words (in quotes where YAML would read a number)")
    if any(item.encode("utf-8", "replace").decode() != item for item in items):
        raise ValueError("must be words, none with half a character in it (\\ud800 to \\udfff)")
    return tuple(dict.fromkeys(items))


def _forms(value: Any) -> tuple[str, ...]:
    """Words that keep their form, or `form=lemma`, a single word on both sides.

    >>> _forms(["data", "media = medium", "public works"])
    ('data', 'media=medium', 'public works')
    """
    told = [word.split("=") for word in _words(value)]
    if wrong := [
        "=".join(sides) for sides in told if len(sides) > 1 and [len(side.split()) for side in sides] != [1, 1]
    ]:
        raise ValueError(f"must be words or form=lemma, each of one word, unlike {', '.join(map(repr, wrong))}")
    return tuple("=".join(map(str.strip, sides)) for sides in told)


def _single_words(value: Any) -> tuple[str, ...]:
    """Words of which each is looked up alone: one of several would never be met."""
    if several := [word for word in _words(value) if len(word.split()) > 1]:
        raise ValueError(f"must be single words, unlike {', '.join(map(repr, several))} (hide_words takes phrases too)")
    return _words(value)


def _keywords(value: Any) -> tuple[str, ...]:
    """Words, one of each: a word's case counts where it has a capital after its first letter, as in a file of concepts.

    >>> _keywords(["payment", "Payment", "US", "us"])
    ('payment', 'US', 'us')
    """
    first: dict[str, str] = {}
    for name in _words(value):
        plain = [word.lower() if word[1:] == word[1:].lower() else word for word in name.split()]
        first.setdefault(" ".join(plain), name)
    return tuple(first.values())


def _among(*names: str) -> Callable[[Any], tuple[str, ...]]:
    """Some of these names, or none."""

    def check(value: Any) -> tuple[str, ...]:
        if wrong := [item for item in _words(value) if item not in names]:
            hint = nearest(wrong[0], names).strip()
            raise ValueError(f"must be among {', '.join(names)}, not {', '.join(wrong)}{f' ({hint})' if hint else ''}")
        return _words(value)

    return check


def _columns(value: Any) -> dict[str, str | list[str]]:
    """Roles with a column each, or several that are put one behind the other.

    >>> _columns({"text": ["lead", "body"], "date": "Day"})
    {'text': ['lead', 'body'], 'date': 'Day'}
    """
    pairs = {} if value is None else value
    names = (
        [[role, *(used if isinstance(used, list) else [used])] for role, used in pairs.items()]
        if isinstance(pairs, dict)
        else [[None]]
    )
    if any(not isinstance(name, str) for found in names for name in found):
        raise ValueError("must be pairs of names, such as {text: body} or {text: [lead, body]}")
    if wrong := [role for role in pairs if role not in ROLES]:
        raise ValueError(f"must say which column is {', '.join(ROLES)}; there is no {', '.join(wrong)}")
    return dict(pairs)


def _language(value: Any) -> str:
    value = "no" if value is False else value  # Norwegian, as YAML reads it
    if not isinstance(value, str) or not (value == "auto" or (len(value) in (2, 3) and value.isalpha())):
        raise ValueError("must be auto, or a language's code of two letters such as en, fr, vi")
    return value.lower()


def _path(value: Any) -> str:
    if not isinstance(value, str | os.PathLike) or not str(value).strip():
        raise ValueError("must be a path")
    try:
        written = os.fsencode(value)
    except UnicodeEncodeError:
        written = b"\0"
    if b"\0" in written or len(written) > 4000 or any(len(part) > 255 for part in re.split(rb"[/\\]", written)):
        raise ValueError("must be a path that can be, each name in it of 255 bytes at most")
    return str(value)


def _setting(default: Any, check: Callable[[Any], Any], doc: str, decides: bool = True, path: bool = False) -> Any:
    return field(default=default, metadata={"check": check, "doc": doc, "decides": decides and not path, "path": path})


def _mapping(check: Callable[[Any], Any], doc: str) -> Any:
    return field(default_factory=dict, metadata={"check": check, "doc": doc, "decides": True, "path": False})


# --- the settings -------------------------------------------------------------------------------------------------------

STEPS = (
    "encoding", "invisible", "markup", "hyphenation", "repeated_head", "captions", "bylines", "stamps", "datelines", "lists", "sharing", "rights",
    "recurring", "addresses", "credits", "end_marks",
)  # fmt: skip
KINDS = ("calendar", "outlet", "boilerplate")
SEEDS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Settings:
    """Every setting with its default. `decides` marks those that can change a number."""

    articles: str | None = _setting(
        None,
        _or(None, _path),
        "file or folder of articles; nothing: data/raw, or the sample while that is empty",
        path=True,
    )
    columns: Mapping[str, str | list[str]] = _mapping(
        _columns,
        "which column of your tables is the text, title, date, …: {text: body}; several are joined: {text: [lead, body]}",
    )
    language: str = _setting("auto", _language, "language of the articles; auto takes the majority's")
    skip_steps: tuple[str, ...] = _setting((), _among(*STEPS), "cleaning steps to leave out, by name as in 01_corpus")
    near_repeats: float = _setting(0.7, _number(0.3, 1.0), "similarity from which two articles count as repeats")
    unit: str = _setting(
        "auto",
        _one_of("auto", "article", "paragraph"),
        "what a topic model takes as a document; auto: paragraphs if few",
    )
    lemmas: bool = _setting(True, _yes_or_no, "put the forms of a word together (cities, city)")
    lemma_exceptions: tuple[str, ...] = _setting((), _forms, "words that keep their form, or form=lemma")
    phrases: bool = _setting(True, _yes_or_no, "learn phrases of two to four words from the articles")
    concepts: str = _setting(
        "data/concepts.yml", _path, "file of concepts: one name for many ways of writing", path=True
    )
    stop_words: tuple[str, ...] = _setting((), _single_words, "words left out of the models, beside the packaged list")
    keep_words: tuple[str, ...] = _setting((), _single_words, "words of the packaged stop list that stay in")
    leave_out: tuple[str, ...] = _setting(
        KINDS,
        _among(*KINDS),
        "kinds of names left out of the models: calendar (months, days), outlet, boilerplate (of reporters)",
    )
    hide_words: tuple[str, ...] = _setting((), _words, "words left out of lists and figures alone, not of the models")
    min_docs: int | str = _setting(
        "auto", _or("auto", _whole(1, 1_000_000)), "fewest articles that a word must stand in"
    )
    max_share: float | str = _setting(
        "auto", _or("auto", _number(0.01, 1.0)), "largest share of articles that a word may stand in"
    )
    topic_counts: tuple[int, ...] | str = _setting(
        "auto", _or("auto", _several(2, 1000, "2 to 1,000")), "topic counts that get a page; auto: the suggested one"
    )
    seeds: tuple[int, ...] = _setting(
        SEEDS,
        _several(0, 2**31 - 1, "0 to 2,147,483,647, two of them at least (topics are compared between runs)", least=2),
        "one model is fitted for each seed",
    )
    engine: str = _setting(
        "gibbs",
        _one_of("gibbs", "parallel", "gensim"),
        "sampler of ours, that for a few large fits in many threads, or gensim's variational Bayes",
    )
    labels: str = _setting("labels.yml", _path, "file of labels for topics, written by hand", path=True)
    period: str = _setting(
        "auto", _one_of("auto", "day", "week", "month", "quarter", "year"), "length of a period; auto: from the dates"
    )
    keywords: tuple[str, ...] = _setting((), _keywords, "keywords to follow, beside the concepts")
    public: bool = _setting(
        False,
        _yes_or_no,
        "a report to publish: of other people's articles short quotations alone, with source and link",
    )
    cache: str = _setting("data/cache", _path, "folder of kept results", path=True)
    cache_gb: float = _setting(
        5.0, _number(0.1, 10_000), "size at which the oldest kept results are dropped", decides=False
    )
    workers: int | str = _setting(
        "auto", _or("auto", _whole(1, 1024)), "processes at once; auto: one a core", decides=False
    )


FIELDS = {item.name: item for item in dataclasses.fields(Settings)}
PATHS = tuple(name for name, item in FIELDS.items() if item.metadata["path"])
BY_HAND = ("concepts", "labels")  # the files that people write


def project_folder() -> Path:
    """The folder of the project: the one this source stands in, or the working folder for an installed package."""
    here = Path(__file__).parents[2]
    return here if (here / "pyproject.toml").exists() else Path.cwd()


def place(name: str, value: Any) -> str:
    """A path as given under a name that is no setting.

    >>> place("out", 5)
    Traceback (most recent call last):
    ...
    topics.tables.UserError: out must be a path. Got 5.
    """
    try:
        return os.path.expanduser(_path(value))
    except ValueError as problem:
        raise UserError(f"{name} {problem}. Got {_shown(value)}.") from None


def make_folder(name: str, value: Any) -> Path:
    """A folder to write in, as given under a name that is no setting, made where it is not there. Raises `UserError` where it cannot be."""
    path = Path(place(name, value))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(f"{name}: {path} cannot be a folder to write in ({problem.strerror}). Name another.") from None
    return path


def nearest_file(path: Path) -> str:
    """A question after the file that a wrong path is likely meant for, or nothing."""
    return nearest(path.name, sorted(item.name for item in path.parent.iterdir())) if path.parent.is_dir() else ""


def config_file(config: str | Path | None) -> Path | None:
    """The file of settings as given, or the project's `config.yml` where it has one."""
    if config is not None:
        return Path(place("config", config))
    standing = project_folder() / "config.yml"
    return standing if standing.exists() else None


def check_count(name: str, value: Any) -> int:
    """A topic count as given under a name that is no setting.

    >>> check_count("n_topics", 1)
    Traceback (most recent call last):
    ...
    topics.tables.UserError: n_topics must be a whole number from 2 to 1,000. Got 1.
    """
    try:
        return _whole(2, 1000)(value)
    except ValueError as problem:
        raise UserError(f"{name} {problem}. Got {_shown(value)}.") from None


def articles_path(settings: Settings) -> Path:
    """The file or folder of articles: as set, else `data/raw`, and the sample while that is empty.

    Raises `UserError` where there is no such file or folder.
    """
    data = project_folder() / "data"
    if settings.articles is not None:
        path = Path(settings.articles)
        try:
            there = path.exists()
        except OSError as error:  # of a folder on the way
            raise UserError(
                f"articles: {path} cannot be reached: {error.strerror}. Ask for the right to read it."
            ) from None
        if not there:
            raise UserError(f"{path}: no such file or folder of articles.{nearest_file(path)}")
        return path
    for path in (data / "raw", data / "sample"):
        if path.is_dir() and any(not item.name.startswith(".") for item in path.iterdir()):
            return path
    raise UserError(f"{data / 'raw'}: no articles. Put files there, or name a file or folder: ARTICLES=my/folder")


def by_hand(settings: Settings, name: str) -> Path:
    """A file that people write, as a setting names it; the project's own may be missing. Raises `UserError` where one that was named is."""
    file = Path(getattr(settings, name))
    if not file.is_file() and file != project_folder() / getattr(Settings, name):
        raise UserError(f"{name}: {file}: no such file.{nearest_file(file)}")
    return file


def load(config: str | Path | None = None, given: Mapping[str, Any] | None = None) -> tuple[Settings, dict[str, str]]:
    """The settings in force and where each came from: `default`, the file's name, or `given`.

    `config` is a YAML file of settings; `given` are values by name that overrule it, `None` meaning "not given".
    Raises `UserError` that names every wrong setting of the file and of what was given, and every file that they name and that is not there.

    >>> settings, origin = load(None, {"topic_counts": [10, 5]})
    >>> settings.topic_counts, origin["topic_counts"], origin["unit"]
    ((5, 10), 'given', 'default')
    """
    path = Path(config) if config is not None else None
    problems: list[str] = []
    read = _read_config(path, problems) if path is not None else {}
    told = {name: value for name, value in (given or {}).items() if value is not None}
    where = path.name if path else "config.yml"
    values: dict[str, Any] = {}
    origin = dict.fromkeys(FIELDS, "default")
    folders = {where: path.absolute().parent if path else Path.cwd(), "given": Path.cwd(), "default": project_folder()}
    for source, pairs in ((where, read), ("given", told)):
        for name, value in pairs.items():
            checked = _check(source, name, value, problems)
            if checked is not None or name == "articles":
                values[name] = checked
                origin[name] = source
    for name in PATHS:
        value = values.get(name, FIELDS[name].default)
        if value is not None:
            values[name] = os.path.normpath(folders[origin[name]] / Path(value).expanduser())
    settings = Settings(**values)
    named = [partial(by_hand, settings, name) for name in BY_HAND]
    named += [] if settings.articles is None else [partial(articles_path, settings)]
    try:
        together(*named)
    except UserError as problem:
        problems.append(str(problem))
    if problems:
        raise UserError("\n".join(problems))
    return settings, origin


def _read_config(path: Path, problems: list[str]) -> dict[str, Any]:
    """The pairs of a file of settings; what is wrong with the file is added to the list."""
    try:
        if not path.exists():
            raise UserError(
                f"{path}: no such file of settings.{nearest_file(path)} It is named by --config, CONFIG= for make, or config in a notebook."
            )
        pairs = read_yaml(path, "settings")
        if not isinstance(pairs, dict | None):
            raise UserError(f"{path.name}: must be lines such as 'topic_counts: [5, 10]'. Got {type(pairs).__name__}.")
    except UserError as problem:
        problems.append(str(problem))
        return {}
    return {str(name): value for name, value in (pairs or {}).items()}


def _check(source: str, name: str, value: Any, problems: list[str]) -> Any:
    """The value as it is kept; a problem is added to the list, and nothing returned."""
    prefix = "" if source == "given" else f"{source}: "
    if name not in FIELDS:
        problems.append(f"{prefix}there is no setting {name!r}.{nearest(name, FIELDS)} `make settings` lists them.")
        return None
    try:
        return FIELDS[name].metadata["check"](value)
    except ValueError as problem:
        problems.append(f"{prefix}{name} {problem}. Got {_shown(value)}.")
        return None


def _shown(value: Any) -> str:
    """A value as it came, cut where it is long.

    >>> _shown([5, 0]), len(_shown([["x"] * 99] * 99))
    ('[5, 0]', 202)
    """
    brief = reprlib.Repr()
    brief.maxlevel, brief.maxstring, brief.maxother, brief.maxlong = 3, 200, 200, 200
    brief.maxlist = brief.maxtuple = brief.maxdict = 20
    try:
        text = brief.repr(value)
    except ValueError:  # Python writes out no number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= 200 else f"{text[:200]} …"


def check_parameters(cells: Iterable[str]) -> None:
    """Whether the cell that papermill injects into a notebook names only what the notebook's own cell of parameters has.

    Papermill itself only warns. `cells` are the cells executed so far; raises `UserError` that names every unknown parameter.

    >>> check_parameters(["n_topics = 6", "# Parameters\\nn_topcis = 9"])
    Traceback (most recent call last):
    ...
    topics.tables.UserError: there is no parameter 'n_topcis'. Did you mean 'n_topics'?
    """
    known: set[str] = set()
    for cell in cells:
        names = set(re.findall(r"^(\w+) *=", cell, flags=re.M))
        if cell.startswith("# Parameters\n") and (wrong := sorted(names - known)):
            raise UserError("\n".join(f"there is no parameter {name!r}.{nearest(name, known)}" for name in wrong))
        known |= names


def deciding(settings: Settings) -> dict[str, Any]:
    """The settings that can change a number, as plain values for keys and records; files count by what they hold."""
    return {
        name: list(value) if isinstance(value := getattr(settings, name), tuple) else value
        for name, item in FIELDS.items()
        if item.metadata["decides"]
    }
