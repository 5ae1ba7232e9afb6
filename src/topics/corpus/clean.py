"""What a web page, a scraper or an agency put around a story, pointed at step by step and taken out by one function.

A step is a small function of a text that returns the spans to cut or replace and changes nothing. `clean_text` applies
the steps in their order and writes every change down in offsets of the original, so that `edits.rebuild` gives the
original back character for character. What a step is not sure of stays: a line too many is easily taken out by hand, a
lost sentence is never missed.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from topics.corpus.corrections import decisions
from topics.corpus.dates import DATE, STAMP_SAYS, STAMP_WORDS, YEAR, ZONES
from topics.corpus.edits import Edit, Span, compose, in_order, replaced
from topics.corpus.encoding import MOJIBAKE, fix_mojibake
from topics.corpus.lines import (
    EMAIL,
    LONG,
    LOWER,
    SENTENCE_SIGNS,
    UPPER,
    URL,
    continuations,
    edges,
    filled_lines,
    groups_of,
    lines_of,
    past,
    piece_key,
    pieces_of,
    recurring_lines,
    sentence_ends,
)
from topics.tables import REMOVALS, UserError, conform, dropped

# --- patterns: those of lines are matched against a whole line -------------------------------------------------------

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
STAMP = re.compile(rf"(?i:[ \t]*(?:(?:{STAMP_SAYS}|{STAMP_WORDS}|{TIME}|{ZONE}|{DATE}|[|,:•·/\-–—()])[ \t]*)+)")
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
READ_ON = (  # what leads on to other articles, over a list of them or before one
    r"read (?:more|also)|also read|see (?:also|more)|recommended|don['’]t miss|(?:à )?lire (?:aussi|également)|voir aussi|xem thêm|"
    r"lesen sie auch|mehr (?:dazu|zum thema)|le(?:er|a) (?:más|también)|leggi anche|tags?|từ khóa"
)
LIST_HEAD = re.compile(
    rf"(?i:[ \t#*_>]*(?:{READ_ON}|other news|more news|latest news|related(?: news| articles| stories| topics| posts| content| links| tags)?|trending(?: now)?|"
    r"most (?:read|viewed|popular)|top stories|more stories|you may (?:also )?(?:like|be interested in)|recommended for you|read next|"
    r"also in the news|more (?:on this story|from [\w ]{2,30}|like this)|editor['’]s picks?|what to read next|"
    r"in other news|popular (?:posts|stories|now)|latest(?: stories)?|tin (?:khác|liên quan|mới)|"
    r"sur le même (?:thème|sujet)|articles? (?:liés|similaires)|les plus lus|noticias relacionadas)[ \t*_:]*)"
)
ITEM = re.compile(r"(?:[-*•·▪–>+]|\d{1,2}[.)])[ \t]*(?P<said>[^\n]*)")
POINTER = re.compile(
    rf"(?i:[ \t>*_\-(\[]*(?:{READ_ON}|related(?: article| story)?|more|watch|listen)[ ]?(?:[:|»>–—][^\n]{{0,200}}(?<![.])|\.{{3}}|…)?[ \t)\]]*)"
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
END_MARK = re.compile(r"(?P<stop>[.!?”\"’)]?)[ \t]*(?:\./\.|(?<=\.)/\.)[ \t]*$", re.M)
END_LINE = re.compile(
    r"[ \t]*(?:-?\s?(?:END|ENDS|Ends|Hết|FIN)\s?-?|#{3,}|\*{3,}|-30-|\((?:END|Ends)\)|[■◼□▪●]+)[ \t]*"
)
# --- steps: a text to the spans to cut or replace --------------------------------------------------------------------


class About(NamedTuple):
    """What a step may know of an article beside its text."""

    title: str = ""
    recurring: frozenset[str] = frozenset()  # lines that recur across the articles of its source, `folded`
    joined: frozenset[str] = frozenset()  # words divided at a line's end somewhere, that stand undivided elsewhere


def encoding(text: str, about: About) -> Iterator[Span]:
    """Mojibake put right, and straight double quotes that stand for a lost apostrophe (`didn"t`)."""
    for start, end in lines_of(text) if not text.isascii() and MOJIBAKE.search(text) else []:
        line = text[start:end]
        fixed = fix_mojibake(line)
        if fixed != line:
            runs = [(m.start(), m.end(), fix_mojibake(m[0])) for m in FOREIGN.finditer(line)]
            if replaced(line, runs) != fixed:  # what was spoilt took ASCII with it
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
        # <U> is a ticker, not a tag
        if match["closing"] or match["attributes"] or name in ALONE or f"</{name}" in text:
            yield match.start(), match.end(), "\n" if match["block"] else ""
    for match in ENTITY.finditer(text) if "&" in text else ():
        if html.unescape(match[0]) != match[0]:
            yield match.start(), match.end(), html.unescape(match[0])
    if "![" in text:
        for start, end in lines_of(text):
            image = IMAGE_LINE.fullmatch(text, start, end)
            if image:
                whole = len(image["caption"].split()) <= 60 and len(sentence_ends(image["caption"])) <= 1
                yield start, past(text, end) if whole else image.start("caption"), ""
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
    lines = filled_lines(text)[:6]
    if (
        len(lines) > 1
        and about.title
        and _bare(text[slice(*lines[0])]) == _bare(about.title)
        and not text[lines[1][0] : lines[1][1]].lstrip()[0].islower()
    ):
        yield lines[0][0], past(text, lines[0][1]), ""
        lines = lines[1:]
    for i, (start, end) in enumerate(lines):
        line = _bare(text[start:end]) if end - start < 1000 else ""
        later = [_bare(text[a : min(b, a + 2 * len(line) + 50)]) for a, b in lines[i + 1 :]]
        sentence = len(line) > 40 and text[start:end].rstrip()[-1:] in SENTENCE_SIGNS
        if len(line) > 15 and any(other == line or (sentence and other.startswith(line)) for other in later):
            yield start, past(text, end), ""


def captions(text: str, about: About) -> Iterator[Span]:
    """Lines that caption or credit a picture, and `(Photo: …)` within a paragraph."""
    for match in RUN_IN.finditer(text) if "nh " in text else ():
        yield match.start(), past(text, match.end()), ""
    for span in _whole_lines(CAPTION, text, longest=600):
        said = text[span[0] : span[1]]
        if not RUN_IN.match(said) and len(said.split()) <= 70 and len(sentence_ends(said.split("(")[0])) <= 2:
            yield span
    yield from _all(PHOTO_CREDIT, text, needs="(")


def bylines(text: str, about: About) -> Iterator[Span]:
    """`By Name` on a line of its own, at the head or the foot."""
    return _whole_lines(BYLINE, text, edges(text, 6, 4))


def stamps(text: str, about: About) -> Iterator[Span]:
    """Lines of nothing but a date with its time and zone, `Updated: …` and the like, at the head or the foot."""
    for start, end, new in _whole_lines(STAMP, text, edges(text, 8, 3)):
        said = text[start:end]
        one = len(ONE_DATE.findall(said)) == 1 and re.search(YEAR, said)
        if one or (SAYS_STAMP.search(said) and re.search(r"\d|:", said)):
            yield start, end, new


def datelines(text: str, about: About) -> Iterator[Span]:
    """`HA NOI, Nov 20 (VNS) —` before the first words of one of the first paragraphs."""
    for start, end in filled_lines(text)[:3]:
        match = DATELINE.match(text, start, min(end, start + 120))
        if match:
            yield start, match.end(), ""
            return


def lists(text: str, about: About) -> Iterator[Span]:
    """`Other News`, `Related`, `Trending` and the headlines under it; `Read more: …` on a line of its own."""
    lines = lines_of(text)
    at = 0
    while at < len(lines):
        start, end = lines[at]
        at += 1
        if end - start < 80 and LIST_HEAD.fullmatch(text, start, end):
            stop = _list_end(text, lines, at)
            if stop > at:
                yield start, past(text, lines[stop - 1][1]), ""
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
    own = [piece_key(text, piece) in about.recurring for piece in pieces]
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
            yield start, past(text, end) if whole else end, ""


def addresses(text: str, about: About) -> Iterator[Span]:
    """URLs and e-mail addresses."""
    if "://" in text or "www." in text:
        yield from _all(URL, text)
    yield from _all(EMAIL, text, needs="@")


def credits(text: str, about: About) -> Iterator[Span]:
    """`Reporting by …`, `Translated by …`, `Source: …`, an agency or initials alone, at the foot."""
    foot = edges(text, 0, 5)
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
        spans = in_order(STEPS[name](text, about))
        if spans:
            edits = compose(len(original), edits, spans, name)
            text = replaced(text, spans)
    if not text.strip() and original.strip() and set(steps) - set(HARMLESS):
        return clean_text(original, [name for name in steps if name in HARMLESS], about)
    return text, edits


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
    jobs = list(zip(raw["doc_id"], raw["text"], raw["title"], groups_of(raw), strict=True))
    texts: list[str] = []
    rows: list[tuple[Any, ...]] = []
    left: list[tuple[str, str, str, str, int]] = []
    for cleaned, removed, missed in map(work, [jobs[at : at + BLOCK] for at in range(0, len(jobs), BLOCK)]):
        texts += cleaned
        rows += removed
        left += [("corrections", "correction", doc_id, reason, 1) for doc_id, reason in missed]
    numbered = _numbered_heads(raw, rows)
    titles = [
        title or heading(text) or numbered.get(doc_id, "")
        for doc_id, title, text in zip(raw["doc_id"], raw["title"], texts, strict=True)
    ]
    filled = [bool(text.strip()) for text in texts]
    left += [
        ("clean", "article", doc_id, "nothing is left after cleaning", 1)
        for doc_id, full in zip(raw["doc_id"], filled, strict=True)
        if not full
    ]
    table = raw.assign(text=texts, title=titles).astype({"text": "str", "title": "str"})
    removals = pd.DataFrame(rows, columns=list(REMOVALS))
    return table[filled].reset_index(drop=True), conform(removals, "removals"), dropped(left)


def heading(text: str) -> str:
    """The first line, where it stands alone, is short and does not end as a sentence does.

    >>> heading("Rain in Hue\\n\\nIt rained all day."), heading("It rained all day.\\n\\nAnd all night.")
    ('Rain in Hue', '')
    """
    match = re.match(r"\s*(?:#{1,3} )?(\S[^\n]{2,200}?)[ \t]*\n[ \t]*\n", text)
    return match[1] if match and len(match[1].split()) <= 30 and match[1][-1] not in ".;,:" else ""


def _numbered_heads(raw: pd.DataFrame, removals: Sequence[tuple[Any, ...]]) -> dict[str, str]:
    """Of each article whose first line was taken out because it recurs but for its number (`Weekly digest (12)`), that line; not one, such as a masthead, that another has to the letter."""
    original = dict(zip(raw["doc_id"], raw["text"], strict=True))
    heads = {
        doc_id: heading(removed.strip() + "\n\n")
        for doc_id, step, start, _, removed, _ in removals
        if step == "recurring" and not original[doc_id][:start].strip()
    }
    same = Counter(heads.values())
    return {doc_id: head for doc_id, head in heads.items() if same[head] == 1}


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
    text = replaced(original, [(start, start + n, new) for start, n, _, new in edits])
    removed = [value for field, value in by_hand if field == "remove"]
    missed += [f"remove: the article has no such passage: {value[:80]!r}" for value in removed if value not in text]
    spans = in_order((m.start(), m.end(), "") for value in removed for m in re.finditer(re.escape(value), text))
    return replaced(text, spans), compose(len(original), edits, spans, "correction"), missed


# --- what steps are made of ------------------------------------------------------------------------------------------


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
    inner = continuations(text)
    for start, end in (lines_of(text) if lines is None else lines) if needs in text else ():
        if (
            0 < end - start <= longest
            and start not in inner
            and pattern.fullmatch(text, start, end)
            and text[start:end].strip()
        ):
            yield start, past(text, end), ""


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
