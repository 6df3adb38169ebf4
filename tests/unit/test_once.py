"""Several runs of pytest that run no test twice, and none too few."""

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import os, pytest
there = "THERE" in os.environ

@pytest.mark.parametrize("n", [1, 2])
def test_passes(n): ...

@pytest.mark.skipif(not there, reason="it is not there")
def test_is_skipped_at_first(): ...

def test_fails_at_first(): assert there

@pytest.fixture
def broken():
    yield
    assert there

def test_passes_and_ends_badly_at_first(broken): ...

@pytest.mark.environment
def test_looks_at_what_is_installed(): ...
"""


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_what_has_passed_is_left_out_and_nothing_else(pytester, monkeypatch, workers):
    pytester.makepyfile(TESTS)
    pytester.makeini("[pytest]\nmarkers = environment: looks at what is installed")

    def outcomes():
        found = pytester.runpytest_inprocess(
            "-p", "tests.support.once", "--once", "passed", "-n", workers
        ).parseoutcomes()
        found.pop("warnings", None)  # of other tests, such as files that they left open
        return found

    assert outcomes() == {"passed": 4, "skipped": 1, "failed": 1, "errors": 1}
    assert outcomes() == {"passed": 2, "skipped": 1, "failed": 1, "errors": 1} | (
        {"deselected": 2} if workers == "0" else {}
    )
    monkeypatch.setenv("THERE", "yes")
    left = outcomes()
    assert left.pop("passed") == 4
    assert left.pop("deselected", 2) == 2
    assert left == {}


def test_without_the_option_every_test_is_run(pytester):
    pytester.makepyfile("def test_passes(): ...")
    for _ in range(2):
        pytester.runpytest_inprocess("-p", "tests.support.once", "-n", "0").assert_outcomes(passed=1)


def test_a_file_that_would_hide_the_settings_is_refused(pytester):
    pytester.makepyfile("def test_passes(): ...")
    elsewhere = pytester.path.parent / "passed elsewhere"
    elsewhere.write_text("")
    told = pytester.runpytest_inprocess("-p", "tests.support.once", "--once", elsewhere)  # two words
    assert told.ret == pytest.ExitCode.USAGE_ERROR
    told.stderr.fnmatch_lines(["*write --once=FILE, in one word*"])
