"""Certificates: what is written for Coq, what Coq says of it, and that false lemmas are refused."""

import os
import random
import re
import shutil
import subprocess
from fractions import Fraction
from functools import cache

import pytest
import sympy
from sympy import Abs, Integer, Rational, Symbol, exp, oo, sqrt

from derivations.friction import derivations as frictions
from derivations.friction import without_inertia
from physsym import (
    Define,
    Derivation,
    Divide,
    Eliminate,
    Integrate,
    Isolate,
    Limit,
    Multiply,
    Rescale,
    Step,
    after,
    apply,
    before,
    damped_particle,
    dot,
    grad,
    law,
    rule,
)
from physsym.__main__ import main
from physsym.certificates import (
    Proof,
    algebra,
    certificate,
    checked,
    coq,
    lemma,
    report_lines,
    step_lemmas,
)
from physsym.certificates.formula import All, Relation, Said, equation
from physsym.certificates.negative_tests import tried
from physsym.certificates.printer import NotInCoq, names
from physsym.certificates.printer import coq as printed
from physsym.certificates.run import CoqError
from physsym.certificates.vernacular import can_hold, comment, proved, worded
from physsym.certificates.witness import Witness, witness
from physsym.cli.certify import number_apart
from physsym.integrators import (
    backward_euler,
    exponential_euler,
    implicit_midpoint,
    semi_implicit_euler,
    velocity_verlet,
)
from physsym.loading import scripts
from physsym.mechanics.moves import Move, Neglect
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, tau, u, v, x
from tests.fuzz import SPOILS, follows, same, shipped
from tests.fuzz.evaluation import UnclearError
from tests.support.requirements import needs_coq

DERIVATIONS = {d.title: d for s in scripts() for d in s.derivations}
DERIVATIONS |= {d.title: d for d in map(without_inertia, frictions[1:])}
# The axioms of Coq's real numbers, which everything about them rests on.
STANDARD_AXIOMS = {
    "ClassicalDedekindReals.sig_not_dec",
    "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
    "Classical_Prop.classic",
}
SUBSTANCE = {"line", "limit", "rule"}  # the parts that say that a line follows


@pytest.fixture(scope="module")
def assistant():
    with coq() as ready:
        yield ready


def lemmas_of(move, above, below):
    """Return the lemmas that say that a line follows, and the reasons where there are none."""
    lemmas, refused = step_lemmas(move, above, below)
    return [one for part, one in lemmas if part in SUBSTANCE], [r for part, r in refused if part in SUBSTANCE]


# What Coq says of the shipped derivations


@needs_coq
@pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=DERIVATIONS)
def test_coq_proves_every_lemma_and_that_none_is_empty(derivation, assistant):
    found = checked(assistant, certificate(derivation))
    entries = found.certificate.entries
    assert not found.failed
    assert set(found.proved) == {name for e in entries for name in e.names}
    assert all(e.witness for e in entries if e.lemma.hypotheses)
    assert set(found.axioms) <= STANDARD_AXIOMS


@pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=DERIVATIONS)
def test_every_step_is_certified(derivation):
    written = certificate(derivation)
    for k, step in enumerate(derivation.steps, 1):
        wanted = {"Limit": {"limit"}, "Integrate": {"rule", "order"}}.get(type(step.move).__name__, {"line"})
        assert wanted <= {e.name.split("_")[1] for e in written.entries if e.name.startswith(f"step{k}_")}
    start, *steps = written.statuses
    assert start.reasons == ("no lemma says that it follows from the Lagrangian",) * (
        derivation.system is not None
    )
    withheld = [str(s) for s in steps if not s.certified]
    assert len(withheld) == (derivation.title == "Momentum as the textbooks print it")
    assert all("step 8 (Define): withheld, because eta*(1 - rho) > 0 is assumed" in s for s in withheld)


def test_a_statement_reads_as_one_would_write_it_by_hand():
    above, below = law({m * dot(v): -gamma * v - G}), law({m * dot(v) / gamma: -v - G / gamma})
    (one,), _ = lemmas_of(Divide(gamma), above, below)
    by_hand = """
        forall (gamma m v v_d1 x : R) (grad : R -> R),
          (0 < gamma) -> (0 < m) ->
          (((m * v_d1) / gamma) + v + (grad x) / gamma = (m * v_d1 + gamma * v + grad x) / gamma) /\\
          ((m * v_d1 = - (gamma * v) - grad x) <-> ((m * v_d1) / gamma = - v - (grad x) / gamma))
    """
    assert _words(worded(one).statement) == _words(by_hand)


def _words(text):
    """Return what a statement is made of, whatever its order and parentheses."""
    return sorted(re.findall(r"[A-Za-z_]\w*|<->|->|/\\|[*/=<^]", text))


# Spoiled lines


@cache
def spoiled_steps(each=1):
    """Return lemmas of wrong lines, one of each kind for every shipped step, and how many had no lemma."""
    false, refused = [], 0
    for number, taken in enumerate(shipped()):
        chance = random.Random(number)
        for maker in SPOILS.values():
            variants = list(dict.fromkeys(maker(*taken)))
            for variant in chance.sample(variants, min(each, len(variants))):
                if _is_wrong(taken, variant):
                    lemmas, reasons = _writable(variant.move, taken[1], variant.below)
                    false += lemmas
                    refused += bool(reasons)
    return false, refused


def _is_wrong(taken, variant):
    move, above, below = taken
    try:
        if variant.move == move:
            return not same(below, variant.below)
        return not follows(variant.move, above, variant.below)
    except UnclearError:
        return False


def _writable(move, above, below):
    lemmas, reasons = lemmas_of(move, above, below)
    try:
        for one in lemmas:
            worded(one)
    except NotInCoq as reason:
        return [], [str(reason)]
    return lemmas, reasons


@needs_coq
def test_coq_refuses_the_lemmas_of_spoiled_lines(assistant):
    false, refused = spoiled_steps()
    outcome = tried(assistant, false)
    assert len(outcome) >= 200
    assert refused >= 10
    assert not any(outcome), [worded(f).statement for f, proven in zip(false, outcome, strict=True) if proven]


@needs_coq
def test_the_same_trial_proves_the_lemmas_of_right_lines(assistant):
    true = [one for taken in shipped() for _, one in step_lemmas(*taken)[0]]
    outcome = tried(assistant, true)
    assert len(outcome) >= 40
    assert all(outcome), [worded(t).statement for t, proven in zip(true, outcome, strict=True) if not proven]


POSITIVE = lemma("inequality", "a square", Relation(Integer(0), "<=", gamma * v**2), Proof("sign_of_form"))


@needs_coq
def test_a_trial_tells_what_is_false_from_what_is_ill_formed(assistant):
    false = lemma("inequality", "no", Relation(gamma * v**2, "<", Integer(0)), Proof("sign_of_form"))
    assert tried(assistant, [POSITIVE, false, POSITIVE]) == [True, False, True]
    for conclusion, proof in (
        (Said("no_such_predicate", (v,)), Proof("idtac")),
        (Said("tends", (v, v)), Proof("idtac")),
        (Relation(v, "=", v), Proof("no_such_tactic")),
        (Relation(v, "=", v), Proof("same_equations", (Symbol("unknown"),))),
    ):
        with pytest.raises(CoqError, match="did not go through"):
            tried(assistant, [POSITIVE, lemma("algebra", "ill-formed", conclusion, proof)])


@needs_coq
@pytest.mark.parametrize(
    ("value", "wrong"),
    [(1 - dt / tau, (dt - tau, dt)), (1 - dt / tau, (tau - dt, tau)), (exp(-dt / tau), (tau, Integer(1)))],
)
def test_a_wrong_range_of_a_coefficient_is_refused(value, wrong, assistant):
    (_, right), *_ = [
        p
        for p in step_lemmas(Define(rho, value, tau), rule({u: value * u}), rule({u: rho * u}))[0]
        if p[0] == "range"
    ]
    claims = All(
        tuple(Relation(Integer(0), sign, side) for side, sign in zip(wrong, ("<=", "<"), strict=True))
    )
    false = lemma("inequality", "wrong", type(right.conclusion)(right.conclusion.one, claims), right.proof)
    assert tried(assistant, [right, false]) == [True, False]


@needs_coq
@pytest.mark.parametrize(
    "integrator",
    [semi_implicit_euler, *map(semi_implicit_euler.with_friction, ("implicit", "exponential"))],
    ids=lambda i: i.name,
)
def test_a_rule_that_is_off_in_first_order_is_far_from_the_exact_flow(integrator, assistant):
    start = law({tau * dot(v): -v - G / gamma, dot(x): v})
    right = Derivation("one step", start, (Step("Integrate.", Integrate(integrator, dt)),)).rule
    (change, move), wrong = right.updates, []
    for extra in (dt * v, dt * G / gamma, Integer(1)):
        wrong.append(rule({v: change.value + extra, x: move.value}))
        wrong.append(rule({v: change.value, x: move.value + extra}))
    orders = [_order(Integrate(integrator, dt), start, line) for line in (right, *wrong)]
    assert tried(assistant, orders) == [True, *[False] * len(wrong)]


def _order(move, above, below):
    (found,) = [one for part, one in step_lemmas(move, above, below)[0] if part == "order"]
    return found


@needs_coq
def test_limits_from_either_side_and_at_infinity(assistant):
    above = rule({x: x - eta * G / (1 + rho) + u / (1 + gamma)})
    right = [
        (Limit(rho, 0), rule({x: x - eta * G + u / (1 + gamma)})),
        (Limit(rho, 1), rule({x: x - eta * G / 2 + u / (1 + gamma)})),
        (Limit(gamma, oo), rule({x: x - eta * G / (1 + rho)})),
    ]
    wrong = [(move, rule({x: x - eta * G / 3})) for move, _ in right]
    wrong += [(Limit(rho, -1), rule({x: x + u / (1 + gamma)}))]
    lemmas = [lemmas_of(move, above, below)[0][0] for move, below in right + wrong]
    assert tried(assistant, lemmas) == [True] * 3 + [False] * 4


@needs_coq
def test_the_sides_of_a_law_may_be_exchanged_and_the_sign_of_a_new_value_may_not(assistant):
    line, turned = law({x + tau * v: u}), law({u: x})
    swapped = lemmas_of(Limit(tau, 0), line, turned)[0]
    opposite = lemmas_of(Limit(rho, 0), rule({x: x - rho * u}), rule({x: -x}))[0]
    assert tried(assistant, swapped + opposite) == [True, False]


# Hypotheses that can hold


def test_a_witness_fulfils_every_hypothesis():
    for derivation in DERIVATIONS.values():
        for entry in certificate(derivation).entries:
            found = witness(entry.lemma)
            for part in entry.lemma.hypotheses:
                if isinstance(part, Relation) and not part.left.has(grad) and not part.right.has(grad):
                    gap = sympy.N((part.right - part.left).xreplace(found.values), 30)
                    assert {"<": gap > 0, "<=": gap >= 0, "<>": gap != 0, "=": abs(gap) < 1e-20}[part.sign]


def test_contradictory_hypotheses_have_no_witness():
    given = (equation(tau, m / gamma), equation(m, -gamma))
    assert witness(lemma("algebra", "empty", equation(v, v), Proof("equation"), given)) is None


@needs_coq
def test_coq_refuses_a_wrong_witness(assistant):
    one = lemma("algebra", "a definition", equation(v, v), Proof("equation"), [equation(tau, m / gamma)])
    right = witness(one)
    text = "{}\nRequire Import PhysSym.\nOpen Scope R_scope.\n".format("From Coq Require Import Reals.")
    assert assistant.compile("Right.v", text + can_hold("right", one, right)).returncode == 0
    wrong = Witness({**right.values, tau: right.values[tau] + 1}, right.functions)
    assert assistant.compile("Wrong.v", text + can_hold("wrong", one, wrong)).returncode != 0


@needs_coq
def test_a_lemma_that_fails_is_named_and_the_others_are_proved(assistant):
    wrong = rule({u: rho * u - eta * G, x: x + after(u)})
    step = Step("The source's rule.", Define(eta, dt / gamma, gamma), gives=wrong)
    before_it = rule({u: rho * u - (1 - rho) * dt / gamma * G, x: x + after(u)})
    found = checked(assistant, certificate(Derivation("As in the source", before_it, (step,))))
    assert found.failed == ("step1_line",)
    assert found.proved == ("step1_sign", "step1_sign_can_hold", "together", "together_can_hold")
    assert [s.reasons for s in found.statuses] == [(), ("Coq does not prove step1_line",)]
    lines = [line.strip() for line in report_lines(found)]
    assert "NOT PROVED: step1_line" in lines
    assert "step 1 (Define): withheld, because Coq does not prove step1_line" in lines
    assert "0 of 1 step certified, 1 withheld" in lines


@needs_coq
def test_coq_proves_implicit_steps_and_refuses_one_for_the_other(assistant):
    linear = law({dot(x): v, dot(v): -gamma * x - v})
    methods = (backward_euler, implicit_midpoint)
    rules = [apply(Integrate(method, dt), linear) for method in methods]
    found = {
        (a.name, k): lemmas_of(Integrate(a, dt), linear, line)[0][0]
        for a in methods
        for k, line in enumerate(rules)
    }
    assert tried(assistant, list(found.values())) == [True, False, False, True]


WITHHELD = [
    (exponential_euler, law({dot(x): -gamma * x}), "exponential of a matrix"),
    (velocity_verlet, law({dot(x): v, dot(v): -G}), "half step between kick and drift"),
]


@pytest.mark.parametrize(("method", "line", "reason"), WITHHELD, ids=lambda a: str(a)[:30])
def test_a_method_without_a_certificate_says_why(method, line, reason):
    move = Integrate(method, dt)
    lemmas, reasons = step_lemmas(move, line, apply(move, line))
    assert not lemmas
    assert reason in dict(reasons)["rule"]
    assert "only the first order is certified" in dict(reasons)["order"]


def test_the_order_of_the_midpoint_rule_is_not_certified():
    move, line = Integrate(implicit_midpoint, dt), law({dot(x): -gamma * x})
    lemmas, reasons = step_lemmas(move, line, apply(move, line))
    assert [part for part, _ in lemmas] == ["rule"]
    assert reasons == [("order", "order 2: only the first order is certified")]


def test_a_law_that_leaves_open_what_moves_first_is_no_lemma():
    line, stated = law({dot(x): v, dot(v): -x}), rule({v: v - dt * x, x: x + dt * after(v)})
    assert "name what moves first" in lemmas_of(Integrate(semi_implicit_euler, dt), line, stated)[1][0]
    assert lemmas_of(Integrate(semi_implicit_euler, dt, first=(v,)), line, stated)[0]


# What the generator refuses


KAPPA = Symbol("kappa", positive=True)
ONE_STATE = rule({x: x - eta * G})
MOMENTUM = rule({u: rho * u - eta * G, x: x + after(u)})
REFUSED = [
    (Neglect(tau * dot(v)), law({tau * dot(v): -v}), law({Integer(0): -v}), "decision of the author"),
    (Define(alpha, eta**2, eta), ONE_STATE, rule({x: x - alpha * eta * G}), "eta occurs in the line below"),
    (Define(alpha, 2 * gamma, eta), ONE_STATE, rule({x: x - alpha * G}), "no definition that eliminates eta"),
    (Isolate(dot(x)), law({Abs(dot(x)) * dot(x): -G}), law({dot(x): -G}), "one linear equation"),
    (Isolate(dot(x)), law({dot(x): -G}), law({-dot(x): G}), "is not the left side"),
    (Divide(gamma), law({gamma * v: G}), rule({v: G / gamma}), "needs a law below"),
    (Limit(eta), ONE_STATE, rule({x: x, u: u}), "keeps the states"),
    (Limit(KAPPA), ONE_STATE, ONE_STATE, "does not occur in the line above"),
    (Limit(eta), rule({x: x - grad(x + eta * u)}), rule({x: x - grad(x)}), "argument of an opaque function"),
    (Eliminate(u), rule({u: G, x: x + before(x) - after(u)}), rule({x: x}), "reads earlier values"),
    (Eliminate(after(u)), MOMENTUM, ONE_STATE, "two updates"),
    (Integrate(semi_implicit_euler, dt), law({dot(x): -G}), MOMENTUM, "the rule updates u, x"),
    (Rescale(u, v, eta), MOMENTUM, MOMENTUM, "u occurs in the line below"),
]  # fmt: skip


@pytest.mark.parametrize(("move", "above", "below", "reason"), REFUSED, ids=lambda a: str(a)[:30])
def test_what_is_no_lemma_is_refused_with_the_reason(move, above, below, reason):
    lemmas, reasons = lemmas_of(move, above, below)
    assert not lemmas
    assert reason in reasons[0]


class Unknown(Move):
    """A move that nobody registered."""


def test_a_move_that_is_not_known_is_refused_and_can_be_registered():
    assert "algebra.register" in lemmas_of(Unknown(), ONE_STATE, ONE_STATE)[1][0]
    algebra.register(Unknown, lambda move, above, below: POSITIVE)
    assert lemmas_of(Unknown(), ONE_STATE, ONE_STATE) == ([POSITIVE], [])


def test_what_cannot_be_written_is_refused():
    power = law({gamma * Abs(dot(x)) ** Symbol("p", positive=True): -G})
    found = certificate(Derivation("Powers", power, (Step("Divide.", Divide(gamma)),)))
    assert not found.entries
    assert "only whole powers" in found.refused[0].reason


# What is printed


NAMED = names(
    [x, dot(x), dot(dot(x)), after(u), before(x), before(before(x))]
    + [Symbol(name) for name in ("u_next", "exp", "forall", "H1", "λ", "grad")],
    ["grad"],
)


def test_names_are_safe_and_told_apart():
    given = {s.name: text for s, text in NAMED.symbols.items()}
    assert len(set(given.values()) | set(NAMED.functions.values())) == len(given) + 1
    assert (given["x''"], given["x-"], given["x--"], given["λ"]) == ("x_d2", "x_prev", "x_prev2", "u3bb")
    assert {given["exp"], given["forall"], given["H1"]} == {"exp_", "forall_", "H1_"}
    assert {given["u+"], given["u_next"]} == {"u_next", "u_next_"}


SAMPLES = [
    x - dt * G / gamma, (1 - rho) * eta * G - rho * u, -(x**2) / 3 + Rational(-2, 7), 1 / (1 + dt / tau) ** 2,
    -dt * (rho - 1) / (2 * gamma * tau), grad(x + rho * u) - 2 * grad(-x), (x - u) ** 3 / (x + u), -x, 5 / x,
]  # fmt: skip


@pytest.mark.parametrize("expression", SAMPLES, ids=str)
def test_what_is_printed_says_what_the_expression_says(expression):
    """An independent reading: every operation stands in parentheses, so Python's own parser can read it."""
    known = names(expression.free_symbols, ["grad"])
    text = re.sub(r"\(grad ", "grad(", printed(expression, known)).replace("^", "**")
    exact = re.sub(r"(?<!\w)(\d+)", r"Fraction(\1)", text)
    chance = random.Random(1)
    values = {s: Fraction(chance.randint(1, 99), chance.randint(1, 99)) for s in expression.free_symbols}
    called = {known.symbols[s]: n for s, n in values.items()}
    read = eval(exact, {"Fraction": Fraction, "grad": lambda y: y**2 + y}, called)
    told_by_sympy = expression.replace(grad, lambda y: y**2 + y).subs(
        {s: Rational(n.numerator, n.denominator) for s, n in values.items()}
    )
    assert Rational(read.numerator, read.denominator) == told_by_sympy


def test_comments_cannot_be_left():
    assert comment('end *) Axiom bad : False. (* "') == "end * ) Axiom bad : False. ( * '"


def test_roots_are_written_and_other_powers_are_not():
    known = names([gamma])
    assert printed(sqrt(gamma), known) == "(sqrt gamma)"
    with pytest.raises(NotInCoq, match="whole powers"):
        printed(gamma ** Rational(1, 3), known)


def test_a_proof_names_what_it_introduces():
    text = proved("one", POSITIVE)
    assert "Lemma one : forall (gamma v : R)" in text
    assert "intros gamma v H1. sign_of_form. Qed." in text


# The command


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_only_writing_needs_no_coq(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    code, out, _ = run(capsys, "certify", "momentum", "--only-write", "--out", tmp_path)
    assert code == 0
    assert {p.name for p in tmp_path.iterdir()} == {
        "PhysSym.v", "momentum.v", "momentum_as_the_textbooks_print_it.v", "momentum_as_a_recurrence.v",
        "momentum_in_the_constants_of_mechanics.v",
    }  # fmt: skip
    assert "13 lemmas and 13 witness lemmas written, not checked" in out
    assert "step 1 (Divide): written, not checked" in out
    assert "7 of 8 steps written, not checked, 1 withheld" in out
    assert "certified\n" not in out
    assert "A certificate does not cover:" in out


def test_without_coq_the_command_writes_and_says_what_to_install(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    code, out, err = run(capsys, "certify", "gradient_descent", "--out", tmp_path)
    assert code == 2
    assert "apt-get install coq libcoq-coquelicot" in err
    assert (tmp_path / "gradient_descent.v").exists()
    assert "proved" not in out


def test_a_name_that_is_not_known_is_refused(capsys, tmp_path):
    code, _, err = run(capsys, "certify", "nonsense", "--out", tmp_path)
    assert (code, "no derivation is named" in err) == (2, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused(capsys, tmp_path):
    tmp_path.chmod(0o500)
    assert run(capsys, "certify", "momentum", "--only-write", "--out", tmp_path / "out")[0] == 2


def test_derivations_of_one_title_have_files_of_their_own():
    one = Derivation("Twice", damped_particle.law(), (Step("Divide.", Divide(gamma)),))
    other = Derivation("Twice!", damped_particle.law(), (Step("Multiply.", Multiply(gamma)),))
    assert [c.module for c in number_apart([one, other])] == ["twice", "twice_2"]


@needs_coq
def test_the_command_has_coq_check_and_prints_what_it_said(capsys, tmp_path):
    code, out, _ = run(capsys, "certify", "gradient_descent", "--out", tmp_path)
    assert code == 0
    said = " ".join(out.split())
    assert "12 of 12 lemmas proved (5 algebra, 1 attraction, 4 inequality, 1 limit, 1 order)" in said
    assert "12 of 12 witness lemmas proved" in said
    assert "step 3 (Limit): certified" in out
    assert "  6 of 6 steps certified, 0 withheld" in out
    assert "in all 6 of 6 steps certified, 0 withheld" in out
    assert "every lemma that was written is proved" in out


@needs_coq
def test_the_command_exits_with_one_where_a_lemma_is_not_proved(capsys, tmp_path):
    script = tmp_path / "wrong.py"
    script.write_text(
        "from physsym import *\nfrom physsym.vocabulary import *\n"
        'd = Derivation("Wrong", law({gamma * v: -G}), '
        '(Step("Divide.", Divide(gamma), gives=law({v: G / gamma})),))\n'
    )
    code, out, _ = run(capsys, "certify", script, "--out", tmp_path)
    assert (code, "NOT PROVED: step1_line" in out) == (1, True)


@needs_coq
def test_the_files_can_be_checked_by_hand(tmp_path, capsys):
    run(capsys, "certify", "stale", "--only-write", "--out", tmp_path)
    for name in ("PhysSym.v", "a_stale_gradient.v"):
        done = subprocess.run([shutil.which("coqc"), name], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0


def test_a_folder_of_scripts_is_no_proof(capsys, tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "__init__.py").write_text('"""Nothing is derived here."""\n')
    assert main(["certify", f"{tmp_path}/scripts/", "--out", str(tmp_path / "out")]) != 0
    told = capsys.readouterr()
    assert "no derivation" in told.err
    assert "is proved" not in told.out
    assert not (tmp_path / "out").exists()
