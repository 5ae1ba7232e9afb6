"""Which column of a table is the text, the title, the date: as it is set, else by the names that columns usually have."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from topics.tables import ROLES, UserError, nearest

# Names that a column may have, best first, as `plain` writes them.
NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "body", "content", "full_text", "fulltext", "article_text", "article_body", "body_text", "articlebody",
             "main_text", "maintext", "article", "story", "document", "transcript", "speech", "texte", "contenu", "texto",
             "inhalt", "testo", "noi_dung", "raw_text", "clean_text", "description", "summary", "abstract"),
    "title": ("title", "headline", "heading", "article_title", "head", "subject", "titre", "titulo", "titel", "tieu_de", "name"),
    "date": ("date", "published", "publish_date", "publication_date", "published_at", "date_published", "datepublished",
             "published_date", "pub_date", "pubdate", "date_publish", "publishedat", "article_date", "webpublicationdate",
             "datetime", "timestamp", "published_time", "time", "created_at", "created", "day", "fecha", "datum", "ngay", "year"),
    "url": ("url", "article_url", "source_url", "article_source_link", "link", "permalink", "web_url", "weburl", "href", "uri"),
    "source": ("source", "outlet", "publisher", "newspaper", "source_name", "site", "site_name", "sitename", "publication",
               "domain", "media", "journal", "hostname", "news_source", "source_domain"),
    "id": ("doc_id", "id", "article_id", "uuid", "document_id", "docid", "fileid", "file_id", "guid", "_id", "articleid"),
}  # fmt: skip
FILE_NAMES = {"file", "filename", "file_name", "path"}  # of the column in metadata.csv that names the file

Columns = Mapping[str, str | list[str]]  # role → column or columns


def columns_found(names: Iterable[str], columns: Columns | None = None) -> dict[str, list[str]]:
    """Which of a table's columns has which role: role → column names, by what is set and else by name.

    >>> columns_found(["article_id", "Publish Date", "headline", "body", "section"])
    {'text': ['body'], 'title': ['headline'], 'date': ['Publish Date'], 'id': ['article_id']}
    """
    names, chosen = list(names), as_lists(columns)
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain(name), name)
    found: dict[str, list[str]] = {}
    for role in ROLES:
        if role in chosen:
            found[role] = [name for name in chosen[role] if name in names]
        else:
            usual = ([by_plain[name]] for name in NAMES[role] if name in by_plain)
            found[role] = next((column for column in usual if column not in found.values()), [])
    if not found["text"] and "text" not in chosen:
        found["text"] = found["title"]  # a table of headlines
    return {role: used for role, used in found.items() if used}


def as_lists(columns: Columns | None) -> dict[str, list[str]]:
    """The columns that are set for each role; raises `UserError` for a role that there is not."""
    unknown = sorted(set(columns or {}) - set(ROLES))
    if unknown:
        raise UserError(f"columns: no such role: {', '.join(unknown)}. The roles are {', '.join(ROLES)}.")
    return {role: [used] if isinstance(used, str) else used for role, used in (columns or {}).items() if used}


def check_found(chosen: Mapping[str, list[str]], there: list[str]) -> None:
    """Raises `UserError` where a column that is set is none of a table's, where there are tables."""
    missing = [(role, name) for role, names in chosen.items() for name in names if there and name not in there]
    if missing:
        said = ", ".join(f"{name!r} (for {role})" for role, name in missing)
        hint = nearest(missing[0][1], there)
        raise UserError(f"columns: no table has a column {said}.{hint} The columns are: {', '.join(there)[:500]}.")


def plain(name: Any) -> str:
    """A name in lower case, without accents, with everything but letters and digits as "_".

    >>> plain(" Nội dung"), plain("Título"), plain("_id")
    ('noi_dung', 'titulo', '_id')
    """
    bare = unicodedata.normalize("NFKD", str(name).strip().lower().replace("đ", "d"))
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_") if bare != "_id" else "_id"
