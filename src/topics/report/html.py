"""The pieces of a page, and the making of pages: whatever a reader sees goes through here.

Notebook cells call the functions of the first part (`figure`, `table`, `say`, …). Each returns a `Piece`: HTML that
Jupyter shows when it ends a cell, and that `page` puts into the report as it stands. Pieces go into pieces:
`details("Show all", figure(…), table(…))`.

Scraped text is hostile. `esc` is the one way for text to become HTML; strings given to any function here go through it
unless they are pieces already. A page loads nothing and runs one script, named by its hash in the page's policy.
"""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
import json
import math
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from topics.tables import replace_file, write_table

TEMPLATE = Path(__file__).with_name("template")
LIVE = "<!--topics: style and script for a live notebook-->"
OPEN = '<div class="topics">'  # what every piece shown by a cell begins with; `page` trusts no other HTML
DATE = re.compile(r"\d{4}(-\w+){0,2}")
LONG = 12  # a table of more rows can be filtered
LONG_PASSAGE = 1200  # characters of a passage that are shown at once
RELEVANCE, WORDS_OF_MAP = 0.6, 20  # of the map of topics: the weight that its slider begins with, and words listed
LARGEST = 3  # topics that the list of articles names of each
IMPORTING = threading.Lock()  # papermill and nbconvert share modules, half made to two threads that import them at once
_run: dict[str, Path | None] = {"out": None}  # where this notebook's figures and tables are kept; set by `begin`
_figures: dict[str, str] = {}  # the named figures since `begin`


class Piece(Markup):
    """HTML that is safe to show: made by this module alone."""

    def _repr_html_(self) -> str:
        return f"{OPEN}{self}</div>"

    def __repr__(self) -> str:
        words = re.sub(r"<(script|svg|style)\b.*?</\1>|<[^>]*>", " ", str(self), flags=re.S)
        return " ".join(html.unescape(words).split())[:200]


# Text to HTML ---------------------------------------------------------------------------------------------------------

_ACTING = (*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = {c: f"[U+{c:04X}]" for c in _ACTING} | {13: "\n"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def esc(text: Any) -> Piece:
    """Any text as HTML that shows it: markup escaped, control and direction-changing characters made visible.

    >>> print(esc("<b>5 > 4</b> \\x1b[31m \\u202e"))
    &lt;b&gt;5 &gt; 4&lt;/b&gt; [U+001B][31m [U+202E]
    """
    return text if isinstance(text, Piece) else Piece(html.escape(str(text).translate(_CONTROLS)))


def link(text: Any, address: Any) -> Piece:
    """A link, where the address is one that a reader can follow (http, https, mailto, this report); else the text.

    >>> print(link("see", "#topic-3"), link("see", "javascript:alert(1)"))
    <a href="#topic-3">see</a> see
    """
    address = _known(address).strip()
    outside = re.match(r"https?://[^\s/]|mailto:[^\s]", address, re.I)
    inside = re.match(
        r"#[^\s]+$|(?!.*\.\.)[\w./-]+\.(html|csv|parquet|svg|pdf|json|ipynb)(#[^\s]*)?$|[\w.-]+/$", address
    )
    if not outside and not inside:
        return esc(text)
    rel = ' rel="noopener noreferrer"' if outside else ""
    return Piece(f'<a href="{esc(address)}"{rel}>{esc(text)}</a>')


def anchor(kind: str, name: Any) -> str:
    """The id under which a thing can be linked to, the same on every page.

    Letters and digits make the name, capitals as they are; any other sign is its number, so that C++ and C#, on-line and on line, A.B. and AB are two.

    >>> anchor("topic", 3), anchor("term", "smart city"), anchor("term", "C++"), anchor("term", "on-line")
    ('topic-3', 'term-smart-city', 'term-C.2b..2b.', 'term-on.2d.line')
    """
    slug = "-".join(re.sub(r"[^\w\s]", lambda sign: f".{ord(sign[0]):x}.", str(name)).split())
    return f"{kind}-{slug or 'x'}"


def _inline(text: Any) -> str:
    """Escaped text with **strong**, *emphasis*, `code`, [links](address) and ^[footnotes]."""
    if isinstance(text, Piece):
        return str(text)
    made = str(esc(text))
    made = re.sub(r"`([^`]+)`", r"<code>\1</code>", made)
    made = re.sub(r"\*\*(\S(?:[^*]*\S)?)\*\*", r"<strong>\1</strong>", made)
    made = re.sub(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])", r"<em>\1</em>", made)
    made = re.sub(r"(?<!\^)\[([^\]]+)\]\(([^)\s]+)\)", lambda m: link(Piece(m[1]), html.unescape(m[2])), made)
    return re.sub(r"\^\[((?:[^\[\]]|\[[^\]]*\])+)\]", r' <small class="note">\1</small>', made)


def say(text: Any, **values: Any) -> Piece:
    """Paragraphs, and lists of lines that begin with "- ". `{name}` in the text is replaced by the value, escaped.

    >>> print(say("About **14 %** of {title} ^[Mean share.]", title="<i>it</i>"))
    <p>About <strong>14 %</strong> of &lt;i&gt;it&lt;/i&gt;  <small class="note">Mean share.</small></p>
    """
    made = []
    for block in re.split(r"\n\s*\n", text if isinstance(text, Piece) else str(text).strip()):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if lines and all(line.startswith("- ") for line in lines):
            made.append("<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>")
        elif lines:
            made.append(f"<p>{_inline(block.strip() if isinstance(text, Piece) else ' '.join(lines))}</p>")
    whole = "".join(made)
    for name, value in values.items():
        whole = whole.replace("{" + name + "}", esc(value))
    return Piece(whole)


def heading(text: Any, id: str | None = None, level: int = 2) -> Piece:
    """A heading that stands in the contents list and can be linked to."""
    return Piece(f"<h{level}{_id(id)}>{_inline(text)}</h{level}>")


def warn(*texts: Any) -> Piece:
    """What a reader must know before relying on what follows."""
    return Piece('<div class="warn" role="note">' + "".join(say(t) for t in texts) + "</div>" if texts else "")


def verdict(text: Any) -> Piece:
    """The one line that says what can be relied on."""
    return Piece(f'<div class="verdict">{say(text)}</div>')


def details(summary: Any, *pieces: Any, id: str | None = None) -> Piece:
    """Evidence that unfolds."""
    return Piece(f"<details{_id(id)}><summary>{_inline(summary)}</summary><div>{group(*pieces)}</div></details>")


def lines(text: str) -> Piece:
    """Lines to copy, as they stand."""
    return Piece(f"<pre tabindex='0'><code>{esc(text)}</code></pre>")


def _id(name: Any) -> str:
    return f' id="{esc(name)}"' if name else ""


def group(*pieces: Any) -> Piece:
    """Several pieces as one."""
    return Piece("".join(p if isinstance(p, Piece) else say(p) for p in pieces))


def cards(*items: Mapping[str, Any]) -> Piece:
    """Cards: each a mapping of `title`, and where there are any `url`, `meta` (short facts), `body` (paragraphs), `lang`."""
    made = []
    for item in items:
        facts = "".join(f"<li>{_inline(m)}</li>" for m in item.get("meta", ()))
        says = _says(item.get("lang", ""))
        body = "".join(f"<p{says}>{esc(paragraph)}</p>" for paragraph in item.get("body", ()))
        title = link(item["title"], item.get("url"))
        made.append(f'<li><h3{says}>{title}</h3><ul class="facts">{facts}</ul>{body}</li>')
    return Piece(f'<ul class="cards">{"".join(made)}</ul>')


def begin(out: str | Path | None = None) -> Piece:
    """The first call of a notebook: where figures and tables are kept (None: nowhere), and the looks of a live notebook.

    The style and script are for Jupyter; a page has its own.
    """
    _run["out"] = Path(out).expanduser() if out else None
    _figures.clear()
    return Piece(f"{LIVE}<style>{_asset('style.css')}</style><script>{_asset('page.js')}</script>")


# Articles' own text ---------------------------------------------------------------------------------------------------


def _says(lang: str) -> str:
    return f' dir="auto" lang="{esc(lang)}"' if lang else ' dir="auto"'


def highlight(text: str, spans: Iterable[tuple[int, int]], lang: str = "") -> Piece:
    """Article text with the stretches `(start, end)` marked; `lang` is its language (ISO 639-1) where it is not the page's.

    >>> print(highlight("a <b> c", [(2, 5)]))
    <span class="text" dir="auto">a <mark>&lt;b&gt;</mark> c</span>
    """
    made, at = [], 0
    for start, end in sorted(spans):
        start = max(start, at)
        if end > start:
            made += [esc(text[at:start]), f"<mark>{esc(text[start:end])}</mark>"]
            at = end
    return Piece(f'<span class="text"{_says(lang)}>{"".join(made)}{esc(text[at:])}</span>')


def quote(text: Any, source: Any = "", url: Any = None, lang: str = "") -> Piece:
    """A passage of an article, with where it stands; the rest of a long one unfolds."""
    if isinstance(text, Piece):
        passage = text
    else:
        cut = len(text) if len(text) <= LONG_PASSAGE else text.rfind(" ", 0, LONG_PASSAGE) + 1 or LONG_PASSAGE
        passage, rest = (highlight(part, [], lang) for part in (text[:cut], text[cut:]))
        passage += details("Read on", rest) if text[cut:] else ""
    return Piece(f"<blockquote>{passage}<footer>{link(source, url)}</footer></blockquote>")


def diff_view(original: str, removals: pd.DataFrame) -> Piece:
    """An article as it was read, what was taken out struck through and what was put in instead underlined.

    `removals` are the article's rows of REMOVALS, `start` an offset in `original`.
    """
    made, at = [], 0
    for row in each_row(removals.sort_values(["start", "n_chars"])):
        start, end = max(int(row.start), at), int(row.start) + int(row.n_chars)
        if end < start or (end == start and not row.replacement):
            continue
        new = f"<ins>{esc(row.replacement)}</ins>" if isinstance(row.replacement, str) and row.replacement else ""
        what = esc(str(row.step).replace("_", " "))
        told = "" if new else f'<small class="step">{what}</small> '
        made += [esc(original[at:start]), f'{told}<del title="{what}">{esc(original[start:end])}</del>{new}']
        at = end
    return Piece(
        f'<div class="diff text" dir="auto" tabindex="0" role="group" aria-label="The article as read">{"".join(made)}{esc(original[at:])}</div>'
    )


# Numbers, lists and tables --------------------------------------------------------------------------------------------


def several(n: int, what: str) -> str:
    """A number of things.

    >>> several(1, "article"), several(1200, "article")
    ('1 article', '1,200 articles')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["5", "8", "10"]), listed(["5"]), listed([])
    ('5, 8 and 10', '5', '')
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def per_cent(share: float, digits: int = 1) -> str:
    """A share of 1 in per cent.

    >>> per_cent(0.143), per_cent(0.143, 0), per_cent(float("nan"))
    ('14.3 %', '14 %', '–')
    """
    return interval(share, percent=True, digits=digits)


def each_row(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, each with its columns as attributes."""
    return iter(table.itertuples(index=False))


def interval(
    value: float, low: float = math.nan, high: float = math.nan, percent: bool = False, digits: int = 2
) -> str:
    """An estimate with its interval.

    >>> interval(0.143, 0.12, 0.16), interval(0.143, 0.12, 0.16, percent=True, digits=0), interval(-0.004), interval(float("nan"))
    ('0.14 (0.12–0.16)', '14 % (12–16)', '0.00', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    scale, unit = (100, " %") if percent else (1, "")
    text, *ends = (f"{scale * v:z,.{digits}f}".replace("-", "−") for v in (value, low, high) if v == v)
    return f"{text}{unit} ({' to '.join(ends) if low < 0 else '–'.join(ends)})" if len(ends) == 2 else text + unit


def with_interval(value: str, low: str, high: str, percent: bool = False, digits: int = 2) -> Callable[[Any], str]:
    """A format for `table` that writes an estimate and its interval from three columns."""
    return lambda row: interval(getattr(row, value), getattr(row, low), getattr(row, high), percent, digits)


def spark(values: Sequence[float], label: str = "") -> Piece:
    """A line as tall as a word; missing values are gaps. `label` says in words what it shows."""
    known = [v for v in values if v == v]
    low, high = min([0.0, *known]), max([*known, 1e-12])
    step, pen, path = 96 / max(1, len(values) - 1), "M", ""
    for i, v in enumerate(values):
        path += f"{pen}{2 + i * step:.1f} {22 - 20 * (v - low) / (high - low):.1f}" if v == v else ""
        pen = "L" if v == v else "M"
    return Piece(
        f'<svg class="spark" viewBox="0 0 100 24" role="img" aria-label="{esc(label)}"><path d="{path}"/></svg>'
    )


def _cell(raw: Any, row: Any, how: Any) -> tuple[str, bool, Any]:
    """What a cell shows, whether it is a number, and what it is sorted by."""
    numeric = isinstance(raw, (int, float)) and not isinstance(raw, bool)
    if callable(how):
        shown = how(row)
    elif raw is None or raw != raw:
        shown = "–"
    elif isinstance(raw, bool):
        shown = "yes" if raw else "no"
    elif isinstance(raw, str) and not raw.strip():
        shown = "␣" * len(raw) or "–"  # what is white is seen
    elif how == "percent":
        shown = per_cent(float(raw))
    elif numeric:
        shown = format(raw, how or (",.4g" if isinstance(raw, float) else ","))
        shown = shown.replace("-", "−").replace("%", " %")  # as `interval` writes them
    else:
        shown = format(raw, how) if how else raw
    return str(esc(shown)), numeric, raw if numeric else None


def _looks(shown: str, numeric: bool) -> str:
    """The class of a cell, by what it holds."""
    if numeric or DATE.fullmatch(shown):
        return "n" if numeric else "date"
    return "wide" if len(_plain(Piece(shown))) > 40 else ""


def table(
    rows: pd.DataFrame,
    name: str | None = None,
    caption: Any = "",
    columns: Mapping[str, str] | Sequence[str] | None = None,
    formats: Mapping[str, str | Callable[[Any], Any]] | None = None,
    most: int = 200,
    whole: pd.DataFrame | None = None,
) -> Piece:
    """A table that sorts by its headings, keeps its first column in sight and, where long, can be filtered.

    `columns` picks columns and may name them (`{"share": "Share of articles"}`). `formats` says how a column is written:
    a format such as ".2f", "percent", or a function of the row (its columns are attributes). The first `most` rows are
    shown. With a `name`, the whole table is kept as tables/NAME.csv and .parquet, and linked; `whole` is that table where `rows` sum it up.
    """
    heads = dict(columns) if isinstance(columns, Mapping) else {c: c.replace("_", " ") for c in columns or rows.columns}
    formats = formats or {}
    body, numbers, first = [], set(), rows.head(most)
    values = [first[c].tolist() if c in first else [None] * len(first) for c in heads]
    for at, row in enumerate(each_row(first)):
        cells = []
        for i, column in enumerate(heads):
            shown, numeric, value = _cell(values[i][at], row, formats.get(column))
            key = f' data-v="{value:.12g}"' if value is not None and value == value else ""
            numbers |= {column} if numeric else set()
            tag = "td" if i else "th"
            row_head = "" if i else ' scope="row"'
            cells.append(f'<{tag}{row_head} class="{_looks(shown, numeric)}" dir="auto"{key}>{shown}</{tag}>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    classes = {c: ' class="n"' if c in numbers and i else "" for i, c in enumerate(heads)}
    head = "".join(
        f'<th scope="col"{classes[c]}><button type="button">{esc(h)}</button></th>' for c, h in heads.items()
    )
    partly = f" · {most:,} of {len(rows):,} rows are shown" if len(rows) > most else ""
    key = name or hashlib.sha256("".join([str(caption), *body]).encode()).hexdigest()[:8]
    kind = " long" if len(body) > LONG else ""
    told = f"{_inline(caption)}{partly}{_keep_table(rows if whole is None else whole, name)}"
    return _framed(kind, key, _plain(caption), _filter(len(body)), told, head, body)


def _framed(kind: str, key: str, label: str, above: str, caption: str, head: str, body: Sequence[str]) -> Piece:
    """A table that scrolls in a frame of its own; the caption stands outside, where it is never cut."""
    return Piece(
        f'<div class="table{kind}" id="table-{esc(key)}"><p class="caption">{caption}</p>{above}'
        f'<div class="scroll" tabindex="0" role="group" aria-label="Table: {esc(label or key)}"><table aria-label="{esc(label or key)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div></div>"
    )


def _plain(text: Any) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", _inline(text)))


def _filter(n_rows: int) -> str:
    told = f'<p class="filter"><label>Filter <input type="search"></label> <output>{n_rows:,} rows</output></p>'
    return told if n_rows > LONG else ""


def _keep_table(rows: pd.DataFrame, name: str | None) -> str:
    if not name or _run["out"] is None:
        return ""
    return _files(*sorted(write_table(rows, _run["out"] / "tables", name)))


def _files(*paths: Path) -> str:
    """Links to what was kept of a table or figure."""
    links = " · ".join(link(path.suffix[1:].upper(), f"{path.parent.name}/{path.name}") for path in paths)
    return f' <span class="files">{links}</span>'


def grid(cells: pd.DataFrame, caption: Any = "", name: str | None = None) -> Piece:
    """Articles and concepts, whichever are more going down; a cell opens the sentences behind its number.

    A row of `cells` is an article and concept: `article` (its title), `concept`, `n` (mentions), `sentences` (a list of
    texts or pieces).
    """
    across, down = sorted(("article", "concept"), key=lambda column: cells[column].nunique())
    heads, rows = cells[across].drop_duplicates().tolist(), cells[down].drop_duplicates().tolist()
    found = {(getattr(r, down), getattr(r, across)): r for r in each_row(cells) if r.n}
    head = "".join(f'<th scope="col" dir="auto">{esc(text)}</th>' for text in [down.capitalize(), *heads])
    body = []
    for row in rows:
        line = [f'<th scope="row" dir="auto">{esc(row)}</th>']
        for column in heads:
            cell = found.get((row, column))
            line.append("<td>–</td>" if cell is None else f"<td>{_sentences(cell)}</td>")
        body.append(f"<tr>{''.join(line)}</tr>")
    kept = _keep_table(cells.drop(columns="sentences"), name)
    return _framed(" grid", name or "grid", _plain(caption), "", f"{_inline(caption)}{kept}", head, body)


def _sentences(cell: Any) -> str:
    said = f'{cell.n}<span class="sr"> mention{"s" * (cell.n != 1)} of {esc(cell.concept)}; open the sentences</span>'
    sentences = "".join(f'<p dir="auto">{esc(sentence)}</p>' for sentence in cell.sentences)
    return f"<details><summary>{said}</summary>{sentences}</details>"


# What a reader moves --------------------------------------------------------------------------------------------------


def _data(value: Any) -> str:
    """JSON that can stand inside a page."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json">{text}</script>'


def browser(articles: pd.DataFrame, doc_topics: pd.DataFrame, topics: pd.DataFrame) -> Piece:
    """All articles with their largest topics, filtered by word and topic; quick at 20,000 articles.

    ARTICLES, and DOC_TOPICS and TOPICS of one topic count. The articles travel as data; the first fifty stand in the page as
    a table for readers without scripts and on paper.
    """
    labels = {int(t): _visible(label) for t, label in zip(topics["topic"], topics["label"], strict=True)}
    shares = _largest(doc_topics)
    rows = [
        [d, _visible(_known(t) or d)[:160], _address(u), _visible(_known(s)), _known(when), shares.get(d, [])]
        for d, t, u, s, when in each_row(articles[["doc_id", "title", "url", "source", "date"]])
    ]
    first = pd.DataFrame(rows[:50], columns=["doc_id", "title", "url", "source", "date", "shares"])
    heads = {
        "title": "Article",
        "source": "Source",
        "date": "Date",
        "shares": "Topics, share of the article’s counted words",
    }
    twin = table(
        first,
        caption=f"Articles with their {LARGEST} largest topics",
        columns=heads,
        formats={
            "title": lambda r: link(r.title, r.url),
            "shares": lambda r: Piece("; ").join(
                Piece(f"<bdi>{esc(labels[t])}</bdi> {(v + 5) // 10}\u00a0%")
                for t, v in zip(r.shares[::2], r.shares[1::2], strict=True)
            ),
        },
    )
    choices = "".join(f'<option value="{t}">{t} {esc(label)}</option>' for t, label in labels.items())
    return Piece(
        '<div class="browser" data-topics="browser"><p class="filter"><label>Words in title or source <input type="search"></label> '
        f'<label>Topic <select><option value="">any</option>{choices}</select></label> <output>{len(rows):,} articles</output></p>'
        f"{str(twin).replace(_filter(len(first)), '')}"
        f'<p><button type="button" class="more" hidden>Show more</button></p>{_data({"labels": labels, "rows": rows})}</div>'
    )


def _largest(doc_topics: pd.DataFrame) -> dict[str, list[int]]:
    """For each article topic, thousandths, topic, thousandths, …, largest first, those under half a percent left off.

    Thousandths are cut, not rounded: then to round them to per cent, here and in page.js, is to round the share itself, as elsewhere on the page.
    """
    rows = doc_topics[doc_topics["share"] >= 0.005].sort_values(["share", "topic"], ascending=[False, True])
    shares: dict[str, list[int]] = {}
    for row in each_row(rows.groupby("doc_id").head(LARGEST)):
        shares.setdefault(row.doc_id, []).extend((int(row.topic), math.floor(1000 * float(row.share))))
    return shares


def _known(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _visible(text: Any) -> str:
    return str(text).translate(_CONTROLS)


def _address(url: Any) -> str:
    return url if isinstance(url, str) and re.match(r"https?://[^\s/]", url, re.I) else ""


def topic_map(positions: pd.DataFrame, topic_terms: pd.DataFrame) -> Piece:
    """Topics as discs; choosing one lists its words by relevance (Sievert and Shirley 2014), weighed by a slider.

    Relevance is λ·log p(word in topic) + (1 − λ)·log(p(word in topic) / p(word)). A row of `positions` is a topic:
    `topic, label, share, x, y`; of `topic_terms` a term of a topic: `topic, term, probability, overall` (the term's
    share of all words), some hundred terms a topic. The map and the first topic's words stand in the page without the script.
    """
    x, y = (positions[c].to_numpy(dtype=float) for c in "xy")
    span = max(x.max() - x.min(), y.max() - y.min(), 1e-9)
    left, top = (x.max() + x.min()) / 2, (y.max() + y.min()) / 2
    discs = []
    for row in each_row(positions.sort_values("share", ascending=False)):
        cx, cy = 200 + 300 * (row.x - left) / span, 200 - 300 * (row.y - top) / span
        r = 14 + 90 * math.sqrt(row.share / math.pi)
        discs.append(
            f'<g tabindex="0" role="button" aria-pressed="false" data-topic="{int(row.topic)}" aria-label="Topic {int(row.topic)}: {esc(row.label)}">'
            f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{r:.1f}"/><text x="{cx:.1f}" y="{cy + 5:.1f}">{int(row.topic)}</text></g>'
        )
    words = {
        int(str(t)): [[_visible(r.term), float(f"{r.probability:.4g}"), float(f"{r.overall:.4g}")] for r in each_row(g)]
        for t, g in topic_terms.groupby("topic")
    }
    labels = {int(t): _visible(label) for t, label in zip(positions["topic"], positions["label"], strict=True)}
    choices = "".join(f'<option value="{t}">{t} {esc(label)}</option>' for t, label in labels.items())
    lists = "".join(
        f"<li>{t} {esc(label)}: {esc(', '.join(_relevant(words.get(t, []))))}</li>" for t, label in labels.items()
    )
    return Piece(
        f'<div class="map" data-topics="map" data-n="{WORDS_OF_MAP}"><div class="filter"><label>Topic <select>{choices}</select></label> '
        f'<label>Relevance λ <input type="range" min="0" max="1" step="0.05" value="{RELEVANCE}"> <output>{RELEVANCE}</output></label></div>'
        f'<div class="beside"><div><svg viewBox="0 0 400 400" role="group" aria-label="Map of topics">{"".join(discs)}</svg></div>'
        f'<div><ol class="words" aria-live="polite"></ol><ul class="static">{lists}</ul></div></div>{_data({"labels": labels, "words": words})}</div>'
    )  # fmt: skip


def _relevant(words: list[list[Any]]) -> list[str]:
    """The most relevant words where the slider begins, for readers without the script."""
    known = [(math.log(p) - (1 - RELEVANCE) * math.log(q), term) for term, p, q in words if p > 0 < q]
    return [term for _, term in sorted(known, key=lambda word: (-word[0], word[1]))[:8]]


# Figures --------------------------------------------------------------------------------------------------------------


def figure(drawn: Any, name: str | None = None, title: Any = None, caption: Any = "") -> Piece:
    """A figure with its title as text, alternative text and caption; with a `name` kept as figures/NAME.svg and .pdf.

    `drawn` is what a function of `plots` returned. The title is the figure's own unless given.
    """
    from topics import plots

    whole = drawn.figure
    svg = plots.to_svg(whole)
    own = [t for t in whole.texts if t.get_gid() == "title"]
    title = title or (own[0].get_text().replace(r"\$", "$") if own else "")
    files, name = "", name and _own_name(name, svg)
    key = f"figure-{name or hashlib.sha256(svg.encode()).hexdigest()[:8]}"
    if name and _run["out"] is not None:
        folder = _run["out"] / "figures"
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / f"{name}.svg", lambda path: path.write_text(svg, encoding="utf-8", newline="\n"))
        replace_file(folder / f"{name}.pdf", lambda path: path.write_bytes(plots.to_pdf(whole)))
        files = _files(folder / f"{name}.svg", folder / f"{name}.pdf")
    cut = plots.TITLE * 72 if own else 0.0
    drawing = _inline_svg(svg, key, str(whole.get_label()), cut)
    return Piece(f'<figure id="{key}"><p class="title"><a href="#{key}">{_inline(title)}</a></p>{drawing}<figcaption>{_inline(caption)}{files}</figcaption></figure>')  # fmt: skip


def _own_name(name: str, svg: str) -> str:
    """A name of a figure that any disk can hold, numbered where another figure of the page has it: outlets may differ in their capitals alone."""
    short = name.lower().encode()[:200].decode(errors="ignore")
    numbered = (f"{short}-{n}" if n > 1 else short for n in itertools.count(1))
    return next(free for free in numbered if _figures.setdefault(free, svg) == svg)


def _inline_svg(svg: str, key: str, alt: str, cut: float) -> str:
    """Matplotlib's SVG made fit to stand in a page.

    Style attributes, which the page's policy forbids, become presentation attributes; ids are the figure's own; colours follow
    light and dark; the title, which stands as text above, is cut off.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.S)
    svg = re.sub(r'\n( *)<g id="title">.*?\n\1</g>', "", svg, flags=re.S)
    svg = re.sub(r'style="([^"]*)"', lambda m: re.sub(r"\s*([\w-]+):\s*([^;]+);?", r' \1="\2"', m[1]).strip(), svg)
    svg = svg.replace("xlink:href", "href")
    for colour, variable in _colours().items():
        svg = svg.replace(f'="{colour}"', f'="{variable}"')
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="|url\()#', rf"\1#{key}-", svg)
    svg = re.sub(r'(?<=[ d]=")M[^"]*(?=")', lambda m: " ".join(m[0].split()), svg)
    svg = re.sub(r'(?<=[ d]=")M[^"]*|translate\([^)]*| [xy]="[^"]*', lambda m: re.sub(r"(\.\d\d)\d+", r"\1", m[0]), svg)
    svg = re.sub(r'(?<=<use )(href="[^"]*") transform="translate\(([-\d.]+) 0\)"', r'\1 x="\2"', svg)
    width, height = (float(v) for v in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())  # type: ignore[union-attr]
    opening = f'<svg viewBox="0 {cut:g} {width:g} {height - cut:g}" role="img" aria-label="{esc(alt)}" stroke-linejoin="round">'
    return re.sub(r">\s+<", "><", opening + svg[svg.index(">") + 1 :])


@cache
def _colours() -> dict[str, str]:
    from topics import plots

    names = ("blue", "amber", "green", "orange", "purple", "sky")
    series = {colour: f"var(--{name})" for colour, name in zip(plots.PALETTE, names, strict=True)}
    return series | {
        plots.INK: "currentColor",
        plots.MUTED: "var(--muted)",
        plots.LINE: "var(--line)",
        plots.PAPER: "var(--card)",
    }


# Pages ----------------------------------------------------------------------------------------------------------------


@cache
def _asset(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")


def _policy() -> str:
    """The page's Content-Security-Policy: its one stylesheet and one script by hash, images from the page itself, no more."""
    style, script = (
        base64.b64encode(hashlib.sha256(_asset(name).encode()).digest()).decode() for name in ("style.css", "page.js")
    )
    return f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; base-uri 'none'; form-action 'none'"


def _render(template: str, out: Path, **values: Any) -> Path:
    from jinja2 import Environment, FileSystemLoader

    env = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    env.filters |= {
        "text": esc,
        "prose": lambda t: Piece(_inline(t)),
        "say": say,
        "to": link,
        "verdict": verdict,
        "warn": warn,
    }
    made = env.get_template(template).render(
        policy=_policy(), style=Markup(_asset("style.css")), script=Markup(_asset("page.js")), here=out.name, **values
    )
    made = UNBROKEN.sub(lambda match: match[0] if match[1] else "\u00a0%", made)
    out.parent.mkdir(parents=True, exist_ok=True)
    replace_file(out, lambda path: path.write_text(made, encoding="utf-8", newline="\n"))
    return out


# A number and its per cent sign stand on one line; what is code, or to be copied as it is, stays.
UNBROKEN = re.compile(r"<(script|style|pre|code)\b.*?</\1>|(?<=\d) %", re.S)


def page(notebook: Path, out: Path, title: str, nav: Sequence[tuple[str, str]] = (), collection: str = "") -> Path:
    """Write the page of an executed notebook: one file that needs nothing else.

    `nav` lists the run's pages as (file, name). Code stands folded at the end; warnings and prompts do not stand at all.
    """
    body = _share_outlines(_number_notes(_name_headings(_cells(notebook))))
    contents = [
        (int(level), name, Piece(re.sub(r"<small.*?</small>|<a[^>]*>|</a>", "", text)))
        for level, name, text in re.findall(r'<h([23]) id="([^"]*)">(.*?)</h\1>', body, re.S)
    ]
    return _render("shell.html.j2", out, title=title, nav=nav, collection=collection, body=Piece(body), contents=contents)  # fmt: skip


def _cells(notebook: Path) -> str:
    """The notebook's text and outputs as HTML, through nbconvert and our own template."""
    with IMPORTING:
        from nbconvert.exporters import TemplateExporter

    exporter = TemplateExporter(
        template_name="template", template_file="cells.html.j2", extra_template_basedirs=[str(TEMPLATE.parent)]
    )
    exporter.register_filter("markdown", _prose)
    exporter.register_filter("output", _output)
    exporter.register_filter("text", esc)
    return exporter.from_filename(str(notebook))[0]


def _prose(text: str) -> str:
    """A notebook's own markdown, without the ids and paragraph signs that nbconvert gives its headings."""
    from nbconvert.filters import markdown2html

    return re.sub(r'<a class="anchor-link".*?</a>|(?<=<h\d) id="[^"]*"', "", markdown2html(text))


def _output(output: Mapping[str, Any]) -> str:
    """Our own pieces as they are; anything else as plain text, but for warnings, which have no place on a page."""
    data = output.get("data", {})
    made = data.get("text/html", "")
    if made.startswith(OPEN + LIVE):
        return ""
    if made.startswith(OPEN):
        return made.removeprefix(OPEN).removesuffix("</div>")
    text = data.get("text/plain") or (output.get("text", "") if output.get("name") == "stdout" else "")
    return f"<pre>{esc(text)}</pre>" if text.strip() else ""


def _name_headings(body: str) -> str:
    """Every heading under an id of its own."""
    seen: dict[str, int] = {}

    def named(match: re.Match[str]) -> str:
        level, given, text = match.groups()
        name = given or anchor("s", re.sub(r"[\W_]+", " ", _plain(Piece(text)).lower()))
        seen[name] = seen.get(name, 0) + 1
        again = f"-{seen[name]}" if seen[name] > 1 else ""
        return f'<h{level} id="{name}{again}">{text}</h{level}>'

    return re.sub(r'<h([1-4])(?: id="([^"]*)")?>(.*?)</h\1>', named, body, flags=re.S)


OUTLINE = re.compile(r'<path id="([^"]+)"([^>]*)/>')  # of a letter, a mark: what `<use>` draws


def _share_outlines(body: str) -> str:
    """The outline of each letter and mark of figures once a page, under a short name: with its own for each figure a page is half as heavy again."""
    outlines: dict[str, str] = {}
    names: dict[str, str] = {}

    def shared(match: re.Match[str]) -> str:
        names[match[1]] = outlines.setdefault(match[2], f"o.{len(outlines) + 1}")  # no other id has a full stop
        return ""

    body = OUTLINE.sub(shared, body).replace("<defs></defs>", "")
    body = re.sub(r'(?<=<use href="#)[^"]+', lambda m: names.get(m[0], m[0]), body)
    if not outlines:
        return body
    made = "".join(f'<path id="{name}"{outline}/>' for outline, name in outlines.items())
    return f'<svg class="outlines" aria-hidden="true" width="0" height="0"><defs>{made}</defs></svg>{body}'


def _number_notes(body: str) -> str:
    """Footnotes numbered in order and put at the end; the same note keeps its number."""
    notes: list[str] = []

    def numbered(match: re.Match[str]) -> str:
        if match[1] not in notes:
            notes.append(match[1])
            back = f' id="note-{len(notes)}-from"'
        else:
            back = ""
        n = notes.index(match[1]) + 1
        return f'<sup{back}><a href="#note-{n}" aria-label="Note {n}">{n}</a></sup>'

    body = re.sub(r'\s*<small class="note">(.*?)</small>', numbered, body, flags=re.S)
    if not notes:
        return body
    items = "".join(
        f'<li id="note-{i}">{note} <a href="#note-{i}-from" aria-label="Back to the text of note {i}">↩</a></li>' for i, note in enumerate(notes, 1)
    )  # fmt: skip
    text, code, rest = body.partition('<details class="code">')
    return f'{text}<section class="notes"><h2 id="notes">Notes</h2><ol>{items}</ol></section>{code}{rest}'


PARTS = {
    "cards": "The articles", "findings": "What was found", "cannot_say": "Looked for, and cannot say", "topics": "Topics", "keywords": "Keywords",
    "funnel": "What was left out", "methods": "Methods", "cite": "Cite", "download": "Download", "rebuild": "Rebuild",
}  # fmt: skip


def front_page(data: Mapping[str, Any], out: Path) -> Path:
    """Write a run's `index.html`; the order of its parts stands in the template, which leaves out those that `data` lacks.

    `title, nav, collection, verdict, rebuild, ledger, methods, references, cite` are texts; `warnings` a list of them;
    `findings` and `cannot_say` lists of `text, href, link`; `cards, figure, topics, keywords` pieces; `funnel` a list
    of `text`, with `n`, or `href, link`, where it has them; `download` names with what each holds.
    """
    contents = [(2, key.replace("_", "-"), title) for key, title in PARTS.items() if data.get(key)]
    return _render("index.html.j2", out, contents=contents, parts=PARTS, **data)


def runs_page(runs: Sequence[Mapping[str, Any]], out: Path) -> Path:
    """Write the list of all runs: each `name, href, date, articles, topics, verdict`."""
    return _render("runs.html.j2", out, title="Reports", nav=(), contents=(), collection="", runs=runs)
