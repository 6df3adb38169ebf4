"""The page of findings: rows computed anew are those of the page, and known disagreements are found."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from sympy import Integer, Symbol

import physsym as ps
from physsym.optimizers.lifted import Lifted
from tests.support.requirements import library

library("optax", "jax")
torch = library("torch", "torch")

from tests.findings import faults, pages  # noqa: E402
from tests.findings.comparison import same_law, with_first_step_apart  # noqa: E402
from tests.findings.optimizers import Subject, _thing, subjects  # noqa: E402
from tests.findings.page import _displayed, _outcome  # noqa: E402
from tests.findings.papers import PAPERS  # noqa: E402
from tests.findings.rows import find  # noqa: E402

PAGE = Path(__file__).parents[3] / "docs" / "findings.md"
BY_NAME = {s.what: s for s in subjects()}


def cells(what: str) -> list[str]:
    """Return the row of an optimizer in the table of the page."""
    (row,) = re.findall(rf"^\| `{re.escape(what)}` \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    return [cell.strip() for cell in row.split(" | ")]


def test_the_page_says_the_versions_with_which_it_was_made() -> None:
    head = " ".join(PAGE.read_text().split("## ")[0].split())
    assert re.search(r"optax \d+\.\d+", head)
    assert re.search(r"torch \d+\.\d+", head)


@pytest.mark.parametrize(
    "what",
    ["optax:optimistic_gradient_descent", "optax:sign_sgd", "optax:adagrad", "torch:Adagrad", "torch:SGD"],
)
def test_rows_computed_anew_are_those_of_the_page(what: str) -> None:
    text = PAGE.read_text()
    if f"optax {version('optax')}" not in text or f"torch {version('torch')}" not in text:
        pytest.skip("the page was made with other versions of optax or torch")
    found = find(BY_NAME[what])
    row = cells(what)
    assert found.lifted is not None
    assert row[1] == _displayed(found)
    if found.published[0]:
        assert row[2].startswith(_outcome(found.with_paper))


def test_the_lists_are_those_of_the_libraries() -> None:
    plain = {s.what for s in subjects() if not s.options}
    assert {"optax:adam", "optax:yogi", "optax:dog", "optax:nadam", "torch:Adam", "torch:Muon"} <= plain
    assert all(callable(_thing(s)) for s in subjects())
    assert {s.partition("(")[0] for s in (*pages.PAGES, *pages.TYPED, *PAPERS)} <= {*plain, "optax", "torch"}


def test_a_law_with_one_letter_changed_does_not_agree() -> None:
    """Spoiled copies of a rule, each wrong in one thing, are found to differ from it."""
    adam = ps.known.adam
    same = {s.name: s.name for s in adam.rule.parameters}
    lifted = Lifted(adam.rule, name="adam")
    assert same_law(lifted, adam, same).outcome == "agrees"
    for other in (ps.known.adam_folded, ps.known.amsgrad_correction_first, ps.known.nadam_constant):
        found = same_law(lifted, other, same)
        assert found.outcome == "differs"
        assert found.trace is not None
    assert same_law(lifted, adam, {**same, "beta_1": "beta_2", "beta_2": "beta_1"}).outcome == "differs"
    assert same_law(lifted, adam, {**same, "beta_1": "b1"}).outcome == "not compared"
    assert same_law(lifted, adam, {**same, "eps": Integer(0)}).outcome == "differs"


def test_cases_by_the_step_are_a_law_of_the_first_step() -> None:
    text = "k <- k + 1; b <- where(k+ > 1, rho*b + grad(x), 2*grad(x)); x <- x - eta*b+; k(0) = 0; b(0) = 0"
    apart = with_first_step_apart(pages.rule_of(text))
    assert str(apart.rule) == "b <- rho*b + grad(x); x <- x - eta*b+; b(0) = 0"
    assert str(apart.first) == "b <- 2*grad(x); x <- x - eta*b+; b(0) = 0"
    # A condition that changes later is no law of the first step.
    later = pages.rule_of(text.replace("k+ > 1", "k+ > 2"))
    assert with_first_step_apart(later) == Lifted(later)


def test_displayed_formulas_of_the_libraries_are_read() -> None:
    """Adam's page in both libraries, against the published rule, whose letters are those of the pages."""
    for what, names in (
        ("optax:adam", {"eta": "learning_rate", "beta_1": "b1", "beta_2": "b2", "eps": "eps"}),
        ("torch:Adam", {"eta": "lr", "beta_1": "beta1", "beta_2": "beta2", "eps": "eps"}),
    ):
        shown = pages.shown(BY_NAME[what])
        assert shown.how == "read"
        assert shown.rule is not None
        put = {Symbol(n, real=True): Integer(0) for n in ("eps_root", "weight_decay")}
        rule = ps.rule(
            {u.target: u.value.subs(put) for u in shown.rule.updates}, start=dict(shown.rule.start)
        )
        assert same_law(Lifted(rule, name=what), ps.known.adam, names).outcome == "agrees"


def test_a_page_that_is_spoiled_is_refused_or_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = BY_NAME["optax:sign_sgd"]
    whole = pages.page(subject)
    lifted = ps.lift(subject.what)

    def spoiled(old: str, new: str) -> pages.Shown:
        assert old in whole
        monkeypatch.setattr(pages, "page", lambda s: whole.replace(old, new))
        return pages.shown(subject)

    assert spoiled(r"-\alpha_t\,", r"-\omega_t\,").how == "not read"
    opposite = spoiled(r"-\alpha_t\,", r"\alpha_t\,")
    assert opposite.rule is not None
    assert same_law(lifted, opposite.rule).outcome == "differs"
    assert spoiled(".. math::", "math:").how == "none shown"


def test_states_in_the_default_dtype_are_found() -> None:
    said = list(faults.coarse_states())
    assert any("NAdam" in line and "mu_product" in line for line in said)
    assert not any("`torch.optim.Adam`" in line for line in said)


def test_a_subject_has_its_options() -> None:
    subject = Subject("torch:SGD(momentum=0.9)", "SGD", "torch")
    assert (subject.plain, subject.options) == ("torch:SGD", "momentum=0.9")
