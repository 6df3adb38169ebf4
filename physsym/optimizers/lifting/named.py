"""Rules by name: the text of a rule, `known:NAME`, `optax:NAME`, `torch:NAME`, and `file.py:NAME`."""

from __future__ import annotations

import ast
import difflib
import importlib.util
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from physsym.core.statements import StatementError, expressions
from physsym.core.symbols import FORCES
from physsym.loading import ScriptError, load_module
from physsym.optimizers.lifted import Lifted, LiftError
from physsym.optimizers.lifting.signatures import role_of_name
from physsym.optimizers.lifting.table import lift
from physsym.parsing.reader import read
from physsym.parsing.statements import as_rule

_NAME = re.compile(
    r"\s*(?P<kind>known|optax|torch)\s*:\s*(?P<name>[\w.]*)\s*(?P<options>\(.*\))?\s*", re.DOTALL
)
_FILE = re.compile(r"\s*(?P<file>.+\.py)\s*:\s*(?P<name>[\w.]*)\s*(?P<options>\(.*\))?\s*", re.DOTALL)
_FORMS = (
    "write the text of a rule, such as 'x <- x - eta*grad(x)', or known:NAME, optax:NAME, torch:NAME "
    "(with options as in 'torch:SGD(momentum=0.9)'), or file.py:NAME"
)
# What installs the library that a name asks for.
_EXTRAS = {"optax": "jax", "torch": "torch"}


def recognises(thing: object) -> bool:
    """Return whether a thing is text."""
    return isinstance(thing, str)


def lift_name(thing: object, hyperparameters: Mapping[str, object]) -> Lifted:
    """Return the rule that a text states or names.

    Raises LiftError where nothing is so named, ImportError where the library is not installed, and ReadError
    for text that is no rule.
    """
    text = str(thing)
    if found := _NAME.fullmatch(text):
        kind, name = found["kind"], found["name"]
        value = _PUBLISHED[kind](name)
    elif found := _FILE.fullmatch(text):
        name, value = found["name"], _of_file(found["file"], found["name"])
    else:
        return lift(_rule_of_text(text), **hyperparameters)
    options = {**_options(text, found["options"]), **hyperparameters}
    return replace(lift(value, **options), name=" ".join(text.split()))


def _rule_of_text(text: str) -> object:
    if "<-" not in text and "←" not in text:
        word = text.strip()
        near = [w for kind in _PUBLISHED for w in _close(word, _names_of(kind), kind)]
        if near or re.fullmatch(r"[\w.:/\\-]*", word):
            hint = f"did you mean {' or '.join(near)}? " if near else ""
            raise LiftError(f"{word!r} is no rule; {hint}{_FORMS}")
    try:
        rule = as_rule(read(text, unknown="real"))  # type: ignore[arg-type]
    except (TypeError, StatementError) as error:
        raise LiftError(f"{text!r} is no rule: {error}; {_FORMS}") from error
    named = [s.name for s in rule.parameters if role_of_name(s.name) == "gradient"]
    if named and not any(e.has(*FORCES) for e in expressions(rule)):
        raise LiftError(
            f"{text!r} reads no gradient, but a parameter {named[0]}; the gradient is written grad(x)"
        )
    return rule


def _options(text: str, options: str | None) -> dict[str, Any]:
    """Return the options in the brackets of a name; they are literals, which are read and never evaluated."""
    if not options:
        return {}
    try:
        match ast.parse(f"f{options}", mode="eval").body:
            case ast.Call(func=ast.Name(), args=[], keywords=keywords) if all(k.arg for k in keywords):
                return {str(k.arg): ast.literal_eval(k.value) for k in keywords}
    except (SyntaxError, ValueError):
        pass
    raise LiftError(
        f"the options of {text.strip()!r} cannot be read: write names with literal values, such as "
        f"(momentum=0.9, nesterov=True)"
    )


def _known(name: str) -> object:
    return _chosen("known", name, _table_of_known())


def _table_of_known() -> Mapping[str, object]:
    from physsym.optimizers.known import known

    return known


def _optax(name: str) -> object:
    _require("optax")
    import optax

    return _attribute("optax", name, (optax.contrib, optax))


def _torch(name: str) -> object:
    _require("torch")
    import torch

    return _attribute("torch", name.removeprefix("optim."), (torch.optim,))


_PUBLISHED = {"known": _known, "optax": _optax, "torch": _torch}


def _require(library: str) -> None:
    if importlib.util.find_spec(library) is None:
        raise ImportError(
            f"{library} is not installed, and {library}:NAME needs it: install it with "
            f"pip install 'physsym[{_EXTRAS[library]}]'"
        )


def _names_of(kind: str) -> Iterable[str]:
    if kind == "known":
        return _table_of_known()
    if importlib.util.find_spec(kind) is None:
        return ()
    if kind == "optax":
        import optax

        return [n for m in (optax, optax.contrib) for n in dir(m) if n.islower() and n[0] != "_"]
    import torch

    return [n for n in dir(torch.optim) if n[0].isupper()]


def _attribute(kind: str, name: str, modules: tuple[Any, ...]) -> object:
    """Return what one of some modules calls by a dotted name."""
    for module in modules:
        value: Any = module
        for part in name.split("."):
            value = getattr(value, part, None)
        if value is not None:
            return value
    return _chosen(kind, name, {n: getattr(m, n) for m in modules for n in _names_of(kind) if hasattr(m, n)})


def _chosen(where: str, name: str, table: Mapping[str, object]) -> object:
    if name not in table:
        near = _close(name, table, where)
        first = sorted(table)[:8]
        more = f" and {len(table) - len(first)} more" if len(table) > len(first) else ""
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(first)}{more}"
        raise LiftError(f"{where} has no {name!r}; {hint}")
    return table[name]


def _close(word: str, names: Iterable[str], prefix: str) -> list[str]:
    lower = {n.lower(): n for n in names}
    return [f"{prefix}:{lower[n]}" for n in difflib.get_close_matches(word.lower(), lower, 2, 0.7)]


def _of_file(file: str, name: str) -> object:
    path = Path(file)
    if not path.exists():
        raise LiftError(f"{file} does not exist; {_FORMS}")
    try:
        module = load_module(path)
    except ScriptError as error:
        raise LiftError(str(error)) from error
    own = {
        n: v
        for n, v in vars(module).items()
        if not n.startswith("_") and (getattr(v, "__module__", None) == module.__name__ or not callable(v))
    }
    outer, *inner = name.split(".")
    value = vars(module)[outer] if outer in vars(module) else _chosen(file, outer, own)
    for part in inner:
        if not hasattr(value, part):
            raise LiftError(f"{file} has no {name!r}: {outer} has no {part!r}")
        value = getattr(value, part)
    return value
