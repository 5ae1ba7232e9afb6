"""The command line: `python -m topics COMMAND`. A user's mistake is one line on standard error and exit status 2."""

from __future__ import annotations

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):  # before anything that another version could not load
    sys.stderr.write("topics needs Python 3.11, 3.12 or 3.13. This is %d.%d.\n" % sys.version_info[:2])  # noqa: UP031
    sys.exit(2)

import argparse
import os
import signal
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn

from topics import __version__, settings
from topics.tables import UserError, nearest, together


class Parser(argparse.ArgumentParser):
    """A parser that tells a mistake in one line, with the nearest right word."""

    def error(self, message: str) -> NoReturn:
        wrong = message.split("unrecognized arguments: ")[-1].split("invalid choice: ")[-1].strip("'").split("'")[0]
        first = wrong.split()[0] if wrong.split() else ""
        hint = self.hint(first) if "invalid choice" in message or "unrecognized" in message else ""
        self.exit(2, f"{self.prog}: {message.split(' (choose from')[0]}.{hint} See {self.prog} --help.\n")

    def hint(self, word: str) -> str:
        """What to do with a word that is none of the parser's."""
        name = word.partition("=")[0].removeprefix("--").replace("-", "_")
        if word.startswith("--") and name == "articles":
            return " The articles stand by themselves: leave '--articles' out."
        if word.startswith("--") and name in settings.FIELDS and name != "topic_counts":  # that one is --topics
            return f" {name!r} is a setting: write it in config.yml."
        return nearest(word, known_words(self))


def known_words(parser: argparse.ArgumentParser) -> list[str]:
    """Every option and choice of a parser and of its commands."""
    words: list[str] = []
    for action in parser._actions:
        words += [*action.option_strings, *map(str, action.choices or ())]
        if isinstance(action.choices, dict):
            words += [word for command in action.choices.values() for word in known_words(command)]
    return words


def parser() -> Parser:
    """Every command with its arguments."""
    top = Parser(prog="python -m topics", description=__doc__, allow_abbrev=False)
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)

    def command(name: str) -> Parser:
        said = COMMANDS[name].__doc__
        return commands.add_parser(name, help=said, description=said, allow_abbrev=False)

    reports, check, settings, verify, diff = map(command, COMMANDS)
    reports.add_argument("--name", help="name of the run's folder; default from the articles' name")
    for each in (reports, check, settings):
        each.add_argument(
            "articles", nargs="?", help="file or folder; default data/raw, or the sample while that is empty"
        )
        each.add_argument("--config", help="file of settings; default config.yml")
    for each in (reports, settings):
        each.add_argument("--topics", action="extend", nargs="+", metavar="N", help="topic counts that get a page")
        each.add_argument("--seeds", action="extend", nargs="+", metavar="N", help="one model is fitted for each")
        each.add_argument(
            "--public",
            metavar="1",
            help="a report to publish: short quotations alone; --public=0: not, though config.yml says so",
        )
    verify.add_argument("name", nargs="?", help="name of the run; may be left out where there is one alone")
    diff.add_argument("a", help="name of a run")
    diff.add_argument("b", help="name of another")
    for each in (reports, verify, diff):
        each.add_argument("--out", help="folder of the runs; default reports")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0 done, 1 a failed run, 2 a mistake in what was given."""
    command = ""
    # Work goes side by side in threads of our own: those of matrix products would be in their way. Numpy reads this when it is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        given_words = sys.argv[1:] if arguments is None else arguments
        given = parser().parse_args(["--public=1" if word == "--public" else word for word in given_words])
        command = given.command
        for name in ("SIGTERM", "SIGHUP"):  # asked to end, a run ends as by Ctrl-C: evidence kept, nothing left running
            if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
                signal.signal(getattr(signal, name), signal.default_int_handler)
        return COMMANDS[command](given)
    except UserError as mistake:
        print(mistake, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. The last good report stands as it was; what was finished is kept.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as problem:  # a full disk, a folder that cannot be written
        print(f"{problem.filename or command}: {problem.strerror or problem}", file=sys.stderr)
        return 1


def wanted(given: argparse.Namespace) -> tuple[settings.Settings, dict[str, str]]:
    """The settings of a run, and where each came from."""
    lists = {"topic_counts": given.topics, "seeds": given.seeds}
    told = {name: words and " ".join(words) for name, words in lists.items()}
    return settings.load(
        settings.config_file(given.config), told | {"articles": given.articles, "public": given.public}
    )


def reports(given: argparse.Namespace) -> int:
    """articles to reports/NAME/: reads, cleans, fits, writes every page, table and figure"""
    from topics.report import folder, provenance

    (chosen, _), *_ = together(
        partial(wanted, given), partial(folder.check_name, given.name), partial(provenance.runs_folder, given.out)
    )
    # Matplotlib keeps its list of fonts in the cache, not at home; it asks when it is first imported.
    os.environ.setdefault("MPLCONFIGDIR", os.path.join(chosen.cache, "matplotlib"))
    from topics.report import run

    return run.reports(chosen, name=given.name, out=given.out)


def check(given: argparse.Namespace) -> int:
    """say in seconds what these articles can carry, fitting nothing"""
    from topics import pipeline

    print(pipeline.check(pipeline.settings(given.config, articles=given.articles)))
    return 0


def show_settings(given: argparse.Namespace) -> int:
    """show the settings in force and where each came from"""
    chosen, origin = wanted(given)
    width = max(map(len, settings.FIELDS))
    for name, item in settings.FIELDS.items():
        value = getattr(chosen, name)
        shown = list(value) if isinstance(value, tuple) else value
        print(f"{name:{width}}  {shown!s:28}  {origin[name]:10}  {item.metadata['doc']}")
    return 0


def verify(given: argparse.Namespace) -> int:
    """rebuild a run from nothing and say what, if anything, differs"""
    from topics.report import provenance, run

    return provenance.verify(given.name, out=given.out, make=run.make_run)


def diff(given: argparse.Namespace) -> int:
    """say in words how two runs differ"""
    from topics.report import provenance

    print(provenance.diff(given.a, given.b, out=given.out))
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {  # the first line of each is its help
    "reports": reports,
    "check": check,
    "settings": show_settings,
    "verify": verify,
    "diff": diff,
}

if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # fits that a stop left running in threads are not waited for
