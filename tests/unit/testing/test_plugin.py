"""The pytest plugin, by running pytest with it, in a process of its own where that matters."""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from physsym.testing import assert_derivation

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
PLUGIN = ("-p", "no:cacheprovider", "-p", "physsym.testing.plugin")

DERIVATION = '''"""A particle."""

from physsym import Define, Derivation, Divide, Limit, Step, damped_particle, dot, law
from physsym.vocabulary import G, gamma, m, tau, x

steps = (
    Step("Divide by the friction.", Divide(gamma)),
    Step("Name the relaxation time.", Define(tau, m / gamma, eliminating=m)),
    Step("Let it go.", Limit(tau, 0), gives=law({dot(x): -G / gamma})),
)
derivation = Derivation("A particle", damped_particle.law(), steps)
'''
FORMULAS = """
import physsym as ps
from physsym.testing import assert_same_rule
from physsym.vocabulary import G, eta, rho, u, x

right, wrong = ps.rule({x: x - eta * G}), ps.rule({x: x - eta * G / 2})
other = ps.rule({x: x + rho * u - eta * G, u: u})

def test_right():
    assert_same_rule(right, "x <- x - eta*grad(x)")

def test_wrong():
    assert_same_rule(wrong, right)
"""
VERDICTS = """
import physsym as ps
from physsym.vocabulary import G, eta, x

right, wrong = ps.rule({x: x - eta * G}), ps.rule({x: x - eta * G / 2})

def test_call():
    expected_to_fail = ps.identical(x, x + 1)
    assert ps.same_rule(wrong, right)

def test_name():
    verdict = ps.same_rule(wrong, right)
    a = ps.identical(x, x + 1)
    assert verdict

def test_one_line(): assert ps.same_rule(wrong, right)

def test_all():
    assert all([ps.same_rule(right, right), ps.same_rule(wrong, right)])

def test_written_otherwise():
    assert ps.rule({x: x - eta * (G + 1)}) == ps.rule({x: x - eta * G - eta})

def test_differs():
    assert wrong == right

def test_something_else():
    verdict = ps.same_rule(wrong, right)
    assert 1 == 2
"""


@pytest.fixture
def alone(monkeypatch):
    """No plugin is loaded but this one."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.fixture(scope="module")
def imported():
    """Import what a run within this process would import, and forget at its end."""
    names = {}
    exec(DERIVATION, names)
    assert_derivation(names["derivation"])


@pytest.fixture
def run(pytester, alone, imported):
    """Run pytest within this process."""
    return lambda *options: pytester.runpytest_inprocess(*PLUGIN, *options)


@pytest.fixture
def run_apart(pytester, alone):
    """Run pytest in a process of its own."""
    return lambda *options: pytester.runpytest_subprocess(*PLUGIN, *options)


def collected(result):
    return [line for line in result.outlines if "::" in line]


def test_collecting_nothing_loads_nothing_heavy(tmp_path, alone):
    seen = (
        "import sys, pytest\n"
        "quiet = ['--collect-only', '-q', '-p', 'no:cacheprovider', '-p', 'physsym.testing.plugin']\n"
        f"code = pytest.main([*quiet, {str(tmp_path)!r}])\n"
        "print(code == 5, [m for m in ('sympy', 'numpy', 'hypothesis', 'flint', 'z3') if m in sys.modules])\n"
        "print('physsym.testing.plugin' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-W", "error", "-c", seen], capture_output=True, text=True, check=True
    )
    assert out.stdout.split("\n")[-3:-1] == ["True []", "True"]


@pytest.mark.slow
def test_it_is_an_entry_point_and_can_be_left_out(pytester):
    (found,) = entry_points(group="pytest11", name="physsym")
    assert found.value == "physsym.testing.plugin"
    assert "--physsym-report" in pytester.runpytest_subprocess("--help").stdout.str()
    without = pytester.runpytest_subprocess("-p", "no:physsym", "--help")
    assert "--physsym-report" not in without.stdout.str()
    pytester.makepyfile(FORMULAS)
    pytester.runpytest_subprocess("-p", "no:physsym").assert_outcomes(passed=1, failed=1)


def test_a_failed_assertion_reads_well(pytester, run_apart):
    pytester.makepyfile(FORMULAS)
    result = run_apart()
    result.assert_outcomes(passed=1, failed=1)
    lines = [line for line in result.outlines if line.startswith(("E ", ">"))]
    assert lines == [
        ">       assert_same_rule(wrong, right)",
        "E       AssertionError: the rules are not the same",
        "E         actual      x <- x - eta*grad(x)/2",
        "E         desired     x <- x - eta*grad(x)",
        "E         difference  x: eta*grad(x)/2",
        "E         at          eta = 2, x = 1 with U(y) = y + y**3/3",
        "E                        actual  desired",
        "E                     x  -1      -3",
    ]


@pytest.mark.slow
def test_an_asserted_verdict_shows_its_evidence(pytester, run_apart):
    pytester.makepyfile(VERDICTS)
    result = run_apart("-vv")
    result.assert_outcomes(failed=7)
    texts = re.split(
        r"^_+ (test_\w+) _+$", result.stdout.str().partition("short test summary")[0], flags=re.M
    )
    shown = dict(zip(texts[1::2], texts[2::2], strict=True))
    for name in ("test_call", "test_name", "test_all", "test_one_line"):
        assert "physsym: what does not hold" in shown[name]
        assert "fails       the new values of x differ by " in shown[name]
        assert "witness     at eta = " in shown[name]
        assert "engines     " in shown[name]
        assert shown[name].count("fails       ") == 1
    assert "Rule == Rule compares how they are written" in shown["test_written_otherwise"]
    assert "the rules are equal, but not of the same form" in shown["test_written_otherwise"]
    assert "the rules are not the same" in shown["test_differs"]
    assert "difference  x: eta*grad(x)/2" in shown["test_differs"]
    assert "physsym" not in shown["test_something_else"].partition("test_something_else")[2].replace(
        "ps.", ""
    )


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["one process", "two workers"])
def test_the_report_counts_what_was_asserted(pytester, run_apart, options):
    pytester.makepyfile(FORMULAS)
    result = run_apart("--physsym-report", *options)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*= physsym report =*", "rule    1 fails, 1 holds", "engines consulted: *flint*"]
    )


@pytest.mark.slow
def test_the_report_is_given_only_where_it_is_asked_for(pytester, run):
    pytester.makepyfile(FORMULAS)
    assert "physsym report" not in run().stdout.str()
    pytester.makepyfile("def test_nothing(): pass")
    run("--physsym-report", "test_the_report_is_given_only_where_it_is_asked_for.py").stdout.fnmatch_lines(
        ["nothing was asserted with physsym in this run"]
    )


def scripts(pytester, setting="physsym_derivations = derivations", **files):
    pytester.makeini(f"[pytest]\n{setting}\n")
    folder = pytester.mkdir("derivations")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_derivations_are_collected_where_the_configuration_asks_for_it(pytester, run):
    scripts(pytester, particle=DERIVATION)
    assert collected(run("--collect-only", "-q")) == [
        f"derivations/particle.py::A particle::{name}"
        for name in ("start", "step 1", "step 2", "step 3", "dimensions", "assumptions")
    ]
    run().assert_outcomes(passed=6)


@pytest.mark.slow
def test_items_can_be_chosen_and_spread_over_workers(pytester, run_apart):
    scripts(pytester, particle=DERIVATION)
    run_apart("derivations/particle.py", "-k", "step").assert_outcomes(passed=3, deselected=3)
    run_apart("-p", "xdist", "-n", "2").assert_outcomes(passed=6)


@pytest.mark.slow
def test_derivations_are_not_collected_unasked(pytester, run):
    scripts(pytester, setting="", particle=DERIVATION)
    run().assert_outcomes()


@pytest.mark.slow
def test_derivations_are_visited_beside_the_testpaths(pytester, run_apart):
    scripts(pytester, setting="testpaths = tests\nphyssym_derivations = derivations", particle=DERIVATION)
    (pytester.mkdir("tests") / "test_it.py").write_text("def test(): pass")
    run_apart().assert_outcomes(passed=7)
    run_apart("tests").assert_outcomes(passed=1)
    run_apart("-p", "xdist", "-n", "2").assert_outcomes(passed=7)


def test_a_spoiled_step_fails_and_is_shown(pytester, run):
    scripts(pytester, particle=DERIVATION.replace("-G / gamma}", "-G * gamma}"))
    result = run("--physsym-report")
    result.assert_outcomes(passed=4, failed=2)  # the dimensions of the wrong line are wrong too
    result.stdout.fnmatch_lines(
        [
            "*_ A particle, step 3 _*",
            "failed: A particle, step 3",
            'move *"Let it go."',
            "* Limit(tau, 0)",
            "above *",
            "below * x' = -gamma[*]grad(x)",
            "fails *",
            "*= physsym report =*",
            "derivation, dimensions *",
            "derivation, steps * 1 fails, 2 holds",
        ]
    )
    assert "Traceback" not in result.stdout.str()


@pytest.mark.slow
def test_an_empty_derivation_fails(pytester, run):
    scripts(pytester, particle=DERIVATION.replace(".law(), steps)", ".law(), ())"))
    result = run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["failed: A particle, start", "unchecked * no step was checked"])


@pytest.mark.slow
def test_a_start_that_does_not_follow_from_its_system_fails(pytester, run):
    doubled = "law({m * dot(dot(x)): -2 * gamma * dot(x) - G}), steps[:1], system=damped_particle)"
    scripts(pytester, particle=DERIVATION.replace("damped_particle.law(), steps)", doubled))
    result = run()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["failed: A particle, start", "fails *"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        (DERIVATION + "\n1 / 0\n", "ZeroDivisionError", 13),
        (DERIVATION + "\n1 +\n", "SyntaxError", 13),
        (DERIVATION.replace("Divide(gamma)", "Divide(0.5)"), "exact", 7),
        ("from physsym.vocabulary import x", "no derivation was found", None),
    ],
)
def test_a_script_that_does_not_load_is_one_error(pytester, run, text, says, line):
    scripts(pytester, particle=DERIVATION, wrong=text)
    result = run("--continue-on-collection-errors")
    result.assert_outcomes(passed=6, errors=1)
    assert says in result.stdout.str()
    assert "wrong.py" in result.stdout.str()
    if line:
        assert f"line {line}" in result.stdout.str()


@pytest.mark.slow
def test_private_files_and_packages_are_passed_over(pytester, run_apart):
    scripts(pytester, particle=DERIVATION, _shared="1 / 0", __init__="", conftest="")
    run_apart().assert_outcomes(passed=6)


@pytest.mark.slow
def test_derivations_of_one_title_are_told_apart(pytester, run):
    twice = DERIVATION + "\nagain = Derivation('A particle', damped_particle.law(), steps[:1])\n"
    scripts(pytester, particle=twice)
    names = collected(run("--collect-only", "-q"))
    assert len(names) == len(set(names)) == 10
    assert "derivations/particle.py::A particle (2)::step 1" in names


def test_an_item_is_chosen_by_the_id_that_is_printed(pytester, run):
    odd = DERIVATION.replace('"A particle"', r'"A::b [c] \x1b[31mred\nE  failed\u202e"')
    scripts(pytester, particle=odd.replace("-G / gamma}", "-G * gamma}"))
    names = collected(run("--collect-only", "-q"))
    assert names[0] == r"derivations/particle.py::A:b (c) \x1b(31mred\nE  failed\u202e::start"
    run(names[0]).assert_outcomes(passed=1)
    run(names[4].rpartition("::")[0]).assert_outcomes(passed=4, failed=2)
    result = run(names[3])
    result.assert_outcomes(failed=1)
    assert r"failed: A:b (c) \x1b(31mred\nE  failed\u202e, step 3" in result.outlines
    assert not {"\x1b", "\u202e"} & set(result.stdout.str())


@pytest.mark.parametrize("text", [DERIVATION + "\n1 / 0\n", "from physsym.vocabulary import x"])
def test_a_script_that_is_named_is_collected_once(pytester, run, text):
    scripts(pytester, broken=text, particle=DERIVATION)
    run("derivations/broken.py").assert_outcomes(errors=1)
    run("derivations/particle.py").assert_outcomes(passed=6)


@pytest.mark.slow
def test_tests_beside_derivations_are_tests(pytester, run):
    scripts(
        pytester,
        particle=DERIVATION,
        test_mine="def test_it(): pass",
        test_both=DERIVATION + "\ndef test_it(): pass\n",
    )
    run().assert_outcomes(passed=14)
    run("derivations/test_mine.py").assert_outcomes(passed=1)
    scripts_of = pytester.path / "derivations"
    (scripts_of / "test_mine.py").write_text("1 / 0")
    run("--continue-on-collection-errors").assert_outcomes(passed=13, errors=1)
