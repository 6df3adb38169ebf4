"""What axe-core finds on a page in a browser: faults that keep people from using it."""

from importlib.resources import files

GRAVE = ("serious", "critical")


def faults(page):
    """Return the faults of a page that are serious or worse: what is wrong, where, and why.

    The text of axe-core, under the Mozilla Public License 2.0, comes with a package of its own.
    """
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document)")
    assert found["passes"]  # it has looked
    return [
        (fault["id"], node["html"], node["failureSummary"])
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
