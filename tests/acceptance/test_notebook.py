"""The document as a notebook: it is valid, always the same, runs, and notices what is no longer so."""

import json
from pathlib import Path

import pytest

from physsym.documents import document_of
from physsym.documents.notebook import notebook
from physsym.loading import script, scripts
from tests.support.requirements import needs_jupyter
from tests.support.sample_book import SOURCES

ROOT = Path(__file__).parents[2]
BOOK = '''"""A book."""
from physsym.documents.content import Chapter, Figure
from physsym.mechanics.claim import Claim
from physsym.core.verdicts import holds

def draw(ax):
    ax.plot([0, 1])

chapter = Chapter("One", ("Text.", Figure("line", draw, "A line.", "A line.")), "I")
claim = Claim("C01", "1", "says", "formal", holds)
'''


@pytest.fixture
def sources(tmp_path):
    book = tmp_path / "a_book.py"
    book.write_text(BOOK)
    return scripts([book, ROOT / "derivations" / "gradient_descent.py"])


def cells_of(text):
    return [{**c, "source": "".join(c["source"])} for c in json.loads(text)["cells"]]


def test_it_is_valid_and_the_same_each_time():
    nbformat = pytest.importorskip("nbformat")
    first, second = (notebook(document_of(SOURCES)) for _ in range(2))
    assert first == second
    read = nbformat.reads(first, as_version=4)
    nbformat.validate(read)
    assert (read.nbformat, read.nbformat_minor) == (4, 5)
    identities = [cell.id for cell in read.cells]
    assert len(set(identities)) == len(identities) > 40


def test_what_was_read_from_no_script_has_no_code(sample_document):
    assert not [c for c in cells_of(notebook(sample_document)) if c["cell_type"] == "code"]


def test_a_figure_is_attached_and_drawn_again(sources):
    cells = cells_of(notebook(document_of(sources)))
    (figure,) = [c for c in cells if "attachments" in c]
    assert "![A line.](attachment:line.png)" in figure["source"]
    assert set(figure["attachments"]) == {"line.png"}
    assert sum("SVG(svg(" in c["source"] for c in cells) == 1


def executed(text):
    """Run a notebook from top to bottom; raises where a cell does."""
    import nbformat
    from nbclient import NotebookClient

    read = nbformat.reads(text, as_version=4)
    NotebookClient(read, timeout=600, resources={"metadata": {"path": str(ROOT)}}).execute()
    return read


@needs_jupyter
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.usefixtures("in_kernels")
def test_it_runs_from_top_to_bottom_and_shows_what_it_checks(sources):
    read = executed(notebook(document_of(sources)))
    shown = [out for cell in read.cells for out in cell.get("outputs", ())]
    assert any("image/svg+xml" in out.get("data", {}) for out in shown)
    assert any("the two lines agree" in out.get("text", "") for out in shown)
    assert any("C01" in out.get("data", {}).get("text/plain", "") for out in shown)


@needs_jupyter
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.usefixtures("in_kernels")
def test_a_verdict_that_changed_stops_it():
    from nbclient.exceptions import CellExecutionError

    text = notebook(document_of([script("gradient_descent")]))
    assert "['holds', " in text
    assert "[-" not in text
    with pytest.raises(CellExecutionError, match="AssertionError"):
        executed(text.replace("['holds', ", "['fails', "))
