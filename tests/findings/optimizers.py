"""What is looked at: all optimizers of the installed libraries, by name, and configurations of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from sympy import Expr

from physsym.optimizers.lifting.stated import number

OPTIONS = {
    "optax:adadelta": ("learning_rate=1.0",),
    "optax:adam": ("nesterov=True",),
    "optax:rmsprop": (
        "eps_in_sqrt=False",
        "centered=True",
        "momentum=0.9, eps_in_sqrt=False",
        "bias_correction=True",
    ),
    "optax:sgd": ("momentum=0.9", "momentum=0.9, nesterov=True"),
    "optax:amsgrad": ("bias_correction_mu=False, bias_correction_nu=False",),
    "torch:SGD": ("momentum=0, dampening=0", "nesterov=True, momentum=0.9, dampening=0"),
    "torch:Adam": ("amsgrad=True",),
    "torch:AdamW": ("amsgrad=True",),
    "torch:RMSprop": ("momentum=0", "centered=True, momentum=0"),
    "torch:NAdam": ("decoupled_weight_decay=True",),
    "torch:RAdam": ("decoupled_weight_decay=True",),
}
"""Options of optimizers that are looked at too, besides the defaults."""


@dataclass(frozen=True)
class Subject:
    """An optimizer in one configuration: what `lift` is given, and the object whose page is read."""

    what: str
    name: str
    library: str

    @property
    def plain(self) -> str:
        """Return the optimizer without its options."""
        return self.what.partition("(")[0]

    @property
    def options(self) -> str:
        """Return the options as they are written."""
        return self.what.partition("(")[2].removesuffix(")")


def subjects() -> tuple[Subject, ...]:
    """Return all optimizers that the installed libraries have, by their modules."""
    found = [Subject(f"{library}:{name}", name, library) for library, name in (*_optax(), *_torch())]
    return tuple(
        subject
        for plain in found
        for subject in (
            plain,
            *(Subject(f"{plain.what}({o})", plain.name, plain.library) for o in OPTIONS.get(plain.what, ())),
        )
    )


def _optax() -> list[tuple[str, str]]:
    """Return the public factories of whole optimizers: the aliases, and those of contrib."""
    import optax
    import optax.contrib
    from optax._src import alias

    aliases = [
        n
        for n in dir(optax)
        if _is_function(getattr(optax, n)) and getattr(alias, n, None) is getattr(optax, n)
    ]
    contrib = [
        n
        for n in dir(optax.contrib)
        if _is_function(getattr(optax.contrib, n)) and not n.startswith("scale_by_") and "params" not in n
    ]
    return [("optax", n) for n in (*aliases, *contrib)]


def _is_function(thing: object) -> bool:
    return inspect.isfunction(thing) or isinstance(thing, functools.partial)


def _torch() -> list[tuple[str, str]]:
    """Return the classes of torch.optim."""
    import torch

    classes = (n for n in dir(torch.optim) if isinstance(getattr(torch.optim, n), type))
    optimizers = (n for n in classes if issubclass(getattr(torch.optim, n), torch.optim.Optimizer))
    return [("torch", n) for n in optimizers if n != "Optimizer"]


def defaults(subject: Subject) -> dict[str, Expr]:
    """Return the numbers among the defaults of an optimizer's signature."""
    signature = inspect.signature(_thing(subject)).parameters
    return {
        name: number(p.default)
        for name, p in signature.items()
        if isinstance(p.default, int | float) and not isinstance(p.default, bool)
    }


def _thing(subject: Subject) -> Callable[..., object]:
    """Return the class or the factory."""
    if subject.library == "torch":
        import torch

        found = getattr(torch.optim, subject.name)
    else:
        import optax
        import optax.contrib

        found = getattr(optax.contrib, subject.name, None) or getattr(optax, subject.name)
    return cast(Callable[..., object], found)


def page(subject: Subject) -> str:
    """Return the docstring of an optimizer."""
    found = _thing(subject)
    if isinstance(found, functools.partial) and found.__doc__ == functools.partial.__doc__:
        found = found.func
    return inspect.getdoc(found) or ""
