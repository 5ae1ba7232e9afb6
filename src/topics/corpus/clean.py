"""What a web page, a scraper or an agency put around a story, pointed at step by step and taken out by one function.

A step is a small function of a text that returns the spans to cut or replace and changes nothing. `clean_text` applies
the steps in their order and writes every change down in offsets of the original, so that `rebuild` gives the original
back character for character. What a step is not sure of stays: a line too many is easily taken out by hand, a lost
sentence is never missed.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import pandas as pd

from topics.corpus.corrections import decisions
from topics.corpus.dates import DATE, STAMP_SAYS, STAMP_WORDS, YEAR, ZONES
from topics.corpus.encoding import MOJIBAKE, fix_mojibake
from topics.tables import UserError, conform, dropped

Span = tuple[int, int, str]  # start, end, what stands there afterwards
Edit = tuple[int, int, str, str]  # start and length in the original, step, what stands there now

# --- patterns: those of lines are matched against a whole line -------------------------------------------------------

UPPER, LOWER = "A-ZÀ-ÖØ-ÞĀĂĐĨŌŨƠƯẠ-Ỹ", "a-zß-öø-ÿāăđĩōũơưạ-ỹ"
WORD = rf"[{UPPER}][\w.'’\-]*"
PARTICLE = r"(?:de|la|le|du|van|von|der|den|da|di|bin|al|el)"
NAME = rf"(?:{WORD}|{PARTICLE})(?:[ \u00a0](?:{WORD}|{PARTICLE})){{0,5}}"
NAMES = rf"{NAME}(?:(?:,| and| &| et| und| y| và|,? ?/|;| \||,? with) ?{NAME}){{0,5}}"
AGENCY = (
    r"(?:VNS|VNA|VNP|TTXVN|AP|AFP|Reuters|REUTERS|TASS|Tass|Xinhua|UPI|PTI|ANI|IANS|DPA|dpa|EFE|ANSA|Bloomberg|CNN|Yonhap|Kyodo|"
    r"Bernama|AAP|PA|BBC|SGGPO?|VOV|VGP|NDO|CNA|VietnamPlus|HuffPost)"
)
DASH = r"(?:[—–]|--?|\"\?)"  # the last is a dash that a wrong encoding ate

BLOCK_TAGS = (
    r"p|br|div|h[1-6]|li|tr|ul|ol|dl|dd|dt|table|blockquote|section|article|figure|figcaption|hr|pre|header|footer"
)
INLINE_TAGS = (
    r"a|abbr|aside|b|body|button|caption|center|cite|code|em|embed|font|form|head|html|i|iframe|img|input|label|link|main|meta|nav|"
    r"noscript|object|picture|q|small|source|span|strike|strong|sub|sup|svg|tbody|td|tfoot|th|thead|time|u|video|wbr"
)
ATTRIBUTES = r"(?P<attributes>(?:\s+(?:[\w:@-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+)|controls|async|defer|allowfullscreen|autoplay|muted|hidden))*)"
TAGS = re.compile(rf"<(?P<closing>/?)(?P<name>(?P<block>{BLOCK_TAGS})|{INLINE_TAGS}){ATTRIBUTES}\s*/?>", re.I)
ALONE = frozenset({"br", "hr", "p", "li", "img", "wbr"})  # elements that stand without a closing tag
UNSEEN_TAGS = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>|<!--.*?-->", re.S | re.I)
ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[0-9a-fA-F]{2,5});")
IMAGE_LINE = re.compile(r"[ \t]*!\[[^\]\n]*\](?:\([^)\n]*\))?[ \t]*(?P<caption>[^\n]*)")
IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
LINK = re.compile(r"(?<!!)\[(?P<said>[^\]\n]{1,300})\]\((?:https?://|/|#|www\.|mailto:)[^)\s]*(?: \"[^\"\n]*\")?\)")
WALL = re.compile(r"[ \t]*\|[ \t|:\-]*")
REMAINS = re.compile(  # in brackets, of what stood there: "[...]", "[See graphic on page 12]", "[Video: the opening]"
    r"[ \t]?\[(?:\.\.\.|…|\+\d+ chars|see (?:the )?(?:graphic|chart|photo|picture|image|map|video)\b[^\]\n]{0,60}|"
    r"(?:video|audio|photo|image|picture|graphic|infographic|gallery|watch|listen) ?:[^\]\n]{0,120})\]",
    re.I,
)
INVISIBLE = re.compile(
    r"\x1b\[[0-9;]*m|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]+"
)
FOREIGN = re.compile(r"[^\x00-\x7f]+")
APOSTROPHE = re.compile(r"\"(?:(?<=[A-Za-z]n\")(?=t\b)|(?<=[A-Za-z]\")(?=(?:s|re|ve|ll)\b(?! ?\")))")
LINE_HYPHEN = re.compile(r"[-\u2010][ \t]*\n[ \t]*")

TIME = r"(?:\d{1,2}[:.h]\d{2}(?::\d{2})?(?: ?[ap]\.?m\.?)?)"
ZONE = rf"(?:[\[(]?(?:{ZONES})(?: ?[+-] ?\d{{1,2}}(?::?\d{{2}})?)?[\])]?)"
STAMP = re.compile(rf"(?i:[ \t]*(?:(?:{STAMP_SAYS}|{STAMP_WORDS}|{TIME}|{ZONE}|{DATE}|[|,.:•·/\-–—()])[ \t]*)+)")
SAYS_STAMP = re.compile(STAMP_SAYS, re.I)
ONE_DATE = re.compile(DATE)
BY = r"(?:By|BY|(?:[Rr]eported|[Ww]ritten|[Ss]tory|[Ww]ords|[Pp]osted) by|[Pp]ar|Von|Por|Di|Author:|Tác giả:)"
BYLINE = re.compile(
    rf"[ \t*_]*{BY}[ \u00a0]{NAMES}(?:[ \t]*[|/,•·–-]?[ \t]*(?:{DATE}|{NAME}|{TIME}|{ZONE})){{0,4}}(?:,? ?[\w.%+-]+@[\w.-]+)?[ \t*_]*"
)
PLACE = rf"[{UPPER}][\w.'’]*(?:[ -][{UPPER}][\w.'’]*){{0,3}}"
CAPITALS = rf"[{UPPER}]{{2}}[{UPPER}.'’]*(?:[ -][{UPPER}.'’]{{2,}}){{0,3}}"
DATELINE = re.compile(
    rf"[ \t]*(?:\({AGENCY}\)[ \t]*{DASH}?|"
    rf"{PLACE}(?:, {PLACE}|,? [(/]{PLACE}[)/])?(?:[,.] {DATE})?[,.]? ?(?:\({AGENCY}(?:/{AGENCY})?\)|/{AGENCY}/)(?:[ \t]*(?:{DASH}|[.:]))?|"
    rf"{CAPITALS}(?:, {PLACE})?, {DATE}[,.]? ?\([^()\n]{{2,40}}\)[ \t]*{DASH}|"
    rf"(?!(?:NOTE|YEAR|UPDATE|ANALYSIS|WATCH|LIVE|BREAKING|OPINION|EXCLUSIVE|CORRECTED)\b)"
    rf"{CAPITALS}(?:, {PLACE})?(?:, {DATE})?[ \t]*(?:[—–]|--|\"\?|(?<=[ \t])-(?=[ \t]))|"
    rf"{AGENCY} ?{DASH}(?=[ \t]))[ \t]*(?=[\"“”‘'(/]*[{UPPER}\d])"
)
PHOTO = (
    r"(?:(?:[Ii]llustrati(?:ve|on) |[Ff]ile )?[Pp]hotos?|PHOTO|[Ii]llustrati(?:ve|on) image|[Ii]mage(?: credit| source| copyright| caption)?|"
    r"[Pp]icture|[Pp]hotograph|[Pp]hoto credit|Foto|[Ảả]nh|[Cc]rédits?(?: photo)?)"
)
COURTESY = rf"{PHOTO}(?: by| credit| courtesy(?: of)?)? ?"
CAPTION = re.compile(
    rf"[^\n]{{0,300}}?\bh[iì]nh [aả]nh \d[^\n]*|[^\n]{{0,500}}\({COURTESY}[:/–-]?[^()\n]{{0,60}}\)[ \t.]*|"
    rf"[ \t*_(]*{COURTESY}[:/©][^\n]{{0,200}}|[ \t(*_]*(?:Illustrati(?:ve|on) (?:photo|image)|Photo for illustration|Ảnh minh họa|File photo)[^\n]{{0,60}}|"
    r"[^\n]{0,300}\b(?:Getty Images|Shutterstock|AFP via Getty)[^\n.]{0,30}"
)
# Title, running number, caption and credit run into the paragraph that they stand before:
RUN_IN = re.compile(
    rf"^[^\n]{{0,300}}?\bh[iì]nh [aả]nh \d[^\n(]{{0,300}}\({COURTESY}[:/–-]?[^()\n]{{0,60}}\)[ \t]*", re.M
)
PHOTO_CREDIT = re.compile(rf"[ \t]*\({COURTESY}[:/][^()\n]{{1,60}}\)")
CREDITED = (
    r"(?:(?:[Aa]dditional |[Ff]urther )?(?:[Rr]eport(?:ing|ed)|[Tt]ranslat(?:ing|ed)|[Ee]dit(?:ing|ed)|[Ww]rit(?:ing|ten)|[Cc]ompil(?:ing|ed)|[Pp]roduced|[Gg]raphics?)"
    r"(?: and (?:[Ee]diting|[Ww]riting|[Rr]eporting))? by|(?:Traduit|Traduction|Übersetz\w+) (?:par|von|:))"
)
CREDIT = re.compile(
    rf"[ \t(*_\-–—]*(?=[{UPPER}]){CREDITED}:? (?:{NAMES}|staff)(?:[ \t]*[-–—;,/|.]+[ \t]*{CREDITED}:? {NAMES}){{0,4}}[ \t.)*_]*"
)
CREDIT_TAIL = re.compile(rf"[ \t]*\({CREDITED} [^()\n]{{2,300}}\)?[ \t]*$", re.M)
SOURCED = rf"\(?(?:Sources?|Nguồn|Quelle|Fuente) ?: ?-?(?:{NAMES}(?: and (?:news )?agencies| news agenc(?:y|ies)| agencies)?|agencies)\)?[ \t.]*"
SOURCE = re.compile(rf"[ \t]*{SOURCED}")
SOURCE_TAIL = re.compile(rf"(?<=[.!?\"”'’)])[ \t]*{SOURCED}\s*\Z")
PEN = r"[a-z]{2,4}(?:/[a-z]{1,4}){1,3} \([^()\n]{2,80}\)"  # jr/gsw (dpa, AFP)
AGENCY_TAIL = re.compile(
    rf"(?<=[.!?\"”'’)])[ \t]*(?:(?:{DASH}[ \t]*)?\(?{AGENCY}(?:/{AGENCY})*\)?|(?:Author: {NAME} )?{PEN})[ \t\n-]*\Z"
)
INITIALS = re.compile(
    rf"[ \t(\-–—*]*(?:(?:[{UPPER}]\.){{1,3}} ?[{UPPER}]?\.?|[{UPPER}](?:\.[{UPPER}][{LOWER}]*){{1,2}}\.?|{AGENCY}(?:/{AGENCY})*)[ \t)]*"
)
LIST_HEAD = re.compile(
    r"(?i:[ \t#*_>]*(?:other news|more news|latest news|related(?: news| articles| stories| topics| posts| content| links| tags)?|trending(?: now)?|"
    r"most (?:read|viewed|popular)|top stories|more stories|you may (?:also )?(?:like|be interested in)|recommended(?: for you)?|read (?:more|also|next)|"
    r"see (?:also|more)|also (?:read|in the news)|more (?:on this story|from [\w ]{2,30}|like this)|editor['’]s picks?|don['’]t miss|what to read next|"
    r"in other news|popular (?:posts|stories|now)|latest(?: stories)?|tin (?:khác|liên quan|mới)|tags?|từ khóa|(?:à )?lire (?:aussi|également)|"
    r"sur le même (?:thème|sujet)|articles? (?:liés|similaires)|les plus lus|mehr zum thema|lesen sie auch|noticias relacionadas|leer más|leggi anche)[ \t*_:]*)"
)
ITEM = re.compile(r"(?:[-*•·▪–>+]|\d{1,2}[.)])[ \t]*(?P<said>[^\n]*)")
POINTER = re.compile(
    r"(?i:[ \t>*_\-(\[]*(?:read more|read also|also read|see also|see more|related(?: article| story)?|more|watch|listen|recommended|don['’]t miss|"
    r"(?:à )?lire (?:aussi|également)|voir aussi|xem thêm|lesen sie auch|mehr dazu|leer también|leggi anche|tags|từ khóa)[ ]?(?:[:|»>–—][^\n]{0,200}(?<![.])|\.{3}|…)?[ \t)\]]*)"
)
SOCIAL = (
    r"(?:facebook|twitter|linkedin|whatsapp|telegram|pinterest|reddit|tumblr|instagram|youtube|e-?mail|messenger|google\+?|zalo|flipboard|print|"
    r"copy(?: link)?|share|tweet|send|save|digg|newsvine|stumble(?:upon)?|vk|viber|permalink)"
)
SOCIAL_ROW = re.compile(rf"(?i:\b{SOCIAL}(?:[ \t]{SOCIAL}){{3,}}(?![\w+]))")
FOLLOW = re.compile(
    rf"(?<=[.!?\"”’] )\"?\??(?:Follow|Reach) {NAME} on (?:Twitter|Facebook|Instagram)(?: at)?[:-]*(?: @\w+)?"
)
SHARE = re.compile(
    rf"(?i:[ \t*_\-•|]*(?:{SOCIAL}(?:[ \t,|/•&-]+(?:{SOCIAL}|on|via|by|to|a|this|article|story|page|with|friends?|and|or)){{0,16}}|"
    r"share (?:this(?: (?:article|story|page|post|news|on|via|with)\b[^\n.]{0,40})?|on [^\n.]{0,40})|(?:please )?(?:follow|like|join|find) (?:us|me|@\w+|[\w ]{2,30}) on (?:our )?"
    rf"{SOCIAL}\b[^\n]{{0,100}}|"
    r"(?:subscribe|sign up|register)(?: (?:here|now|today))?|(?:subscribe|sign up|register) (?:to|for|here|now|today)[^\n]{0,80}\b(?:newsletters?|inbox|daily|alerts|updates|briefing|channel|free)\b[^\n]{0,60}|"
    r"(?:get|receive) (?:the latest|our|daily|breaking)[^\n]{0,60}(?:newsletter|inbox|alerts|email)[^\n]{0,60}|click here(?: to (?:subscribe|sign up|share|follow|comment|print|download|read more)[^\n]{0,80})?|"
    r"(?:leave a|post a|no|\d+) comments?|comments? (?:are closed|\(\d+\))|advertisements?|sponsored(?: content)?|story continues below[^\n]{0,40}|"
    r"(?:download|get) (?:our|the) [^\n]{0,30}app\b[^\n]{0,40}|partage[rz] (?:sur|cet)[^\n]{0,60}|abonnez-vous[^\n]{0,120}|suivez[- ]nous[^\n]{0,80}|"
    r"inscrivez-vous à (?:notre|la) newsletter[^\n]{0,80}|back to top|skip to (?:main )?content|continue reading[^\n]{0,60}|keep reading|loading\.{0,3}|chia sẻ)[ \t.!:*_»>]*)"
)
RIGHTS = re.compile(
    r"(?i:[^\n]{0,120}(?:©|\(c\) ?(?:19|20)\d\d|copyright (?:©|\(c\)|(?:19|20)\d\d|by )|all rights reserved|tous droits réservés|alle rechte vorbehalten|"
    r"may not be (?:published, broadcast|reproduced)|this material may not be)[^\n]{0,200})"
)
URL = re.compile(
    r"[ \t]?[(<\[]?\b(?:https?://|www\.)[^\s<>\"()\[\]]+(?:\([^\s()]*\)[^\s<>\"()\[\]]*)?(?<![.,;:!?'’”])[)>\]]?"
)
EMAIL = re.compile(
    r"[ \t]?[(<\[]?\b(?:[Ee]-?mail: ?|[Cc]ontact the (?:writer|author|reporter)s? (?:at|on) )?[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,12}\b[)>\]]?"
)
END_MARK = re.compile(r"(?P<stop>[.!?”\"’)]?)[ \t]*(?:\./\.|(?<=\.)/\.)[ \t]*$", re.M)
END_LINE = re.compile(
    r"[ \t]*(?:-?\s?(?:END|ENDS|Ends|Hết|FIN)\s?-?|#{3,}|\*{3,}|-30-|\((?:END|Ends)\)|[■◼□▪●]+)[ \t]*"
)
SENTENCE_END = re.compile(rf"(?:(?<=[.!?…])[\"”’')\]]?|(?<=\w\)))\s+(?=[\"“‘'(\[]?\s?[{UPPER}]|https?:|[\w.]+@)")
ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Gen|Sen|Rep|Gov|Lt|Col|Prof|St|Jr|Sr|vs|No|[Hh]on|Rev|Capt|Sgt|Maj|Adm|[A-Z]|[A-Z]\.[A-Z])\.$"
)

SENTENCE_SIGNS = '.!?:;"”’)»|…'

# --- steps: a text to the spans to cut or replace --------------------------------------------------------------------


class About(NamedTuple):
    """What a step may know of an article beside its text."""

    title: str = ""
    recurring: frozenset[str] = frozenset()  # lines that recur across the articles of its source, `folded`
    joined: frozenset[str] = frozenset()  # words divided at a line's end somewhere, that stand undivided elsewhere


def encoding(text: str, about: About) -> Iterator[Span]:
    """Mojibake put right, and straight double quotes that stand for a lost apostrophe (`didn"t`)."""
    for start, end in _lines(text) if not text.isascii() and MOJIBAKE.search(text) else []:
        line = text[start:end]
        fixed = fix_mojibake(line)
        if fixed != line:
            runs = [(m.start(), m.end(), fix_mojibake(m[0])) for m in FOREIGN.finditer(line)]
            if _replaced(line, runs) != fixed:  # what was spoilt took ASCII with it
                runs = [(0, len(line), fixed)]
            yield from ((start + a, start + b, new) for a, b, new in runs if line[a:b] != new)
    yield from _all(APOSTROPHE, text, "'", needs='"')


def invisible(text: str, about: About) -> Iterator[Span]:
    """Characters that nobody sees: controls, zero widths, direction marks, soft hyphens, terminal colours."""
    return _all(INVISIBLE, text)


def markup(text: str, about: About) -> Iterator[Span]:
    """HTML elements and entities, Markdown images (with the caption on their line), links, table walls, `[...]`."""
    yield from _all(UNSEEN_TAGS, text, needs="<")
    for match in TAGS.finditer(text) if "<" in text else ():
        name = match["name"]
        if (
            match["closing"] or match["attributes"] or name in ALONE or f"</{name}" in text
        ):  # <U> is a ticker, not a tag
            yield match.start(), match.end(), "\n" if match["block"] else ""
    for match in ENTITY.finditer(text) if "&" in text else ():
        if html.unescape(match[0]) != match[0]:
            yield match.start(), match.end(), html.unescape(match[0])
    if "![" in text:
        for start, end in _lines(text):
            image = IMAGE_LINE.fullmatch(text, start, end)
            if image:
                whole = len(image["caption"].split()) <= 60 and len(_sentence_ends(image["caption"])) <= 1
                yield start, _past(text, end) if whole else image.start("caption"), ""
        yield from _all(IMAGE, text)
    for match in LINK.finditer(text) if "](" in text else ():
        yield match.start(), match.start("said"), ""
        yield match.end("said"), match.end(), ""
    yield from _whole_lines(WALL, text, needs="|")
    yield from _all(REMAINS, text, needs="[")


def hyphenation(text: str, about: About) -> Iterator[Span]:
    """Words divided at a line's end, joined: without the hyphen where the corpus has the word undivided, else with it."""
    for start, end, word in _divided(text):
        yield start, end, "" if word.lower() in about.joined else "-"


def repeated_head(text: str, about: About) -> Iterator[Span]:
    """The title at the head of the text, where the article has it as its title; a title or standfirst said twice."""
    lines = _filled(text)[:6]
    if (
        len(lines) > 1
        and about.title
        and _bare(text[slice(*lines[0])]) == _bare(about.title)
        and not text[lines[1][0] : lines[1][1]].lstrip()[0].islower()
    ):
        yield lines[0][0], _past(text, lines[0][1]), ""
        lines = lines[1:]
    for i, (start, end) in enumerate(lines):
        line = _bare(text[start:end]) if end - start < 1000 else ""
        later = [_bare(text[a : min(b, a + 2 * len(line) + 50)]) for a, b in lines[i + 1 :]]
        sentence = len(line) > 40 and text[start:end].rstrip()[-1:] in SENTENCE_SIGNS
        if len(line) > 15 and any(other == line or (sentence and other.startswith(line)) for other in later):
            yield start, _past(text, end), ""


def captions(text: str, about: About) -> Iterator[Span]:
    """Lines that caption or credit a picture, and `(Photo: …)` within a paragraph."""
    for match in RUN_IN.finditer(text) if "nh " in text else ():
        yield match.start(), _past(text, match.end()), ""
    for span in _whole_lines(CAPTION, text, longest=600):
        said = text[span[0] : span[1]]
        if not RUN_IN.match(said) and len(said.split()) <= 70 and len(_sentence_ends(said.split("(")[0])) <= 2:
            yield span
    yield from _all(PHOTO_CREDIT, text, needs="(")


def bylines(text: str, about: About) -> Iterator[Span]:
    """`By Name` on a line of its own, at the head or the foot."""
    return _whole_lines(BYLINE, text, _edges(text, 6, 4))


def stamps(text: str, about: About) -> Iterator[Span]:
    """Lines of nothing but a date with its time and zone, `Updated: …` and the like, at the head or the foot."""
    for start, end, new in _whole_lines(STAMP, text, _edges(text, 8, 3)):
        said = text[start:end]
        one = len(ONE_DATE.findall(said)) == 1 and re.search(YEAR, said)
        if one or (SAYS_STAMP.search(said) and re.search(r"\d|:", said)):
            yield start, end, new


def datelines(text: str, about: About) -> Iterator[Span]:
    """`HA NOI, Nov 20 (VNS) —` before the first words of one of the first paragraphs."""
    for start, end in _filled(text)[:3]:
        match = DATELINE.match(text, start, min(end, start + 120))
        if match:
            yield start, match.end(), ""
            return


def lists(text: str, about: About) -> Iterator[Span]:
    """`Other News`, `Related`, `Trending` and the headlines under it; `Read more: …` on a line of its own."""
    lines = _lines(text)
    at = 0
    while at < len(lines):
        start, end = lines[at]
        at += 1
        if end - start < 80 and LIST_HEAD.fullmatch(text, start, end):
            stop = _list_end(text, lines, at)
            if stop > at:
                yield start, _past(text, lines[stop - 1][1]), ""
                at = stop
    yield from _whole_lines(POINTER, text)


def sharing(text: str, about: About) -> Iterator[Span]:
    """Lines that ask to share, follow, subscribe or comment, and rows of the names of social networks anywhere."""
    yield from _whole_lines(SHARE, text)
    yield from _all(SOCIAL_ROW, text, needs="acebook")
    yield from _all(FOLLOW, text, needs=" on ")


def rights(text: str, about: About) -> Iterator[Span]:
    """Copyright lines."""
    return (span for span in _whole_lines(RIGHTS, text, longest=350) if len(text[span[0] : span[1]].split()) <= 45)


def recurring(text: str, about: About) -> Iterator[Span]:
    """Lines, and sentences at the head or the foot, that recur across the articles of the source."""
    pieces = pieces_of(text) if about.recurring else []
    own = [_key(text, piece) in about.recurring for piece in pieces]
    if False not in own:
        return  # a text that recurs altogether is a repeat, not an ornament
    first, last = own.index(False), len(own) - own[::-1].index(False)
    # "He did not say." may end any story: what is cut begins with a longer piece, or one that is no sentence.
    sure = [len(text[a:b].split()) >= LONG or text[a:b].rstrip()[-1:] not in '.!?"”' for a, b, _ in pieces]
    while first > 0 and not sure[first - 1]:
        first -= 1
    while last < len(own) and not sure[last]:
        last += 1
    for i, (start, end, whole) in enumerate(pieces):
        if own[i] and (whole or i < first or i >= last):
            yield start, _past(text, end) if whole else end, ""


def addresses(text: str, about: About) -> Iterator[Span]:
    """URLs and e-mail addresses."""
    if "://" in text or "www." in text:
        yield from _all(URL, text)
    yield from _all(EMAIL, text, needs="@")


def credits(text: str, about: About) -> Iterator[Span]:
    """`Reporting by …`, `Translated by …`, `Source: …`, an agency or initials alone, at the foot."""
    foot = _edges(text, 0, 5)
    for pattern in (CREDIT, SOURCE):
        yield from _whole_lines(pattern, text, foot)
    for start, end, new in _whole_lines(INITIALS, text, foot):
        if text[:start].rstrip()[-1:] in SENTENCE_SIGNS:  # or a line of a paragraph that happens to hold no more
            yield start, end, new
    for pattern in (CREDIT_TAIL, SOURCE_TAIL, AGENCY_TAIL):
        for match in pattern.finditer(text, max(0, len(text) - 600)):
            yield match.start(), match.end(), ""


def end_marks(text: str, about: About) -> Iterator[Span]:
    """`./.` (which leaves a full stop), `END`, `###` and the like."""
    for match in END_MARK.finditer(text) if "/." in text else ():
        yield match.end("stop"), match.end(), "" if match["stop"] else "."
    yield from _whole_lines(END_LINE, text, longest=20)


NOTHING = About()
Step = Callable[[str, About], Iterable[Span]]
STEPS: Mapping[str, Step] = {
    step.__name__: step
    for step in (encoding, invisible, markup, hyphenation, repeated_head, captions, bylines, stamps, datelines, lists, sharing, rights,
                 recurring, addresses, credits, end_marks)
}  # fmt: skip
BLOCK = 200  # articles for one call of `map`
HARMLESS = ("encoding", "invisible")  # what may be done to a text of which the other steps would leave nothing

# --- one function applies them ---------------------------------------------------------------------------------------


def clean_text(original: str, steps: Sequence[str] = tuple(STEPS), about: About = NOTHING) -> tuple[str, list[Edit]]:
    """The text after the steps, and every change as (start, n_chars, step, replacement) in the original.

    Law: with these edits, `rebuild` gives the original back. A text that is all captions, stamps or links stays.

    >>> clean_text("HA NOI, Nov 20 (VNS) — Rain fell./.")
    ('Rain fell.', [(0, 23, 'datelines', ''), (33, 2, 'end_marks', '')])
    """
    text, edits = original, list[Edit]()
    for name in steps:
        spans = _in_order(STEPS[name](text, about))
        if spans:
            edits = _compose(len(original), edits, spans, name)
            text = _replaced(text, spans)
    if not text.strip() and original.strip() and set(steps) - set(HARMLESS):
        return clean_text(original, [name for name in steps if name in HARMLESS], about)
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


def clean_articles(
    raw: pd.DataFrame,
    *,
    steps: Sequence[str] = tuple(STEPS),
    corrections: pd.DataFrame | None = None,
    map: Callable[..., Iterable[Any]] = map,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """RAW with its text cleaned and a title for each article that has one, REMOVALS, and DROPPED: articles without text.

    Lines that recur across the articles of a source are found first, over the whole corpus; then each article is
    cleaned by itself, in blocks through `map`. Raises `UserError` for a step that is none.
    """
    unknown = sorted(set(steps) - set(STEPS))
    if unknown:
        raise UserError(f"cleaning: no such step: {', '.join(unknown)}. The steps are {', '.join(STEPS)}.")
    recurrences = recurring_lines(raw) if "recurring" in steps else {}
    joined = joined_words(raw["text"].tolist()) if "hyphenation" in steps else frozenset()
    work = partial(
        _clean_block,
        steps=tuple(steps),
        recurrences=recurrences,
        joined=joined,
        by_hand=decisions(corrections, "restore", "remove"),
    )
    jobs = list(zip(raw["doc_id"], raw["text"], raw["title"], _groups(raw), strict=True))
    texts: list[str] = []
    rows: list[tuple[Any, ...]] = []
    left: list[tuple[str, str, str, str, int]] = []
    for cleaned, removed, missed in map(work, [jobs[at : at + BLOCK] for at in range(0, len(jobs), BLOCK)]):
        texts += cleaned
        rows += removed
        left += [("corrections", "correction", doc_id, reason, 1) for doc_id, reason in missed]
    titles = [title or heading(text) for title, text in zip(raw["title"], texts, strict=True)]
    filled = [bool(text.strip()) for text in texts]
    left += [
        ("clean", "article", doc_id, "nothing is left after cleaning", 1)
        for doc_id, full in zip(raw["doc_id"], filled, strict=True)
        if not full
    ]
    table = raw.assign(
        text=pd.Series(texts, index=raw.index, dtype="str"), title=pd.Series(titles, index=raw.index, dtype="str")
    )
    removals = pd.DataFrame(rows, columns=["doc_id", "step", "start", "n_chars", "passage", "replacement"])
    return table[filled].reset_index(drop=True), conform(removals, "removals"), dropped(left)


def heading(text: str) -> str:
    """The first line, where it stands alone, is short and does not end as a sentence does.

    >>> heading("Rain in Hue\\n\\nIt rained all day."), heading("It rained all day.\\n\\nAnd all night.")
    ('Rain in Hue', '')
    """
    match = re.match(r"\s*(?:#{1,3} )?(\S[^\n]{2,200}?)[ \t]*\n[ \t]*\n", text)
    return match[1] if match and len(match[1].split()) <= 30 and match[1][-1] not in ".;,:" else ""


def _divided(text: str) -> Iterator[tuple[int, int, str]]:
    """Where words are divided at the end of a line, and each word put together."""
    for match in LINE_HYPHEN.finditer(text) if "\n" in text else ():
        before = re.search(r"[^\W\d_]{2,}$", text[max(0, match.start() - 30) : match.start()])
        after = re.match(rf"[{LOWER}]{{2,}}(?![\w-])", text[match.end() : match.end() + 30])
        if before and after:
            compound = text[: match.start() - len(before[0])].endswith("-")  # higher-than-\nexpected
            yield match.start(), match.end(), "" if compound else before[0] + after[0]


def joined_words(texts: Sequence[str]) -> frozenset[str]:
    """Of the words divided at a line's end somewhere in the corpus, those that it has more often whole than hyphenated."""
    wanted = {word.lower() for text in texts for _, _, word in _divided(text)} - {""}
    whole, hyphenated = Counter[str](), Counter[str]()
    for text in texts if wanted else ():
        words = re.findall(r"[^\W\d_]{2,}(?:-[^\W\d_]{2,})?", text.lower())
        whole.update(word for word in words if word in wanted)
        hyphenated.update(word.replace("-", "") for word in words if "-" in word)
    return frozenset(word for word in wanted if whole[word] > hyphenated[word])


def _clean_block(
    block: list[tuple[str, str, str, str]],
    steps: tuple[str, ...],
    recurrences: Mapping[str, frozenset[str]],
    joined: frozenset[str],
    by_hand: Mapping[str, Any],
) -> tuple[list[str], list[tuple[Any, ...]], list[tuple[str, str]]]:
    """Of some articles the texts, the removals, and the corrections that found nothing to restore or remove: doc_id and reason."""
    texts, rows, missed = [], [], []
    for doc_id, original, title, group in block:
        text, edits = clean_text(original, steps, About(title, recurrences.get(group, frozenset()), joined))
        if doc_id in by_hand:
            text, edits, reasons = _correct(original, edits, by_hand[doc_id])
            missed += [(doc_id, reason) for reason in reasons]
        texts.append(text)
        rows += [(doc_id, step, start, n, original[start : start + n], new) for start, n, step, new in edits]
    return texts, rows, missed


def _correct(original: str, edits: list[Edit], by_hand: list[tuple[str, str]]) -> tuple[str, list[Edit], list[str]]:
    """The edits without those whose passage begins as a person says, and with the passages that a person takes out; what was not found."""
    restored = {value: " ".join(value.split()) for field, value in by_hand if field == "restore"}
    passages = [" ".join(original[start : start + n].split()) for start, n, _, _ in edits]
    missed = [
        f"restore: no passage that was taken out begins so: {value[:80]!r}"
        for value, begin in restored.items()
        if not any(passage.startswith(begin) for passage in passages)
    ]
    begins = tuple(restored.values())
    edits = [
        edit for edit, passage in zip(edits, passages, strict=True) if not begins or not passage.startswith(begins)
    ]
    text = _replaced(original, [(start, start + n, new) for start, n, _, new in edits])
    removed = [value for field, value in by_hand if field == "remove"]
    missed += [f"remove: the article has no such passage: {value[:80]!r}" for value in removed if value not in text]
    spans = _in_order((m.start(), m.end(), "") for value in removed for m in re.finditer(re.escape(value), text))
    return _replaced(text, spans), _compose(len(original), edits, spans, "correction"), missed


# --- lines that recur ------------------------------------------------------------------------------------------------

MIN_ARTICLES = 5  # a line recurs when it stands in so many articles of a source
MIN_SHARE = 0.01  # and in such a share of them;
LONG = 4  # words; a shorter line, which may well be a heading of the story,
SHORT_SHARE = 0.1  # in such a share
LONG_LINE = 300  # characters; of a longer line (or the only one) sentences are looked at,
HEAD, FOOT = 4, 12  # so many at its head and foot


def recurring_lines(raw: pd.DataFrame) -> dict[str, frozenset[str]]:
    """For each source, the lines (and sentences at the head and the foot) that recur across its articles, `folded`.

    An article most of whose pieces stand in others is a repeat of them and no evidence: its lines count for nothing.
    """
    by_group: dict[str, list[str]] = defaultdict(list)
    for group, text in zip(_groups(raw), raw["text"], strict=True):
        by_group[group].append(text)
    return {group: _recurring_in(texts) for group, texts in by_group.items() if len(texts) >= MIN_ARTICLES}


def _recurring_in(texts: list[str]) -> frozenset[str]:
    pieces = [{_key(text, piece) for piece in pieces_of(text)} for text in texts]
    seen = Counter(piece for own in pieces for piece in own)
    evidence = [own for own in pieces if sum(len(p) for p in own if seen[p] > 1) <= 0.5 * sum(map(len, own))]
    counts = Counter(piece for own in evidence for piece in own if seen[piece] >= MIN_ARTICLES)
    enough, often = max(MIN_ARTICLES, MIN_SHARE * len(texts)), SHORT_SHARE * len(texts)
    return frozenset(
        p for p, n in counts.items() if n >= (enough if p[0] == "~" or len(p.split()) >= LONG else max(enough, often))
    )


def pieces_of(text: str) -> list[tuple[int, int, bool]]:
    """What may recur, as (start, end, whether it is a whole line): lines, and of long ones the first and last sentences.

    Not the lines of hard-wrapped paragraphs, and nothing that leads on to what follows, such as a salutation.
    """
    pieces: list[tuple[int, int, bool]] = []
    inner, lines = _continuations(text), _filled(text)
    for start, end in lines:
        line = text[start:end].strip()
        if end - start > LONG_LINE or len(lines) == 1:
            bounds = [start, *(start + cut for cut in _sentence_ends(text[start:end])), end]
            sentences = [(a, b, False) for a, b in pairwise(bounds)]
            pieces += sentences if len(sentences) <= HEAD + FOOT else sentences[:HEAD] + sentences[-FOOT:]
        elif (
            start not in inner
            and not line[0].islower()
            and line[-1] not in ",;:"
            and (len(line.split()) >= LONG or line[-1] not in ".!?")
        ):
            pieces.append((start, end, True))
    return pieces


def _key(text: str, piece: tuple[int, int, bool]) -> str:
    """What a piece is known by: `folded`, sentences apart from lines."""
    start, end, whole = piece
    return folded(text[start:end]) if whole else "~" + folded(text[start:end])


def folded(line: str) -> str:
    """A line as it is compared: lower case, one space, digits and addresses made alike.

    >>> folded("  ( Page 31:  http://dw.com/p/1Akae )")
    '(page 0: @)'
    """
    plain = URL.sub(" @", line) if "http" in line or "www" in line else line
    plain = EMAIL.sub(" @", plain) if "@" in plain else plain
    return " ".join(re.sub(r"\d+", "0", plain.lower()).split()).replace("( ", "(").replace(" )", ")")


def _groups(raw: pd.DataFrame) -> list[str]:
    """The outlet of each article; where it is unknown, the table or folder that it came from."""
    return [source or file.rpartition("/")[0] for source, file in zip(raw["source"], raw["file"], strict=True)]


# --- spans and edits -------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _lines(text: str) -> list[tuple[int, int]]:
    """Start and end of each line, without its line end."""
    bounds: list[tuple[int, int]] = []
    start = 0
    while (end := text.find("\n", start)) >= 0:
        bounds.append((start, end))
        start = end + 1
    return [*bounds, (start, len(text))]


@lru_cache(maxsize=8)
def _continuations(text: str) -> frozenset[int]:
    """Where lines start that go on with the sentence of the line before: by a small letter, or in hard-wrapped text."""
    starts = []
    for (a, b), (c, d) in pairwise(_lines(text)):
        if (
            b - a >= 40
            and text[a:b].rstrip()[-1:] not in SENTENCE_SIGNS
            and text[c:d].strip()
            and not text.startswith("  ", c)
        ):
            starts.append((c, text[c:d].lstrip()[0].islower()))
    wrapped = 3 * sum(small for _, small in starts) > len(starts)
    return frozenset(start for start, small in starts if small or wrapped)


def _filled(text: str) -> list[tuple[int, int]]:
    return [(start, end) for start, end in _lines(text) if text[start:end].strip()]


def _edges(text: str, head: int, foot: int) -> list[tuple[int, int]]:
    """The first `head` and the last `foot` lines that hold anything."""
    lines = _filled(text)
    return lines if len(lines) <= head + foot else lines[:head] + lines[len(lines) - foot :]


def _past(text: str, end: int) -> int:
    """Past the line end, where there is one."""
    return end + 1 if text[end : end + 1] == "\n" else end


def _all(pattern: re.Pattern[str], text: str, new: str = "", needs: str = "") -> Iterator[Span]:
    """Every match; `needs` is what a match must hold, and is quicker to look for."""
    return ((m.start(), m.end(), new) for m in pattern.finditer(text)) if needs in text else iter(())


def _whole_lines(
    pattern: re.Pattern[str],
    text: str,
    lines: list[tuple[int, int]] | None = None,
    *,
    longest: int = 250,
    needs: str = "",
) -> Iterator[Span]:
    """The lines that the pattern matches from end to end, with their line ends.

    Never a line longer than `longest`, nor one that goes on with the sentence of the line before it.
    """
    inner = _continuations(text)
    for start, end in (_lines(text) if lines is None else lines) if needs in text else ():
        if (
            0 < end - start <= longest
            and start not in inner
            and pattern.fullmatch(text, start, end)
            and text[start:end].strip()
        ):
            yield start, _past(text, end), ""


def _sentence_ends(text: str) -> list[int]:
    return [
        m.end() for m in SENTENCE_END.finditer(text) if not ABBREVIATION.search(text, max(0, m.start() - 6), m.start())
    ]


def _bare(line: str) -> str:
    """A line without what differs between two prints of one sentence."""
    return " ".join(re.findall(r"\w+", line.lower()))


def _list_end(text: str, lines: list[tuple[int, int]], at: int) -> int:
    """The line after the list that begins at line `at`: marked items, or a few headlines without a mark.

    Lines without a mark are headlines where they run to the end of the text or are at most six of four words or more.
    """
    stop = at
    unmarked, dash = 0, False
    for i in range(at, len(lines)):
        line = text[slice(*lines[i])].strip()
        item = ITEM.fullmatch(line)
        said = item["said"] if item else line
        if LIST_HEAD.fullmatch(line) or (line and not item and not _is_headline(said)):
            return stop if unmarked <= 6 else at
        unmarked += bool(line) and not item and not dash
        if line and not item and not dash and len(said.split()) < 4 and not _to_the_end(text, lines, i):
            return stop
        dash = bool(item) and not said
        stop = i + 1 if line else stop
    return stop


def _is_headline(line: str) -> bool:
    return len(line.split()) <= 25 and not re.search(r"[.!?:;,][\"”’']?$", line)


def _to_the_end(text: str, lines: list[tuple[int, int]], at: int) -> bool:
    return all(_is_headline(text[slice(*line)].strip()) for line in lines[at:])


def _in_order(spans: Iterable[Span]) -> list[Span]:
    """Spans sorted and apart; of two that overlap one is made that keeps what the first one puts there."""
    kept: list[Span] = []
    for start, end, new in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end <= start:
            continue
        if kept and start < kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]), kept[-1][2])
        else:
            kept.append((start, end, new))
    return kept


def _replaced(text: str, spans: list[Span]) -> str:
    parts, at = [], 0
    for start, end, new in spans:
        parts += [text[at:start], new]
        at = end
    return "".join(parts) + text[at:]


def _compose(n: int, edits: list[Edit], spans: list[Span], step: str) -> list[Edit]:
    """Edits of the original (of `n` characters) after `spans` of the text that `edits` made of it are replaced too.

    A span that runs over earlier edits becomes the passages between them; what it takes of an earlier replacement is
    taken from that replacement.
    """
    parts = _parts(n, edits)
    starts = [part[0] for part in parts]
    made: list[Edit] = []
    there = [edit[3] for edit in edits]
    for start, end, new in reversed(spans):  # from behind, so that offsets in replacements stay true
        rest = new
        for begin, stop, origin, edit in parts[max(0, bisect_right(starts, start) - 1) :]:
            a, b = max(start, begin), min(end, stop)
            if begin >= end:
                break
            if a < b and edit < 0:
                made.append((origin + a - begin, b - a, step, rest))
                rest = ""
            elif a < b:
                there[edit] = there[edit][: a - begin] + rest + there[edit][b - begin :]
                rest = ""
    return sorted(made + [(start, k, name, now) for (start, k, name, _), now in zip(edits, there, strict=True)])


def _parts(n: int, edits: list[Edit]) -> list[tuple[int, int, int, int]]:
    """The text that the edits made, as (start, end, where in the original, which edit or -1) of each part."""
    parts: list[tuple[int, int, int, int]] = []
    at_text = at_original = 0
    for i, (start, length, _, new) in enumerate(edits):
        kept = start - at_original
        if kept:
            parts.append((at_text, at_text + kept, at_original, -1))
        if new:
            parts.append((at_text + kept, at_text + kept + len(new), start, i))
        at_text += kept + len(new)
        at_original = start + length
    if n > at_original:
        parts.append((at_text, at_text + n - at_original, at_original, -1))
    return parts
