"""Ctrl-C and the like: a run ends wherever they come, and leaves nothing behind."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from topics.report.execution import Kernels


@contextmanager
def heeded() -> Iterator[Callable[[], None]]:
    """Ctrl-C and the like end the run wherever they come; gives what to call when all but the last is done.

    That raises `KeyboardInterrupt` where one came and was swallowed by a library's bare `except`, and from then on none is heeded: the run is a
    moment from its end, and goes to it, else it would say that it stopped while its report stands.

    Python lets nothing out of an object that is being deleted, an import that is broken off may leave the lock of all imports closed, so
    that other threads wait for ever, and a process for notebooks that is broken off in its start is known to nobody, nor are the rest ended
    where ending them is broken off: there it is put off, and comes again a moment later.
    """
    asked: list[int] = []
    settled = False
    later: list[threading.Timer] = []
    tell = sys.unraisablehook

    def ask(number: int, frame: FrameType | None) -> None:
        if settled:
            return
        asked.append(number)
        if must_finish(frame):
            put_off(number)
        else:
            end()

    def end() -> None:
        for timer in later:
            timer.cancel()
        raise KeyboardInterrupt

    def settle() -> None:
        nonlocal settled
        if asked:
            end()
        settled = True

    def put_off(number: int) -> None:
        timer = threading.Timer(0.05, ask_main_thread, [number])
        timer.daemon = True
        later.append(timer)
        timer.start()

    def swallowed(met: Any) -> None:
        if asked and met.exc_type is KeyboardInterrupt:
            put_off(asked[-1])
        else:
            tell(met)

    names = ("SIGINT", "SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    ours = [each for each in known if signal.getsignal(each) is signal.default_int_handler]
    for each in ours:
        signal.signal(each, ask)
    sys.unraisablehook = swallowed
    try:
        yield settle
    finally:
        for timer in later:
            timer.cancel()
        sys.unraisablehook = tell
        for each in ours:
            signal.signal(each, signal.default_int_handler)


def must_finish(frame: FrameType | None) -> bool:
    """Whether what runs in a frame is part of an import, or of starting or ending processes for notebooks."""
    whole = (Kernels.begin.__code__, Kernels.kill.__code__)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib") or frame.f_code in whole:
            return True
        frame = frame.f_back
    return False


def ask_main_thread(number: int) -> None:
    """Send the signal to the main thread itself, which it wakes where the system can."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(signal.Signals(number))
