"""A page to its text, title, source and dates."""

import quopri
import subprocess
import sys

import pytest

from topics.corpus import read_articles
from topics.corpus.html import extract, found_date, stated_date, unfolded, utc_hour

BODY = "".join(
    f"<p>On pier {n} the ferry sails four times a day between the islands, said harbour master {n}.</p>"
    for n in range(9)
)
PAGE = f"""<!doctype html><html><head><title>Ferry sails | The Post</title><meta property="og:title" content="Ferry sails">
<meta property="og:site_name" content="The Post"><link rel="canonical" href="https://post.example/2031/05/03/ferry">
<meta property="article:modified_time" content="2031-06-01T00:00:00Z"><meta property="article:published_time" content="2031-05-03T09:00:00+07:00">
</head><body><nav>Home Sport Weather</nav><article><h1>Ferry sails</h1>{BODY}</article><footer>© The Post</footer></body></html>"""


def test_the_story_is_kept_and_what_stands_around_it_is_not():
    page = extract(PAGE)
    assert page["text"].count("ferry sails four times") == 9
    assert "Weather" not in page["text"]
    assert (page["title"], page["source"]) == ("Ferry sails", "The Post")
    assert page["url"] == "https://post.example/2031/05/03/ferry"


def saved(page: str, charset: str = "", encoding: str = "utf-8") -> bytes:
    """A page as Chromium saves it in one file, with a picture."""
    return "\r\n".join((
        "From: <Saved by Blink>", "Snapshot-Content-Location: https://echo.example/2031/05/04/ferry", "Subject: =?utf-8?Q?Ferry?=", "Date: Sun, 1 Jun 2031 08:00:00 -0000",
        "MIME-Version: 1.0", 'Content-Type: multipart/related; type="text/html"; boundary="----B"', "", "",
        "------B", f"Content-Type: text/html{charset}", "Content-Transfer-Encoding: quoted-printable", "Content-Location: https://echo.example/2031/05/04/ferry", "",
        quopri.encodestring(page.encode(encoding)).decode("ascii"),
        "------B", "Content-Type: image/png", "Content-Transfer-Encoding: base64", "", "iVBORw0KGgo=", "------B--", "",
    )).encode("ascii")  # fmt: skip


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("", "utf-8"),
        ('; charset="windows-1258"', "windows-1258"),
        ("; charset=none-such", "utf-8"),
        ("; charset=idna", "utf-8"),
    ],
)
def test_a_page_saved_in_one_file_is_read_as_the_page(tmp_path, charset, encoding):
    page = PAGE.replace("harbour master", "cô Đào")
    (tmp_path / "ferry.mhtml").write_bytes(saved(page, charset, encoding))
    (tmp_path / "none.mht").write_bytes(b"Content-Type: text/plain\r\n\r\nNo page.\r\n")
    raw, dropped = read_articles(tmp_path)
    whole = extract(page)
    assert raw.loc[0, ["text", "title", "source", "url", "date_metadata"]].tolist() == [
        whole[name] for name in ("text", "title", "source", "url", "date_metadata")
    ]
    assert dropped[["id", "reason"]].to_numpy().tolist() == [["none.mht", "no page in it"]]


@pytest.mark.parametrize(
    "note",
    [
        "<!-- saved from url=(0040)https://echo.example/2031/05/04/ferry -->",
        "<!--\n Page saved with SingleFile \n url: https://echo.example/2031/05/04/ferry \n-->",
    ],
)
def test_the_address_from_which_a_browser_saved_a_page_counts_where_the_page_has_none(note):
    bare = PAGE.replace('<link rel="canonical" href="https://post.example/2031/05/03/ferry">', "")
    assert extract(PAGE.replace("<html>", f"{note}<html>"))["url"] == "https://post.example/2031/05/03/ferry"
    assert extract(bare.replace("<html>", f"{note}<html>"))["url"] == "https://echo.example/2031/05/04/ferry"
    assert extract(*unfolded(saved(bare)))["url"] == "https://echo.example/2031/05/04/ferry"
    assert extract(bare)["url"] == ""


def test_the_stated_date_is_of_publication_and_not_of_a_change():
    assert extract(PAGE)["date_metadata"] == "2031-05-03T09:00:00+07:00"
    assert stated_date('<meta name="date.modified" content="2031-01-01">') == ""


def test_of_two_statements_of_one_time_the_local_one_counts():
    page = '<meta property="article:published_time" content="2020-12-24T23:59:50+00:00"><script>{"datePublished":"2020-12-25T01:59:50+02:00"}</script>'
    assert stated_date(page) == "2020-12-25T01:59:50+02:00"
    assert utc_hour("2020-12-24T23:59:50+00:00") == 23


def test_a_year_alone_is_no_first_of_january():
    assert (
        found_date("<html><body><p>Copyright 2016</p><p>Some words of a story without a day.</p></body></html>") == ""
    )


def test_no_page_stops_the_reading():
    for page in ("", "<", "\x00", "<html>" * 2000, "<p>unclosed", '<meta content="x"', "plain text"):
        assert set(extract(page)) == {"text", "title", "source", "url", "author", "date_metadata", "date_html"}


def test_a_thread_that_ends_its_own_heed_of_warnings_brings_none_to_the_terminal():
    """Numba compiles in another thread while the first page is read, and both keep and give back the list of what is silenced."""
    script = """
import warnings
from topics.corpus import html
with warnings.catch_warnings():
    import courlan  # silences what urllib3 says, for trafilatura
import trafilatura
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
