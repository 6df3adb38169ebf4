"""What shows itself in IPython, in a shell of its own, without anything to load."""

import subprocess
import sys

import pytest

import physsym as ps
from physsym.core.statements import Relation
from physsym.documents.content import Figure
from physsym.documents.display import bundle
from physsym.documents.ipython import TYPES
from physsym.loading import script
from physsym.printing import latex, mathml, unicode
from tests.support.requirements import needs_jupyter
from tests.support.sample_book import wave

DERIVATION = script("momentum").derivations[0]
RULE = DERIVATION.rule
SHOWN = {
    "rule": RULE,
    "law": DERIVATION.start,
    "update": RULE.updates[0],
    "equation": DERIVATION.start.equations[0],
    "relation": Relation((ps.dot(RULE.targets[0]), RULE.targets[1]), ("<",)),
    "derivation": DERIVATION,
    "verdict": DERIVATION.verdicts()[0],
    "figure": Figure("wave", wave, "A wave.", "A wave."),
    "equivalence": ps.equivalent(RULE, RULE),
}


def test_every_announced_type_has_a_display():
    assert {(type(v).__module__, type(v).__name__) for v in SHOWN.values()} == set(TYPES)


@pytest.mark.parametrize("name", ["rule", "law", "update", "equation", "relation"])
def test_statements_are_formulas(name):
    assert bundle(SHOWN[name]) == {
        "text/latex": rf"$\displaystyle {latex(SHOWN[name])}$",
        "text/plain": unicode(SHOWN[name]),
    }


def test_a_derivation_has_every_line_in_every_form():
    forms = bundle(DERIVATION)
    for k, line in enumerate(DERIVATION.lines):
        assert mathml(line) in forms["text/html"]
        assert latex(line) in forms["text/latex"]
        assert latex(line) in forms["text/markdown"]
        assert unicode(line).splitlines()[-1] in forms["text/plain"]
        assert f"({k})" in forms["text/plain"]
    assert forms["text/plain"].count("[holds]") == len(DERIVATION.lines)


def test_a_failing_step_is_shown_as_failing():
    wrong = ps.Derivation("w", DERIVATION.start, (ps.Step("", DERIVATION.steps[0].move, DERIVATION.start),))
    assert "[fails]" in bundle(wrong)["text/plain"]
    assert ">fails<" in bundle(wrong)["text/html"]
    assert "fails" in bundle(wrong.verdicts()[1])["text/markdown"]


def test_what_is_no_value_of_ours_is_refused():
    with pytest.raises(TypeError, match="int"):
        bundle(7)


PROGRAM = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import sys, physsym
assert "sympy" not in sys.modules
from physsym.loading import script
derivation = script("stale").derivations[0]
show = shell.display_formatter.format
data, _ = show(derivation.rule)
assert data["text/latex"].startswith("$"), data
assert "∇" in data["text/plain"]
data, _ = show(derivation)
assert {"text/html", "text/latex", "text/markdown", "text/plain"} <= set(data)
shell.run_line_magic("unload_ext", "physsym")
shell.run_line_magic("load_ext", "physsym")
assert "text/latex" in show(derivation.rule)[0]
shell.run_line_magic("unload_ext", "physsym")
assert "text/latex" not in show(derivation.rule)[0]
print("shown")
"""


@needs_jupyter
def test_in_a_real_shell_they_show_themselves(tmp_path):
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env={"IPYTHONDIR": str(tmp_path)},
    )
    assert out.stdout.strip().endswith("shown"), out.stdout + out.stderr


def test_without_ipython_nothing_happens():
    out = subprocess.run([sys.executable, "-c", "import physsym"], capture_output=True, text=True, check=True)
    assert not out.stdout + out.stderr


def test_an_equivalence_shows_its_map():
    found = ps.equivalent("x <- x - eta*grad(x)", ps.known.heavy_ball)
    assert r"$\rho = 0$" in bundle(found)["text/markdown"]
    assert bundle(found)["text/plain"] == str(found)
