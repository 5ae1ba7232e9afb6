"""The language of an article, of short and of mixed ones, and the others set aside."""

import pandas as pd
import pytest

from topics.corpus.language import add_language, keep_language, main_language
from topics.tables import UserError

EN = "The town council met on Monday to speak of the harbour, the ferry and the price of fish, and it was late when they left. "
FR = "Le conseil municipal s'est réuni lundi pour parler du port, du bac et du prix du poisson, et il était tard quand ils sont partis. "
VI = "Hội đồng thành phố đã họp vào thứ Hai để bàn về bến cảng, phà và giá cá, và khi họ ra về thì trời đã khuya lắm rồi. "


def table(*texts) -> pd.DataFrame:
    return pd.DataFrame({"doc_id": [f"d{i}" for i in range(len(texts))], "text": list(texts)})


def test_long_texts_are_told_apart():
    spoken = add_language(table(EN * 5, FR * 5, VI * 5))
    assert spoken["language"].tolist() == ["en", "fr", "vi"]
    assert spoken["n_words"].tolist() == [len(t.split()) * 5 for t in (EN, FR, VI)]


def test_short_texts_have_one_of_the_languages_of_the_long_ones():
    spoken = add_language(table(EN * 5, EN * 6, "Smart city", "OK", "Harbour strike ends"))
    assert set(spoken["language"]) == {"en"}
    two = add_language(table(*[EN * 5] * 3, *[FR * 5] * 3, "Le prix du poisson", "The price of fish today"))
    assert two["language"].tolist()[6:] == ["fr", "en"]


def test_a_corpus_of_headlines_is_read_together():
    headlines = [
        "Smart city opens",
        "Bank raises rate",
        "Harbour strike ends",
        "Why the ferry is late",
        "Markets fall on the news",
    ]
    assert set(add_language(table(*headlines))["language"]) == {"en"}


def test_a_mixed_text_has_the_language_of_most_of_it():
    assert add_language(table(FR + EN * 8))["language"].tolist() == ["en"]
    assert add_language(table(""))["language"].tolist() == [""]


def test_other_languages_are_set_aside_but_short_texts_and_those_that_a_person_keeps():
    spoken = add_language(table(EN * 5, EN * 6, FR * 5, VI * 5, "Le prix"))
    kept, dropped, chosen = keep_language(spoken, keep=["d3"])
    assert (chosen, kept["doc_id"].tolist()) == ("en", ["d0", "d1", "d3", "d4"])
    assert dropped[["id", "reason"]].values.tolist() == [["d2", "in fr, the corpus in en"]]
    french, _, _ = keep_language(spoken, "fr")
    assert french["doc_id"].tolist() == ["d2", "d4"]
    with pytest.raises(UserError, match=r"no article is in 'de'\. The articles are in en \(2\)"):
        keep_language(spoken[spoken["n_words"] >= 20], "de")


def test_the_language_can_be_corrected_and_a_tie_has_an_order():
    fixes = pd.DataFrame([("d0", "language", "nl", "")], columns=["doc_id", "field", "value", "reason"])
    assert add_language(table(EN * 5), corrections=fixes)["language"].tolist() == ["nl"]
    assert main_language(add_language(table(FR * 5, EN * 5))) == "en"
