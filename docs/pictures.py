"""The README's pictures, from the report on the sample: `make reports ARTICLES=data/sample NAME=sample`, then `python docs/pictures.py`."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
REPORT = DOCS.parent / "reports" / "sample"
WIDTH, HEIGHT = 1180, 830
# picture: page, and what stands at its top
PICTURES = {
    "findings": ("index.html", None),
    "articles": ("01_corpus.html", "#s-from-what-was-given-to-what-is-analysed"),
    "how_many": ("02_topic_counts.html", None),
    "topics": ("03_topics_*.html", "#s-overview"),
    "topic": ("03_topics_*.html", "#topic-2-articles"),
    "keywords": ("04_keyword_trends.html", "#s-what-moves-and-how-sure-that-is"),
}


def main() -> None:
    """Write `docs/NAME.webp` for each picture."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
        )
        for name, (file, place) in PICTURES.items():
            (found,) = sorted(REPORT.glob(file))[:1]
            page.goto(found.as_uri())
            if place:
                page.locator(place).evaluate(
                    "element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 12)"
                )
            page.wait_for_timeout(200)
            Image.open(io.BytesIO(page.screenshot())).save(DOCS / f"{name}.webp", quality=82, method=6)
            print(f"docs/{name}.webp", (DOCS / f"{name}.webp").stat().st_size)
        browser.close()


if __name__ == "__main__":
    main()
