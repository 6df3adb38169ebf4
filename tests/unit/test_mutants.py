"""The mutator of functions: what it changes, and what it leaves alone."""

import ast

from tests.mutate import mutants, watched

SOURCE = """
@judge.register(Divide)
def _(move, n):
    if n == 1 and not move.ready:
        return holds(move, strict=True)
    return n + 2

@property
def plain(self):
    return 1

def other(n):
    return n == 1
"""


def test_each_part_of_a_decorated_function_is_mutated_and_no_other_function():
    made = list(mutants("a.py", SOURCE, decorated=True))
    assert {m.key for m in made} == {"a.py:3 @judge.register(Divide) _"}
    changed = {m.after for m in made}
    assert len(changed) == len(made)
    for part in (
        "if n != 1 and", "n == 1 or not", "n == 2", "and (not not move.ready)", "if not (n == 1 and",
        "holds(move)", "holds(None, strict=True)", "strict=False", "return None", "n - 2", "n + 3",
    ):  # fmt: skip
        assert any(part in text for text in changed), part
    for mutant in made:
        ast.parse(mutant.text)
        assert "def other(n):\n    return n == 1" in mutant.text


def test_every_function_is_mutated_unless_decorated_ones_are_asked_for():
    keys = {m.key for m in mutants("a.py", SOURCE)}
    assert keys == {"a.py:3 @judge.register(Divide) _", "a.py:9 @property plain", "a.py:12 other"}


def test_a_method_is_a_function_and_one_within_another_is_a_part_of_it():
    source = (
        "class A:\n    def f(self, n):\n        def g(k):\n            return k + 1\n        return g(n)\n"
    )
    made = list(mutants("a.py", source))
    assert {m.key for m in made} == {"a.py:2 f"}
    assert any("k - 1" in m.after for m in made)


def test_a_watched_function_says_that_it_was_called():
    text = watched("a.py", SOURCE)
    assert text.count("physsym_called") == 3
    assert "physsym_called('a.py:3 @judge.register(Divide) _')" in text
