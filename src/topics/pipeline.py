"""The steps in order: the only module that knows the order, and the only one that hands out settings.

Each step is a function of the settings. It is kept in the store under what decided it, so that a notebook that asks for a
step that `make reports` has made reads it, and one that asks for another topic count pays for its own fits alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from topics import corpus as corpus_room
from topics import store
from topics.corpus import audit
from topics.settings import Settings, load, nearest, project_folder
from topics.tables import UserError

Tell = Callable[[str], None]
Track = Callable[..., Iterable[Any]]


def quiet(line: str) -> None:
    """Say nothing: what a step tells where nobody looks."""


def untracked(items: Iterable[Any], *, total: int, what: str) -> Iterable[Any]:  # noqa: ARG001
    """The items as they are: how a step tracks long work where nobody looks."""
    return items


# --- settings and places ---------------------------------------------------------------------------------------------------


def settings(config: str | Path | None = None, **given: Any) -> Settings:
    """The settings in force: defaults, then the file, then what is given by name (`None`: not given).

    >>> settings(topic_counts=[10]).topic_counts
    (10,)
    """
    return load(config_file(config), given)[0]


def config_file(config: str | Path | None) -> Path | None:
    """The file of settings as given, or the project's `config.yml` where it has one."""
    if config is not None:
        return Path(config)
    standing = project_folder() / "config.yml"
    return standing if standing.exists() else None


def articles_path(settings: Settings) -> Path:
    """The file or folder of articles: as set, else `data/raw`, and the sample while that is empty.

    Raises `UserError` where there is no such file or folder.
    """
    data = project_folder() / "data"
    if settings.articles is not None:
        path = Path(settings.articles)
        if not path.exists():
            near = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
            raise UserError(
                f"{path}: no such file or folder of articles.{nearest(path.name, [item.name for item in near])}"
            )
        return path
    for path in (data / "raw", data / "sample"):
        if path.is_dir() and any(not item.name.startswith(".") for item in path.iterdir()):
            return path
    raise UserError(f"{data / 'raw'}: no articles. Put files there, or name a file or folder: ARTICLES=my/folder")


def inputs(path: Path) -> list[dict[str, Any]]:
    """Every file of the articles with its size and digest: one entry a file, in the order of their names."""
    files = (
        [path]
        if path.is_file()
        else sorted(item for item in path.rglob("*") if item.is_file() and not item.is_symlink())
    )
    base = path.parent if path.is_file() else path
    seen = [item for item in files if not any(part.startswith(".") for part in item.relative_to(base).parts)]
    return [
        {"file": item.relative_to(base).as_posix(), "bytes": item.stat().st_size, "sha256": store.file_digest(item)}
        for item in seen
    ]


# --- many -------------------------------------------------------------------------------------------------------------------


def worker_count(settings: Settings) -> int:
    """How many processes or threads at once: as set, else one a core that this process may use."""
    if isinstance(settings.workers, int):
        return settings.workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def processes(settings: Settings, n_articles: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` over processes where there is enough work to pay for them, else the builtin.

    Processes are started fresh, never forked: a forked process with loaded threads can hang.
    """
    workers = worker_count(settings)
    if workers < 2 or n_articles < 400:
        yield map
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool.map


@contextmanager
def threads(settings: Settings) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` over threads, for kernels that release the interpreter's lock."""
    with ThreadPoolExecutor(worker_count(settings)) as pool:
        yield pool.map


# --- steps ------------------------------------------------------------------------------------------------------------------


def _keep(settings: Settings, key: str, build: Callable[[], store.Result]) -> store.Kept:
    folder = Path(settings.cache)
    try:
        return store.keep(folder, key, build, classes=CLASSES)
    except PermissionError as problem:
        raise UserError(f"{folder}: cannot be written ({problem.strerror}). Name another in config.yml: cache: folder") from None


def corpus(settings: Settings) -> store.Kept:
    """The corpus: `articles, removals, dropped, repeats` and `language`."""
    path = articles_path(settings)
    found = inputs(path)
    known = corpus_room.STEPS
    for step in settings.skip_steps:
        if step not in known:
            raise UserError(f"skip_steps: there is no cleaning step {step!r}.{nearest(step, known)} There are: {', '.join(known)}.")
    values = {
        "columns": dict(settings.columns),
        "steps": [step for step in known if step not in settings.skip_steps],
        "language": settings.language,
        "threshold": settings.near_repeats,
    }

    def made(today: date) -> store.Kept:
        # A date is in the future only until it comes: the day enters the key only where it decides something.
        day = {} if today == date.max else {"today": today.isoformat()}
        key = store.key("corpus", room="corpus", values=values | day, inputs=[store.digest(found)])

        def build() -> store.Result:
            with processes(settings, sum(item["bytes"] for item in found) // 2000) as many:
                return corpus_room.prepare(path, today=today, map=many, **values)

        return _keep(settings, key, build)

    kept = made(date.max)
    return kept if kept["articles"]["date"].max() <= date.today().isoformat() else made(date.today())


def check(settings: Settings) -> str:
    """What these articles can carry, in words, fitting nothing."""
    kept = corpus(settings)
    return audit.check_text(kept["articles"], kept["removals"], kept["dropped"], kept["repeats"])


CLASSES: tuple[type, ...] = ()
