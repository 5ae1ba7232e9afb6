"""Settings are checked at once, and every problem is told with what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from topics import settings
from topics.corpus import clean, columns
from topics.tables import UserError

ROOT = Path(__file__).parents[1]


def config(folder, text):
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_given_overrules_the_file_and_the_file_the_default(tmp_path):
    got, origin = settings.load(config(tmp_path, "topic_counts: [5, 10]\nseeds: [7, 8]"), {"seeds": [2, 1]})
    assert (got.topic_counts, got.seeds, got.unit) == ((5, 10), (1, 2), "auto")
    assert (origin["topic_counts"], origin["seeds"], origin["unit"]) == ("config.yml", "given", "default")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topic_counts: [5, 0]", "config.yml: topic_counts must be whole numbers of 2 to 1,000, or auto. Got [5, 0]."),
        ("topic_counts: [2000]", "topic_counts must be whole numbers of 2 to 1,000, or auto. Got [2000]."),
        ("topic_count: [5]", "Did you mean 'topic_counts'?"),
        ("unit: sentence", "must be one of auto, article, paragraph"),
        ("seeds: [3]", "two of them at least (topics are compared between runs). Got [3]."),
        ("seeds: yes", "seeds must be whole numbers of 0 to 2,147,483,647"),
        ('lemma_exceptions: ["=", media, fed=feed]', "must be words or form=lemma, each of one word, unlike '='. Got"),
        ("lemma_exceptions: [=feed]", "each of one word, unlike '=feed'"),
        ("lemma_exceptions: [a=b=c, fed=feed]", "each of one word, unlike 'a=b=c'. Got"),
        ("lemma_exceptions: [public works=public work]", "each of one word, unlike 'public works=public work'"),
        ("stop_words: [4.0]", "stop_words must be a list of words"),
        (
            "stop_words: [said, per cent]",
            "stop_words must be single words, unlike 'per cent' (hide_words takes phrases too)",
        ),
        ("lemmas: 2", "lemmas must be true or false"),
        ("language: english", "language must be auto, or a language's code"),
        ("max_share: .nan", "max_share must be a number from 0.01 to 1"),
        ("topic_counts: [5\nseeds: 1", "line 2: not YAML"),
        (
            "unit: auto\nkeywords: [2018-13-45]",
            "config.yml, line 2: 2018-13-45 is no date; put it in quotes if it is a word.",
        ),
        ("min_docs: " + "9" * 5000, "line 1: 9999999999999999999999999999999999999999 is no number that can be read"),
        ("min_docs: 0x" + "f" * 5000, "Got a number of thousands of digits."),
        ("keywords: " + "[" * 5000, "config.yml: lists stand in lists too deep"),
        ("keywords: " + "[" * 200 + "]" * 200, "keywords must be a list of words"),
        ("seeds: [1, 2]\nseeds: [3, 4]", "config.yml, line 2: 'seeds' stands already in line 1; keep one."),
        ("columns: {text: a, text: b}", "line 1: 'text' stands already in line 1"),
        ("keywords: [a]\nunit: \x07", "config.yml, line 2: not YAML: special characters are not allowed"),
        ("? [a, b]\n: c", "line 1: not YAML"),
        (
            "a: &a [x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a]\nkeywords: &c [*b, *b, *b, *c]",
            "must be a list of words",
        ),
        ('keywords: ["\\ud800"]', "keywords must be words, none with half a character in it"),
        ('cache: "a\\0b"', r"cache must be a path that can be, each name in it of 255 bytes at most. Got 'a\x00b'."),
        ("articles: " + "a" * 300, "articles must be a path that can be"),
        ('concepts: "\\ud800"', "concepts must be a path that can be"),
        ("- 5", "must be lines such as"),
    ],
)
def test_a_wrong_setting_says_what_is_allowed_and_what_came(tmp_path, text, said):
    with pytest.raises(UserError) as error:
        settings.load(config(tmp_path, text))
    assert said in str(error.value)
    assert len(str(error.value)) < 700


def test_all_problems_are_told_together(tmp_path):
    with pytest.raises(UserError) as error:
        settings.load(config(tmp_path, "unit: x\nperiod: hour"), {"seeds": [-1]})
    assert len(str(error.value).splitlines()) == 3


def test_what_is_given_and_the_file_and_the_files_it_names_are_told_together(tmp_path):
    text = "skip_steps: [byline]\ncolumns: {txt: body}\nlabels: mine.yml"
    with pytest.raises(UserError) as error:
        settings.load(config(tmp_path, text), {"seeds": "1.5", "public": "2", "articles": tmp_path / "none"})
    said = str(error.value).splitlines()
    assert len(said) == 6
    assert "skip_steps must be among encoding, " in said[0]
    assert "(Did you mean 'bylines'?)" in said[0]
    assert "columns must say which column is text, title, date, url, source, id; there is no txt" in said[1]
    assert "seeds must be whole numbers" in said[2]
    assert "public must be true or false" in said[3]
    assert "mine.yml: no such file" in said[4]
    assert "no such file or folder of articles" in said[5]
    with pytest.raises(UserError) as error:
        settings.load(tmp_path / "none.yml", {"seeds": "x"})
    assert len(str(error.value).splitlines()) == 2


def test_the_steps_and_roles_of_settings_are_those_that_there_are():
    assert tuple(clean.STEPS) == settings.STEPS
    assert tuple(columns.NAMES) == settings.ROLES


@pytest.mark.parametrize("written", ["{text: [lead, body]}", "{text: body}"])
def test_a_role_may_have_several_columns(tmp_path, written):
    got, _ = settings.load(config(tmp_path, f"columns: {written}"))
    assert got.columns["text"] in (["lead", "body"], "body")


@pytest.mark.parametrize("written", ["[text]", "{text: 5}", "{text: [a, 5]}", "text", "{5: a}"])
def test_what_is_no_pair_of_names_is_told(tmp_path, written):
    with pytest.raises(UserError, match="columns must be pairs of names"):
        settings.load(config(tmp_path, f"columns: {written}"))


def test_what_is_listed_twice_is_there_once(tmp_path):
    text = "keywords: [payment, Payment, payment, Smart City, smart city, IT, it]\nhide_words: [a, b, a]"
    got, _ = settings.load(config(tmp_path, text))
    assert got.keywords == ("payment", "Smart City", "IT", "it")
    assert got.hide_words == ("a", "b")


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(UserError, match="no such file of settings"):
        settings.load(tmp_path / "none.yml")


def test_yaml_makes_no_objects(tmp_path):
    with pytest.raises(UserError, match="not YAML"):
        settings.load(config(tmp_path, "unit: !!python/object/apply:os.system ['true']"))


def test_paths_belong_to_where_they_were_written(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "mine").touch()
    got, _ = settings.load(config(tmp_path, "cache: store"), {"articles": "mine"})
    assert Path(got.cache) == tmp_path / "store"
    assert Path(got.articles) == tmp_path / "here" / "mine"
    assert Path(got.concepts) == ROOT / "data" / "concepts.yml"


def test_a_folder_at_home_is_found_there(tmp_path, monkeypatch):
    """`--out=~/reports` is given on by the shell as it stands."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert settings.make_folder("out", "~/reports") == tmp_path / "reports"


def test_where_results_are_kept_and_by_how_many_does_not_decide_a_number(tmp_path):
    names = set(settings.deciding(settings.load()[0]))
    assert not names & {"cache", "cache_gb", "workers", "articles", "concepts", "labels"}
    assert {"seeds", "unit", "language"} <= names


def test_the_shipped_settings_are_good_and_name_only_what_there_is():
    text = (ROOT / "config.yml").read_text(encoding="utf-8")
    settings.load(ROOT / "config.yml")
    for line in text.splitlines():
        if line.startswith("# ") and ": " in line and line[2:].split(":")[0].isidentifier():
            assert line[2:].split(":")[0] in settings.FIELDS, line


@pytest.mark.parametrize("written", ["5 10", "[5, 10]", "10,5", " [10 5] "])
def test_several_numbers_may_be_written_as_papermill_gives_them(written):
    assert settings.load(None, {"topic_counts": written})[0].topic_counts == (5, 10)


@pytest.mark.parametrize("written", ["", "[]", "5;10", "5.5", "-5", "five", "5 10]]"])
def test_what_is_no_list_of_numbers_is_told(written):
    with pytest.raises(UserError, match="topic_counts must be whole numbers"):
        settings.load(None, {"topic_counts": written})


def test_norwegian_is_a_language_though_yaml_reads_it_as_false(tmp_path):
    assert settings.load(config(tmp_path, "language: no"))[0].language == "no"


def test_articles_in_a_folder_that_may_not_be_opened_are_said_in_a_line(monkeypatch):
    exists = Path.exists

    def closed(path):
        if path == Path("closed/x"):
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path)

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(UserError, match=r"articles: closed/x cannot be reached: Permission denied\. Ask for the right"):
        settings.articles_path(settings.Settings(articles="closed/x"))
