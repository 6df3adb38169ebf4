"""The standard quantities, with dimensions and with their names in mechanics and in machine learning.

Importing from here gives the symbols of the standard table under their names, and `G`, `U` for the gradient and the
potential at `x`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from sympy import Expr, Symbol

from physsym.core.arguments import NamedArguments
from physsym.core.conditions import Given, as_conditions
from physsym.core.dimensions import ENERGY, LENGTH, MASS, ONE, TIME, Dimension, DimensionError
from physsym.core.statements import rebuilt
from physsym.core.symbols import DOT, MARKS, grad, name_and_marks, name_of, potential
from physsym.core.verdicts import Condition

__all__ = [
    "STANDARD", "Face", "G", "Kind", "Quantity", "U", "Vocabulary", "alpha", "dt", "eta", "gamma", "lam", "m",
    "rho", "scalar", "t", "tau", "u", "v", "x",
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(__all__)


Kind = Literal[
    "position",
    "velocity",
    "displacement",
    "potential",
    "gradient",
    "force",
    "mass",
    "friction",
    "time",
    "scalar",
]
Face = Literal["physics", "learning"]


_DIMENSIONS: dict[Kind, Dimension] = {
    "position": LENGTH,
    "velocity": LENGTH / TIME,
    "displacement": LENGTH,
    "potential": ENERGY,
    "gradient": ENERGY / LENGTH,
    "force": ENERGY / LENGTH,
    "mass": MASS,
    "friction": MASS / TIME,
    "time": TIME,
    "scalar": ONE,
}


@dataclass(frozen=True)
class Quantity(NamedArguments):
    """A symbol with its kind and dimension, and its name and meaning on either face.

    Weights have the dimension of a length and a loss that of an energy, so one dimension serves both faces.

    Parameters
    ----------
    symbol
        The symbol; for a potential or a gradient, the opaque function at its usual evaluation point.
    kind
        What the quantity is in mechanics; a scalar, if not given.
    dimension
        Exponents of mass, length and time; those of its kind, if not given: none for a scalar.
    physics, learning
        Its name on either face, as `printing` writes it: that of its symbol, and the same on the other face,
        if not given.
    meaning, meaning_in_learning
        What it is, in a few words; the same in learning, if not given.
    range
        The values that it takes naturally, beyond the declared sign of its symbol: conditions or SymPy
        relations such as `(0 <= rho, rho < 1)`. They are kept as conditions.

    Raises
    ------
    TypeError
        For what is no symbol, and a range that is no condition.
    ValueError
        For an unknown kind.

    Examples
    --------
    >>> theta = Quantity(Symbol("theta", real=True), "position", ONE, meaning="angle")
    >>> theta.learning, theta.meaning_in_learning
    ('theta', 'angle')
    >>> str(Quantity(Symbol("q", real=True), "velocity").dimension)
    'L T^-1'
    """

    symbol: Expr
    kind: Kind = "scalar"
    dimension: Dimension = None  # type: ignore[assignment]  # that of the kind
    physics: str = ""
    learning: str = ""
    meaning: str = ""
    meaning_in_learning: str = ""
    range: tuple[Condition, ...] = ()

    if TYPE_CHECKING:  # what is accepted is wider than what is kept

        def __init__(  # noqa: D107
            self,
            symbol: Expr,
            kind: Kind = "scalar",
            dimension: Dimension | None = None,
            physics: str = "",
            learning: str = "",
            meaning: str = "",
            meaning_in_learning: str = "",
            range: Given = (),
        ) -> None: ...

    def __post_init__(self) -> None:
        if isinstance(self.symbol, str):
            raise TypeError(
                f"a quantity has a symbol, given the text {self.symbol!r}; "
                f"write sympy.Symbol({self.symbol!r}, real=True)"
            )
        if not isinstance(self.symbol, Expr):
            raise TypeError(f"a quantity has a symbol, such as Symbol('q', real=True), given {self.symbol!r}")
        if self.kind not in _DIMENSIONS:
            raise ValueError(
                f"the kind of a quantity is one of {', '.join(_DIMENSIONS)}, given {self.kind!r}"
            )
        opaque = {"potential": "U", "gradient": "G"}.get(self.kind)
        physics = self.physics or opaque or str(self.symbol)
        dimension = vars(self)["dimension"]
        fields = {
            "dimension": _DIMENSIONS[self.kind] if dimension is None else dimension,
            "physics": physics,
            "learning": self.learning or physics,
            "meaning_in_learning": self.meaning_in_learning or self.meaning,
            "range": as_conditions(self.range),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """Return the name of the quantity in formulas that are read from text."""
        return self.physics if self.kind in ("potential", "gradient") else name_of(self.symbol)


@dataclass(frozen=True)
class Vocabulary:
    """A table of quantities.

    Parameters
    ----------
    quantities
        Each under a name of its own.

    Raises
    ------
    ValueError
        Where two share a name.

    Examples
    --------
    >>> STANDARD.extended(scalar(Symbol("c", positive=True), LENGTH))
    Vocabulary(15 quantities)
    """

    quantities: tuple[Quantity, ...]

    def __post_init__(self) -> None:
        names = [q.name for q in self.quantities]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(
                f"a vocabulary names each quantity once; named more than once: {', '.join(twice)}"
            )

    # Every formula on a page looks its symbols up here, and caches have the vocabulary in their keys.
    @cached_property
    def _by_name(self) -> dict[str, Quantity]:
        return {q.name: q for q in self.quantities}

    @cached_property
    def _hash(self) -> int:
        return hash(self.quantities)

    def __hash__(self) -> int:
        return self._hash

    __reduce__ = rebuilt

    def __repr__(self) -> str:
        return f"Vocabulary({len(self.quantities)} quantities)"

    def get(self, name: str) -> Quantity | None:
        """Return the quantity of that name, or None."""
        return self._by_name.get(name)

    def quantity(self, symbol: Symbol) -> Quantity | None:
        """Return the quantity of a symbol at any instant (`x`, `dot(x)`, `after(x)`), or None."""
        return self.get(name_and_marks(symbol)[0])

    def kind_of(self, symbol: Symbol) -> Kind | None:
        """Return the kind of a symbol at any instant, or None for what is not in the vocabulary."""
        quantity = self.quantity(symbol)
        return quantity.kind if quantity else None

    @cached_property
    def moving(self) -> tuple[Symbol, ...]:
        """Return the symbols that change in time by their kind: positions, velocities and displacements."""
        kinds = ("position", "velocity", "displacement")
        return tuple(q.symbol for q in self.quantities if q.kind in kinds and isinstance(q.symbol, Symbol))

    def dimension(self, what: Symbol | str | type) -> Dimension:
        """Return the dimension of a symbol or of a name, or of the potential when given its class.

        Raises
        ------
        DimensionError
            For what is not in the vocabulary.
        """
        if isinstance(what, type):
            return next((q.dimension for q in self.quantities if q.kind == "potential"), ENERGY)
        if isinstance(what, str):
            named = self.get(what)
            if named is None:
                known = ", ".join(sorted(q.name for q in self.quantities))
                raise DimensionError(f"there is no quantity {what!r} in the vocabulary; there are {known}")
            return named.dimension
        quantity = self.quantity(what)
        if quantity is None:
            raise DimensionError(
                f"the dimension of {what} is not known: add it to the vocabulary of the derivation"
            )
        return quantity.dimension / TIME ** int(what.name.count(DOT))

    def ranges(self, symbols: Iterable[Symbol]) -> tuple[Condition, ...]:
        """Return the natural ranges of symbols, of those that are quantities of the vocabulary."""
        known = {q.symbol: q.range for q in self.quantities}
        return tuple(c for s in sorted(symbols, key=name_of) for c in known.get(s, ()))

    def keeping(self, *symbols: Symbol) -> Vocabulary:
        """Return the vocabulary in which these symbols have their physical names on the learning face too.

        Parameters
        ----------
        symbols
            Symbols of quantities.

        Returns
        -------
        Vocabulary

        Examples
        --------
        >>> STANDARD.quantity(x).learning, STANDARD.keeping(x).quantity(x).learning
        ('w', 'x')
        """
        kept = (replace(q, learning=q.physics) for q in self.quantities if q.symbol in symbols)
        return self.extended(*kept)

    def extended(self, *quantities: Quantity) -> Vocabulary:
        """Return the vocabulary with more quantities; those of a name or a symbol already known are replaced.

        >>> potential = next(q for q in STANDARD.quantities if q.kind == "potential")
        >>> "U" in [q.name for q in STANDARD.extended(replace(potential, physics="V")).quantities]
        False
        """
        names, symbols = {q.name for q in quantities}, {q.symbol for q in quantities}
        kept = (q for q in self.quantities if q.name not in names and q.symbol not in symbols)
        return Vocabulary((*kept, *quantities))


def scalar(symbol: Symbol, dimension: Dimension = ONE, meaning: str = "", range: Given = ()) -> Quantity:
    """Return a scalar quantity that has its own name on both faces.

    Parameters
    ----------
    symbol : Symbol
        The symbol.
    dimension : Dimension
        Its dimension; by default it has none.
    meaning : str
        What it is, in words.
    range : conditions or SymPy relations
        The values that it takes naturally, such as `(0 <= beta, beta < 1)`.

    Returns
    -------
    Quantity

    Raises
    ------
    ValueError
        Where its name ends in a mark that `dot`, `after` and `before` use.
    """
    if symbol.name[-1:] in MARKS:
        raise ValueError(f"{symbol.name!r} ends in a mark of an instant; name the quantity at no instant")
    return Quantity(
        symbol, "scalar", dimension, symbol.name, symbol.name, meaning, meaning, as_conditions(range)
    )


x, v, u, t = (Symbol(name, real=True) for name in ("x", "v", "u", "t"))
m, gamma, dt, tau, eta, alpha, lam = (
    Symbol(name, positive=True) for name in ("m", "gamma", "dt", "tau", "eta", "alpha", "lam")
)
rho = Symbol("rho", real=True)
U = potential(x)
G = grad(x)

_SPEED = LENGTH / TIME
_MOBILITY = TIME / MASS
# As conditions: a relation of SymPy such as rho < 1 makes it import its tensors, which takes long.
_FRACTION = (Condition(rho, ">= 0"), Condition(1 - rho, "> 0"))

# fmt: off
STANDARD = Vocabulary((
    Quantity(x,     "position",     LENGTH,        "x",       "w",      "position of the particle",                   "weights of the model"),
    Quantity(U,     "potential",    ENERGY,        "U",       "L",      "potential energy",                           "loss"),
    Quantity(v,     "velocity",     _SPEED,        "v",       "v",      "velocity of the particle",                   "velocity of the weights"),
    Quantity(u,     "displacement", LENGTH,        "u",       "u",      "displacement in one step",                   "momentum buffer"),
    Quantity(m,     "mass",         MASS,          "m",       "m",      "mass of the particle",                       "inertia of the optimizer"),
    Quantity(gamma, "friction",     MASS / TIME,   "gamma",   "gamma",  "friction coefficient",                       "damping of the optimizer"),
    Quantity(G,     "gradient",     ENERGY/LENGTH, "G",       "G",      "gradient of the potential; minus it is the force", "gradient of the loss"),
    Quantity(t,     "time",         TIME,          "t",       "t",      "time",                                       "training time, counted in steps"),
    Quantity(dt,    "time",         TIME,          "Delta t", "Delta t", "time step",                                 "one step of the optimizer"),
    Quantity(tau,   "time",         TIME,          "tau",     "tau",    "relaxation time",                            "memory of the optimizer"),
    Quantity(eta,   "scalar",       _MOBILITY*TIME, "eta",    "eta",    "time step over friction",                    "learning rate"),
    Quantity(alpha, "scalar",       _MOBILITY*TIME, "alpha",  "alpha",  "displacement per force in one step",         "step size of the momentum method"),
    Quantity(rho,   "scalar",       ONE,           "rho",     "rho",    "fraction of the velocity kept in one step",  "momentum coefficient", _FRACTION),
    Quantity(lam,   "scalar",       MASS / TIME**2, "lambda", "lambda", "curvature of the potential (stiffness)",     "curvature of the loss"),
))
# fmt: on
