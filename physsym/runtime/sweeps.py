"""Sweeps: one rule on one potential from one start, at all points of a grid of parameters at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from sympy import Expr, Integer, Poly, PolynomialError, Symbol, lambdify

from physsym.analysis.linear import characteristic_polynomial
from physsym.analysis.numeric_spectra import spectral_radii
from physsym.codegen import Formula, Program, scalarise, state_name
from physsym.codegen.emit import array_source
from physsym.core.arguments import named_arguments
from physsym.core.counts import counted
from physsym.core.statements import Rule, expressions
from physsym.core.symbols import partial as partial_slope
from physsym.core.symbols import potential as loss_value
from physsym.parsing.statements import RuleText, as_rule
from physsym.runtime.backends import BACKENDS, default_for_sweeps, load_backend, those_with, with_fma
from physsym.runtime.backends.arrays import Array
from physsym.runtime.backends.base import (
    Backend,
    Value,
    executed,
    misnamed,
    parameter_names,
    whole_number,
)
from physsym.runtime.backends.numpy import NAMESPACE
from physsym.runtime.optimizers import Optimizer, optimizer
from physsym.runtime.potentials import (
    Problem,
    dense_matrix,
    is_potential,
    loss_and_gradient,
    named_or_read,
    of_each_weight,
    potential_formula,
)
from physsym.runtime.progress import progress as progress_bar
from physsym.runtime.rollout import memory
from physsym.runtime.start import refuse_out_of_range, with_typical
from physsym.runtime.states import State, StateLayout, coordinates, layout
from physsym.vocabulary import lam


@dataclass(frozen=True, eq=False)
class Sweep:
    """What became of every grid point after `steps` steps.

    `axes` holds the values along each axis of the grid, by parameter, in order; `fixed` the other parameters.
    `states` has, by name, an array of shape (*grid, *shape of the state), `loss` the potential at the end,
    (*grid). Where a grid point left the finite numbers, its numbers are not finite. Of a sweep that JAX
    transforms, all are its arrays, and there is no formula of a quadratic.
    """

    rule: Rule
    potential: Formula | None
    axes: Mapping[str, Array]
    fixed: Mapping[str, float]
    steps: int
    states: Mapping[str, Array] = field(repr=False)
    loss: Array = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("axes", "fixed", "states"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[type[Sweep], tuple[Any, ...]]:
        values = (getattr(self, f.name) for f in fields(self))
        return type(self), tuple(dict(v) if isinstance(v, MappingProxyType) else v for v in values)

    @property
    def radius(self) -> Array:
        """Return the spectral radius of the rule on a quadratic at every grid point, (*grid).

        The rule converges where it is below one. With several curvatures it is the largest of theirs. Raises
        ValueError where the potential is no quadratic, or one that mixes weights and depends on parameters.
        """
        if self.potential is None or not all(isinstance(a, np.ndarray) for a in self.axes.values()):
            raise ValueError(
                "the radius is computed from known numbers, and this sweep was transformed by JAX: sweep "
                "outside of jit, vmap and grad, or call spectral_radii"
            )
        given = _on_grid(self.axes, self.fixed)
        curvatures = _curvatures(self.potential, given)
        polynomial = characteristic_polynomial(self.rule, lam).monic()
        read = {s.name for c in polynomial.all_coeffs() for s in c.free_symbols} - {"lam"}
        known = {name: given[name] for name in sorted(read)}
        shape = tuple(len(axis) for axis in self.axes.values())
        radii = [np.broadcast_to(spectral_radii(self.rule, lam=c, **known), shape) for c in curvatures]
        return np.asarray(np.max(radii, axis=0))


@named_arguments
def sweep(
    rule: RuleText,
    potential: Any,
    grid: Mapping[Any, Any],
    steps: int,
    *,
    start: Value = None,
    backend: str | None = None,
    threads: int = 1,
    fma: bool = False,
    progress: bool | None = None,
) -> Sweep:
    """Return where a rule leads from one start at every point of a grid of parameters.

    Parameters
    ----------
    rule : Rule
        The update rule.
    potential : str, Problem, expression, or array
        A test function or its name; an expression, whose symbols named in the grid are parameters and whose
        others are weights; or a quadratic by its curvatures (n,) or its matrix (n, n).
    grid : Mapping
        Every parameter by name or symbol: numbers, and one-dimensional arrays, which span the grid in their
        order.
    steps : int
        How many steps to take.
    start : optional
        As for `Optimizer.init`; by default that of the test function, else ones.
    backend : str, optional
        "numpy", "llvm" or "jax". "llvm" computes grid points side by side in vectors, and is the default
        where llvmlite is installed; "numpy" and "llvm" agree bitwise where the rule needs no more than
        arithmetic and roots. On a dense matrix of many weights, and for a rule that reads the loss or mixes
        weights, NumPy computes in one thread, and another choice is refused.
    threads : int
        How many threads divide the grid points among them, with "llvm"; the others use one.
    fma : bool
        Whether "llvm" may compute a product and a sum with one rounding.
    progress : bool, optional
        Whether to draw a bar; by default on a terminal, once a sweep takes long. JAX tells nothing before the
        end.

    Returns
    -------
    Sweep

    Raises
    ------
    TypeError
        For missing or unknown parameters, for what is no grid, and for a potential that is a callable.
    ValueError
        For an unfit grid, start, number of steps, backend or number of threads, and for a grid beyond the
        memory of the machine.

    Examples
    --------
    >>> from physsym.core.symbols import after
    >>> from physsym.core.statements import rule
    >>> from physsym.vocabulary import G, eta, rho, u, x
    >>> heavy_ball = rule({u: rho * u - eta * G, x: x + after(u)})
    >>> found = sweep(heavy_ball, [4.0], {"eta": [0.1, 0.9], "rho": [0.0, 0.5, 0.9]}, steps=100)
    >>> found.loss.shape, bool((found.loss[found.radius > 1] > 1).all())
    ((2, 3), True)
    """
    steps, threads = whole_number("steps", steps, 0), whole_number("threads", threads, 1)
    rule = as_rule(rule)
    engine = _engine(backend, fma)
    by_name = _named(grid)
    task = named_or_read(potential)
    if not is_potential(task):
        raise TypeError(
            "a sweep needs a potential as a formula: a test function or its name, an expression of the "
            f"weights, or a quadratic by its curvatures or matrix; given {type(task).__name__} {task!r}"
        )
    if (
        traced := transformed_sweep(engine, rule, task, with_typical(rule, by_name), steps, start)
    ) is not None:
        return traced
    known = potential_formula(task, by_name)
    if known is None:
        raise ValueError(f"the test function {task.name!r} has no formula; sweep one that has")
    by_name = with_typical(rule, by_name)
    axes, fixed = _split(by_name)
    refuse_out_of_range(rule, {**fixed, **axes})
    own = [state_name(p) for p in rule.parameters]
    own += [state_name(s) for s in known.value.free_symbols if s not in known.weights]
    if wrong := misnamed(by_name, wanted=list(dict.fromkeys(own)), known=sorted(set(own))):
        raise TypeError(f"parameters of the sweep: {wrong}")
    if start is None:
        start = task.start if isinstance(task, Problem) else np.ones(len(known.weights))
    own_start = start if isinstance(start, Mapping) else {}
    begun = [value for state, value in rule.start if state_name(state) not in own_start]
    read = {state_name(s) for value in begun for s in value.free_symbols}
    if (varied := next((name for name in axes if name in read), None)) is not None:
        # All points of one sweep start alike: one for each value on which the start depends.
        others = {**axes, **fixed}
        again = partial(
            sweep,
            rule,
            task,
            steps=steps,
            start=start,
            backend=backend,
            threads=threads,
            fma=fma,
            progress=progress,
        )
        return _joined(varied, [again(grid={**others, varied: float(v)}) for v in axes[varied]], axes, fixed)
    if any(e.has(loss_value, partial_slope) for e in expressions(rule)):
        _refuse_choices("a rule that reads the loss or mixes weights", backend, threads, fma)
        with progress_bar(steps, progress) as report:
            return _point_by_point(rule, known, axes, fixed, steps, start, report)
    if (matrix := dense_matrix(task)) is not None:
        _refuse_choices("a quadratic by its dense matrix of many weights", backend, threads, fma)
        with progress_bar(steps, progress) as report:
            return _on_matrix(rule, known, matrix, axes, fixed, steps, start, report)
    program, initial, rows = _initial(rule, known, axes, fixed, start)
    shape = tuple(len(a) for a in axes.values())
    points = math.prod(shape)
    _refuse_oversized(points, len(initial) + len(axes) + 1)
    given = _given(program, axes, fixed)
    assert engine.capabilities.sweep is not None
    with np.errstate(all="ignore"), progress_bar(steps, progress) as report:
        table = engine.capabilities.sweep(program, initial, given, points, steps, threads, report)
        report(steps)
        states = rows.states_on_grid(table, shape)
        (position, *_) = map(state_name, coordinates(rule))
        loss = _loss(known, states[position], _on_grid(axes, fixed), len(axes))
    return Sweep(rule, known, axes, fixed, steps, states, loss)


def transformed_sweep(
    engine: Backend, rule: Rule, potential: Any, grid: Mapping[str, Any], steps: int, start: Value
) -> Sweep | None:
    """Return a sweep that a caller transforms, of which numbers are not known; None where all are."""
    if engine.capabilities.traced_sweep is None:
        return None
    own, names = [state_name(p) for p in rule.parameters], [*map(state_name, coordinates(rule))]
    is_formula = isinstance(potential, (Problem, Expr))
    known = potential_formula(potential, grid) if is_formula else None
    if start is None:
        given = potential if known is None else known.weights
        count = len(given) if getattr(given, "ndim", 1) else 1
        start = potential.start if isinstance(potential, Problem) else np.ones(count)
    if len(names) > 1 and not isinstance(start, Mapping):
        start = dict(zip(names, start, strict=False))
    others = () if known is None else known.value.free_symbols - {*known.weights}
    wanted = list(dict.fromkeys([*own, *map(state_name, others)]))

    def end(numbers: Mapping[str, Value], given: Value, begun: Value) -> Mapping[str, Value]:
        made = optimizer(rule, engine.name, **{name: numbers[name] for name in own})
        one = given[1] if is_formula and made.program.loss is None else given
        return made.rollout(made.init(begun), one, steps)

    if wrong := misnamed(grid, wanted=wanted, known=wanted):
        raise TypeError(f"parameters of the sweep: {wrong}")
    found = engine.capabilities.traced_sweep(end, potential, names, grid, start)
    if found is None:
        return None
    numbers, states, loss = found
    axes = {name: value for name, value in numbers.items() if np.ndim(value)}
    fixed = {name: value for name, value in numbers.items() if not np.ndim(value)}
    return Sweep(rule, known, axes, fixed, steps, states, loss)


def _refuse_oversized(points: int, numbers: int) -> None:
    """Raise ValueError for a grid on which so many numbers a point are more than the machine holds."""
    size = 8.0 * points * numbers
    if size > memory():
        raise ValueError(
            f"a grid of {counted(points, 'point')} takes about {size:.1e} bytes, and "
            f"this machine has {memory():.1e}; "
            "take fewer values along its axes"
        )


def _refuse_choices(what: str, backend: str | None, threads: int, fma: bool) -> None:
    """Raise ValueError for choices that a sweep by NumPy in one thread would not heed."""
    sweeping = {name: entry.sweep_rank for name, entry in BACKENDS.items() if entry.sweep_rank}
    by_arrays = min(sweeping, key=sweeping.__getitem__)  # the lowest rank, which all others come before
    given = [f"backend={backend!r}"] * (backend not in (None, by_arrays))
    given += [f"threads={threads}"] * (threads > 1) + ["fma=True"] * fma
    if given:
        raise ValueError(
            f"a sweep of {what} is computed by NumPy in one thread; leave out {' and '.join(given)}"
        )


def _on_matrix(
    rule: Rule,
    potential: Formula,
    matrix: Array,
    axes: Mapping[str, Array],
    fixed: Mapping[str, float],
    steps: int,
    start: Value,
    report: Callable[[int], None],
) -> Sweep:
    """Return a sweep on a dense quadratic: at each step one product of the weights of all points and A."""
    compiled, state = _at_first_point(rule, axes, fixed, start)
    program, shape = compiled.program, tuple(len(a) for a in axes.values())
    points, count = math.prod(shape), len(matrix)
    if any(np.shape(state[state_name(s)]) != (count,) for s in program.arrays):
        raise ValueError(f"the potential has {count} weights; start every state with as many numbers")
    _refuse_oversized(points, (len(program.assigned) + len(program.arrays)) * count)
    given = [v[:, None] if isinstance(v, np.ndarray) else v for v in _given(program, axes, fixed)]
    step, names = executed(program, array_source(program), NAMESPACE), parameter_names(program)
    numbers = dict(zip(names, given, strict=True))
    values = [
        np.tile(state[state_name(s)], (points, 1)) if s in program.arrays else float(state[state_name(s)])
        for s in program.states
    ]
    with np.errstate(all="ignore"):
        for done in range(steps):
            values = step(values, lambda weights: weights @ matrix, numbers)
            report(done + 1)
        states = dict(zip(map(state_name, program.states), values, strict=True))
        (position, *_) = map(state_name, coordinates(rule))
        loss = ((states[position] @ matrix) * states[position]).sum(axis=-1) / 2
    wide = {state_name(s): (count,) if s in program.arrays else () for s in program.states}
    on_grid = {
        n: np.broadcast_to(v if wide[n] else np.ravel(v), (points, *wide[n])).reshape(*shape, *wide[n])
        for n, v in states.items()
    }
    return Sweep(rule, potential, axes, fixed, steps, on_grid, loss.reshape(shape))


def _point_by_point(
    rule: Rule,
    potential: Formula,
    axes: Mapping[str, Array],
    fixed: Mapping[str, float],
    steps: int,
    start: Value,
    report: Callable[[int], None],
) -> Sweep:
    """Return a sweep by one run after another, for a rule that reads the loss or mixes weights."""
    names = list(map(state_name, coordinates(rule)))
    if len(names) > 1 and not isinstance(start, Mapping):
        start = dict(zip(names, np.ravel(start), strict=False))
    shape, own = tuple(len(a) for a in axes.values()), {state_name(p) for p in rule.parameters}
    found: dict[str, list[Any]] = {}
    for number, at in enumerate(np.ndindex(shape)):
        report(steps * number // math.prod(shape))
        here = {n: float(a[k]) for (n, a), k in zip(axes.items(), at, strict=True)} | dict(fixed)
        chosen: dict[str, Any] = {n: v for n, v in here.items() if n in own}
        run = optimizer(rule, **chosen)
        pair = (
            of_each_weight(potential, here, names) if len(names) > 1 else loss_and_gradient(potential, here)
        )
        state = run.init(start)
        try:
            last = {
                n: v[-1]
                for n, v in run.run(
                    state,
                    pair if run.program.loss is not None else pair[1],
                    steps,
                    every=max(steps, 1),
                    progress=False,
                ).states.items()
            }
        except FloatingPointError:
            last = {n: np.full(np.shape(v), np.nan) for n, v in state.items()}
        for name, value in last.items():
            found.setdefault(name, []).append(np.asarray(value, float))
    report(steps)
    states = {n: np.reshape(np.stack(v), (*shape, *np.shape(v[0]))) for n, v in found.items()}
    position = np.stack([states[n] for n in names], -1) if len(names) > 1 else states[names[0]]
    loss = _loss(potential, position, _on_grid(axes, fixed), len(axes))
    return Sweep(rule, potential, axes, fixed, steps, states, loss)


def _joined(
    name: str, parts: Sequence[Sweep], axes: Mapping[str, Array], fixed: Mapping[str, float]
) -> Sweep:
    """Return sweeps at the values of one parameter as one sweep along its axis."""
    axis, first = list(axes).index(name), parts[0]
    states = {n: np.stack([part.states[n] for part in parts], axis) for n in first.states}
    loss = np.stack([part.loss for part in parts], axis)
    return Sweep(first.rule, first.potential, axes, fixed, first.steps, states, loss)


def _engine(name: str | None, fma: bool) -> Backend:
    backend = load_backend(default_for_sweeps() if name is None else name)
    if backend.capabilities.sweep is None:
        raise ValueError(f"the backend {backend.name!r} takes no sweeps; {those_with('sweep')} do")
    return with_fma(backend, fma)


def _initial(
    rule: Rule, potential: Formula, axes: Mapping[str, Array], fixed: Mapping[str, float], start: Value
) -> tuple[Program, Array, StateLayout]:
    """Return the scalarised program, the numbers of the initial state, and how these are laid out."""
    compiled, state = _at_first_point(rule, axes, fixed, start)
    rows = layout(compiled.program, state)
    if rows is None:
        raise ValueError("a sweep starts every state at one shape of at most 64 numbers in all")
    program = scalarise(compiled.program, potential.gradient, rows.count)
    return program, np.array(rows.row(state), float), rows


def _at_first_point(
    rule: Rule, axes: Mapping[str, Array], fixed: Mapping[str, float], start: Value
) -> tuple[Optimizer, State]:
    """Return the optimizer at the first point of the grid, and the state in which all points begin."""
    first = {n: float(a[0]) for n, a in axes.items()} | dict(fixed)
    chosen: dict[str, Any] = {state_name(p): first[state_name(p)] for p in rule.parameters}
    compiled = optimizer(rule, **chosen)
    return compiled, compiled.init(start)


def _named(grid: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a grid by the names of its parameters, which may be given as symbols."""
    if not isinstance(grid, Mapping):
        raise TypeError(
            f"a grid is a dictionary of the parameters, such as {{'eta': [0.1, 0.2]}}; given {grid!r}"
        )
    if wrong := [key for key in grid if not isinstance(key, (str, Symbol))]:
        raise TypeError(f"the parameters of a grid are given by name or symbol, given {wrong[0]!r}")
    by_name = {state_name(key) if isinstance(key, Symbol) else key: value for key, value in grid.items()}
    if len(by_name) < len(grid):
        raise TypeError(f"a parameter of the grid is given twice, by name and by symbol: {[*grid]}")
    return by_name


def _split(grid: Mapping[str, Any]) -> tuple[dict[str, Array], dict[str, float]]:
    arrays = {name: _numbers(name, value) for name, value in grid.items()}
    for name, array in arrays.items():
        if array.ndim > 1 or not array.size or not np.isfinite(array).all():
            raise ValueError(
                f"{name} must be finite, one number or an array of one axis; given {grid[name]!r}"
            )
    axes = {name: array for name, array in arrays.items() if array.ndim}
    return axes, {name: float(array) for name, array in arrays.items() if not array.ndim}


def _numbers(name: str, given: Any) -> Array:
    """Return the numbers given for a parameter; NaN where they are none."""
    try:
        array = np.asarray(given)
        is_text = array.dtype.kind == "O" and any(isinstance(v, (str, bytes)) for v in array.ravel())
        unfit = is_text or array.dtype.kind not in "biufO"
        return np.asarray(np.nan if unfit else array, dtype=float)
    except OverflowError:
        raise ValueError(f"{name} must be of numbers that floats hold, at most about 1.8e308") from None
    except (TypeError, ValueError):
        return np.asarray(np.nan)


def _on_grid(axes: Mapping[str, Array], fixed: Mapping[str, float]) -> dict[str, Any]:
    meshed = np.meshgrid(*axes.values(), indexing="ij", sparse=True)
    return dict(zip(axes, meshed, strict=True)) | dict(fixed)


def _given(program: Program, axes: Mapping[str, Array], fixed: Mapping[str, float]) -> list[float | Array]:
    """Return each parameter: one number where it is the same at all points, else its values, (points,)."""
    shape = tuple(len(a) for a in axes.values())
    rows = {name: np.broadcast_to(axis, shape).ravel() for name, axis in _on_grid(axes, {}).items()}
    known = rows | dict(fixed)
    return [known[state_name(p)] for p in program.parameters]


def _loss(potential: Formula, position: Array, given: Mapping[str, Any], axes: int) -> Array:
    others = [s for s in potential.value.free_symbols if s not in potential.weights]
    value = lambdify([*potential.weights, *others], potential.value, modules="numpy", cse=True)
    grid, shape = position.shape[:axes], position.shape[axes:]
    numbers = [np.asarray(given[state_name(s)]) for s in others]
    if len(potential.weights) > 1:
        return np.asarray(value(*np.moveaxis(position.reshape(*grid, -1), -1, 0), *numbers))
    spread = [n.reshape(n.shape + (1,) * len(shape)) if n.ndim else n for n in numbers]
    total: Array = np.asarray(value(position, *spread)).reshape(*grid, -1).sum(axis=-1)
    return total


def _curvatures(potential: Formula, given: Mapping[str, Any]) -> list[Any]:
    """Return the curvatures of a quadratic: numbers, or arrays over the grid."""
    entries = _second_derivatives(potential)
    size = range(len(potential.weights))
    if all(i == j for i, j in entries):
        return [_value(entries.get((k, k), Integer(0)), given) for k in size]
    if any(h.free_symbols for h in entries.values()):
        raise ValueError(
            "a quadratic that mixes weights must not depend on parameters to have its radius computed"
        )
    hessian = [[float(entries.get((min(i, j), max(i, j)), 0)) for j in size] for i in size]
    return [float(h) for h in np.linalg.eigvalsh(np.array(hessian))]


def _second_derivatives(potential: Formula) -> dict[tuple[int, int], Expr]:
    """Return the entries of the Hessian of a quadratic that are not zero, those on and above its diagonal."""
    try:
        terms = Poly(potential.value, *potential.weights).terms()
    except PolynomialError:
        terms = [((3,), Integer(0))]
    if any(sum(powers) > 2 for powers, _ in terms):
        raise ValueError("the spectral radius is that of a quadratic; this potential is none")
    found = dict[tuple[int, int], Expr]()
    for powers, coefficient in terms:
        if sum(powers) == 2:
            (i, *rest) = (k for k, power in enumerate(powers) if power)
            found[i, rest[0] if rest else i] = coefficient if rest else 2 * coefficient
    return found


def _value(expression: Expr, given: Mapping[str, Any]) -> Any:
    symbols: list[Symbol] = sorted(expression.free_symbols, key=str)
    return lambdify(symbols, expression, modules="numpy")(*(given[state_name(s)] for s in symbols))
