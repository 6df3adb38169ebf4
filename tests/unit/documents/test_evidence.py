"""The formulas in the evidence of engines are marked, so that documents typeset them."""

import pytest

from physsym import Limit, check, dot, law, rule, same_rule
from physsym.documents.evidence import marked_formulas
from physsym.documents.prose import plain_sentence
from physsym.vocabulary import STANDARD, G, eta, rho, tau, u, v


def formulas(text):
    return [str(s.content) for s in plain_sentence(marked_formulas(text), STANDARD) if s.kind == "formula"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "both sides differ by -eta*rho*grad(x)",
            "both sides differ by `-eta*rho*grad(x)`",
        ),
        ("x' only after a layer of width O(tau)", "x' only after a layer of width `O(tau)`"),
        ("tau tends to 0 from above, within tau > 0", "`tau` tends to `0` from above, within `tau > 0`"),
        ("it holds at eta = 3/50, rho = 9/10", "it holds at `eta = 3/50`, `rho = 9/10`"),
        ("at x = 1: 2 against 3", "at `x = 1`: `2` against `3`"),
        ("marked `x` already differ by y", "marked `x` already differ by y"),
        ("the dimensions agree", "the dimensions agree"),
        ("m*x'' is negligible", "`m*x''` is negligible"),
    ],
)
def test_formulas_are_marked_and_words_are_not(text, expected):
    assert marked_formulas(text) == expected


def test_the_evidence_of_engines_is_typeset():
    wrong = same_rule(rule({u: rho * u - eta * G}), rule({u: rho * u - (1 - rho) * eta * G}))
    assert formulas(wrong.evidence[0]) == ["-eta*rho*grad(x)"]
    assert len(formulas(wrong.witness)) >= 4
    closes = check(Limit(tau, 0), law({tau * dot(v): -v - G}), law({0: -v - G}))
    assert any("`O(tau)`" in marked_formulas(e) for e in closes.evidence)


def test_what_cannot_be_read_stays_code():
    spans = plain_sentence(marked_formulas("both sides differ by x*f(u)"), STANDARD)
    assert [s.kind for s in spans if s.kind != "text"] == ["code"]
    assert "x*f(u)" in {s.content for s in spans}
