"""Lemmas and kinds of words: a rule of the form alone."""

import pytest
from simplemma import lemmatize

from topics.tokens import token_table
from topics.words.leftout import stop_list
from topics.words.lemmas import calmed, form_table, lemmas_known

EN, FR = stop_list("en")[0], stop_list("fr")[0]


def keys(forms, **options):
    table = form_table(forms.split(), **options)
    return dict(zip(table["form"], table["key"], strict=True))


def reasons(forms, **options):
    table = form_table(forms.split(), **options)
    return dict(zip(table["form"], table["reason"], strict=True))


def test_forms_of_a_word_have_one_key():
    assert keys("city cities City CITY technologies Technology") == {
        "city": "city", "cities": "city", "City": "city", "CITY": "city", "technologies": "technology",
        "Technology": "technology",
    }  # fmt: skip


def test_exceptions_keep_their_form_and_the_user_adds_to_them():
    assert keys("data media news")["media"] == "media"
    assert lemmatize("media", lang="en") != "media"
    assert keys("leaves")["leaves"] == "leave"
    assert keys("leaves Leaves", exceptions=["Leaves"]) == {"leaves": "leaves", "Leaves": "leaves"}
    assert keys("leaves", exceptions=["leaves=leaf"]) == {"leaves": "leaf"}
    assert keys("developed Nam Pence goods") == {
        "developed": "develop",
        "Nam": "nam",
        "Pence": "pence",
        "goods": "goods",
    }


def test_acronyms_are_not_lemmatised_and_keep_their_capitals_only_where_they_would_be_stop_words():
    assert keys("AI ICTs UAVs", stop_words=EN) == {"AI": "ai", "ICTs": "ict", "UAVs": "uav"}
    assert keys("US U.S. IT WHO us it who", stop_words=EN) == {
        "US": "US", "U.S.": "US", "IT": "IT", "WHO": "WHO", "us": "us", "it": "it", "who": "who",
    }  # fmt: skip
    assert reasons("US us a.m. MORE", stop_words=EN) == {
        "US": "", "us": "stop word", "a.m.": "stop word", "MORE": "stop word",
    }  # fmt: skip


def test_an_acronym_is_a_stop_word_where_it_is_asked_for():
    assert reasons("US us IT", stop_words=EN | {"US"}) == {"US": "stop word", "us": "stop word", "IT": ""}


def test_in_a_sentence_of_capitals_stop_words_are_no_acronyms():
    text = "WHO IS IT FOR? The WHO said IT matters to US firms."
    tokens, forms = token_table([text])
    form, more = calmed(tokens, forms, EN)
    heard = [more[code] for code in form]
    assert heard == ["who", "is", "it", "for", "The", "WHO", "said", "IT", "matters", "to", "US", "firms"]
    assert more[: len(forms)] == forms


@pytest.mark.parametrize("number", "2018 1,000 4.0 US$9 €3.5bn 12th 1990s 9/11 10am 55,000 20km 7".split())
def test_numbers_are_numbers(number):
    assert reasons(number) == {number: "number"}


@pytest.mark.parametrize("word", "5G 4IR 3D COVID-19 R&D 45-year-old B2B".split())
def test_words_with_digits_are_words(word):
    assert reasons(word) == {word: ""}


def test_stop_words_are_known_by_form_by_elision_and_by_lemma():
    assert set(reasons("the don't don’t l' says", stop_words=EN | {"say", "l"}).values()) == {"stop word"}
    assert reasons("l' d’ qu' usine", language="fr", stop_words=FR) == {
        "l'": "stop word", "d’": "stop word", "qu'": "stop word", "usine": "",
    }  # fmt: skip


def test_french_is_lemmatised_as_french():
    assert keys("usines industrielles données prise", language="fr") == {
        "usines": "usine", "industrielles": "industriel", "données": "donnée", "prise": "prise",
    }  # fmt: skip


def test_lemmas_can_be_turned_off_and_a_language_without_them_keeps_its_forms():
    assert keys("Cities", lemmas=False) == {"Cities": "cities"}
    assert keys("Thành phố", language="vi") == {"Thành": "thành", "phố": "phố"}
    assert lemmas_known("fr")
    assert not lemmas_known("vi")


def test_the_key_of_a_form_does_not_depend_on_the_others():
    forms = "Cities states States leaves US us AI".split()
    alone = {form: keys(form, stop_words=EN)[form] for form in forms}
    assert keys(" ".join(forms), stop_words=EN) == alone
