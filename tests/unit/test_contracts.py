"""One test a hook: every move, kind of integrator and backend has all that its kind must have."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from physsym import methods
from physsym.integrators import ALL
from physsym.mechanics.moves import Move, describe
from physsym.runtime.backends import BACKENDS, load_backend, register_backend
from physsym.testing.random_models import METHODS
from physsym.transform import transform_step
from tests.support.contracts import (
    judge_of,
    lacking_of_backend,
    lacking_of_method,
    lacking_of_move,
    shared_functions,
    subclasses,
)
from tests.unit.verify.test_engines import judged_by_sympy

MOVES = sorted(set(subclasses(Move)), key=lambda kind: kind.__name__)
FILES = sorted(Path(methods.__path__[0]).glob("[!_]*.py"))
METHOD_KINDS = sorted({type(m) for m in METHODS}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", MOVES, ids=lambda kind: kind.__name__)
def test_a_move_has_all_that_a_move_must_have(kind):
    lacking = lacking_of_move(kind)
    assert not lacking, "\n".join(lacking)


@pytest.mark.parametrize("kind", METHOD_KINDS, ids=lambda kind: kind.__name__)
def test_a_kind_of_integrator_has_all_that_it_must_have(kind):
    lacking = lacking_of_method(kind)
    assert not lacking, "\n".join(lacking)


@pytest.mark.environment
@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_a_backend_has_all_that_it_must_have(name):
    lacking = lacking_of_backend(name)
    assert not lacking, "\n".join(lacking)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_method_in_a_file_of_its_own_is_among_all_methods(file):
    own = {m.name for m in ALL if type(m).__module__ == f"{methods.__name__}.{file.stem}"}
    assert own, f"no method of {file.name} is in physsym.integrators.ALL"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_halves_of_a_file_share_no_function(file):
    assert shared_functions(file.read_text()) == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_judge_of_a_file_lets_sympy_judge(file):
    judge = judge_of(file.read_text())
    assert "identical(" in judge
    assert not judged_by_sympy(judge)


# ------------------------------------------------------------------ each test can fail


@dataclass(frozen=True)
class Nothing(Move):
    """A move that has nothing but its name."""


@dataclass(frozen=True)
class Described(Move):
    """A move that is carried out and described, and no more."""

    NOT_CERTIFIED = "it does nothing"


@dataclass(frozen=True)
class Unknown:
    """A kind of method that nobody knows."""

    name: str = "unknown"
    order: int = 1


@pytest.fixture
def described():
    """Register two functions for a move, which stay for the rest of the session and harm nobody."""
    transform_step.register(Described, lambda move, line: line)
    describe.register(Described, lambda move: ("do nothing",))
    return Described


def test_a_move_without_anything_lacks_everything(described):
    lacking = lacking_of_move(Nothing)
    assert [what.partition(" (")[0] for what in lacking] == [
        "a function that carries it out", "a judge", "a description",
        "a lemma", "an oracle", "a random model",
    ]  # fmt: skip
    kept = [what.partition(" (")[0] for what in lacking_of_move(described)]
    assert kept == ["a judge", "an oracle", "a random model"]


def test_a_reason_for_no_certificate_beside_a_certificate_is_seen(monkeypatch):
    divide = next(kind for kind in MOVES if kind.__name__ == "Divide")
    monkeypatch.setattr(divide, "NOT_CERTIFIED", "it is certified all the same")
    assert [what[:7] for what in lacking_of_move(divide)] == ["a lemma"]


def test_an_unknown_kind_of_integrator_lacks_everything():
    lacking = [what.partition(" (")[0] for what in lacking_of_method(Unknown)]
    assert lacking == [
        "a function that carries it out", "a judge", "a lemma", "an oracle", "a random model",
    ]  # fmt: skip
    METHODS.append(Unknown())
    try:
        assert lacking_of_method(Unknown)[-1] == "a name, an order and whether it is partitioned"
    finally:
        METHODS.pop()


def test_a_wrong_backend_is_seen():
    python = load_backend("python")
    spoiled = replace(
        python, compile_step=lambda program: lambda states, gradient, numbers: tuple(states), name="else"
    )
    register_backend("spoiled", spoiled, needs="pytest")
    try:
        found = lacking_of_backend("spoiled")
    finally:
        BACKENDS.pop("spoiled")
    assert [what.partition(":")[0] for what in found] == [
        "an extra that installs what it needs", "its own name", "the right values",
    ]  # fmt: skip


def test_a_function_that_both_halves_use_is_seen():
    text = (
        "def _helper(): return _deeper()\n"
        "def _deeper(): ...\n"
        "def _own(): ...\n"
        "@integrate.register(int)\n"
        "def _(method): return _helper()\n"
        "@verify_method.register(int)\n"
        "def _(method): return _own(), _deeper()\n"
    )
    assert shared_functions(text) == {"_deeper"}
