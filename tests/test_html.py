"""A page to its text, title, source and dates."""

from topics.corpus.html import extract, found_date, stated_date, utc_hour

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
