"""Take the picture of the document that README opens with: `make picture`, which needs Chromium."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SHOWN = "#dropped-factor"  # the finding, and the equation that it is about
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
MARGIN = 24


def take(page_file: Path, browser: str, out: Path) -> None:
    """Write a picture of one finding on a built page; raises what Playwright raises without a browser."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        page = chromium.new_page(viewport={"width": 1120, "height": 900}, color_scheme="light")
        page.goto(page_file.resolve().as_uri())
        box = page.locator(SHOWN).bounding_box()
        if box is None:
            raise SystemExit(f"{page_file} has no {SHOWN}; build the document of the shipped scripts")
        clip = {"x": box["x"] - MARGIN, "y": box["y"] - MARGIN}
        clip |= {"width": box["width"] + 2 * MARGIN, "height": box["height"] + 2 * MARGIN}
        page.screenshot(path=out, clip=clip, full_page=True)
        chromium.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2], Path(__file__).with_name("page.png"))
