"""Any name that a user may type is printed under its own name, and breaks neither TeX nor XML."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Symbol

from physsym.core.statements import rule
from physsym.printing import latex, mathml, unicode
from physsym.vocabulary import STANDARD, x
from tests.support.typeset_cases import patient

NAMES = {
    "x_1": ("x_{1}", "x₁"),
    "w_t": ("w_{t}", "wₜ"),
    "x12": ("x_{12}", "x₁₂"),
    "beta_1": (r"\beta_{1}", "β₁"),
    "v_max": (r"v_{\mathrm{max}}", "v_(max)"),
    "Delta x": (r"\Delta x", "Δx"),
    "γ": (r"\gamma", "γ"),
    "speed": (r"\mathrm{speed}", "speed"),
    "50% off": (r"\text{50\% off}", "50% off"),
    r"a\b{c}$d#&^~_": (
        r"\text{a\textbackslash{}b\{c\}\$d\#\&\textasciicircum{}\textasciitilde{}\_}", r"a\b{c}$d#&^~_",
    ),
    "<b>&amp;</b>": (r"\text{<b>\&amp;</b>}", "<b>&amp;</b>"),
    "two\n\nlines": (r"\text{two lines}", "two lines"),
    "bell\x07": (r"\text{bell?}", "bell?"),
    " ": (r"\text{?}", "?"),
    "+": (r"\text{+}", "+"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name_can_be_printed(name):
    tex, plain = NAMES[name]
    assert latex(Symbol(name)) == tex
    assert unicode(Symbol(name)) == plain
    assert ElementTree.fromstring(mathml(Symbol(name))).get("alttext") == tex


@given(st.text(min_size=1, max_size=12))
@patient
def test_any_text_as_a_name_is_harmless(name):
    tex = latex(Symbol(name))
    assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}")
    assert "\n" not in unicode(Symbol(name))
    assert ElementTree.fromstring(mathml(Symbol(name))) is not None


def test_two_symbols_are_never_written_alike():
    for other in (Symbol("w"), Symbol("w", real=True)):
        assert latex(x + other, "physics")
        for printed in (latex, mathml, unicode):
            with pytest.raises(ValueError, match=r"alike on the learning face.*keep the name x there"):
                printed(x + other, "learning")
            assert printed(x + other, "learning", STANDARD.keeping(x)) == printed(x + other)
    with pytest.raises(ValueError, match="w and w_t would be written alike on the physics face"):
        latex(rule({Symbol("w"): Symbol("w") - Symbol("w_t")}))
    with pytest.raises(ValueError, match="x1 and x_1"):
        latex(Symbol("x1") - Symbol("x_1"))
