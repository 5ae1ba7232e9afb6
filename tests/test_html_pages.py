"""Pages: hostile text stays text, a page needs nothing from outside, and everything that moves on it works."""

import base64
import hashlib
import html
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from topics import plots
from topics.report import html as pages
from topics.report.html import Piece, esc

HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "</script><script>alert(1)</script>",
    "' onmouseover='alert(1)", "{{7*7}} {% raw %}", "\x1b[31mred\x1b[0m\x07", "\u202egnp.exe\u202c", "=HYPERLINK(\"http://x\")",
    "../../etc/passwd", "javascript:alert(1)", "<!-- -->", "]]>", "&lt;b&gt;", "مرحبا بالعالم", "x" * 400, "",
]  # fmt: skip


class Seen(HTMLParser):
    """The tags, attributes, ids and text of a page, and what a browser would run."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.ids, self.attributes, self.words = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.attributes += [name for name, _ in attrs]
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_data(self, data):
        self.words.append(data)


def articles(n: int) -> pd.DataFrame:
    titles = [HOSTILE[i] if i < len(HOSTILE) else f"Engineers are trained in Da Nang, part {i}" for i in range(n)]
    return pd.DataFrame(
        {"doc_id": [f"d{i}" for i in range(n)], "title": titles, "source": [f"Outlet {i % 7}" for i in range(n)],
         "url": [("https://example.org/a", "javascript:alert(1)", None)[i % 3] for i in range(n)], "date": [f"20{10 + i % 9}" for i in range(n)]}
    )  # fmt: skip


def doc_topics(n: int, k: int = 3) -> pd.DataFrame:
    shares = np.random.default_rng(1).dirichlet(np.ones(k), n)
    return pd.DataFrame({"doc_id": np.repeat([f"d{i}" for i in range(n)], k), "topic": np.tile(np.arange(1, k + 1), n), "share": shares.ravel()})  # fmt: skip


def topics(k: int = 3) -> pd.DataFrame:
    return pd.DataFrame({"topic": range(1, k + 1), "label": ["training", "<b>cities</b>", "farms"] * (k // 3), "share": [0.5, 0.3, 0.2] * (k // 3), "x": range(k), "y": [0.0, 1.0, 0.5] * (k // 3)})  # fmt: skip


def words() -> pd.DataFrame:
    return pd.DataFrame([{"topic": t, "term": w, "probability": p, "overall": q} for t in (1, 2, 3) for w, p, q in (("common", 0.2, 0.4), ("own", 0.1, 0.01), ("<i>", 0.05, 0.02))])  # fmt: skip


def every_piece(text: str) -> list[Piece]:
    """Each function here with `text` wherever it takes text."""
    table = pd.DataFrame({"name": [text, "b"], "value": [1.5, np.nan]})
    cells = pd.DataFrame({"article": [text, "B"], "concept": [text, "AI"], "n": [1, 0], "sentences": [[text], []]})
    removed = pd.DataFrame({"step": [text], "start": [0], "n_chars": [3], "replacement": [text]})
    return [
        pages.say(text), pages.say("{x}", x=text), pages.warn(text), pages.verdict(text), pages.heading(text), pages.link(text, text),
        pages.details(text, text), pages.cards({"title": text, "url": text, "meta": [text], "body": [text]}), pages.quote(text, text, text),
        pages.highlight(text, [(1, 4)]), pages.diff_view(text, removed), pages.table(table, caption=text),
        pages.grid(cells, text), pages.spark([1, 2], text),
        pages.browser(articles(3).assign(title=text, source=text, url=text), doc_topics(3), topics().assign(label=text)),
        pages.topic_map(topics().assign(label=text), words().assign(term=text)),
    ]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_never_run(text):
    harmless = [(len(s.tags), sorted(set(s.attributes))) for s in map(Seen, every_piece("harmless words"))]
    for piece, (n_tags, attributes) in zip(every_piece(text), harmless, strict=True):
        seen = Seen(piece)
        assert len(seen.tags) <= n_tags + 1, f"a tag came out of the text: {piece}"
        assert set(seen.attributes) <= {*attributes, "id", "class", "href", "rel", "title"}
        assert not [a for a in seen.attributes if a.startswith("on") or a == "style"]
        assert all(a.get("type") == "application/json" for tag, a in seen.tags if tag == "script")
        assert not [a for _, a in seen.tags if re.match(r"\s*(javascript|data):", a.get("href", ""), re.I)]
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", piece)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//evil.example", "../../etc/passwd.html", "file:///etc/passwd", "", None, float("nan")])  # fmt: skip
def test_addresses_that_lead_nowhere_good_are_not_links(address):
    assert pages.link("text", address) == "text"


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
@settings(max_examples=60)
def test_highlighting_changes_no_text(text, spans):
    assert re.sub(r"<[^>]*>", "", pages.highlight(text, spans)) == esc(text)


def test_the_rest_of_a_long_passage_unfolds_and_none_of_it_is_lost():
    text = "A word <b> of it. " * 200
    shown = pages.quote(text, "where")
    assert shown.count("<details") == 1
    assert re.sub(r"<summary>.*?</summary>|<footer>.*</footer>|<[^>]*>", "", shown) == esc(text)
    assert "<details" not in pages.quote(text[:900])


@given(st.text(alphabet="abc <&\n", min_size=1, max_size=60), st.integers(0, 50), st.integers(1, 9))
@settings(max_examples=60)
def test_what_was_removed_still_stands_struck_through(text, start, n):
    start = min(start, len(text) - 1)
    n = min(n, len(text) - start)
    removed = pd.DataFrame({"step": ["byline"], "start": [start], "n_chars": [n], "replacement": [""]})
    shown = pages.diff_view(text, removed)
    assert re.search(r"<del[^>]*>(.*?)</del>", shown, re.S)[1] == esc(text[start : start + n])
    assert re.sub(r"<[^>]*>", "", re.sub(r"<small.*?</small> ", "", shown)) == esc(text)


def test_a_table_is_kept_whole_and_says_what_it_shows(tmp_path):
    rows = pd.DataFrame({"term": [f"w{i}" for i in range(300)], "rate": np.linspace(0, 1, 300)})
    pages.begin(tmp_path)
    piece = pages.table(rows, name="rates", caption="Rates", formats={"rate": "percent"})
    pages.begin(None)
    assert (
        len(pd.read_parquet(tmp_path / "tables/rates.parquet"))
        == len(pd.read_csv(tmp_path / "tables/rates.csv"))
        == 300
    )
    assert "200 of 300 rows are shown" in piece
    assert 'href="tables/rates.csv"' in piece
    assert 'type="search"' in piece
    assert 'type="search"' not in pages.table(rows.head(3))


def test_a_missing_number_is_a_dash_and_an_interval_stands_by_its_estimate():
    rows = pd.DataFrame({"topic": ["a", "b"], "share": [0.143, np.nan], "low": [0.12, np.nan], "high": [0.16, np.nan]})
    piece = pages.table(
        rows,
        columns=["topic", "share"],
        formats={"share": pages.with_interval("share", "low", "high", percent=True, digits=0)},
    )
    cells = re.findall(r"<td[^>]*>(.*?)</td>", piece)
    assert cells == ["14 % (12–16)", "–"]
    odd = pages.table(pd.DataFrame({"class": [" "], "of 100": [7], "sure": [True], "why": [""]}))
    assert re.findall(r"<t[hd] [^>]*>([^<]*)</t[hd]>", odd) == ["␣", "7", "yes", "–"]
    assert pages.interval(-0.5, -0.7, -0.3) == "−0.50 (−0.70 to −0.30)"


def test_a_figure_stands_in_the_page_without_styles_and_beside_it_as_files(tmp_path):
    series = pd.DataFrame(
        {"name": ["a", "b"], "slope": [1.0, -1.0], "low": [0.5, -2], "high": [2.0, -0.5], "unit": "a year"}
    )
    pages.begin(tmp_path)
    first, second = (pages.figure(plots.forest(series), name="trends", caption="How to read") for _ in "ab")
    pages.begin(None)
    assert first == second
    assert "style=" not in first
    assert 'role="img" aria-label="Dots with intervals' in first
    assert "What rises, and what falls?" in first
    ids = Seen(first).ids
    assert len(ids) == len(set(ids))
    assert all(i.startswith("figure-trends") for i in ids)
    assert {m for m in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', first) for m in m if m} <= set(ids)
    assert (tmp_path / "figures/trends.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert (tmp_path / "figures/trends.pdf").read_bytes().startswith(b"%PDF")


def notebook_of(*cells) -> nbformat.NotebookNode:
    """An executed notebook: strings are prose, pieces are what a cell showed."""
    made = []
    for cell in cells:
        shown = (
            [new_output("display_data", {"text/html": cell._repr_html_(), "text/plain": repr(cell)})]
            if isinstance(cell, Piece)
            else []
        )
        made.append(new_code_cell("show(…)  # <b>code</b>", outputs=shown) if shown else new_markdown_cell(cell))
    return new_notebook(cells=made)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A page that has everything on it, and a front page."""
    folder = tmp_path_factory.mktemp("pages")
    trend = pd.DataFrame(
        {"name": HOSTILE[:3], "slope": [1.0, 0.0, -1], "low": [0.5, -1, -2], "high": [2.0, 1, -0.5], "unit": "a year"}
    )
    rows = pd.DataFrame(
        {
            "term": [f"w{i}" for i in range(30)],
            "n": [(i * 7) % 30 for i in range(30)],
            "long": "many words that make a line " * 4,
        }
    )
    notebook = notebook_of(
        "# Three topics\n\nWhat they are.", pages.begin(folder), "## Overview",
        pages.say("About **14 %** ^[Mean share.] of it; more ^[Another note.], again ^[Mean share.]"),
        pages.table(rows, caption="Words", columns={"term": "Word", "n": "Mentions", "long": "Text"}),
        pages.figure(plots.forest(trend), name="trends", caption="How to read it"),
        pages.topic_map(topics(), words()), "## Overview", pages.heading("Topic 1", id="topic-1", level=3),
        *every_piece(HOSTILE[2])[:14], pages.details("Show all", pages.heading("Hidden", id="topic-2", level=3)),
        pages.diff_view("A line of an article as it was read.\n" * 60, pd.DataFrame({"step": ["byline"], "start": [0], "n_chars": [6], "replacement": [""]})),
        "## Browser", pages.browser(articles(400), doc_topics(400), topics()),
    )  # fmt: skip
    notebook.cells[-1].outputs += [
        new_output("stream", name="stderr", text="FutureWarning: no reader wants this"),
        new_output("display_data", {"text/html": "<script>alert(2)</script>", "text/plain": "<Axes: >"}),
    ]
    pages.begin(None)
    nbformat.write(notebook, folder / "nb.ipynb")
    nav = [("index.html", "Findings"), ("03_topics_03.html", "3 topics")]
    pages.page(folder / "nb.ipynb", folder / "03_topics_03.html", "Three topics", nav, "400 articles")
    finding = {"text": "About **14 %** " + HOSTILE[0], "href": "03_topics_03.html#topic-1", "link": "The topic"}
    pages.front_page(
        {"title": HOSTILE[0], "nav": nav, "collection": "400 articles", "verdict": "Enough.", "warnings": ["a", "b", "c"],
         "cards": pages.cards({"title": "An article", "meta": ["a source"], "body": ["What it says."]}),
         "findings": [finding], "cannot_say": [finding], "topics": pages.table(topics()), "funnel": [{"n": 1234, "text": "read"}],
         "methods": "How.", "references": "- A work.", "cite": "Who.", "download": {"tables/topics.csv": "every topic"}, "rebuild": "make reports", "ledger": "Run 7."},
        folder / "index.html",
    )  # fmt: skip
    pages.runs_page([{"name": "demo", "href": "demo/", "date": "2024-05-01", "articles": "400 articles", "topics": "3 topics", "verdict": HOSTILE[0]}], folder / "runs.html")  # fmt: skip
    return folder


PAGES = ("03_topics_03.html", "index.html", "runs.html")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_its_policy_knows_its_style_and_script(made, name):
    text = (made / name).read_text(encoding="utf-8")
    assert not re.search(
        r"""\ssrc\s*=|@import|url\(["']?(https?:|//)|<link[^>]+href="(?!data:,)|\bfetch\(|XMLHttpRequest""",
        re.sub(r'src=x onerror|&lt;.*?&gt;|"rows":.*?</script>', "", text),
    )
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1])
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    seen = Seen(text)
    assert len(seen.ids) == len(set(seen.ids))
    assert not [a for a in seen.attributes if a.startswith("on") or a == "style"]


def test_the_letters_and_marks_of_figures_stand_once_in_a_page_and_every_use_finds_its_outline(made):
    text = (made / "03_topics_03.html").read_text(encoding="utf-8")
    uses, ids = set(re.findall(r'<use href="#([^"]+)"', text)), Seen(text).ids
    outlines = re.findall(r'<path id="([^"]*)"([^>]*)/>', text)
    assert uses <= set(ids)
    assert {name for name, _ in outlines} <= uses
    assert len({outline for _, outline in outlines}) == len(outlines) > 20


def test_a_page_has_no_notebook_look_and_hides_its_code(made):
    text = (made / "03_topics_03.html").read_text(encoding="utf-8")
    assert "FutureWarning" not in text
    assert "alert(2)" not in text
    assert not re.search(r"In\s*\[|Out\s*\[", text)
    assert (
        text.count("&lt;b&gt;code&lt;/b&gt;")
        == text.partition("How this was computed")[2].count("&lt;b&gt;code&lt;/b&gt;")
        > 0
    )
    assert text.count(pages._asset("style.css")[:200]) == 1, "the live notebook's style does not stand in the page"


@pytest.mark.parametrize(
    ("how", "shown"), [(".1%", "−3.9 %"), (".3f", "−0.039"), (None, "−0.0391"), ("percent", "−3.9 %")]
)
def test_numbers_of_tables_have_a_minus_sign_and_a_space_before_per_cent(how, shown):
    formats = {"value": how} if how else {}
    assert f">{shown}</td>" in pages.table(pd.DataFrame({"name": ["a-b"], "value": [-0.0391]}), formats=formats)


def test_tables_that_hold_the_same_have_ids_of_their_own():
    rows = pd.DataFrame({"outlet": ["A"], "n": [3]})
    one, two = (re.search(r'id="([^"]*)"', pages.table(rows, caption=caption))[1] for caption in ("Drones", "Floods"))
    assert one != two


def test_names_that_differ_in_capitals_or_signs_alone_have_links_of_their_own():
    names = ("The Post", "the post", "THE POST", "A1", "a1", "A.B.", "AB", "A B", "A-B", "A/B", "(A B)", "C+", "C#")
    assert len({pages.anchor("article", name) for name in names}) == len(names)


def test_a_figure_never_takes_the_place_of_another_of_its_page(tmp_path):
    bars = [pd.DataFrame({"step": ["a"], "n": [n]}) for n in (1, 2)]
    one, two = (plots.bars(table, "step", "things", "What?") for table in bars)
    pages.begin(tmp_path)
    pages.figure(one, name="same")
    pages.figure(one, name="same")  # a cell that is run again
    pages.figure(two, name="same")
    pages.figure(two, name=300 * "ế")
    assert sorted(path.name for path in (tmp_path / "figures").glob("*.svg")) == [
        "same-2.svg",
        "same.svg",
        66 * "ế" + ".svg",
    ]
    pages.begin(None)


@pytest.mark.parametrize("share", [0.5549, 0.6949, 0.5551, 0.3051, 0.0251])
def test_the_browser_rounds_a_share_once_as_the_rest_of_the_page_does(share):
    shares = pd.DataFrame({"n_topics": 1, "doc_id": ["d0"], "topic": [1], "share": [share]})
    shown = pages.browser(articles(1).assign(doc_id="d0"), shares, topics().head(1).assign(label="x"))
    percent = pages.interval(share, percent=True, digits=0).replace(" ", "\u00a0")
    assert f"<bdi>x</bdi> {percent}" in shown
    thousandths = int(re.search(r"\[1,(\d+)\]", shown)[1])
    assert f"{math.floor(thousandths / 10 + 0.5)}\u00a0%" == percent  # Math.round in page.js


def test_headings_make_the_contents_and_notes_are_numbered_once(made):
    text = (made / "03_topics_03.html").read_text(encoding="utf-8")
    contents = re.search(r'<nav class="contents".*?</nav>', text, re.S)[0]
    assert re.findall(r'href="#([^"]+)"', contents)[:4] == [
        "s-overview",
        "s-overview-2",
        "topic-1",
        "s-svg-onload-alert-1",
    ]
    assert re.findall(r'<a href="#note-(\d)"', text) == ["1", "2", "1"]
    assert len(re.findall(r'<li id="note-\d">', text)) == 2


def test_the_front_page_keeps_its_order(made):
    text = (made / "index.html").read_text(encoding="utf-8")
    heads = re.findall(r'<h2 id="([^"]+)"', text)
    assert heads == ["cards", "findings", "cannot-say", "topics", "funnel", "methods", "cite", "download", "rebuild"]
    assert text.count('class="warn"') == 3
    assert "1,234" in text


def test_a_number_and_its_per_cent_sign_stand_on_one_line(tmp_path):
    cells = [new_markdown_cell("# What is it?\n\nA 95 % interval, of `7 % 3`."), new_code_cell("7 % 3")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "nb.ipynb")
    page = pages.page(tmp_path / "nb.ipynb", tmp_path / "01.html", "One").read_text(encoding="utf-8")
    assert "A 95\u00a0% interval, of <code>7 % 3</code>." in page
    assert page.count("\u00a0%") == 1


def test_the_same_notebook_makes_the_same_page(made, tmp_path):
    nav = [("index.html", "Findings"), ("03_topics_03.html", "3 topics")]
    again = pages.page(made / "nb.ipynb", tmp_path / "03_topics_03.html", "Three topics", nav, "400 articles")
    assert again.read_bytes() == (made / "03_topics_03.html").read_bytes()


@pytest.mark.parametrize(("n", "most"), [(3824, 1.5e6), (20_000, 7e6)])
def test_all_articles_of_a_large_corpus_fit_in_a_page(n, most):
    assert len(pages.browser(articles(n), doc_topics(n, 9), topics(9)).encode("utf-8")) < most


# In a browser ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(chromium, made):
    """Opens a page; whatever it asks for or complains of ends the test."""
    troubles: list[str] = []

    def open_page(name: str, width: int = 1280, scheme: str = "light"):
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: troubles.append(dialog.message))
        page.on(
            "request", lambda asked: None if asked.url.startswith(("file:", "data:")) else troubles.append(asked.url)
        )
        page.goto((made / name.partition("#")[0]).as_uri() + name[len(name.partition("#")[0]) :])
        return page

    yield open_page
    assert not troubles


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark"), (1280, "light")])
def test_a_page_fits_its_screen_and_breaks_no_accessibility_rule(opened, name, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(name, width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    broken = Axe().run(page).response["violations"]
    assert not [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in broken]
    page.close()


@pytest.mark.browser
def test_tables_sort_and_filter(opened):
    page = opened("03_topics_03.html")
    block = page.locator(".table").first
    block.locator("thead button", has_text="Mentions").click()
    assert block.locator("tbody tr").first.locator("td").first.inner_text() == "29"
    assert block.locator("thead th").nth(1).get_attribute("aria-sort") == "descending"
    block.locator("input").fill("W17")
    page.wait_for_timeout(250)
    assert block.locator("tbody tr:visible").count() == 1
    assert block.locator("output").inner_text() == "1 of 30 rows"
    page.close()


@pytest.mark.browser
def test_the_browser_of_articles_filters_by_word_and_topic_and_shows_hostile_titles_as_text(opened):
    page = opened("03_topics_03.html")
    block = page.locator(".browser")
    assert HOSTILE[0] in block.locator("tbody").inner_text()
    block.locator(".more").click()
    assert block.locator("tbody tr").count() == 100
    block.locator("input").fill("part 39")
    page.wait_for_timeout(250)
    assert block.locator("tbody tr").count() == 14, "39, 139, 239, 339 and 390 to 399"
    block.locator("input").fill("")
    block.locator("select").select_option("2")
    first = block.locator("tbody tr").first.inner_text()
    assert "<b>cities</b>\u2069 9" in first, "sorted by the chosen topic's share"
    page.close()


@pytest.mark.browser
def test_the_map_lists_a_topics_words_by_relevance_as_the_slider_moves(opened):
    page = opened("03_topics_03.html")
    block = page.locator(".map").first
    words_shown = block.locator(".words li span")
    block.locator("[data-topic='2']").press("Enter")
    assert block.locator("[data-topic='2']").get_attribute("aria-pressed") == "true"
    slider = block.locator("input[type=range]")
    slider.fill("1")
    assert words_shown.all_inner_texts() == ["common", "own", "<i>"]
    slider.fill("0")
    assert words_shown.all_inner_texts() == ["own", "<i>", "common"]
    page.close()


@pytest.mark.browser
def test_a_link_into_folded_evidence_unfolds_it_and_one_to_an_article_finds_it(opened):
    page = opened("03_topics_03.html#topic-2")
    assert page.locator("#topic-2").is_visible()
    page.close()
    page = opened("03_topics_03.html#article-d399")
    assert page.locator("#article-d399").is_visible()
    page.close()


@pytest.mark.browser
def test_the_first_tab_skips_to_the_text_and_headings_can_be_reached(opened):
    page = opened("03_topics_03.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()
