"""The gallery shows what its code draws and what the shipped scripts hold, and nothing else."""

import re
from pathlib import Path

import pytest

import physsym as ps
from docs.extensions import gallery
from tests.support.requirements import needs

PAGE = (Path(__file__).parents[3] / "docs" / "gallery.md").read_text(encoding="utf-8")
BLOCKS = gallery.blocks(PAGE)
pytestmark = needs("matplotlib", "document")


def test_every_block_of_code_on_the_page_is_a_picture():
    assert len(BLOCKS) == PAGE.count("\n```python\n") > 5
    names, descriptions, _ = zip(*BLOCKS, strict=True)
    assert len(set(names)) == len(names)
    assert all(len(words.split()) > 5 for words in descriptions)


def curves(drawing):
    """Return how many strokes with more than three points an svg has, beside its frame and its letters."""
    return sum(
        len(re.findall("[LQC]", path)) > 3 for path in re.findall(r'<path d="([^"]*)" clip-path', drawing)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name, _, code in BLOCKS], ids=[b[0] for b in BLOCKS]
)
def test_each_picture_is_drawn_by_its_code(name, code):
    drawn = gallery.svg(gallery.draw(code, name))
    assert curves(drawn) >= 1


def test_a_block_that_cannot_be_drawn_stops_the_page(tmp_path):
    spoiled = "# Page\n\n## One\n\n```python\n# picture: one\n# alt: nothing to see\nax.plot(gone)\n```\n"
    with pytest.raises(NameError, match="gone"):
        gallery.filled(spoiled, tmp_path)
    assert curves(gallery.svg(lambda ax: ax.set(xlabel="x"))) == 0


def test_pictures_of_a_page_are_files_beside_it_and_on_its_contact_sheet(tmp_path):
    page = (
        "# Page\n\n<!-- sheet -->\n\n## One, and two\n\n"
        '```python\n# picture: one\n# alt: A "line" <up>\nax.plot([0, 1])\n```\n'
    )
    text = gallery.filled(page, tmp_path / "_images")
    assert (tmp_path / "_images" / "one.svg").read_text().startswith("<svg")
    assert text.count('src="_images/one.svg" alt="A &quot;line&quot; &lt;up&gt;"') == 2
    assert '<a href="#one-and-two">' in text
    assert "```python\nax.plot([0, 1])\n```" in text
    assert "# picture" not in text


def test_every_derivation_of_the_shipped_scripts_has_a_card():
    cards = list(gallery._cards())
    shipped = [(s.name, d) for s in ps.scripts() for d in s.derivations]
    assert len(cards) == len(shipped) > 10
    for (name, derivation), text in zip(shipped, cards, strict=True):
        assert text.startswith(f"### {derivation.title}\n")
        (line,) = re.findall(r"derivation = (.+)\n", text)
        assert eval(line, {"ps": ps}) == derivation, name


def test_a_verdict_that_fails_is_counted_on_the_card():
    steps = (ps.Step("Divide by the mass.", ps.Divide("m"), "x'' = -grad(x)/m - gamma*x'"),)
    wrong = ps.Derivation("Wrong", ps.damped_particle.law(), steps)
    text = gallery.card(ps.scripts()[1], wrong, 0)
    assert "1 of 2 verdicts hold" in text


def test_every_figure_of_the_document_is_shown_with_its_lines():
    shown = {figure.name: lines for figure, lines in gallery.figures()}
    assert len(shown) > 5
    assert all(f'name="{name}"' in lines and "draw=" in lines for name, lines in shown.items())
    with pytest.raises(LookupError, match="no-such-figure"):
        gallery.lines_of("no-such-figure")
