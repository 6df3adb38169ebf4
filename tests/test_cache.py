"""Verdicts kept on disk: found again only where nothing that they depend on has changed."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sympy
from sympy import Abs, Dummy, Float, Function, Rational, Symbol, exp, oo, pi, sqrt

from physsym import (
    Define,
    Divide,
    Integrate,
    Limit,
    Rescale,
    cache,
    check,
    damped_particle,
    forward_euler,
    grad,
    law,
    rule,
    semi_implicit_euler,
)
from physsym.check.registry import judge
from physsym.checking import judged
from physsym.encoding import EncodingError, decoded, encoded
from physsym.moves import Move
from physsym.scripts import scripts
from physsym.verdict import Condition, Order, Outcome, Verdict
from physsym.vocabulary import G, alpha, dt, eta, gamma, m, rho, tau, u, v, x

MOVE = Divide(gamma)
ABOVE = damped_particle.law()
BELOW = law({m / gamma * Symbol("x''", real=True): -Symbol("x'", real=True) - G / gamma})
POSITIVE = Symbol("a", positive=True)
FULL = Verdict(
    Outcome.APPROXIMATE,
    ("seen", "seen again"),
    (Condition(gamma * exp(-dt / tau) - Rational(1, 3), "!= 0"), Condition(POSITIVE, "> 0")),
    ("finite field", "flint"),
    "at x = 1/2",
    Order(tau, float("inf")),
)


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(cache.SWITCH)
    return tmp_path / "physsym"


class Counting:
    """A check that counts how often it is asked, and answers what it is told to."""

    def __init__(self, verdict=FULL):
        self.verdict, self.asked = verdict, 0

    def __call__(self, move, above, below):
        self.asked += 1
        return self.verdict


def ask(counting, move=MOVE, above=ABOVE, below=BELOW):
    return cache.kept(counting, judge.dispatch)(move, above, below)


# ------------------------------------------------------------------ hits and misses


def test_a_verdict_is_found_again_and_is_the_same(home):
    counting = Counting()
    assert ask(counting) == ask(counting) == FULL
    assert counting.asked == 1
    assert len(list(home.iterdir())) == 1


def test_the_verdicts_of_the_check_are_found_again(home):
    kept = cache.kept(check, judge.dispatch)
    first = kept(MOVE, ABOVE, BELOW)
    assert first == kept(MOVE, ABOVE, BELOW) == check(MOVE, ABOVE, BELOW)
    (entry,) = home.iterdir()
    assert cache.read(entry) == first


assumed = lambda **facts: Symbol("k", **facts)
STEPS = [
    (MOVE, ABOVE, BELOW),
    (Divide(m), ABOVE, BELOW),
    (MOVE, BELOW, ABOVE),
    (MOVE, ABOVE, law({x: -eta * G})),
    (MOVE, ABOVE, law({x: eta * G})),
    (MOVE, ABOVE, law({x: -eta * grad(x + u)})),
    (MOVE, ABOVE, law({x: -alpha * G})),
    (MOVE, ABOVE, law({-eta * G: x})),
    (MOVE, ABOVE, law({x: -2 * eta * G})),
    (MOVE, ABOVE, law({x: -eta * G / 2})),
    (MOVE, ABOVE, law({x: -eta * G, u: v})),
    (MOVE, ABOVE, law({u: v, x: -eta * G})),
    (MOVE, ABOVE, rule({x: -eta * G})),
    (MOVE, ABOVE, law({x: assumed()})),
    (MOVE, ABOVE, law({x: assumed(real=True)})),
    (MOVE, ABOVE, law({x: assumed(positive=True)})),
    (MOVE, ABOVE, law({x: assumed(positive=False)})),
    (Define(rho, 1 - dt / tau, eliminating=tau), ABOVE, BELOW),
    (Define(rho, 1 - dt / tau, eliminating=dt), ABOVE, BELOW),
    (Integrate(forward_euler, dt), ABOVE, BELOW),
    (Integrate(semi_implicit_euler, dt), ABOVE, BELOW),
    (Limit(tau), ABOVE, BELOW),
    (Limit(tau, oo), ABOVE, BELOW),
    (Rescale(v, u, 1 / dt), ABOVE, BELOW),
    (Rescale(u, v, 1 / dt), ABOVE, BELOW),
]


def test_whatever_differs_is_checked_anew(home):
    counting = Counting()
    for step in STEPS * 2:
        ask(counting, *step)
    assert counting.asked == len(STEPS) == len(set(STEPS))


def read_again(monkeypatch, package):
    digest = cache.code_digest(package, ())
    monkeypatch.setattr(cache, "own_code", lambda: digest)


def test_one_changed_character_of_the_source_is_checked_anew(home, monkeypatch, tmp_path):
    package = tmp_path / "package"
    (package / "check").mkdir(parents=True)
    source = package / "check" / "algebra.py"
    counting, texts = Counting(), ("a = 1\n", "a = 2\n", "a = 1 \n")
    for n, text in enumerate(texts, 1):
        source.write_text(text)
        read_again(monkeypatch, package)
        ask(counting), ask(counting)
        assert counting.asked == n
    source.write_text(texts[0])
    source.rename(package / "algebra.py")
    read_again(monkeypatch, package)
    ask(counting)
    assert counting.asked == len(texts) + 1


def test_another_version_of_a_library_is_another_code(tmp_path):
    notes = tmp_path / "z3_solver-4.12.dist-info"
    notes.mkdir()
    before = cache.code_digest(tmp_path, [str(tmp_path), str(tmp_path / "missing")])
    notes.rename(tmp_path / "z3_solver-4.13.dist-info")
    assert cache.code_digest(tmp_path, [str(tmp_path)]) != before


def test_the_libraries_that_check_are_seen():
    seen = cache._versions(sys.path)
    for library in cache.LIBRARIES:
        assert any(name.lower().startswith(library) for name in seen), library


def test_the_digest_covers_what_checks(tmp_path):
    package = Path(cache.__file__).parent
    copy = Path(shutil.copytree(package, tmp_path / "physsym", ignore=shutil.ignore_patterns("__pycache__")))
    assert cache.code_digest(copy, ()) == cache.code_digest(package, ())
    below = ("sign", "notation", "statement", "integrator", "moves", "verdict")
    for source in [*sorted((copy / "check").rglob("*.py")), *(copy / f"{name}.py" for name in below)]:
        before = cache.code_digest(copy, ())
        source.write_text(source.read_text().replace("e", "f", 1))
        assert cache.code_digest(copy, ()) != before, source


# ------------------------------------------------------------------ what is not kept


def test_the_switch_turns_it_off(home, monkeypatch):
    monkeypatch.setenv(cache.SWITCH, "0")
    counting = Counting()
    ask(counting), ask(counting)
    assert counting.asked == 2
    assert not home.exists()


def test_these_tests_run_with_it_off():
    assert cache.folder() is None


@pytest.mark.parametrize("outcome", [Outcome.UNDECIDABLE, Outcome.UNCHECKED])
def test_doubt_is_not_kept(home, outcome):
    counting = Counting(Verdict(outcome, ("no time",)))
    ask(counting), ask(counting)
    assert counting.asked == 2


@dataclass(frozen=True)
class Own(Move):
    by: object = gamma


class Gradient(Function):
    pass


@pytest.mark.parametrize(
    "step",
    [
        (Own(), ABOVE, BELOW),
        (MOVE, ABOVE, law({x: Gradient(x)})),
        (MOVE, ABOVE, law({x: Function("f")(x)})),
        (MOVE, ABOVE, law({x: Dummy("x")})),
    ],
)
def test_what_is_not_of_this_package_is_not_kept(home, step):
    counting = Counting()
    ask(counting, *step), ask(counting, *step)
    assert counting.asked == 2


def test_a_check_from_outside_is_not_kept(home):
    counting = Counting()
    outside = cache.kept(counting, lambda kind: test_a_check_from_outside_is_not_kept)
    outside(MOVE, ABOVE, BELOW), outside(MOVE, ABOVE, BELOW)
    assert counting.asked == 2


# ------------------------------------------------------------------ files that cannot be trusted


def spoiled_texts(text):
    node, seal = json.loads(text)
    yield from ("", "{", "null", "[]", "[1, 2]", text[:-9], text + "x", "[" * 30000, text * 200)
    yield text.replace("approximate", "holds")
    yield text.replace("gamma", "delta")
    yield json.dumps([node, seal[::-1]])


def test_a_spoiled_file_is_ignored_and_written_anew(home):
    ask(Counting())
    (entry,) = home.iterdir()
    good = entry.read_text()
    for text in spoiled_texts(good):
        entry.write_text(text)
        assert cache.read(entry) is None, text[:60]
        counting = Counting()
        assert ask(counting) == FULL
        assert (counting.asked, entry.read_text()) == (1, good)


@pytest.mark.parametrize(
    "node", [["os.system", "true"], ["tuple", 1], ["symbol", "x", 3], [], [[]], "text", None]
)
def test_a_sealed_file_that_holds_no_verdict_is_ignored(home, node):
    home.mkdir()
    entry = home / "entry.json"
    entry.write_text(json.dumps([node, cache._seal(entry, node)]))
    assert cache.read(entry) is None


def test_a_file_under_the_name_of_another_step_is_ignored(home):
    ask(Counting())
    (entry,) = home.iterdir()
    entry.rename(home / f"{cache.key(Divide(m), ABOVE, BELOW, cache.own_code())}.json")
    counting = Counting()
    ask(counting, Divide(m))
    assert counting.asked == 1


def test_a_folder_that_cannot_be_written_costs_time_only(home):
    home.write_text("a file stands where the folder should be")
    counting = Counting()
    assert ask(counting) == ask(counting) == FULL
    assert counting.asked == 2


def test_without_a_named_folder_it_is_the_one_at_home(home, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    for named in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", named)
        assert cache.folder() == tmp_path / "me" / ".cache" / "physsym"


def test_the_oldest_are_forgotten(home, monkeypatch):
    monkeypatch.setattr(cache, "MOST_ENTRIES", 6)
    for step in STEPS:
        ask(Counting(), *step)
        assert len(list(home.iterdir())) <= 6
    counting = Counting()
    ask(counting, *STEPS[-1])
    assert counting.asked == 0


def test_many_writers_leave_one_whole_file(home):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ask(Counting()), range(64)))
    assert set(found) == {FULL}
    (entry,) = home.iterdir()
    assert cache.read(entry) == FULL


def test_two_programs_share_what_they_found(home):
    program = "from derivations.gradient_descent import derivation as d; print(d.verdicts())"
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    told = [process.communicate()[0] for process in running]
    assert told[0] == told[1] != ""
    assert [path.suffix for path in home.iterdir()] == [".json"] * 6
    assert all(map(cache.read, home.iterdir()))


# ------------------------------------------------------------------ the encoding


@pytest.mark.parametrize(
    "value",
    [FULL, Verdict(Outcome.HOLDS), Order(tau, 2), Condition(Abs(x) ** POSITIVE, ">= 0"), (), ((1,), "", None)]
    + [pi, oo, -oo, sympy.E, sympy.I, sympy.zoo, Rational(-7, 3), sqrt(2), sympy.Max(x, u), sympy.sign(v)]
    + [e for line in (ABOVE, BELOW) for equation in line.equations for e in (equation.left, equation.right)],
)
def test_what_is_encoded_is_read_back_the_same(value):
    back = decoded(json.loads(json.dumps(encoded(value))))
    assert (back, type(back)) == (value, type(value))


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)
def test_every_verdict_on_the_shipped_derivations_can_be_kept(script):
    for verdict in [known for d in script.derivations for known in d.verdicts()]:
        assert decoded(json.loads(json.dumps(encoded(verdict)))) == verdict


def test_assumptions_are_read_back():
    back = decoded(encoded(assumed(positive=True, integer=True)))
    assert back.assumptions0 == assumed(positive=True, integer=True).assumptions0
    assert back != assumed()


@pytest.mark.parametrize("value", [1.5, Float("0.5"), Dummy("x"), Function("f")(x), Own(), {}, [], object()])
def test_what_is_in_no_table_is_refused(value):
    with pytest.raises(EncodingError):
        encoded(value)


@pytest.mark.parametrize(
    "node", [[], ["eval", "1"], ["sympy.core.function.Function", "f"], ["os.system", "x"]]
)
def test_what_names_nothing_is_not_built(node):
    with pytest.raises(EncodingError):
        decoded(node)


def test_a_shipped_claim_is_judged_once(home):
    shipped = next(s for s in scripts() if s.claims)
    judge_one = Counting(FULL)
    claim = replace(shipped.claims[0], judge=lambda: judge_one(MOVE, ABOVE, BELOW))
    own = replace(shipped, claims=(claim,))
    assert shipped.sources
    assert [judged(claim, own), judged(claim, own)] == [FULL, FULL]
    assert judge_one.asked == 1
    changed = replace(own, sources=shipped.sources + " ")
    assert judged(claim, changed) == FULL
    assert judge_one.asked == 2


def test_a_claim_from_elsewhere_is_judged_each_time(home, tmp_path):
    page = tmp_path / "mine.py"
    page.write_text("from derivations.claims import claims\n\nmine = claims[0]\n")
    (script,) = scripts([page])
    judge_one = Counting(FULL)
    claim = replace(script.claims[0], judge=lambda: judge_one(MOVE, ABOVE, BELOW))
    assert script.sources == ""
    assert [judged(claim, script), judged(claim, script)] == [FULL, FULL]
    assert judge_one.asked == 2


def test_a_claim_is_not_taken_for_another(home):
    shipped = next(s for s in scripts() if len(s.claims) > 1)
    yes, no = Verdict(Outcome.HOLDS, ("yes",)), Verdict(Outcome.FAILS, ("no",))
    told = [replace(c, judge=lambda v=v: v) for c, v in zip(shipped.claims, (yes, no), strict=False)]
    twins = (told[0], replace(told[1], id=told[0].id))
    own = replace(shipped, claims=twins)
    assert [judged(c, own) for c in (*twins, *twins)] == [yes, no, yes, no]
