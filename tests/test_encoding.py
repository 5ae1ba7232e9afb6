"""Bytes to text: whatever the encoding, and mojibake put right without touching anything else."""

import json
import tarfile
from pathlib import Path

import pytest

from topics.corpus.encoding import decode, decode_lines, fix_mojibake, guess_encoding

SHARED = Path(__file__).resolve().parents[2] / "shared"
FRENCH = "Le conseil a décidé hier d’aider la région. Les élus s’en félicitent, à l’évidence, où qu’ils siègent. " * 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_a_text_is_read_in_whatever_encoding_it_was_written(encoding):
    assert decode(FRENCH.encode(encoding)).lstrip("\ufeff") == FRENCH


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Правительство вчера объявило о ряде мер. " * 4, "cp1251"),
        ("政府は昨日、産業を支援する措置を発表した。" * 4, "shift_jis"),
    ],
)
def test_other_scripts_are_recognised(text, encoding):
    assert decode(text.encode(encoding)) == text


def test_foreign_bytes_in_utf8_do_not_make_it_another_encoding():
    assert decode("Viện Hàn lâm – ".encode() * 20 + b"caf\xe9") == "Viện Hàn lâm – " * 20 + "café"


def test_a_page_says_its_own_encoding():
    page = "<meta charset='iso-8859-2'><p>žluťoučký kůň</p>"
    assert decode(page.encode("iso-8859-2"), html=True) == page


def test_line_ends_are_one_sign():
    assert decode(b"a\r\nb\rc\n") == "a\nb\nc\n"
    assert list(decode_lines([b"\xef\xbb\xbfa\r\n", b"caf\xe9\n"], "utf-8")) == ["a\n", "café\n"]


def test_mojibake_is_repaired_and_sound_text_is_not():
    for sound in (FRENCH, "“Quoted” – £5, ½, naïve, Đà Nẵng", "plain", "C’est l’été", "ÂÃ"):
        assert fix_mojibake(sound) == sound
        spoilt = sound.encode().decode("latin-1")
        assert fix_mojibake(spoilt) == sound or spoilt == sound


def test_a_sample_may_end_within_a_character():
    assert guess_encoding("é".encode()[:1], whole=False) == "utf-8"


@pytest.mark.skipif(not (SHARED / "corpora/robust").is_dir(), reason="the robust corpora are not here")
def test_ftfys_own_cases_of_mojibake(tmp_path):
    with tarfile.open(SHARED / "corpora/robust/robust_small.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    cases = json.loads((tmp_path / "ftfy/test_cases.json").read_text(encoding="utf-8"))
    right = [
        fix_mojibake(c["original"]) == c.get("fixed-encoding", c["fixed"]) for c in cases if c.get("expect") == "pass"
    ]
    assert sum(right) / len(right) > 0.75  # the others have marks so weak that ours does not ask
    broken = (tmp_path / "utf8tests/utf8tests.bin").read_bytes()
    assert decode(broken)
