"""The counts of mutants that tests of optimizers notice."""

from __future__ import annotations

import pytest

import physsym as ps
from physsym.testing.mutants import mutants
from tests import mutation_scores


def test_the_counts_of_a_rule_add_up():
    name, total, counts, survivors, equal = mutation_scores.scores("gradient_descent")
    assert name == "gradient_descent"
    assert total + len(equal) == len(list(mutants(ps.known.gradient_descent.rule)))
    assert counts["assert_update"] == total - len(survivors) == total
    # x <- x - 2*eta*grad(x) and x <- x - eta**2*grad(x) still reach the minimum.
    assert counts["reaches the minimum"] < total


def test_the_table_shows_all_that_is_not_noticed():
    rows = [("adam", 4, dict.fromkeys(mutation_scores.TESTS, 3), ["adam: sign: x <- -x"], [])]
    lines = mutation_scores.table(rows)
    assert any(line.startswith("| all | 4 | 3 (75.0%)") for line in lines)
    assert "- adam: sign: x <- -x" in lines


def test_a_black_box_cannot_be_lifted():
    with pytest.raises(ps.optimizers.LiftError):
        ps.lift(mutation_scores.black_box(ps.known.heavy_ball.rule))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heavy_ball", "lion"])
def test_assert_update_notices_all_mutants(name):
    rule = ps.known[name].rule
    score = ps.testing.mutation_score(mutation_scores.by_assert_update(rule, 0.1), rule)
    assert not score.survived, str(score)
