"""The MathML is well formed, keeps to what browsers show, and says what the expression says."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from sympy import Function, oo, pi

from physsym.printing import latex, mathml
from physsym.vocabulary import G, dt, tau, v
from tests.support.typeset_cases import FACES, TEXTBOOK, assert_reads_back, formulas, patient, s

MATH = "{http://www.w3.org/1998/Math/MathML}"
TEX_OF_SIGN = {
    "−": "-",
    "\N{INVISIBLE TIMES}": " ",
    "·": r"\cdot ",
    "∇": r"\nabla ",
    "∂": r"\partial ",
    "-": None,
}


def tex_of_letter(text):
    plain = unicodedata.normalize("NFKC", text)
    if not plain.isascii():
        kind, *_, name = unicodedata.name(plain).lower().replace("lamda", "lambda").split()[1:]
        return f"\\{name.capitalize() if kind == 'capital' else name} "
    if len(plain) > 1:
        return rf"\operatorname{{{plain}}}"
    return plain if plain == text else rf"\mathbf{{{plain}}}"


def tex_of_mathml(text):
    """Return MathML as the LaTeX it looks like: the tags and letters are read, not the alternative text."""
    root = ElementTree.fromstring(text)
    assert root.tag == f"{MATH}math"
    return "".join(map(tex_of_element, root))


def tex_of_element(element):
    inner = [tex_of_element(child) for child in element]
    shapes = {
        "mrow": "".join, "mfrac": lambda i: rf"\frac{{{i[0]}}}{{{i[1]}}}",
        "msup": lambda i: f"{i[0]}^{{{i[1]}}}",
        "msub": lambda i: f"{i[0]}_{{{i[1]}}}", "msqrt": lambda i: rf"\sqrt{{{''.join(i)}}}",
        "mroot": lambda i: rf"\sqrt[{i[1]}]{{{i[0]}}}", "mtd": "".join, "mtr": "&".join,
        "mtable": lambda i: r"\begin{aligned}" + r" \\ ".join(i) + r"\end{aligned}",
    }  # fmt: skip
    tag = element.tag.removeprefix(MATH)
    if tag in shapes:
        return shapes[tag](inner)
    if tag == "mo" and element.text == "|":
        return rf"\{'left' if element.get('form') == 'prefix' else 'right'}|"
    if tag == "mo" or element.text in TEX_OF_SIGN:
        return TEX_OF_SIGN.get(element.text, element.text)
    return element.text if tag == "mn" else tex_of_letter(element.text)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("title", TEXTBOOK)
def test_mathml_says_the_same(title, face):
    text = mathml(TEXTBOOK[title], face)
    assert_reads_back(tex_of_mathml(text), TEXTBOOK[title], face)
    assert ElementTree.fromstring(text).get("alttext") == latex(TEXTBOOK[title], face)


@pytest.mark.parametrize("title", TEXTBOOK)
def test_mathml_keeps_to_what_browsers_show(title):
    root = ElementTree.fromstring(mathml(TEXTBOOK[title]))
    assert root.get("display") == "block"
    for element in root.iter():
        assert "mathvariant" not in element.attrib
        if element.text in ("∇",) or (element.text == "−" and element.get("form") == "prefix"):
            assert (element.get("form"), element.get("lspace"), element.get("rspace")) == ("prefix", "0", "0")
        if element.text in ("d", "Δ", "∂"):
            assert element.tag == f"{MATH}mtext"
        if element.text in "()" if element.text else False:
            assert element.get("stretchy") in ("true", "false")


def test_only_tall_fences_stretch():
    assert 'stretchy="true"' not in mathml(G)
    assert 'stretchy="true"' in mathml((1 - dt / tau) * v)


def test_entities_of_sympy_become_letters():
    text = mathml(pi * s + Function("Max")(s, oo))
    assert ElementTree.fromstring(text) is not None
    assert "π" in text
    assert "&amp;" not in text


@given(expression=formulas)
@patient
def test_any_formula_reads_back_from_mathml(expression):
    assert_reads_back(tex_of_mathml(mathml(expression)), expression, "physics")
