"""Bytes to text: which encoding a file has, and repair of text that was once decoded as the wrong one.

`decode` never fails: what cannot be read in any encoding becomes U+FFFD and is counted by the caller's table.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

SAMPLE = 1 << 16  # bytes shown to charset-normalizer, whose time grows with what it is shown
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
META_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?([A-Za-z0-9_\-]{2,20})", re.I)
# Text that may be mojibake: a letter that UTF-8 read as cp1252 or Latin-1 begins with, then one that it goes on with;
# or a C1 control character.
MOJIBAKE = re.compile(
    r"[\u00c2-\u00f4\u0102\u0103\u0110\u0111\u01a0-\u01b0][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122]|[\u0080-\u009f]"
)


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 inside text that is, read one by one as Windows-1252."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("topics.cp1252", _as_cp1252)


def guess_encoding(sample: bytes, whole: bool = True, html: bool = False) -> str:
    """The encoding of bytes: by their mark, by being UTF-8, by what an HTML page says, by charset-normalizer.

    `whole=False` says that `sample` may end in the middle of a character.

    >>> guess_encoding("Đà Nẵng".encode()), guess_encoding("Il a mangé à la française, déjà, l’été dernier".encode("cp1252"))
    ('utf-8', 'cp1252')
    """
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name
    wide = _wide_without_mark(sample)
    if wide:
        return wide
    if _is_utf8(sample, whole):
        return "utf-8"
    declared = META_CHARSET.search(sample[:4096]) if html else None
    if declared:
        try:
            name = codecs.lookup(declared[1].decode("ascii")).name
            return {"iso8859-1": "cp1252", "ascii": "cp1252"}.get(name, name)  # as browsers do
        except LookupError:
            pass
    if _mostly_utf8(sample):
        return "utf-8"
    return _by_charset_normalizer(sample)


NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd]")


def decode(data: bytes, html: bool = False) -> str:
    r"""The text of a file's bytes, with line ends as `\n`.

    UTF-8 with a few foreign bytes is read as UTF-8, and those bytes as Windows-1252.

    >>> decode(b"\xff\xfeA\x00\r\x00\n\x00"), decode("naïve – ".encode() + b"caf\xe9")
    ('A\n', 'naïve – café')
    """
    return lines_ended(_decode(data, guess_encoding(data, html=html)))


def looks_like_text(text: str) -> bool:
    r"""Whether a decoded file is text: at most one character in ten is a control or could not be decoded.

    >>> looks_like_text("Rain in Hue."), looks_like_text("\x89PNG\x1a\x00\x00\x00\x0dIHDR\x00\x00\x18")
    (True, False)
    """
    return len(NO_TEXT.findall(text)) <= 0.1 * len(text)


def decode_lines(lines: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Lines of bytes to lines of text, one at a time; for encodings in which a line end is one byte.

    A line that is not in the encoding is read in the one that it seems to have.
    """
    first = True
    for line in lines:
        text = _decode(line, "utf-8-sig" if first and encoding == "utf-8" else encoding)
        first = False
        yield text[:-2] + "\n" if text.endswith("\r\n") else text


def fix_mojibake(text: str) -> str:
    """Text with UTF-8 that was read as Windows-1252 (and the like) put right; anything else as it was.

    Only a repair of encoding is made: quotes, ligatures, widths and line ends stay as they are.

    >>> fix_mojibake("Viá»‡t Nam â€” donâ€™t"), fix_mojibake("“Ã la carte”, 5 ½ €")
    ('Việt Nam — don’t', '“Ã la carte”, 5 ½ €')
    """
    if not MOJIBAKE.search(text):
        return text
    import ftfy

    return ftfy.fix_encoding(text)


def _decode(data: bytes, encoding: str) -> str:
    if encoding in ("utf-8", "utf-8-sig"):
        return data.decode(encoding, "topics.cp1252")
    try:
        return data.decode(encoding, "replace")
    except LookupError:
        return data.decode("cp1252", "replace")


def lines_ended(text: str) -> str:
    r"""The text with `\n` for every line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_utf8(data: bytes, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    """Whether most of what is not ASCII is well-formed UTF-8: a UTF-8 file into which something else was pasted."""
    decoded = data.decode("utf-8", "replace")
    wrong = decoded.count("\ufffd")
    right = sum(1 for character in decoded if character > "\x7f") - wrong
    return right > wrong


def _wide_without_mark(sample: bytes) -> str | None:
    """UTF-16 without a mark: of Latin text, nearly every second byte is zero."""
    head = sample[:4096]
    if len(head) < 8:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.7 and even < 0.1:
        return "utf-16-le"
    if even > 0.7 and odd < 0.1:
        return "utf-16-be"
    return None


def _by_charset_normalizer(sample: bytes) -> str:
    """Its best guess; Windows-1252, which is what the web mostly means, where that is as good or reads the same."""
    import charset_normalizer

    matches = list(charset_normalizer.from_bytes(sample[:SAMPLE]))
    if not matches:
        return "cp1252"
    best = matches[0]
    as_good = [m.encoding for m in matches if (m.chaos, m.coherence) == (best.chaos, best.coherence)]
    same = sample[:SAMPLE].decode("cp1252", "replace") == sample[:SAMPLE].decode(best.encoding, "replace")
    return "cp1252" if same or "cp1252" in as_good else best.encoding
