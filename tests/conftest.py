"""What several tests use: a small folder of articles with three themes that can be told apart, and chance as an argument."""

from __future__ import annotations

import os
import shutil

import hypothesis
import numpy as np
import pytest

THEMES = (
    "farm rice field harvest water soil farmer crop seed plough".split(),
    "bank payment wallet code customer cash loan card shop online".split(),
    "school student teacher lesson class exam course skill training degree".split(),
)


hypothesis.settings.register_profile("any machine", deadline=None)  # a busy one is no error
hypothesis.settings.load_profile("any machine")

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


@pytest.fixture(scope="module")
def chromium():
    """A browser; where there is none the test is skipped, or fails where browser tests are required (in CI)."""
    if CHROMIUM is None:
        missing = "no Chromium found: set CHROMIUM to its path"
        (pytest.fail if os.environ.get("TOPICS_BROWSER_TESTS") == "required" else pytest.skip)(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def write_articles(folder, n, seed=7, n_words=80):
    """`n` dated articles of three themes in turn, as text files with a metadata.csv."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["file,title,date,source"]
    for i in range(n):
        words = [str(rng.choice(THEMES[(i + (rng.random() < 0.01)) % 3])) for _ in range(n_words)]
        sentences = [" ".join(words[j : j + 8]).capitalize() + "." for j in range(0, n_words, 8)]
        (folder / f"article-{i:03d}.txt").write_text(" ".join(sentences[:5]) + "\n\n" + " ".join(sentences[5:]) + "\n")
        lines.append(f"article-{i:03d}.txt,Number {i},20{10 + i % 10}-0{1 + i % 9}-15,{'ab'[i % 2]} news")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def articles(tmp_path):
    return write_articles(tmp_path / "articles", 36)
