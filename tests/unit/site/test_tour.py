"""The notebook beside the first tutorial is that of the page."""

from tests.support.requirements import library

nbformat = library("nbformat", "document")
from docs.extensions import tour  # noqa: E402

TEXT = tour.PAGE.read_text(encoding="utf-8")


def test_the_notebook_is_that_of_the_page():
    written = tour.FILE.read_text(encoding="utf-8")
    assert written == tour.notebook(TEXT), "python -m docs.extensions.tour writes it again"
    read = nbformat.reads(written, as_version=4)
    assert sum(cell.cell_type == "code" for cell in read.cells) > 8
    assert ">>>" not in written
    assert tour.notebook(TEXT.replace("8.0, 4.0", "9.0, 4.0")) != written
