"""Take the pictures that README shows, of explorer and document: `make picture`, which needs Chromium."""

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

SHOWN = "#dropped-factor"  # the finding, and the equation that it is about
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
MARGIN = 24
# Both rules with the same constants, at a time step at which gradient descent jumps from wall to wall.
RUN = "#rule=momentum-with-forward-euler-friction&other=gradient-descent&steps=100&c.gamma=0.7"


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


def take_explorer(page_file: Path, browser: str, out: Path) -> None:
    """Write a picture of the first screen of an explorer."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        page = chromium.new_page(viewport={"width": 1120, "height": 740}, color_scheme="light")
        page.goto(page_file.resolve().as_uri() + RUN)
        page.wait_for_timeout(1000)
        page.screenshot(path=out)
        chromium.close()
    # Few colours: a third of the bytes. With fewer than these the lines of two runs get the same one.
    Image.open(out).quantize(224).save(out, optimize=True)


if __name__ == "__main__":
    document, explorer, browser = sys.argv[1:]
    take(Path(document), browser, Path(__file__).with_name("page.png"))
    take_explorer(Path(explorer), browser, Path(__file__).with_name("explorer.png"))
