"""What a web page, a scraper or an agency put around a story, pointed at step by step and taken out by one function.

A step is a small function of a text that returns the spans to cut or replace and changes nothing. `clean_text` applies
the steps in their order and writes every change down in offsets of the original, so that `rebuild` gives the original
back character for character. Whatever a step is not sure of stays: a line too many can be taken out by hand, a lost
sentence is never missed.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from topics.corpus.dates import DATE
from topics.corpus.encoding import fix_mojibake
from topics.tables import UserError, conform, dropped

Span = tuple[int, int, str]  # start, end, what stands there afterwards
Edit = tuple[int, int, str, str]  # start and length in the original, step, what stands there now

# --- patterns --------------------------------------------------------------------------------------------------------

# One capitalised name of up to six words, with particles: M.Q, Le Duc Vien, Jean de la Tour, DA NANG Today
NAME = r"(?:[A-ZÀ-ÖØ-ÞĀ-ỸĐ][\w.'’\-]*|de|la|van|von|der|da|di|bin|al|el)(?:[ \u00a0](?:[A-ZÀ-ÖØ-ÞĀ-ỸĐ][\w.'’\-]*|de|la|van|von|der|da|di|bin|al|el)){0,5}"
NAMES = rf"{NAME}(?:(?:,| and| &| et| und| y| và|,? ?/|;| \||,? with) ?{NAME}){{0,5}}"
AGENCY = r"(?:VNS|VNA|VNP|AP|AFP|Reuters|REUTERS|TASS|Xinhua|UPI|PTI|ANI|DPA|dpa|EFE|ANSA|Bloomberg|CNN|Yonhap|Kyodo|Bernama|IANS|AAP|PA|RTÉ|BBC|SGGPO|VOV|TTXVN|Tass|TTR Weekly|CNA|VIR|VietnamPlus|NDO|VGP|HuffPost)"
DASH = r"(?:[—–]|-{1,2}|\"\?|â€”)"

TAGS = re.compile(
    r"<(?:script|style)\b[^>]*>.*?</(?:script|style)\s*>|<!--.*?-->|"
    r"</?(?:a|abbr|article|aside|b|blockquote|body|br|button|caption|center|cite|code|dd|div|dl|dt|em|embed|figcaption|figure|font|"
    r"footer|form|h[1-6]|header|hr|html|i|iframe|img|input|label|li|link|main|meta|nav|noscript|object|ol|p|picture|pre|q|section|"
    r"small|source|span|strike|strong|sub|sup|svg|table|tbody|td|tfoot|th|thead|time|tr|u|ul|video|wbr)(?:\s+[\w:@-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*\s*/?>",
    re.S | re.I,
)  # fmt: skip
BLOCK_TAG = re.compile(
    r"</?(?:p|br|div|h[1-6]|li|tr|ul|ol|table|blockquote|section|article|figure|figcaption|hr)\b", re.I
)
ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[0-9a-fA-F]{2,5});")
IMAGE_LINE = re.compile(r"^[ \t]*!\[[^\]\n]*\](?:\([^)\n]*\))?[ \t]*(?P<caption>[^\n]*)$", re.M)
IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
LINK = re.compile(r"(?<!!)\[(?P<said>[^\]\n]{1,300})\]\((?:https?://|/|#|www\.|mailto:)[^)\s]*(?: \"[^\"\n]*\")?\)")
WALL = re.compile(r"^[ \t]*\|(?:[ \t|:\-]*)$\n?", re.M)
ELLIPSIS = re.compile(r"[ \t]?\[(?:\.\.\.|…|\+\d+ chars)\]")
INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]+|\x1b\[[0-9;]*m"
)
APOSTROPHE = re.compile(r"(?<=[A-Za-z]n)\"(?=t\b)|(?<=[A-Za-z])\"(?=(?:s|re|ve|ll)\b(?! ?\"))")
HYPHEN = re.compile(r"(?P<before>[^\W\d_]{2,})(?P<cut>[-\u2010][ \t]*\n[ \t]*)(?P<after>[a-zà-öø-ÿ]{2,})")

TIMES = r"(?:\d{1,2}[:.h]\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?)"
ZONE = r"(?:\[?\(?(?:GMT|UTC|ICT|EST|EDT|CET|CEST|BST|IST)(?: ?[+-] ?\d{1,2}(?::?\d{2})?)?\)?\]?)"
STAMP_WORDS = r"(?:last )?(?:updated?|published|posted|modified|first published|publié|mis à jour|modifié|aktualisiert|veröffentlicht|cập nhật|date)(?: (?:on|at|le|am))?:?"
WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?|thứ \w+,?|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche),?"
STAMP = re.compile(
    rf"^[ \t]*(?:(?:{STAMP_WORDS}|{WEEKDAY}|{TIMES}|{ZONE}|{DATE}|at|à|[|,•·/\-–—()])[ \t]*)+$\n?", re.M | re.I
)
BYLINE = re.compile(
    rf"^[ \t*_]*(?:(?:[Bb]y|BY|(?:[Rr]eported|[Ww]ritten|[Ss]tory|[Ww]ords|[Pp]osted) by|Par|Von|Por|Di|Author:|Tác giả:)[ \u00a0]{NAMES})"
    rf"(?:[ \t]*[|/,•·–-]?[ \t]*(?:{DATE}|{NAME}|{TIMES}|{ZONE}))*[ \t*_]*$\n?", re.M,
)  # fmt: skip
PLACE = r"[A-ZÀ-ÖØ-ÞĐ][\w.'’]*(?:[ -][A-ZÀ-ÖØ-ÞĐ][\w.'’]*){0,3}"
CAPITALS = r"[A-ZÀ-ÖØ-ÞĐ]{2}[A-ZÀ-ÖØ-ÞĐ.'’]*(?:[ -][A-ZÀ-ÖØ-ÞĐ.'’]{2,}){0,3}"
DATELINE = re.compile(
    rf"\s*(?:\({AGENCY}\)[ \t]*{DASH}?|"
    rf"(?:{PLACE}(?:, {PLACE})?)(?:, {DATE})?[,.]? ?(?:\({AGENCY}(?:/{AGENCY})?\)|/{AGENCY}/)(?:[ \t]*(?:{DASH}|[.:]))?|"
    rf"{CAPITALS}(?:, {PLACE})?(?:, {DATE})?[ \t]*(?:[—–]|--|\"\?|(?<=[ \t])-(?=[ \t]))|"
    rf"{AGENCY} ?{DASH}(?=[ \t]))[ \t]*(?=\S)"
)
PHOTO = r"(?:[Pp]hotos?|PHOTO|[Ii]llustrati(?:ve|on) (?:photo|image)|[Ii]mage|[Pp]icture|[Pp]hotograph|Foto|Ảnh|ảnh|[Cc]rédits?(?: photo)?|Photo credit|Image credit|Image source|Image copyright|Image caption)"
CAPTION_LINE = re.compile(
    rf"^[^\n]{{0,300}}\bh[iì]nh [aả]nh \d+[^\n]*$\n?|"
    rf"^[^\n]{{0,400}}\((?:{PHOTO})(?: by| courtesy(?: of)?)? ?[:/–-]?[^()\n]{{0,60}}\)[ \t.]*$\n?|"
    rf"^[ \t*_(]*(?:{PHOTO})(?: by| credit| courtesy(?: of)?)? ?[:/©][^\n]{{0,200}}$\n?|"
    rf"^[ \t(]*(?:Illustrati(?:ve|on) (?:photo|image)|Photo for illustration|Ảnh minh họa|File photo|Photo d['’]illustration)[^\n]{{0,60}}$\n?|"
    rf"^[^\n]{{0,300}}\b(?:Getty Images|Shutterstock|AFP via Getty)[^\n.]{{0,30}}$\n?", re.M,
)  # fmt: skip
CREDIT_PAREN = re.compile(rf"[ \t]*\((?:{PHOTO})(?: by| courtesy(?: of)?)? ?[:/][^()\n]{{1,60}}\)")
CREDIT_WORD = r"(?:(?:[Aa]dditional |[Ff]urther )?(?:[Rr]eport(?:ing|ed)|[Tt]ranslat(?:ing|ed)|[Ee]dit(?:ing|ed)|[Ww]rit(?:ing|ten)|[Cc]ompil(?:ing|ed)|[Pp]roduced|[Gg]raphics?)(?: and (?:[Ee]diting|[Ww]riting|[Rr]eporting))? by|(?:Traduit|Traduction|Übersetz\w+) (?:par|von|:))"
CREDIT_LINE = re.compile(rf"^[ \t(*_]*{CREDIT_WORD}:? [^\n]{{1,160}}$\n?", re.M)
CREDIT_TAIL = re.compile(rf"[ \t]*\({CREDIT_WORD} [^()\n]{{2,300}}\)?[ \t]*$", re.M)
SOURCE_TAIL = re.compile(
    rf"(?:(?<=[.!?\"”'’)])|^)[ \t\n]*\(?(?:Sources?|Nguồn|Quelle|Fuente) ?: ?-?{NAMES}(?: and (?:news )?agencies| news agenc(?:y|ies))?\)?[ \t.]*$"
)
INITIALS = re.compile(
    rf"^[ \t(\-–—*]*(?:(?:[A-ZĐ]\.){{1,3}} ?[A-ZĐ]?\.?|[A-ZĐ](?:\.[A-ZĐ][a-zà-ỹ]*){{1,2}}\.?|(?:{AGENCY})(?:/(?:{AGENCY}))*)[ \t)]*$\n?",
    re.M,
)
LIST_HEAD = re.compile(
    r"^[ \t#*_>]*(?:other news|more news|latest news|related(?: news| articles| stories| topics| posts| content| links| tags)?|trending(?: now)?|most (?:read|viewed|popular)|"
    r"top stories|more stories|you may (?:also )?(?:like|be interested in)|recommended(?: for you)?|read (?:more|also|next)|see (?:also|more)|also (?:read|in the news)|"
    r"more (?:on this story|from [\w ]{2,30}|like this)|editor['’]s picks?|don['’]t miss|what to read next|in other news|popular (?:posts|stories|now)|latest(?: stories)?|"
    r"tin (?:khác|liên quan|mới)|tags?|từ khóa|lire aussi|à lire (?:aussi|également)|sur le même (?:thème|sujet)|articles? (?:liés|similaires)|les plus lus|"
    r"mehr zum thema|lesen sie auch|das könnte sie auch interessieren|noticias relacionadas|leer más|leggi anche)[ \t*_:]*$", re.M | re.I,
)  # fmt: skip
ITEM = re.compile(r"^[ \t]*(?:[-*•·▪–>+]|\d{1,2}[.)])[ \t]*(?P<said>[^\n]*)$")
POINTER = re.compile(
    r"^[ \t>*_\-(\[]*(?:read more|read also|also read|see also|see more|related(?: article| story)?|more|watch|listen|recommended|don['’]t miss|"
    r"(?:à )?lire (?:aussi|également)|voir aussi|xem thêm|lesen sie auch|mehr dazu|leer también|leggi anche)[ ]?(?:[:|»>–—][^\n]{0,200}|\.{3}|…)?[ \t)\]]*$\n?", re.M | re.I,
)  # fmt: skip
SOCIAL = r"(?:facebook|twitter|linkedin|whatsapp|telegram|pinterest|reddit|tumblr|instagram|youtube|e-?mail|messenger|google\+?|zalo|flipboard|x|print|copy(?: link)?|share|tweet|send|save|digg|newsvine|stumble(?:upon)?|vk|viber|line)"
SHARE = re.compile(
    rf"^[ \t*_\-•|]*(?:{SOCIAL}(?:[ \t,|/•&-]+(?:{SOCIAL}|on|via|by|this|article|story|page|with|friends|and|or)){{0,16}}|"
    r"share (?:this|on|via|with)[^\n.]{0,60}|(?:please )?(?:follow|like|join|find) (?:us|me|@\w+|[\w ]{2,30}) (?:on|at|@)[^\n]{0,100}|"
    r"(?:subscribe|sign up|register) (?:to|for|here|now|today)[^\n]{0,140}|(?:get|receive) (?:the latest|our|daily|breaking)[^\n]{0,60}(?:newsletter|inbox|alerts|email)[^\n]{0,60}|"
    r"click here(?: to)?[^\n]{0,100}|(?:leave a|post a|no|\d+) comments?|comments? (?:are closed|\(\d+\))|advertisements?|sponsored(?: content)?|story continues below[^\n]{0,40}|"
    r"(?:download|get) (?:our|the) [^\n]{0,30}app[^\n]{0,60}|partage[rz] (?:sur|cet)[^\n]{0,60}|abonnez-vous[^\n]{0,120}|suivez[- ]nous[^\n]{0,80}|inscrivez-vous[^\n]{0,120}|"
    r"back to top|skip to (?:main )?content|continue reading[^\n]{0,60}|keep reading|loading\.{0,3}|chia sẻ)[ \t.!:*_»>]*$\n?", re.M | re.I,
)  # fmt: skip
COPYRIGHT = re.compile(
    r"^[^\n]{0,120}(?:©|\(c\) ?(?:19|20)\d\d|copyright (?:©|\(c\)|(?:19|20)\d\d|by )|all rights reserved|tous droits réservés|alle rechte vorbehalten|"
    r"may not be (?:published, broadcast|reproduced)|this material may not be)[^\n]{0,200}$\n?", re.M | re.I,
)  # fmt: skip
URL = re.compile(
    r"[ \t]?[(<\[]?\b(?:https?://|www\.)[^\s<>\"()\[\]]+(?:\([^\s()]*\)[^\s<>\"()\[\]]*)?(?<![.,;:!?'’”])[)>\]]?"
)
EMAIL = re.compile(
    r"[ \t]?[(<\[]?\b(?:e-?mail: ?)?[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,12}\b[)>\]]?"
)
END_MARK = re.compile(r"(?P<stop>[.!?”\"’)]?)[ \t]*(?:\./\.|(?<=\.)/\.)[ \t]*$", re.M)
END_LINE = re.compile(
    r"^[ \t]*(?:-?\s?(?:END|ENDS|End|Ends|Hết|FIN)\s?-?|#{3,}|\*{3,}|-30-|\(END\)|\(Ends\)|[■◼□▪●]+)[ \t]*$\n?", re.M
)

# --- steps: a text to the spans to cut or replace --------------------------------------------------------------------


class About(NamedTuple):
    """What a step may know of an article beside its text."""

    title: str = ""
    recurring: frozenset[str] = frozenset()  # lines that recur across the articles of its source, as `folded`


def encoding(text: str, about: About) -> Iterator[Span]:
    """Mojibake put right, and straight quotes that stand for a lost apostrophe."""
    for start, end in _lines(text):
        line = text[start:end]
        fixed = fix_mojibake(line)
        if fixed != line:
            for kind, a, b, c, d in SequenceMatcher(None, line, fixed, autojunk=False).get_opcodes():
                if kind != "equal":
                    yield start + a, start + b, fixed[c:d]
    for match in APOSTROPHE.finditer(text):
        yield match.start(), match.end(), "'"


def invisible(text: str, about: About) -> Iterator[Span]:
    """Characters that nobody sees: controls, zero widths, direction marks, soft hyphens, terminal colours."""
    return ((m.start(), m.end(), "") for m in INVISIBLE.finditer(text))


def markup(text: str, about: About) -> Iterator[Span]:
    """HTML elements and entities, Markdown images (with the caption on their line), links, table walls, `[...]`."""
    for match in TAGS.finditer(text):
        yield match.start(), match.end(), "\n" if BLOCK_TAG.match(match[0]) else ""
    for match in ENTITY.finditer(text):
        plain = html.unescape(match[0])
        if plain != match[0]:
            yield match.start(), match.end(), plain
    for match in IMAGE_LINE.finditer(text):
        caption = match["caption"]
        whole = len(caption.split()) <= 60 and (not caption.rstrip().endswith(".") or len(_sentence_ends(caption)) <= 1)
        yield match.start(), match.end() if whole else match.start("caption"), ""
    for match in IMAGE.finditer(text):
        yield match.start(), match.end(), ""
    for match in LINK.finditer(text):
        yield match.start(), match.start("said"), ""
        yield match.end("said"), match.end(), ""
    for pattern in (WALL, ELLIPSIS):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), ""


def hyphenation(text: str, about: About) -> Iterator[Span]:
    """Words divided at a line's end, joined: with their hyphen where the text writes them so elsewhere."""
    for match in HYPHEN.finditer(text):
        with_hyphen = f"{match['before']}-{match['after']}"
        yield match.start("cut"), match.end("cut"), "-" if with_hyphen in text else ""


def repeated_head(text: str, about: About) -> Iterator[Span]:
    """The title at the head of the text, where the article has it as its title, and a standfirst said twice."""
    lines = [(a, b) for a, b in _lines(text) if text[a:b].strip()][:6]
    for i, (a, b) in enumerate(lines):
        line = _bare(text[a:b])
        later = [_bare(text[c:d]) for c, d in lines[i + 1 :]]
        if len(line) > 15 and any(other.startswith(line) for other in later):
            yield a, _line_end(text, b), ""


def bylines(text: str, about: About) -> Iterator[Span]:
    """`By Name` on a line of its own, at the head or the foot."""
    return _at_edges(BYLINE, text, head=6, foot=4)


def stamps(text: str, about: About) -> Iterator[Span]:
    """Lines of nothing but a date, a time, `Updated` and the like, at the head or the foot."""
    return (
        span for span in _at_edges(STAMP, text, head=8, foot=4) if re.search(r"\d|[^\W\d_]{3}", text[span[0] : span[1]])
    )


def datelines(text: str, about: About) -> Iterator[Span]:
    """`HA NOI, Nov 20 (VNS) —` before the first words of one of the first paragraphs."""
    for start, end in [(a, b) for a, b in _lines(text) if text[a:b].strip()][:3]:
        match = DATELINE.match(text, start, min(end, start + 120))
        if match:
            yield match.start() + len(match[0]) - len(match[0].lstrip()), match.end(), ""
            return


def captions(text: str, about: About) -> Iterator[Span]:
    """Lines that caption or credit a picture, and `(Photo: …)` within a paragraph."""
    for match in CAPTION_LINE.finditer(text):
        if len(_sentence_ends(match[0].split("(")[0])) <= 2 and len(match[0].split()) <= 70:
            yield match.start(), match.end(), ""
    for match in CREDIT_PAREN.finditer(text):
        yield match.start(), match.end(), ""


def credits(text: str, about: About) -> Iterator[Span]:
    """`Reporting by …`, `Translated by …`, `Source: …`, an agency or initials alone, at the foot."""
    for pattern in (CREDIT_LINE, INITIALS):
        yield from _at_edges(pattern, text, head=0, foot=5)
    for pattern in (CREDIT_TAIL, SOURCE_TAIL):
        for match in pattern.finditer(text, max(0, len(text) - 600)):
            yield match.start(), match.end(), ""


def lists(text: str, about: About) -> Iterator[Span]:
    """`Other News`, `Related`, `Trending` and the list of headlines under it; `Read more: …` on a line of its own."""
    lines = _lines(text)
    at = 0
    while at < len(lines):
        start, end = lines[at]
        at += 1
        if LIST_HEAD.match(text, start, end):
            stop = _list_end(text, lines, at)
            if stop > at:
                yield start, _line_end(text, lines[stop - 1][1]), ""
                at = stop
    for match in POINTER.finditer(text):
        yield match.start(), match.end(), ""


def sharing(text: str, about: About) -> Iterator[Span]:
    """Lines that ask to share, follow, subscribe or comment."""
    return ((m.start(), m.end(), "") for m in SHARE.finditer(text))


def rights(text: str, about: About) -> Iterator[Span]:
    """Copyright lines."""
    return ((m.start(), m.end(), "") for m in COPYRIGHT.finditer(text) if len(m[0].split()) <= 45)


def addresses(text: str, about: About) -> Iterator[Span]:
    """URLs and e-mail addresses."""
    for pattern in (URL, EMAIL):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), ""


def end_marks(text: str, about: About) -> Iterator[Span]:
    """`./.` (which leaves a full stop), `END`, `###` and the like."""
    for match in END_MARK.finditer(text):
        yield match.end("stop"), match.end(), "" if match["stop"] else "."
    for match in END_LINE.finditer(text):
        yield match.start(), match.end(), ""


def recurring(text: str, about: About) -> Iterator[Span]:
    """Lines, and sentences at the head or the foot, that recur across the articles of the source."""
    if not about.recurring:
        return
    pieces = pieces_of(text)
    own = [folded(text[a:b]) in about.recurring for a, b, _ in pieces]
    first, last = 0, len(pieces)
    while first < last and own[first]:
        first += 1
    while last > first and own[last - 1]:
        last -= 1
    for i, (a, b, whole_line) in enumerate(pieces):
        if own[i] and (i < first or i >= last or whole_line):
            yield a, _line_end(text, b) if whole_line else b, ""


Step = Callable[[str, About], Iterable[Span]]
STEPS: Mapping[str, Step] = {
    step.__name__: step
    for step in (encoding, invisible, markup, hyphenation, repeated_head, captions, bylines, stamps, datelines, lists, sharing,
                 rights, recurring, addresses, credits, end_marks)
}  # fmt: skip

# --- one function applies them ---------------------------------------------------------------------------------------


def clean_text(original: str, steps: Sequence[str] = tuple(STEPS), about: About = About()) -> tuple[str, list[Edit]]:
    """The text after the steps, and every change as (start, n_chars, step, replacement) in the original.

    Law: with these edits, `rebuild` gives the original back.

    >>> clean_text("Rain fell./.")
    ('Rain fell.', [(9, 3, 'end_marks', '.')])
    """
    text, edits = original, []
    for name in steps:
        spans = _in_order(STEPS[name](text, about))
        if spans:
            edits = _compose(len(original), edits, spans, name)
            text = _replaced(text, spans)
    return text, edits


def rebuild(text: str, removals: pd.DataFrame) -> str:
    """The original of one article from its cleaned text and its rows of REMOVALS.

    >>> rebuild("Rain fell.", pd.DataFrame({"start": [9], "passage": ["./."], "replacement": ["."]}))
    'Rain fell./.'
    """
    parts, at_original, at_text = [], 0, 0
    rows = removals.sort_values("start", kind="stable")
    for start, passage, replacement in zip(rows["start"], rows["passage"], rows["replacement"], strict=True):
        kept = start - at_original
        parts += [text[at_text : at_text + kept], passage]
        at_text += kept + len(replacement)
        at_original = start + len(passage)
    return "".join(parts) + text[at_text:]


def clean(
    raw: pd.DataFrame,
    *,
    steps: Sequence[str] = tuple(STEPS),
    corrections: pd.DataFrame | None = None,
    map: Callable[..., Iterable[Any]] = map,
    block: int = 200,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """RAW with its text cleaned, REMOVALS, and DROPPED: articles of which nothing is left.

    Lines that recur across the articles of a source are found first, over the whole corpus; then each article is
    cleaned by itself, in blocks through `map`.
    """
    unknown = sorted(set(steps) - set(STEPS))
    if unknown:
        raise UserError(f"cleaning: no such step: {', '.join(unknown)}. The steps are {', '.join(STEPS)}.")
    recurrences = recurring_lines(raw) if "recurring" in steps else {}
    groups = _sources(raw)
    jobs = [
        (doc_id, text, title, group)
        for doc_id, text, title, group in zip(raw["doc_id"], raw["text"], raw["title"], groups, strict=True)
    ]
    blocks = [jobs[at : at + block] for at in range(0, len(jobs), block)]
    work = partial(_clean_block, steps=tuple(steps), recurrences=recurrences, by_hand=_by_hand(corrections))
    cleaned: list[str] = []
    rows: list[tuple[Any, ...]] = []
    for texts, removed in map(work, blocks):
        cleaned.extend(texts)
        rows.extend(removed)
    removals = pd.DataFrame(rows, columns=["doc_id", "step", "start", "n_chars", "passage", "replacement"])
    left = [
        ("clean", "article", d, "nothing is left after cleaning", 1)
        for d, t in zip(raw["doc_id"], cleaned, strict=True)
        if not t.strip()
    ]
    table = raw.assign(text=pd.Series(cleaned, index=raw.index, dtype="str"))
    return table[table["text"].str.strip() != ""].reset_index(drop=True), conform(removals, "removals"), dropped(left)


def _clean_block(
    block: list[tuple[str, str, str, str]],
    steps: tuple[str, ...],
    recurrences: Mapping[str, frozenset[str]],
    by_hand: Mapping[str, list[tuple[str, str]]],
) -> tuple[list[str], list[tuple[Any, ...]]]:
    texts, rows = [], []
    for doc_id, original, title, group in block:
        text, edits = clean_text(original, steps, About(title, recurrences.get(group, frozenset())))
        if doc_id in by_hand:
            text, edits = _correct(original, edits, by_hand[doc_id])
        texts.append(text)
        rows += [(doc_id, step, start, n, original[start : start + n], new) for start, n, step, new in edits]
    return texts, rows


def _by_hand(corrections: pd.DataFrame | None) -> dict[str, list[tuple[str, str]]]:
    """For each article, the passages to restore and to remove."""
    chosen: dict[str, list[tuple[str, str]]] = defaultdict(list)
    if corrections is not None:
        for row in corrections.itertuples(index=False):
            if row.field in {"restore", "remove"} and row.value.strip():
                chosen[row.doc_id].append((row.field, row.value.strip()))
    return dict(chosen)


def _correct(original: str, edits: list[Edit], by_hand: list[tuple[str, str]]) -> tuple[str, list[Edit]]:
    """The edits without those whose passage begins as a person says, and with the passages that a person takes out."""
    restored = tuple(value for field, value in by_hand if field == "restore")
    edits = (
        [edit for edit in edits if not original[edit[0] : edit[0] + edit[1]].strip().startswith(restored)]
        if restored
        else edits
    )
    text = _replaced(original, [(start, start + n, new) for start, n, _, new in edits])
    removed = [value for field, value in by_hand if field == "remove"]
    spans = _in_order((m.start(), m.end(), "") for value in removed for m in re.finditer(re.escape(value), text))
    return _replaced(text, spans), _compose(len(original), edits, spans, "correction")


# --- lines that recur ------------------------------------------------------------------------------------------------

MIN_ARTICLES = 5  # a line recurs when it stands in so many articles of a source
MIN_SHARE = 0.01  # and in such a share of them


def recurring_lines(raw: pd.DataFrame) -> dict[str, frozenset[str]]:
    """For each source, the lines (and sentences at the head and the foot) that recur across its articles, `folded`.

    An article most of whose pieces recur is a repeat of others and no evidence: its lines count for nothing.
    """
    by_source: dict[str, list[int]] = defaultdict(list)
    for position, group in enumerate(_sources(raw)):
        by_source[group].append(position)
    texts = raw["text"].tolist()
    return {
        group: _recurring_in([texts[i] for i in positions])
        for group, positions in by_source.items()
        if len(positions) >= MIN_ARTICLES
    }


def _recurring_in(texts: list[str]) -> frozenset[str]:
    pieces = [{folded(text[a:b]) for a, b in _edge_pieces(text)} - {""} for text in texts]
    n = max(MIN_ARTICLES, int(MIN_SHARE * len(texts)))
    counts = Counter(piece for own in pieces for piece in own)
    common = {piece for piece, count in counts.items() if count >= 2}
    evidence = [own for own in pieces if sum(len(p) for p in own if p in common) <= 0.5 * sum(map(len, own))]
    counts = Counter(piece for own in evidence for piece in own if piece in common)
    return frozenset(piece for piece, count in counts.items() if count >= n)


def _edge_pieces(text: str) -> list[tuple[int, int]]:
    return [(a, b) for a, b, _ in pieces_of(text)]


def pieces_of(text: str) -> list[tuple[int, int, bool]]:
    """Lines of a text as (start, end, True), and a long line's sentences as (start, end, False)."""
    pieces: list[tuple[int, int, bool]] = []
    for start, end in _lines(text):
        if not text[start:end].strip():
            continue
        cuts = _sentence_ends(text[start:end]) if end - start > 300 else []
        if not cuts:
            pieces.append((start, end, True))
            continue
        bounds = [start, *(start + cut for cut in cuts), end]
        pieces += [(a, b, False) for a, b in zip(bounds, bounds[1:], strict=False) if text[a:b].strip()]
    return pieces


def folded(line: str) -> str:
    """A line as it is compared: lower case, one space, digits and addresses made alike.

    >>> folded("  Page 31:  http://dw.com/p/1Akae ")
    'page 0: @'
    """
    plain = URL.sub(" @", line.strip().lower()) if "http" in line or "www" in line else line.strip().lower()
    return re.sub(r"\s+", " ", re.sub(r"\d+", "0", plain)).strip()


def _sources(raw: pd.DataFrame) -> list[str]:
    """The outlet of each article; where it is unknown, the kind of file that it came from."""
    return [
        source or file.rsplit("/", 1)[0] if "/" in file or source else ""
        for source, file in zip(raw["source"], raw["file"], strict=True)
    ]


# --- spans and edits -------------------------------------------------------------------------------------------------


def _lines(text: str) -> list[tuple[int, int]]:
    """Start and end of each line, without its line end."""
    bounds, start = [], 0
    while True:
        end = text.find("\n", start)
        if end < 0:
            return [*bounds, (start, len(text))]
        bounds.append((start, end))
        start = end + 1


def _line_end(text: str, end: int) -> int:
    return end + 1 if text[end : end + 1] == "\n" else end


SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’')\]]?\s+(?=[\"“‘'(\[]?[A-ZÀ-ÖØ-ÞĀ-ỸĐ])")


def _sentence_ends(text: str) -> list[int]:
    return [match.end() for match in SENTENCE_END.finditer(text)]


def _bare(line: str) -> str:
    """A line without what differs between two prints of one sentence."""
    return re.sub(r"\W+", " ", line.lower()).strip()


def _at_edges(pattern: re.Pattern[str], text: str, head: int, foot: int) -> Iterator[Span]:
    """Matches of a pattern among the first `head` and the last `foot` lines that hold anything."""
    lines = [(a, b) for a, b in _lines(text) if text[a:b].strip()]
    chosen = lines if len(lines) <= head + foot else lines[:head] + lines[len(lines) - foot :]
    for start, _ in chosen:
        match = pattern.match(text, start)
        if match:
            yield match.start(), match.end(), ""


def _list_end(text: str, lines: list[tuple[int, int]], at: int) -> int:
    """The line after the list that begins at line `at`: items, headlines, and nothing that reads as a paragraph."""
    stop = at
    while at < len(lines):
        line = text[lines[at][0] : lines[at][1]].strip()
        item = ITEM.match(line)
        said = item["said"] if item else line
        if line and not item and (len(said.split()) > 25 or re.search(r"[.!?:;,][\"”’']?$", said)):
            break
        if LIST_HEAD.match(line):
            break
        at += 1
        if line:
            stop = at
    return stop


def _in_order(spans: Iterable[Span]) -> list[Span]:
    """Spans sorted and apart: of two that overlap the longer earlier one stands and takes in the other."""
    kept: list[Span] = []
    for start, end, new in sorted(spans, key=lambda s: (s[0], -s[1])):
        if end <= start:
            continue
        if kept and start < kept[-1][1]:
            if end > kept[-1][1]:
                kept[-1] = (kept[-1][0], end, kept[-1][2])
            continue
        kept.append((start, end, new))
    return kept


def _replaced(text: str, spans: list[Span]) -> str:
    parts, at = [], 0
    for start, end, new in spans:
        parts += [text[at:start], new]
        at = end
    return "".join(parts) + text[at:]


def _compose(n: int, edits: list[Edit], spans: list[Span], step: str) -> list[Edit]:
    """Edits of the original after cutting `spans` from the text that `edits` made of it.

    A span that runs over earlier edits becomes the passages between them; what an earlier edit had put there and the
    span takes is taken from that edit.
    """
    segments = _segments(n, edits)
    starts = [segment[0] for segment in segments]
    made: list[Edit] = []
    new_text = {i: edit[3] for i, edit in enumerate(edits)}
    for start, end, new in spans:
        i = max(0, bisect_right(starts, start) - 1)
        rest = new
        while i < len(segments) and segments[i][0] < end:
            begin, stop, origin, edit = segments[i]
            a, b = max(start, begin), min(end, stop)
            if a < b and edit is None:
                made.append((origin + a - begin, b - a, step, rest))
                rest = ""
            elif a < b:
                there = new_text[edit]
                shift = len(edits[edit][3]) - len(there)  # what an earlier span of this step took from its head
                new_text[edit] = there[: a - begin - shift] + rest + there[b - begin - shift :]
                rest = ""
            i += 1
    return sorted(made + [(s, k, name, new_text[i]) for i, (s, k, name, _) in enumerate(edits)])


def _segments(n: int, edits: list[Edit]) -> list[tuple[int, int, int, int | None]]:
    """The text that the edits made, as (start, end, where in the original, which edit or None) of each part."""
    segments: list[tuple[int, int, int, int | None]] = []
    at_text = at_original = 0
    for i, (start, length, _, new) in enumerate(edits):
        kept = start - at_original
        if kept:
            segments.append((at_text, at_text + kept, at_original, None))
        at_text += kept
        if new:
            segments.append((at_text, at_text + len(new), start, i))
        at_text += len(new)
        at_original = start + length
    if n > at_original:
        segments.append((at_text, at_text + n - at_original, at_original, None))
    return segments
