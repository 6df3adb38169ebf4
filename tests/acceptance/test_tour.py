"""The first tutorial as a notebook: it runs from top to bottom, and shows what the page shows."""

import pytest

from tests.acceptance.test_notebook import executed
from tests.support.requirements import library, needs_jupyter

nbformat = library("nbformat", "document")
from docs.extensions import tour  # noqa: E402

pytestmark = needs_jupyter


def outputs(notebook):
    """Return what each cell of code shows, as text."""
    return [
        "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.outputs).rstrip(
            "\n"
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.usefixtures("in_kernels")
@pytest.mark.parametrize("spoiled", [False, True])
def test_it_runs_from_top_to_bottom_and_shows_what_the_page_shows(spoiled):
    text = tour.FILE.read_text(encoding="utf-8")
    if spoiled:
        text = text.replace("[8.0, 4.0], [4.0, 2.0]", "[8.0, 4.0], [5.0, 2.0]")
    shown = outputs(nbformat.reads(text, as_version=4))
    assert (outputs(executed(text)) == shown) is not spoiled
