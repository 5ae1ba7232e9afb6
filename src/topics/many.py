"""Much work at once: a `map` over processes or threads for the rooms, none of which knows which."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from types import ModuleType
from typing import Any


def worker_count(workers: int | str) -> int:
    """How many processes or threads at once: as set, else (`auto`) one a core that this process may use."""
    if isinstance(workers, int):
        return workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def processes(workers: int | str, n_articles: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` over processes where there is enough work to pay for them, else the builtin.

    Processes are started fresh, never forked: a forked process with loaded threads can hang. They do not load the user's own script, whose
    calls would be made again in each; so what is mapped must be of an importable module.
    """
    if worker_count(workers) < 2 or n_articles < 400:
        yield map
        return
    pool = ProcessPoolExecutor(worker_count(workers), mp_context=get_context("spawn"), initializer=_begin_worker)

    def spread(work: Callable[..., Any], *items: Iterable[Any]) -> Iterator[Any]:
        with _without_main():
            return pool.map(work, *items)  # gives out all work at once, and so starts every process here

    try:
        yield spread
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _without_main() -> Iterator[None]:
    """Meanwhile `__main__` is an empty module, so that a started process has no script to load."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to the process that started it, and ends when that one does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=lambda: (parent_process().join(), os._exit(1)), daemon=True).start()  # type: ignore[union-attr]


@contextmanager
def threads(workers: int | str) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` over threads, for kernels that release the interpreter's lock."""
    pool = ThreadPoolExecutor(worker_count(workers))
    try:
        yield pool.map
        pool.shutdown()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # whoever stops a run waits for no thread
