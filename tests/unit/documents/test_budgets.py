"""The error and the number of steps that a page states of a derivation, and what it says is not known."""

import pytest

from physsym import (
    Derivation,
    Divide,
    Integrate,
    Isolate,
    Neglect,
    Step,
    damped_particle,
    document,
    dot,
    law,
    rule,
)
from physsym.integrators import forward_euler
from physsym.vocabulary import G, dt, gamma, m, x

descent = law({dot(x): -G / gamma})
PAGES = {
    "a neglected term": (
        (damped_particle, (Neglect(m * dot(dot(x))), None), (Isolate(dot(x)), None)),
        "1 of 2 hold, 1 under the conditions that it lists", "of the last line: not known (size of ",
    ),
    "a wrong line": (
        (descent, (Integrate(forward_euler, dt), rule({x: x + dt * G / gamma}))),
        "0 of 1 hold", "of the last line: not known: step 1",
    ),
    "no steps": ((damped_particle,), "no step was checked", "of the last line: not known: the start"),
    "an exact step": ((damped_particle, (Divide(gamma), None)), "1 of 1 hold", "the last line is exact"),
    "Euler": (
        (descent, (Integrate(forward_euler, dt), None)),
        "1 of 1 hold", "the last line follows from the first up to ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PAGES)
def test_a_page_says_what_is_known_of_the_error(case, tmp_path):
    (start, *steps), holding, error = PAGES[case]
    derivation = Derivation(case, start, tuple(Step("", *step) for step in steps))
    document([derivation], tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert f"**Steps**: {holding}\n" in text
    assert f"**Error**: {error}" in text
