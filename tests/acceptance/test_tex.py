"""The document as LaTeX, as PDF, and as macros."""

import re
import shutil
import sys

import pytest

import physsym as ps
from physsym.documents import FORMATS, document_of
from physsym.documents.pdf import compile_tex
from physsym.documents.sty import in_words, sty
from physsym.documents.tex import breakable, escaped, tex
from physsym.documents.tree import Line, blocks
from physsym.loading import script
from physsym.printing import latex
from tests.support import sample_book
from tests.support.requirements import needs_tex


@pytest.fixture(scope="module")
def tree(sample_document):
    return sample_document


OVERFULL = re.compile(r"^Overfull \\[hv]box \(([\d.]+)pt", re.MULTILINE)


def overfull(log):
    """Return by how much boxes are too full, in pt."""
    return [float(size) for size in OVERFULL.findall(log)]


def test_every_line_is_in_the_text_on_its_faces(tree):
    text = tex(tree)
    for _, line in blocks(tree):
        if isinstance(line, Line):
            assert all(latex(line.statement, face) in text for face in line.faces)


@needs_tex
@pytest.mark.parametrize("document", ["sample_document", "shipped_document"])
def test_it_compiles_without_an_overfull_box(document, request):
    pdf, log = compile_tex(FORMATS["tex"](request.getfixturevalue(document)), "derivations.tex")
    assert pdf.startswith(b"%PDF")
    assert "Output written on" in log
    assert max(overfull(log), default=0) <= 2
    assert not re.findall(r"LaTeX Warning: (?!Label).*(?:undefined|multiply).*", log)


@needs_tex
@pytest.mark.parametrize("evidence", ["line", "none"])
@pytest.mark.parametrize("face", ["physics", "learning"])
def test_it_compiles_with_one_face_and_less_evidence(face, evidence):
    document = document_of(sample_book.SOURCES, faces=face, evidence=evidence)
    pdf, log = compile_tex(FORMATS["tex"](document), "derivations.tex")
    assert pdf.startswith(b"%PDF")
    assert max(overfull(log), default=0) <= 2


def test_an_overfull_box_would_be_seen():
    log = "Overfull \\hbox (7.12pt too wide) in paragraph\nOverfull \\vbox (1.5pt too high)"
    assert overfull(log) == [7.12, 1.5]


@needs_tex
def test_the_pdf_is_the_same_each_time(tree):
    first, second = (FORMATS["pdf"](tree)["derivations.pdf"] for _ in range(2))
    assert first == second


# In the place of TeX: it writes its round, up to a last one, as if page numbers moved until then.
PAGES = """
import pathlib, sys
pdf = pathlib.Path(sys.argv[2]).with_suffix(".pdf")
pdf.write_text(str(min(int(sys.argv[1]), 1 + int(pdf.read_text() if pdf.exists() else 0))))
"""
COMMANDS = "physsym.documents.pdf.COMMANDS"


def test_tex_is_run_until_its_pages_settle(monkeypatch):
    monkeypatch.setattr(COMMANDS, {sys.executable: (sys.executable, "-c", PAGES, "3")})
    assert compile_tex({"a.tex": ""}, "a.tex")[0] == b"3"


def test_pages_that_never_settle_are_refused(monkeypatch):
    monkeypatch.setattr(
        "physsym.documents.pdf.COMMANDS", {sys.executable: (sys.executable, "-c", PAGES, "1000")}
    )
    with pytest.raises(ValueError, match="do not settle"):
        compile_tex({"a.tex": ""}, "a.tex")


@needs_tex
def test_an_error_of_tex_is_told_in_its_own_words():
    with pytest.raises(ValueError, match="Undefined control sequence"):
        compile_tex({"a.tex": "\\documentclass{article}\\begin{document}\\nonsense\\end{document}"}, "a.tex")


def test_without_tex_the_error_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    with pytest.raises(OSError, match="install latexmk"):
        ps.document([script("gradient_descent")], tmp_path / "out", ["html", "pdf"])
    assert not (tmp_path / "out").exists()


STRANGE = "50% of γ², A_b & {c} #1 ~x^2 <é|ß> “q” – ≤ ≈ \\ x₀ ⁻¹ 🙂 'p' `q` \"r\""


@needs_tex
def test_strange_text_is_no_danger():
    body = f"{escaped(STRANGE)} {breakable(STRANGE)}"
    preamble = tex(document_of([script("stale")])).partition("\\title")[0]
    pdf, _ = compile_tex({"a.tex": f"{preamble}\\begin{{document}}{body}\\end{{document}}"}, "a.tex")
    assert pdf
    assert "[slightly smiling face]" in body


def test_macros_are_named_by_the_number_in_words(tree):
    assert in_words("4.2b'") == "FourPointTwoBPrime"
    numbers = ["1.12", "11.2", "1.1", "1.1a", "1.1'", "A.1"]
    assert len({in_words(n) for n in numbers}) == len(numbers)
    text = sty(tree)
    for _, line in blocks(tree):
        if isinstance(line, Line) and line.number:
            for face, prefix in (("physics", "Physics"), ("learning", "Learning")):
                macro = rf"\newcommand{{\{prefix}{in_words(line.number)}}}{{{latex(line.statement, face)}}}"
                assert text.count(macro + "\n") == (face in line.faces)


@needs_tex
def test_the_macros_work_in_a_paper(shipped_document):
    package = sty(shipped_document)
    macros = re.findall(r"\\newcommand\{(\\\w+)\}", package)
    assert len(macros) > 40
    used = "\n".join(f"\\[ {macro} \\]" for macro in macros)
    paper = f"\\documentclass{{article}}\\usepackage{{derivations}}\\begin{{document}}{used}\\end{{document}}"
    pdf, _ = compile_tex({"paper.tex": paper, "derivations.sty": package}, "paper.tex")
    assert pdf
