"""Ctrl-C ends a run wherever it comes, and leaves nothing behind."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

from topics.report import execution, interrupts


class Interrupts:
    """Ctrl-C comes while it is being deleted, where Python lets no exception out."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def bare_except() -> None:
    with suppress(BaseException):
        signal.raise_signal(signal.SIGINT)


def deleted() -> None:
    kept = [Interrupts()]
    kept.clear()


@pytest.fixture
def no_handlers(monkeypatch):
    """Python's own handlers, as in a run, and a list of what would be printed of exceptions that nothing can catch."""
    said: list = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield said
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_ctrl_c_that_a_library_swallows_is_heeded_at_the_next_check(no_handlers):
    with pytest.raises(KeyboardInterrupt), interrupts.heeded() as settle:  # noqa: PT012
        bare_except()
        settle()


def test_ctrl_c_after_the_last_check_lets_the_run_end(no_handlers):
    with interrupts.heeded() as settle:
        settle()
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_an_object_is_deleted_comes_again_and_prints_nothing(no_handlers):
    with pytest.raises(KeyboardInterrupt), interrupts.heeded():  # noqa: PT012
        deleted()
        time.sleep(20)
    assert not no_handlers


def test_ctrl_c_lets_an_import_end_first(no_handlers, tmp_path, monkeypatch):
    """An import that is broken off may leave the lock of all imports closed: other threads would wait for ever."""
    (tmp_path / "breaks_off.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\nwhole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(KeyboardInterrupt), interrupts.heeded():  # noqa: PT012
        import breaks_off

        whole = breaks_off.whole
        time.sleep(20)
    assert whole


def test_ctrl_c_lets_the_start_of_a_process_for_notebooks_end_first(no_handlers, tmp_path, monkeypatch):
    """One that was broken off would be known to nobody: it would go on beside the run, and write into a folder that is gone."""
    kernels = execution.Kernels(tmp_path, workers=3)
    (tmp_path / "loaded").touch()
    kernel = SimpleNamespace(provisioner=SimpleNamespace(process=None))
    monkeypatch.setattr(kernels, "_new", lambda lines: signal.raise_signal(signal.SIGINT) or (tmp_path, kernel))
    monkeypatch.setattr(kernels, "_follow", lambda *_: None)
    with pytest.raises(KeyboardInterrupt), interrupts.heeded():  # noqa: PT012
        kernels.begin(2)
        time.sleep(20)
    assert kernels._spare == [(tmp_path, kernel)] * 2
