"""A report to publish holds no more of other people's articles than short quotations."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pandas as pd
import pytest

from topics.report import public

WORD = re.compile(r"\w+")


def streams(folder):
    """Every text of a run's folder as a reader or a program would take it: pages without tags, cells, what notebooks show."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".svg"}:
            text = path.read_text(encoding="utf-8")
            data = " ".join(re.findall(r'<script type="application/json">(.*?)</script>', text, re.S))
            yield path, html.unescape(re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", text, flags=re.S))
            yield path, data.encode().decode("unicode_escape", "ignore") if data.isascii() else data
            yield path, html.unescape(" ".join(re.findall(r'="([^"]*)"', text)))
        elif path.suffix in {".ipynb", ".json"}:
            found: list[object] = []
            json.loads(
                path.read_text(encoding="utf-8"), object_hook=lambda pairs, into=found: into.extend(pairs.values())
            )
            texts = [
                text
                for value in found
                for text in (value if isinstance(value, list) else [value])
                if isinstance(text, str)
            ]
            yield path, html.unescape(re.sub(r"<[^>]*>", " ", " ".join(texts)))
        elif path.suffix == ".parquet":
            yield path, " ".join(map(str, pd.read_parquet(path).to_numpy(dtype=object).ravel()))
        elif path.suffix in {".csv", ".yml"}:
            yield path, path.read_text(encoding="utf-8")


def longest_quotation(text, articles):
    """The most words in a row of an article that stand in a text, and which words of which article stand there in runs of `RUN`."""
    words = [word.lower() for word in WORD.findall(text)]
    most, quoted = 0, {}
    for name, own in articles.items():
        starts: dict[tuple[str, ...], list[int]] = {}
        for at in range(len(own) - public.RUN + 1):
            starts.setdefault(tuple(own[at : at + public.RUN]), []).append(at)
        for i in range(len(words) - public.RUN + 1):
            for at in starts.get(tuple(words[i : i + public.RUN]), []):
                n = public.RUN
                while i + n < len(words) and at + n < len(own) and words[i + n] == own[at + n]:
                    n += 1
                most = max(most, n)
                quoted.setdefault(name, set()).update(range(at, at + public.RUN))
    return most, quoted


def check(folder, texts):
    """No quotation in a run's folder is longer than the limit, and none of the articles has given more than its part."""
    articles = {name: [word.lower() for word in WORD.findall(text)] for name, text in texts.items()}
    given: dict[str, set[int]] = {}
    for path, text in streams(folder):
        most, quoted = longest_quotation(text, articles)
        assert most <= public.QUOTATION, f"{path.name}: {most} words in a row"
        for name, places in quoted.items():
            given.setdefault(name, set()).update(places)
    assert given, "something is quoted"
    for name, places in given.items():
        title = public.QUOTATION + public.RUN  # besides
        assert len(places) <= public.most_of(len(articles[name])) + title, name


def corpus(rng, n=6, length=400):
    words = np.array([f"word{i}" for i in range(5000)])
    texts = [" ".join(rng.choice(words, length)) for _ in range(n)]
    articles = pd.DataFrame({"doc_id": [f"d{i}" for i in range(n)], "title": "", "text": texts})
    return {
        "articles": articles,
        "removals": pd.DataFrame({"doc_id": [], "start": [], "passage": [], "replacement": []}),
    }


def test_a_long_quotation_is_cut_and_a_short_one_stays(rng):
    made = corpus(rng)
    text = made["articles"]["text"][0].split()
    page = f"Before. <p>{' '.join(text[:40])}</p> after &amp; <b>{' '.join(text[60:70])}</b>."
    shown = public.shorten_html(public.Limit(made), page)
    assert shown == f"Before. <p>{' '.join(text[:25])} […]</p> after &amp; <b>{' '.join(text[60:70])}</b>."


def test_words_that_are_nobodys_stay(rng):
    limit = public.Limit(corpus(rng))
    page = '<p class="a">Topics &lt;b&gt; were fitted; word7 stands in 3 articles, “word9” in none.</p>'
    assert public.shorten_html(limit, page) == page


def test_an_article_gives_so_many_words_and_no_more_and_the_same_ones_again_for_nothing(rng):
    made = corpus(rng)
    words = made["articles"]["text"][0].split()
    limit = public.Limit(made)
    shown = [public.shorten_html(limit, " ".join(words[at : at + 25])) for at in (0, 50, 100, 150, 200, 0)]
    assert [text != "[…]" for text in shown] == [True, True, True, True, False, True]


def test_a_short_article_gives_a_quarter_or_one_quotation(rng):
    for length, quotations in ((60, 1), (199, 1), (200, 2), (320, 3)):
        made = corpus(rng, length=length)
        words = made["articles"]["text"][0].split()
        limit = public.Limit(made)
        shown = [public.shorten_html(limit, " ".join(words[at : at + 25])) for at in range(0, length - 25, 30)]
        assert sum(text != "[…]" for text in shown) == min(quotations, len(shown)), length


@pytest.mark.parametrize(
    "wrap", ["<td>{}</td>", '<script type="application/json">["{}"]</script>', '<i title="{}">x</i>']
)
def test_quotations_hide_in_no_markup(rng, wrap):
    made = corpus(rng)
    words = made["articles"]["text"][1].split()
    page = wrap.format(" ".join(words[:200]).replace(" ", ", ").replace("word1", "Word1"))
    shown = public.shorten_html(public.Limit(made), page)
    most, _ = longest_quotation(shown, {"d1": words})
    assert 0 < most <= public.QUOTATION
    assert re.sub(r"[\w\s,…\[\]]", "", shown) == re.sub(r"[\w\s,\[\]]", "", page)


def test_quotations_hide_in_no_signs_that_a_page_shows_otherwise(rng):
    made = corpus(rng)
    words = made["articles"]["text"][1].split()[:200]
    struck = [f"<del>{word}\x92</del><ins>{word}</ins>" if i % 4 == 0 else word for i, word in enumerate(words)]
    for page in (
        "[U+0092] ".join(words), "\\ ".join(words), " ".join(struck),
        " ".join(words) + '<script type="application/json">["' + "\\n".join(words) + '"]</script>',
    ):  # fmt: skip
        shown = public.shorten_html(public.Limit(made), page)
        read = re.sub(r"<del>.*?</del>|<[^<>]*>|\[U\+0092\]", " ", shown).replace('["', " ").replace("\\n", " ")
        most, quoted = longest_quotation(read, {"d1": words})
        assert 0 < most <= public.QUOTATION
        assert len(quoted["d1"]) <= public.ARTICLE


def test_escapes_that_stand_in_an_article_are_its_text(rng):
    made = corpus(rng)
    words = made["articles"]["text"][1].split()[:200]
    made["articles"].loc[1, "text"] = "\\n".join(words)  # JSON that was encoded twice
    told = made["articles"]["text"][1].replace("\\", "\\\\")
    for page in ("\\n".join(words), f'<script type="application/json">["{told}"]</script>'):
        shown = public.shorten_html(public.Limit(made), page)
        assert 0 < longest_quotation(shown, {"d1": WORD.findall("\\n".join(words))})[0] <= public.QUOTATION


def test_an_authors_own_columns_are_not_published_with_long_texts(rng, tmp_path):
    made = corpus(rng)
    made["articles"].assign(summary="a summary " * 20, section="World", views=7).to_parquet(
        tmp_path / "articles.parquet"
    )
    public.shorten_tables(public.Limit(made), tmp_path)
    table = pd.read_csv(tmp_path / "articles.csv")
    assert (set(table["summary"]), set(table["section"]), set(table["views"])) == ({"[…]"}, {"World"}, {7})


def test_tables_hold_no_article_and_quotations_run_on_from_cell_to_cell(rng, tmp_path):
    made = corpus(rng)
    words = made["articles"]["text"][2].split()
    made["articles"].to_parquet(tmp_path / "articles.parquet")
    rows = pd.DataFrame(
        {"left": [" ".join(words[:20])], "match": [words[20]], "right": [" ".join(words[21:41])], "n": [3]}
    )
    rows.to_parquet(tmp_path / "contexts.parquet")
    public.shorten_tables(public.Limit(made), tmp_path)
    assert set(pd.read_parquet(tmp_path / "articles.parquet")["text"]) == {""}
    (row,) = pd.read_csv(tmp_path / "contexts.csv").itertuples(index=False)
    assert (row.left, row.match, row.right, row.n) == (
        f"[…] {' '.join(words[8:20])}", words[20], f"{' '.join(words[21:33])} […]", 3
    )  # fmt: skip


def test_the_name_of_what_was_looked_for_stands_though_the_cells_before_it_are_cut(rng, tmp_path):
    made = corpus(rng)
    words = made["articles"]["text"][0].split()
    rows = [("first", " ".join(words[:60])), (words[60], " ".join(words[61:80]))]
    pd.DataFrame(rows, columns=["name", "right"]).to_parquet(tmp_path / "contexts.parquet")
    public.shorten_tables(public.Limit(made), tmp_path)
    assert pd.read_csv(tmp_path / "contexts.csv")["name"].tolist() == ["first", words[60]]


def test_a_title_is_a_citation_kept_whole_and_not_counted(rng):
    made = corpus(rng)
    made["articles"]["title"] = [f"The title of article number {i} is said at its head" for i in range(6)]
    words, title = made["articles"]["text"][0].split(), made["articles"]["title"][0]
    limit = public.Limit(made)
    for at in range(0, 250, 50):
        cited = f"<blockquote>{' '.join(words[at : at + 30])}<footer><a>{title}</a> · Outlet</footer></blockquote>"
        kept = "[…]" if at == 200 else f"{' '.join(words[at : at + 25])} […]"
        assert public.shorten_html(limit, cited) == f"<blockquote>{kept}<footer><a>{title}</a> · Outlet</footer></blockquote>"  # fmt: skip
    untitled = corpus(rng)
    name = " ".join(untitled["articles"]["text"][0].split()[:11])[:80].rsplit(" ", 1)[0]
    assert public.shorten_html(public.Limit(untitled), f"<b>{name} …</b>") == f"<b>{name} …</b>"


def test_a_title_that_holds_the_article_is_a_quotation(rng):
    made = corpus(rng)
    made["articles"]["title"] = made["articles"]["text"]
    words = made["articles"]["text"][0].split()
    assert public.shorten_html(public.Limit(made), " ".join(words)) == f"{' '.join(words[:25])} […]"


def test_the_marked_passage_stays_and_what_stands_around_it_is_shortened(rng):
    made = corpus(rng)
    words = made["articles"]["text"][0].split()
    page = f"<p>{' '.join(words[:40])} <mark>{' '.join(words[40:51])}</mark> {' '.join(words[51:90])}.</p>"
    shown = public.shorten_html(public.Limit(made), page)
    assert shown == f"<p>[…] {' '.join(words[33:40])} <mark>{' '.join(words[40:51])}</mark> {' '.join(words[51:58])} […].</p>"  # fmt: skip


def test_what_goes_in_one_place_leaves_one_sign(rng):
    made = corpus(rng)
    words = made["articles"]["text"][0].split()
    rest = f"{words[25]}&#x27;{words[26]} &quot;{words[27]}&quot; <mark>{words[28]}</mark> {' '.join(words[29:40])}."
    unmarked = rest.replace("mark>", "em>")
    shown = public.shorten_html(public.Limit(made), f"<p>{' '.join(words[:25])} {unmarked}</p>")
    assert shown == f"<p>{' '.join(words[:25])} […]<em></em>.</p>"
