"""An HTML page, also one that a browser saved, to its main text, title, source, author and the dates that the page states.

The one door to trafilatura and htmldate.
"""

from __future__ import annotations

import email
import logging
import re
import warnings
from datetime import UTC, datetime
from typing import Any

from topics.corpus.encoding import decode, lines_ended

# trafilatura silences this itself, but a thread that ends a `catch_warnings` meanwhile takes that back; what stands from the start, stays.
warnings.filterwarnings("ignore", message="SOCKS support in urllib3")

HEAD = 5_000  # characters at the start of a page in which a browser notes where it is from
MUCH = 0.6  # of the generous reading, in characters; anything from .3 to .7 serves

# A statement about publication, in the order of how much it is worth.
PUBLISHED = (
    "article:published_time", "datepublished", "og:published_time", "og:article:published_time",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created", "dc.date",
    "citation_publication_date", "citation_date", "publish-date", "publish_date", "publication_date", "pubdate", "article.published",
    "date.publication", "published-date", "originalpublicationdate", "article_date_original", "cxenseparse:recs:publishtime",
)  # fmt: skip
META = re.compile(r"<meta\b[^>]{0,2000}>", re.I)
ATTRIBUTE = re.compile(r"""([a-z:_-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.I)
UTC_TIME = re.compile(r"[T ](\d{2}):?\d{2}(?::?\d{1,2})?(?:\.\d+)?\s?(?:Z|\+00:?00|UTC|GMT)\s*$")
SAVED_FROM = re.compile(r"(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(https?://[^\s\"<>]+)")
JSON_LD_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"', re.I)


def unfolded(data: bytes) -> tuple[str, str]:
    """The page in a file of MHTML (RFC 2557: a page and its pictures in one), and the address that it was saved from, or "".

    Raises `ValueError` where there is no page in it.
    """
    whole = email.message_from_bytes(data)
    page = next(
        (part for part in whole.walk() if part.get_content_type() in {"text/html", "application/xhtml+xml"}), None
    )
    if page is None:
        raise ValueError("no page in it")
    content: Any = page.get_payload(decode=True)  # bytes, since a page has no parts
    address = str(whole.get("Snapshot-Content-Location") or page.get("Content-Location") or "")
    try:
        text = lines_ended(content.decode(page.get_content_charset("no charset")))
    except (LookupError, ValueError):  # as the page itself says, or its bytes
        text = decode(content, html=True)
    return text, address if re.match("https?://", address) else ""


def extract(page: str, address: str = "") -> dict[str, str]:
    """The page's `text, title, source, url, author, date_metadata, date_html`; each "" where the page has none.

    `date_metadata` is what the page states about its publication in a meta element or JSON-LD; `date_html` what
    htmldate finds in the page beyond that, as an ISO date. A page that does not say its own address has the `address` given, or the one that
    a browser noted in it when it saved it.

    >>> page = '<html><head><title>Rain</title></head><body><article><p>' + "It rained all day. " * 20 + '</p></article></body></html>'
    >>> extract(page)["text"][:18]
    'It rained all day.'
    """
    import trafilatura

    for chatty in ("trafilatura", "htmldate"):  # what they would say is said by the row of DROPPED
        logging.getLogger(chatty).setLevel(logging.CRITICAL + 1)
    text = _main_text(page)
    about = trafilatura.extract_metadata(page, extensive=False) if text else None
    saved = SAVED_FROM.search(page[:HEAD])
    return {
        "text": text,
        "title": getattr(about, "title", None) or "",
        "source": getattr(about, "sitename", None) or getattr(about, "hostname", None) or "",
        "url": getattr(about, "url", None) or address or (saved[1] if saved else ""),
        "author": getattr(about, "author", None) or "",
        "date_metadata": stated_date(page),
        "date_html": found_date(page),
    }


def _main_text(page: str) -> str:
    """The careful reading, unless it lost much of what the generous one has: better than either on both gold sets."""
    import trafilatura

    careful = trafilatura.extract(page, include_comments=False, favor_precision=True) or ""
    generous = trafilatura.extract(page, include_comments=False, favor_recall=True) or ""
    return careful if len(careful) >= MUCH * len(generous) else generous


def stated_date(page: str) -> str:
    """What the page says of its own publication: the best meta element, or else JSON-LD's datePublished.

    Of two that name one time, the one in the outlet's own time zone, for its day is the one that readers saw.

    >>> stated_date('<meta property="article:published_time" content="2019-11-20T08:00:00+07:00">')
    '2019-11-20T08:00:00+07:00'
    """
    named: dict[str, str] = {}
    for element in META.finditer(page):
        attributes = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in ATTRIBUTE.finditer(element[0])}
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
        if attributes.get("content"):
            named.setdefault(name.lower(), attributes["content"].strip())
    stated = [named[name] for name in PUBLISHED if name in named] + JSON_LD_DATE.findall(page)
    if not stated:
        return ""
    instant = _instant(stated[0])
    local = (other for other in stated if utc_hour(other) is None and instant and _instant(other) == instant)
    return next(local, stated[0]) if utc_hour(stated[0]) is not None else stated[0]


def utc_hour(stated: str) -> int | None:
    """The hour of a time stated in universal time, whose day may not be the day where the outlet is; else None.

    >>> utc_hour("2020-02-18T02:18:11Z"), utc_hour("2020-02-18T02:18:11+07:00")
    (2, None)
    """
    match = UTC_TIME.search(stated)
    return int(match[1]) if match else None


def _instant(stated: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(stated)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except ValueError:
        return None


def found_date(page: str) -> str:
    """The publication date that htmldate finds in a page, as an ISO date, or "".

    From a year alone htmldate makes the first of January: where it had to search the whole page, that is no date.
    """
    import htmldate

    try:
        found = htmldate.find_date(page, original_date=True, extensive_search=False)
        if not found:
            found = htmldate.find_date(page, original_date=True, extensive_search=True) or ""
            found = "" if found.endswith("-01-01") else found
        return found
    except Exception:  # htmldate meets pages that its parser cannot stand; such a page has no date from it
        return ""
