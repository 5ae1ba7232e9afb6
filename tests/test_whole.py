"""The whole way, as a user goes it: articles in, a folder of pages, tables and figures out, the same bytes again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import write_articles
from test_public import check

from topics.report import provenance
from topics.tables import COLUMNS

ROOT = Path(__file__).parents[1]
HOSTILE = [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}} {% raw %}", "\x1b[31mred\x1b[0m", "\u202egnp.exe\u202c",
    '=HYPERLINK("http://example.org")', "../../etc/passwd", "one\u2028two", "]]> <!-- &lt;b&gt; -->", "`x` **y** [z](javascript:alert(1)) ^[n]",
]  # fmt: skip


def asked(folder, *more, config="config.yml"):
    """What is given on the command line for a run on the articles in the folder."""
    given = ["reports", folder / "my articles", "--topics", 3, "--out", folder / "out", "--config", folder / config]
    return [*map(str, given), *more]


def topics(*arguments, cwd=ROOT, **environment):
    command = [sys.executable, "-m", "topics", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", env=os.environ | environment, check=False
    )


def make_hostile(folder):
    """Put what might be run into some of the articles: into their text, titles and outlets, and one more file named to lead away."""
    rows = pd.read_csv(folder / "metadata.csv")
    for i, text in enumerate(HOSTILE):
        path = folder / f"article-{i:03d}.txt"
        path.write_text(path.read_text(encoding="utf-8").replace(". ", f". {text} ", 1), encoding="utf-8")
        rows.loc[i, "title"] = f"{text} {i}"
    rows["url"] = [
        ("javascript:alert(1)", 'https://example.org/"><script>alert(1)</script>', "../../x")[i % 3] for i in rows.index
    ]
    rows.to_csv(folder / "metadata.csv", index=False)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    make_hostile(write_articles(folder / "my articles", 36))
    (folder / "config.yml").write_text("cache: cache\nseeds: [1, 2, 3]\n")
    home = folder / "home"
    home.mkdir()
    done = topics(*asked(folder), HOME=str(home))
    assert done.returncode == 0, done.stderr
    return folder, done


def test_the_run_says_what_was_found_where_it_is_and_what_was_left_out(run):
    _, done = run
    assert "36 articles" in done.stdout
    assert "Left out:" in done.stdout
    assert "index.html" in done.stdout
    assert done.stderr == "", "quiet where there is no terminal"


def test_nothing_is_written_at_home(run):
    folder, _ = run
    assert list((folder / "home").iterdir()) == []


def test_every_file_that_the_design_names_is_there(run):
    folder, _ = run
    out = folder / "out" / "my-articles"
    pages = ["index.html", "01_corpus.html", "02_topic_counts.html", "03_topics_03.html", "04_keyword_trends.html"]
    for name in [*pages, "provenance.json", "config.yml"]:
        assert (out / name).stat().st_size > 100, name
    assert (folder / "out" / "index.html").exists()
    for name in COLUMNS:
        assert (out / "tables" / f"{name}.csv").exists()
        assert (out / "tables" / f"{name}.parquet").exists()
    assert {path.suffix for path in (out / "figures").iterdir()} == {".svg", ".pdf"}
    assert len(list((out / "notebooks").glob("*.ipynb"))) == 4


def test_tables_have_their_columns_and_one_number_for_a_topic_everywhere(run):
    folder, _ = run
    tables = folder / "out" / "my-articles" / "tables"
    for name, columns in COLUMNS.items():
        header = (tables / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0].split(",")
        assert tuple(header[: len(columns)]) == columns
        assert b"\r\n" not in (tables / f"{name}.csv").read_bytes()
    described = pd.read_csv(tables / "topics.csv")
    shares = pd.read_csv(tables / "doc_topics.csv").groupby("topic")["share"].mean()
    assert described.set_index("topic")["share"].to_dict() == pytest.approx(shares.to_dict())
    assert described["share"].is_monotonic_decreasing


def test_no_page_loads_anything_from_outside_or_shows_a_notebook(run):
    folder, _ = run
    for page in (folder / "out").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(
            r"""<(?:script|img|iframe|link|source)[^>]+(?:src|href)\s*=\s*["']?(?:https?:)?//""", text
        ), page.name
        assert not re.search(r"@import|url\(\s*['\"]?https?:|fetch\(|XMLHttpRequest", text), page.name
        assert "Content-Security-Policy" in text
        assert not re.search(r"(In|Out)\s*\[\d*\]:", text), page.name
        assert "Traceback" not in text
        assert "Warning:" not in text
        assert str(folder) not in text, f"{page.name} names a path of this machine"


def test_nothing_names_this_machine(run):
    folder, _ = run
    for path in (folder / "out" / "my-articles").rglob("*"):
        if path.suffix in {".ipynb", ".json", ".csv", ".svg"}:  # config.yml says where the articles lie
            assert str(folder) not in path.read_text(encoding="utf-8"), path.name
            assert str(ROOT) not in path.read_text(encoding="utf-8"), path.name


def test_links_between_the_pages_of_a_run_lead_somewhere(run):
    folder, _ = run
    out = folder / "out" / "my-articles"
    for page in [*out.glob("*.html"), folder / "out" / "index.html"]:
        text = page.read_text(encoding="utf-8")
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        for target in re.findall(r'<a [^>]*href="([^"]+)"', text):
            if re.match(r"https?:|mailto:", target):
                continue
            file, _, part = target.partition("#")
            where = page.parent / file if file else page
            assert where.exists(), f"{page.name} links to {target}"
            if part and where.suffix == ".html":
                found = ids if not file else set(re.findall(r'\bid="([^"]+)"', where.read_text(encoding="utf-8")))
                assert part in found, f"{page.name} links to {target}"


def test_the_record_has_the_digest_of_every_output(run):
    folder, _ = run
    out = folder / "out" / "my-articles"
    record = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} - {"provenance.json"}
    assert set(record["outputs"]) == files
    assert len(record["inputs"]) == 37
    assert record["topic_counts"] == [3]
    assert "gensim" in record["libraries"]


def test_a_rebuild_from_nothing_repeats_every_table_and_figure_to_the_byte(run):
    folder, _ = run
    done = topics(
        "verify", "my-articles", "--out", folder / "out", PYTHONHASHSEED="7", TZ="Asia/Ho_Chi_Minh", LC_ALL="C"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "and 5 pages are the same to the byte" in done.stdout


def test_two_runs_are_compared_in_words(run):
    folder, _ = run
    done = topics("diff", "my-articles", "my-articles", "--out", folder / "out")
    assert done.returncode == 0
    assert "nothing differs" in done.stdout
    assert "3 of 3 have the same ten words first" in done.stdout


def test_another_run_with_nothing_changed_stands_and_is_no_line_of_the_ledger(run):
    folder, _ = run
    ledger = (folder / "out" / "ledger.csv").read_bytes()
    done = topics(*asked(folder))
    assert done.returncode == 0
    assert "Nothing was changed since this report was made: it stands." in done.stdout
    assert (folder / "out" / "ledger.csv").read_bytes() == ledger


def test_a_public_report_holds_short_quotations_alone(run):
    folder, _ = run
    done = topics(*asked(folder, "--name", "public", "--public"))
    assert done.returncode == 0, done.stderr
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (folder / "my articles").glob("*.txt")}
    check(folder / "out" / "public", texts)
    with pytest.raises(AssertionError, match="words in a row"):
        check(folder / "out" / "my-articles", texts)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_killed_leaves_the_last_good_one(run, how):
    folder, _ = run
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs, and theirs, ignore it
    out = folder / "out" / "my-articles"
    before = provenance.outputs(out)
    (folder / "other.yml").write_text(f"cache: cache\nseeds: [1, 2, 3]\nkeywords: [word{int(how)}]\n")
    command = [sys.executable, "-m", "topics", *asked(folder, config="other.yml")]
    started = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE)
    own = f".my-articles.part-{started.pid}-*"  # a kernel that outlived a killed run for a second may still write into that one's
    while not list((folder / "out").glob(f"{own}/.jupyter/*/kernel.json")):
        assert started.poll() is None
        time.sleep(0.05)
    os.killpg(started.pid, how)
    said = started.communicate(timeout=60)[1].decode()
    assert provenance.outputs(out) == before
    if how != signal.SIGKILL:
        assert started.returncode == 1, said
        assert "The last good report stands" in said
        assert (folder / "out" / "my-articles.failed" / "error.txt").exists()
        assert not list((folder / "out").glob(own))


@pytest.mark.browser
def test_no_page_asks_for_anything_complains_or_runs_what_articles_hold(run, chromium):
    folder, _ = run
    troubles = []
    page = chromium.new_page()
    for event in ("console", "pageerror", "dialog"):
        page.on(event, lambda what: troubles.append(str(getattr(what, "text", what))))
    page.on("request", lambda wanted: None if wanted.is_navigation_request() else troubles.append(wanted.url))
    for path in sorted((folder / "out").rglob("*.html")):
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert (
            page.evaluate(
                "document.querySelectorAll('img, iframe, object, base, body script:not([type]) ~ script:not([type])').length"
            )
            == 0
        )
        assert not troubles, path.name
        if path.name == "01_corpus.html":
            assert "<img src=x onerror=alert(1)>" in page.inner_text("body")
    page.close()
