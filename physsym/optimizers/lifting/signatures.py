"""What the arguments of somebody's optimizer mean: weights, gradient, states and hyperparameters.

The names that people use decide, then what the code does with an argument: whether it returns it, writes
into it, or calls it. Where two readings remain, the error shows both and the argument `roles` chooses.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from physsym.optimizers.lifted import LiftError

Role = Literal["weights", "gradient", "loss", "state", "table", "counter", "hyperparameter", "fixed", "shape"]
ROLES = ("weights", "gradient", "loss", "state", "table", "counter", "hyperparameter", "fixed", "shape")

_NAMES: Mapping[str, str] = {
    "weights": "w weights weight x theta params param p parameters wt xt wk xk thetat position q "
    "point vars variables var x0 w0 theta0 values coords",
    "gradient": "g grad grads gradient gradients dw dx dtheta dp dparams gradw gradx gradtheta gradp "
    "gt gk gradt gradfn gradf gradfunc gradientfn gradientf gradientfunc df dfdx fprime "
    "dldw dlossdw dl nabla gradloss lossgrad gradientw fgrad computegrad computegradient "
    "getgrad gfn jac updates",
    "loss": "loss lossvalue fx fval fvalue cost losst",
    "counter": "t k step iteration it epoch iter stepcount timestep globalstep",
    "table": "state states cache config memory buffers optstate optimizerstate slots conf optimstate",
    "shape": "shape dim dims size nparams numparams ndim dimension",
    "hyperparameter": "lr learningrate alpha eta stepsize mu momentum beta beta1 beta2 beta3 b1 b2 b3 betas "
    "rho gamma decay decayrate eps epsilon wd weightdecay lam lambda lambd dampening nu "
    "tau dt h lrdecay delta nesterov amsgrad centered maximize maxnorm clip clipnorm "
    "clipvalue threshold c a b momentumdecay friction stepsizet etat alphat lrt rate "
    "gamma1 gamma2 learnrate",
    "state": "v velocity m buf momentumbuffer buffer u s r prev z y d vel mom acc accum "
    "accumulator expavg expavgsq wprev xprev prevw prevx thetaprev prevgrad gprev sumsq "
    "squaresum g2 vhat mhat m1 m2 sq avg mt vt ut wold xold trace moment1 moment2 "
    "firstmoment secondmoment",
}
_ROLE_OF_NAME = {name: role for role, names in _NAMES.items() for name in names.split()}
_TYPICAL = {
    **dict.fromkeys(
        ["lr", "learningrate", "alpha", "eta", "stepsize", "dt", "h", "rate", "learnrate", "tau", "delta"],
        0.1,
    ),
    **dict.fromkeys(
        [
            "mu",
            "momentum",
            "beta",
            "beta1",
            "b1",
            "rho",
            "gamma",
            "decayrate",
            "nu",
            "c",
            "betas1",
            "friction",
        ],
        0.9,
    ),
    **dict.fromkeys(["beta2", "b2", "betas2", "beta3", "b3"], 0.99),
    **dict.fromkeys(["eps", "epsilon"], 0.01),
    **dict.fromkeys(["wd", "weightdecay", "lam", "lambda", "lambd", "decay", "lrdecay"], 0.05),
}


def plain_name(name: str) -> str:
    """Return a name without underscores and capitals."""
    return name.replace("_", "").lower()


def typical_value(name: str) -> float | None:
    """Return a usual value of a hyperparameter of this name, or None."""
    return _TYPICAL.get(plain_name(name))


_GRADIENT_OF = re.compile(
    r"((cur|current|param|params|loss|weights?|w|theta|x)_?)?(grads?|gradients?)(_(wrt|of|at)_\w+)?"
)


def role_of_name(name: str) -> str:
    """Return the role that the name of an argument tells, empty if none."""
    found = _ROLE_OF_NAME.get(plain_name(name), "")
    return found or ("gradient" if _GRADIENT_OF.fullmatch(name.lower()) else "")


@dataclass(frozen=True)
class Source:
    """What the text of a function says about its arguments; all empty where there is no text."""

    called: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    keys_written: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys_read: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    returned: tuple[tuple[str, ...], ...] = ()
    globals_written: tuple[tuple[str, int], ...] = ()
    raises: frozenset[int] = frozenset()
    assigned: frozenset[str] = frozenset()
    suspicious: tuple[str, ...] = ()


def read_source(function: Callable[..., Any]) -> Source:
    """Read what the text of a function says about its arguments."""
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, IndentationError):
        return Source()
    definition = next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.Lambda)), None)
    if definition is None:
        return Source()
    called, written, globals_written, raises = set[str](), set[str](), list[tuple[str, int]](), set[int]()
    assigned = set[str]()
    stored: dict[str, dict[str, None]] = {}
    read: dict[str, dict[str, float | None]] = {}
    returned = list[tuple[str, ...]]()
    if isinstance(definition, ast.Lambda):
        returned.append(_returned_names(definition.body))
    for node in ast.walk(definition):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                called.add(name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="get" | "setdefault" | "pop" as method),
                args=[ast.Constant(value=str(key)), *default],
            ):
                number = _number(default[0]) if default else None
                if method == "setdefault" and default and number is None:
                    stored.setdefault(name, {})[key] = None
                else:
                    read.setdefault(name, {}).setdefault(key, number)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key)), ctx=context):
                if isinstance(context, ast.Load):
                    read.setdefault(name, {}).setdefault(key, None)
                else:
                    stored.setdefault(name, {})[key] = None
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                written.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                written.add(name)
            case ast.keyword(arg="out", value=ast.Name(id=name)):
                written.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                assigned.add(name)
            case ast.Global(names=names):
                globals_written += [(name, first + node.lineno - 1) for name in names]
            case ast.Return(value=ast.expr() as value):
                returned.append(_returned_names(value))
            case ast.Raise() | ast.Assert():
                raises |= set(range(first + node.lineno - 1, first + (node.end_lineno or node.lineno)))
    return Source(
        frozenset(called),
        frozenset(written),
        {name: tuple(keys) for name, keys in stored.items()},
        read,
        tuple(returned),
        tuple(globals_written),
        frozenset(raises),
        frozenset(assigned),
        tuple(
            f"{Path(inspect.getsourcefile(function) or '').name}:{first + k}"
            for k, line in enumerate(lines)
            if re.search(r"random|rng|\bnormal\(|randn|time\(|\bglobal\b", line.partition("#")[0])
        ),
    )


def _number(node: ast.expr) -> float | None:
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _returned_names(value: ast.expr) -> tuple[str, ...]:
    """Return the names in a returned tuple, empty ones for expressions."""
    if isinstance(value, ast.Tuple | ast.List):
        return tuple(_name(v) for v in value.elts)
    if isinstance(value, ast.Dict):
        return tuple(str(k.value) if isinstance(k, ast.Constant) else "" for k in value.keys)
    return (_name(value),)


def _name(value: ast.expr) -> str:
    return value.id if isinstance(value, ast.Name) else ""


def argument_named(name: str, arguments: tuple[str, ...]) -> str:
    """Return the argument of which a returned name is the new value: `v_new`, `next_w`; empty if none."""
    if name in arguments:
        return name
    core = plain_name(
        re.sub(r"(^|_)(new|next|updated|out)(_|$)|_?(new|next|1|2|p)$|_t$", "_", name).strip("_")
    )
    for argument in arguments:
        if core and core == plain_name(argument):
            return argument
    return ""


def classify(
    name: str,
    parameters: Mapping[str, inspect.Parameter],
    source: Source,
    roles: Mapping[str, Any],
    given: Mapping[str, object],
) -> dict[str, str]:
    """Return the role of each argument.

    Raises LiftError where `roles` names no argument or no role.
    """
    for argument, role in roles.items():
        if argument != "returns" and (argument not in parameters or role not in ROLES):
            raise LiftError(
                f"{name} has no argument {argument!r} of role {role!r}; it has {', '.join(parameters)}, and "
                f"roles are {', '.join(ROLES)}"
            )
    returned = {argument_named(n, tuple(parameters)) for names in source.returned for n in names}
    # Among several returned values that are no names there may be a new state of any name.
    nameless = not source.returned or any(len(names) > 1 for names in source.returned if not all(names))
    found: dict[str, str] = {}
    for argument, parameter in parameters.items():
        default = parameter.default
        by_name = role_of_name(argument)
        has_default = default is not inspect.Parameter.empty
        if argument in roles:
            found[argument] = roles[argument]
        elif argument in roles.get("returns", ()) and by_name not in ("weights", "gradient"):
            found[argument] = "state"
        elif argument in given:
            found[argument] = "fixed"
        elif argument in source.keys_written or argument in source.keys_read:
            found[argument] = by_name if by_name in ("weights", "gradient") else "table"
        elif has_default and isinstance(default, bool | str):
            found[argument] = "fixed"
        elif has_default and default is None and by_name not in ("weights", "gradient"):
            found[argument] = "state" if argument in returned | source.written else "fixed"
        elif by_name in ("weights", "gradient", "loss", "shape") and not (
            has_default and isinstance(default, int | float)
        ):
            found[argument] = by_name
        elif argument in returned:
            found[argument] = "state"
        elif has_default or by_name == "hyperparameter":
            found[argument] = "hyperparameter" if _is_numeric(default) or not has_default else "fixed"
        elif argument in source.written or (by_name == "state" and nameless):
            found[argument] = "state"
        else:
            found[argument] = by_name if by_name in ("counter", "table") else "hyperparameter"
    return found


def _is_numeric(value: object) -> bool:
    if isinstance(value, tuple | list):
        return bool(value) and all(map(_is_numeric, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def one_of_each(name: str, found: dict[str, str], roles: Mapping[str, str], needed: tuple[str, ...]) -> None:
    """Raise LiftError where there is no weights or no gradient argument, or several of either."""
    for role in needed:
        having = [argument for argument, r in found.items() if r == role]
        if len(having) == 1:
            continue
        example = dict.fromkeys(list(found)[:1], "weights")
        example |= dict.fromkeys(list(found)[1:2], "gradient")
        what = f"{' and '.join(having)} may each be the {role}" if having else f"no argument is the {role}"
        readings = "; ".join(f"{a}: {r}" for a, r in found.items()) or "no arguments"
        raise LiftError(
            f"{name}: {what} (read as {readings}); say which argument is what, as in "
            f"lift(..., roles={example})"
        )
