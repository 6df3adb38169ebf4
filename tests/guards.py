"""The ways in which a verifier can fool itself, the guard against each, and the test that misses the guard.

`text` is the guard as it stands in `file`, `gone` what is left when it is removed. `make mutants` takes every
guard away and sees its test fail.
"""

from __future__ import annotations

from dataclasses import dataclass

APPLY, CHECK, ENGINES = (
    "tests/unit/transform/test_transform.py",
    "tests/unit/verify/test_verify.py",
    "tests/unit/verify/test_engines.py",
)
MOTION = "tests/unit/verify/test_motion.py"
INTEGRATORS = "tests/unit/mechanics/test_integrators.py"
CONDITIONS, STATEMENT, SOURCE = (
    "tests/unit/verify/test_conditions.py",
    "tests/unit/core/test_statements.py",
    "tests/unit/codegen/test_program.py",
)


@dataclass(frozen=True)
class Guard:
    """One guard, the risk it is against, and where both stand."""

    number: int
    risk: str
    file: str
    text: str
    gone: str
    tests: tuple[str, ...]


GUARDS = (
    Guard(1, "a line that follows from itself is taken for evidence",
          "physsym/verify/registry.py", "    if above == below:\n", "    if False:\n",
          (f"{APPLY}::test_a_step_that_does_nothing_is_no_evidence",)),
    Guard(2, "an engine that proves what another refutes is believed",
          "physsym/verify/identity.py", "    if proved and refuted:\n", "    if False:\n",
          (f"{ENGINES}::test_a_prover_that_proves_everything_is_a_conflict",)),
    Guard(2, "one engine alone is believed",
          "physsym/verify/identity.py", "FAMILIES_NEEDED = 2\n", "FAMILIES_NEEDED = 1\n",
          (f"{ENGINES}::test_one_prover_alone_is_no_pass_and_says_so",)),
    Guard(2, "two engines of one family count as two witnesses",
          "physsym/verify/identity.py",
          "return {f.family for f in findings}", "return {f.engine for f in findings}",
          (f"{ENGINES}::test_two_engines_of_one_family_count_once",)),
    Guard(3, "contradictory assumptions make everything true",
          "physsym/derivation.py",
          "steps = (clash,) * len(self.steps) if clash.outcome is Outcome.FAILS else self._judged",
          "steps = self._judged",
          (f"{CONDITIONS}::test_contradictory_assumptions_fail_every_step",)),
    Guard(4, "a name is given a second meaning",
          "physsym/verify/names.py", "        if name in used:\n", "        if False:\n",
          (f"{APPLY}::test_a_name_keeps_its_meaning_through_a_derivation",)),
    Guard(4, "a definition names what it is made of",
          "physsym/verify/algebra.py", "or move.symbol in move.value.free_symbols:", "or False:",
          (f"{CHECK}::test_what_cannot_follow_is_refused_with_the_reason",)),
    Guard(5, "what one multiplies or divides by may be zero, and nobody says so",
          "physsym/verify/algebra.py", "    return assuming(verdict, nonzero(by))\n", "    return verdict\n",
          (f"{CHECK}::test_multiplying_lists_what_must_not_vanish",)),
    Guard(6, "two symbols of one name are taken for one",
          "physsym/derivation.py", "        _refuse_twins(self)\n", "",
          (f"{APPLY}::test_symbols_that_share_a_name_only_are_refused",)),
    Guard(7, "the side from which a limit is taken is used silently",
          "physsym/verify/limit.py",
          'conditions = [Condition(sides[0] * (symbol - to), "> 0")] if len(sides) == 1 else []',
          "conditions: list[Condition] = []",
          (f"{CONDITIONS}::test_the_side_from_which_a_limit_is_taken_is_needed",)),
    Guard(8, "a limit that holds after the initial layer is taken for uniform",
          "physsym/verify/attraction.py", 'convergence="pointwise after a layer")', 'convergence="uniform")',
          (f"{CONDITIONS}::test_the_limit_is_uniform_for_the_place_and_pointwise_for_the_velocity",)),
    Guard(8, "a fast motion that never settles is taken for one that does",
          "physsym/verify/attraction.py",
          "    if any(signs(side) <= _NEVER_POSITIVE for side in sides):\n", "    if False:\n",
          ("tests/unit/verify/test_attraction.py::test_what_does_not_settle_has_no_limit",)),
    Guard(9, "agreement of numbers is taken for a proof",
          "physsym/verify/identity.py",
          "    if len(_families(proved)) >= FAMILIES_NEEDED:\n        bounds = ",
          "    if True:\n        bounds = ",
          (f"{ENGINES}::test_no_prover_is_no_pass_however_well_the_balls_agree",)),
    Guard(10, "a degree beyond all trust is tested at a few points",
          "physsym/verify/engines/error_bound.py", "    if bound.degree.bit_length() > MAX_DEGREE_BITS:\n",
          "    if False:\n",
          (f"{ENGINES}::test_an_absurd_degree_is_refused",)),
    Guard(11, "doubt is taken for a yes by an engine's caller",
          "physsym/verify/engines/base.py",
          '        raise TypeError("an answer is no truth value; compare it with Answer.PROVED")\n',
          "        return True\n",
          (f"{ENGINES}::test_an_answer_has_no_truth_value",)),
    Guard(11, "doubt is taken for a yes by whoever reads the verdict",
          "physsym/core/verdicts.py", "        return self.outcome is Outcome.HOLDS\n",
          "        return self.outcome is not Outcome.FAILS\n",
          (f"{STATEMENT}::test_a_verdict_is_true_only_when_it_holds",)),
    Guard(12, "nothing was checked, and that passes",
          "physsym/cli/check.py", "return int(not checked or failing > 0)", "return int(failing > 0)",
          ("tests/unit/cli/test_command_line.py::test_check_of_no_steps_is_no_pass",)),
    Guard(13, "an engine that breaks down is taken for one that agrees",
          "physsym/verify/identity.py", "return Finding(engine.NAME, engine.FAMILY, Answer.UNKNOWN, reason)",
          "return Finding(engine.NAME, engine.FAMILY, Answer.PROVED, reason)",
          (f"{ENGINES}::test_an_engine_that_breaks_down_is_no_pass",)),
    Guard(14, "the formula on the page is not the one that was checked",
          "physsym/printing/latex_printer.py", 'return f"{base}^{{{exponent}}}"', 'return f"{base}"',
          ("tests/unit/printing/test_printing.py::test_forms",)),
    Guard(15, "the program that runs is not the formula",
          "physsym/codegen/emit/text.py",
          'return part[0] if part[1] >= precedence else f"({part[0]})"', "return part[0]",
          (f"{SOURCE}::test_the_text_of_a_formula_has_its_value",)),
    Guard(16, "a name in a text means what SymPy has under it",
          "physsym/parsing/interpretation.py", "        raise found.tree.error(_unknown(name, found.names), node)\n",  # noqa: E501
          "        return __import__('sympy').sympify(name)\n",
          ("tests/unit/parsing/test_parsing.py::test_a_name_that_only_sympy_knows_is_refused",)),
    Guard(17, "a condition is lost when SymPy cancels it",
          "physsym/parsing/interpretation.py", '        yield node.right, "!= 0"\n', "        yield from ()\n",  # noqa: E501
          (f"{CONDITIONS}::test_conditions_of_a_text_survive_what_sympy_cancels",)),
    Guard(18, "a binary float passes for the number it prints",
          "physsym/core/symbols.py", "    if expression.has(sympy.Float):\n", "    if False:\n",
          (f"{STATEMENT}::test_inexact_numbers_and_other_objects_are_refused",)),
    Guard(19, "one solution is taken for the only one",
          "physsym/verify/algebra.py", "return all_of(solves, _only_solution(residual, symbol), *untouched)",
          "return all_of(solves, *untouched)",
          (f"{CHECK}::test_a_root_that_is_not_the_only_one_is_not_accepted",)),
    Guard(20, "terms of a series that are not known count as zero",
          "physsym/verify/engines/laurent.py",
          '            raise UndecidedError("the series is not known that far")\n', "            return 0\n",
          (f"{CHECK}::test_a_pole_does_not_turn_unknown_terms_into_zeros",)),
    Guard(21, "dimensions that nobody knows agree",
          "physsym/verify/dimensions.py", "    if inferred.free:\n", "    if False:\n",
          ("tests/unit/core/test_dimensions.py::test_everything_unknown_is_no_pass",)),
    Guard(22, "two symbols become one on another face",
          "physsym/printing/textbook.py", "        refuse_lookalikes(page.symbols, face, vocabulary)\n", "",
          ("tests/unit/printing/test_names.py::test_two_symbols_are_never_written_alike",)),
    Guard(23, "what has dropped out of an equation is solved for",
          "physsym/verify/algebra.py", "        if identical(factor, Integer(0)):\n", "        if False:\n",
          (f"{CHECK}::test_what_drops_out_cannot_be_isolated",)),
    Guard(24, "the order in which a law is listed decides what moves first",
          "physsym/verify/integrate.py",
          "    if not second or not first <= set().union(*(read[s] for s in second)) or not first:\n",
          "    if False:\n",
          (f"{INTEGRATORS}::test_where_the_law_does_not_tell_the_step_is_refused",)),
    Guard(24, "a method that moves all states together is said to move some first",
          "physsym/verify/integrate.py",
          "    if move.first:\n        raise Refusal(f\"{move.method.name} moves",
          "    if False:\n        raise Refusal(f\"{move.method.name} moves",
          (f"{INTEGRATORS}::test_a_method_that_moves_all_together_takes_no_first",)),
    Guard(25, "the stages of an implicit tableau are read as if they were explicit",
          "physsym/verify/integrate.py", "    if method.implicit_entry:\n", "    if False:\n",
          ("tests/unit/verify/test_runge_kutta.py"
           "::test_an_implicit_tableau_is_analysed_and_not_carried_out",)),
    Guard(26, "velocity Verlet is taken for a method of laws with friction",
          "physsym/methods/velocity_verlet.py", "        if not identical(force[state], moved,",
          "        if False and not identical(force[state], moved,",
          (f"{INTEGRATORS}::test_friction_by_velocity_verlet_is_refused_whatever_is_stated",)),
    Guard(27, "what solves a law but begins elsewhere is taken for its flow",
          "physsym/methods/exponential_euler.py", "{move.step: Integer(0)})\n",
          "{move.step: Integer(0)}) * 0 + state\n",
          (f"{INTEGRATORS}::test_what_is_not_the_exact_flow_is_refused",)),
    Guard(28, "the law at the start is not that of the system",
          "physsym/derivation.py",
          'given = holds("given") if self.system is None else _followed(self.system, self.start)',
          'given = holds("given")',
          ("tests/unit/verify/test_variation.py::test_the_start_of_a_derivation_follows_from_its_system",)),
    Guard(29, "contradictory dimensions do not count",
          "physsym/derivation.py", "all_of(v, d) if d.outcome is Outcome.FAILS else v for v, d", "v for v, d",
          ("tests/unit/test_derivation.py"
           "::test_a_line_of_wrong_dimensions_fails_and_those_around_it_do_not",)),
    Guard(30, "an error is counted after a step that does not hold",
          "physsym/derivation.py", "            if is_failure(verdict) or (", "            if (",
          ("tests/unit/test_derivation.py"
           "::test_after_a_step_that_is_not_shown_to_hold_nothing_is_known",)),
    Guard(31, "the errors of an integration and of a limit at its fixed time step are added",
          "physsym/derivation.py", "len({e.in_rule for e in self.entries}) < 2", "True",
          ("tests/unit/test_derivation.py"
           "::test_a_limit_of_a_rule_at_a_fixed_time_step_does_not_add_up_with_its_order",)),
    Guard(32, "numbers that have lost all digits are taken for equal",
          "physsym/verify/variation.py", "        if all(_is_precise(n, n) for", "        if all(True for",
          ("tests/unit/verify/test_variation.py::test_numbers_that_lose_all_digits_decide_nothing",)),
    Guard(33, "equations that repeat each other are taken for a law of motion",
          "physsym/verify/variation.py", "    if not determined:\n", "    if False:\n",
          ("tests/unit/verify/test_variation.py::test_a_spoiled_equation_of_motion_fails",)),
    Guard(34, "a name stands for something that moves, as if it were constant",
          "physsym/verify/registry.py", "        require_constants(move, above, known)\n", "",
          (f"{MOTION}::test_the_moving_is_not_taken_for_constant",)),
    Guard(34, "what moved in an earlier line is forgotten",
          "physsym/verify/motion.py",
          "parts = moving_parts(value, above, also)", "parts = moving_parts(value, above)",
          (f"{MOTION}::test_what_moved_in_an_earlier_line_moves_still",)),
    Guard(34, "a state is taken never to vanish, as a constant may be",
          "physsym/verify/registry.py", "conditional_on_motion(returned, above, known)", "returned",
          (f"{MOTION}::test_a_condition_on_what_moves_makes_a_step_conditional",)),
)  # fmt: skip
