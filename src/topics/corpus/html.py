"""An HTML page to its main text, title, source, author and the dates that the page states.

The one door to trafilatura and htmldate.
"""

from __future__ import annotations

import logging
import re

LIMIT = 10_000_000  # characters of one page; a longer one is cut by the caller and said so

# A statement about publication, in the order of how much it is worth.
PUBLISHED = (
    "article:published_time", "datepublished", "og:published_time", "og:article:published_time",
    "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.created", "dc.date.created", "dc.date",
    "citation_publication_date", "citation_date", "publish-date", "publish_date", "publication_date", "pubdate", "article.published",
    "date.publication", "published-date", "originalpublicationdate", "article_date_original", "cxenseparse:recs:publishtime",
)  # fmt: skip
META = re.compile(r"<meta\b[^>]{0,2000}>", re.I)
ATTRIBUTE = re.compile(r"""([a-z:_-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.I)
JSON_LD_DATE = re.compile(r'"datePublished"\s*:\s*"([^"]{8,40})"', re.I)


def extract(page: str, url: str | None = None) -> dict[str, str]:
    """The page's `text, title, source, url, author, date_metadata, date_html`; each "" where the page has none.

    `date_metadata` is what the page states about its publication in a meta element or JSON-LD; `date_html` what
    htmldate finds in the page beyond that, as an ISO date.

    >>> page = '<html><head><title>Rain</title></head><body><article><p>' + "It rained all day. " * 20 + '</p></article></body></html>'
    >>> extract(page)["text"][:18]
    'It rained all day.'
    """
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it says is said by the row of DROPPED
    found = trafilatura.bare_extraction(
        page, url=url, include_comments=False, include_tables=True, with_metadata=False, as_dict=False
    )
    about = trafilatura.extract_metadata(page, default_url=url, extensive=False) if found is not None else None
    return {
        "text": (getattr(found, "text", None) or "") if found is not None else "",
        "title": getattr(about, "title", None) or "",
        "source": getattr(about, "sitename", None) or getattr(about, "hostname", None) or "",
        "url": url or getattr(about, "url", None) or "",
        "author": getattr(about, "author", None) or "",
        "date_metadata": stated_date(page),
        "date_html": found_date(page, url),
    }


def stated_date(page: str) -> str:
    """What the page's head says of its own publication: the best meta element, or else JSON-LD's datePublished.

    >>> stated_date('<meta property="article:published_time" content="2019-11-20T08:00:00+07:00">')
    '2019-11-20T08:00:00+07:00'
    """
    stated: dict[str, str] = {}
    for element in META.finditer(page):
        attributes = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in ATTRIBUTE.finditer(element[0])}
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
        if attributes.get("content"):
            stated.setdefault(name.lower(), attributes["content"])
    for name in PUBLISHED:
        if name in stated:
            return stated[name].strip()
    in_json = JSON_LD_DATE.search(page)
    return in_json[1] if in_json else ""


def found_date(page: str, url: str | None = None) -> str:
    """The publication date that htmldate finds in a page, as an ISO date, or ""."""
    import htmldate

    try:
        return htmldate.find_date(page, url=url, original_date=True, extensive_search=True) or ""
    except Exception:  # htmldate meets pages that its parser cannot stand; such a page has no date from it
        return ""
