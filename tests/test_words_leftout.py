"""What is left out of the models: short packaged lists, and names and phrases that say when and who, not what."""

import pandas as pd
import pytest

from topics.words.counts import prepare
from topics.words.leftout import AGENCIES, leftout_patterns, stop_list

TEXT = (
    "Monday was busy. In March 2020 farmers marched; they may march on. Mekong Mirror asked farmers about rice. "
    "Reporting by A.B. Read more. Reuters"
)
KINDS = ("calendar", "outlet", "boilerplate")


def names_of(remove=KINDS, **options):
    articles = pd.DataFrame(
        {"doc_id": ["a", "b"], "text": [TEXT, "Rice farmers read."], "source": ["Mekong Mirror", "rice.example"]}
    )
    names = prepare(articles, remove=remove, phrases="none", **options)["names"]
    return names.set_index("name")


def test_the_english_list_is_short_and_has_no_word_of_the_field():
    words, note = stop_list("en")
    assert len(words) < 250
    assert not words & set(
        "computer system research information new digital technology microsoft work government said".split()
    )
    assert {"the", "would", "don't", "one"} <= words
    assert "179 words" in note


@pytest.mark.parametrize("language", ["fr", "de", "es", "it", "pt", "nl", "ru", "sv", "vi", "pl"])
def test_other_languages_have_a_packaged_list_whose_size_is_told(language):
    words, note = stop_list(language)
    assert len(words) > 80
    assert repr(language) in note


def test_a_language_without_a_list_says_so():
    words, note = stop_list("xx")
    assert not words
    assert "no stop list" in note


def test_months_outlets_and_boilerplate_are_recognised_with_their_reason():
    names = names_of()
    assert names.loc["March", ["reason", "n"]].tolist() == ["name of a month or day", 1]
    assert names.loc["Monday", "reason"] == "name of a month or day"
    assert names.loc["Mekong Mirror", "reason"] == "name of an outlet or agency"
    assert names.loc["Reuters", "reason"] == "name of an outlet or agency"
    assert {"reporting by", "read more"} <= set(names.index[names["reason"] == "reporters' boilerplate"])


def test_a_word_that_a_month_is_called_by_stays_a_word():
    names = names_of()
    assert names.loc["may", "reason"] == "stop word"
    assert names.loc["march", ["reason", "n"]].tolist() in (["", 1], ["", 2])


@pytest.mark.parametrize(
    ("kind", "name"), [("calendar", "Monday"), ("outlet", "Reuters"), ("boilerplate", "reporting by")]
)
def test_each_kind_of_removal_can_be_undone(kind, name):
    without = names_of(remove=[other for other in KINDS if other != kind])
    assert name in names_of().index[names_of()["reason"] != ""]
    assert name not in without.index[without["reason"] != ""]


def test_outlets_are_the_sources_of_the_articles_and_agencies():
    sources = ["B", "A", "A", "", "texts", "Mekong Mirror", "mekong-mirror", "example.com"]
    table = leftout_patterns("en", ["outlet"], sources)
    assert table["pattern"].tolist() == [*AGENCIES, "=A", "=B", "=example.com", "Mekong Mirror", "mekong mirror"]


def test_the_users_stop_words_are_left_out_in_all_their_forms():
    names = names_of(stop_words=["farmer", "rice"]).set_index("key")
    assert names.loc[["farmer", "rice"], "reason"].tolist() == ["stop word", "stop word"]


@pytest.mark.parametrize("written", ["said", "says", "Say"])
def test_a_stop_word_is_left_out_in_all_forms_whichever_the_user_wrote(written):
    articles = pd.DataFrame({"doc_id": ["a"], "text": ["She said what they say and he says; media said rice."]})
    names = prepare(articles, stop_words=[written], phrases="none")["names"]
    assert set(names.loc[names["reason"] == "", "name"]) == {"media", "rice"}
