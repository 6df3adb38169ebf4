"""The transfer function from the gradient to the point at which it is taken, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from sympy import (
    Add,
    Expr,
    ImmutableMatrix,
    Integer,
    Poly,
    cancel,
    eye,
    factor,
    fraction,
    together,
)

from physsym.analysis.linear import z
from physsym.optimizers.report.linearization import Linearized, NotLinearError, System

ZERO = Integer(0)


@dataclass(frozen=True)
class TransferFunction:
    """A rational function of z in lowest terms, with a monic denominator.

    A point that a linear rule moves under the gradients g_0, g_1, ... is -H(z)*g, with z the shift by a step.
    """

    numerator: Poly
    denominator: Poly

    @staticmethod
    def of(expression: Expr) -> TransferFunction:
        """Return a rational function of z in lowest terms."""
        above, below = (Poly(part, z) for part in fraction(cancel(together(expression))))
        lead = below.LC()
        top, bottom = (
            Poly([factor(cancel(c / lead)) for c in part.all_coeffs()], z) for part in (above, below)
        )
        return TransferFunction(top, bottom)

    @property
    def poles(self) -> int:
        """Return the number of poles, the modes that the gradient reaches and the point shows."""
        return int(self.denominator.degree())

    @cached_property
    def without_integrator(self) -> Poly | None:
        """Return the denominator without one factor z - 1; None where weights move without a gradient."""
        quotient, rest = self.denominator.div(Poly(z - 1, z))
        return quotient if cancel(rest.as_expr()) == 0 else None

    @cached_property
    def gain(self) -> Expr:
        """Return the distance moved in one step against a constant gradient of one, in the long run.

        It is the sum of the impulse response of the step. Raises NotLinearError where the weights do not move
        on for ever: with weight decay, or with a memory that does not fade.
        """
        rest = self.without_integrator
        if rest is None:
            raise NotLinearError(
                "without a gradient the weights do not rest, or with a constant one they do not move on"
            )
        fades = cancel(rest.eval(1))
        if fades == 0:
            raise NotLinearError("the memory of past gradients does not fade")
        return factor(cancel(self.numerator.eval(1) / fades))

    @cached_property
    def high_resolution(self) -> tuple[Expr, Expr]:
        """Return k0, k1 of k0*y' + k1*y'' = -grad(y) with one step as the unit of time.

        1/H(exp(s)) = k0*s + k1*s**2 + ..., and s is the time derivative (exp(s) shifts by one step).
        """
        rest = self.without_integrator
        if rest is None or self.numerator.eval(1) == 0 or self.gain == 0:
            raise NotLinearError("the weights do not move against a constant gradient")
        # (z - 1)*Q(z)/N(z) at z = 1 + s + s**2/2: only values and first derivatives at one are needed.
        n0, n1 = self.numerator.eval(1), self.numerator.diff().eval(1)
        q0, q1 = rest.eval(1), rest.diff().eval(1)
        k0 = cancel(q0 / n0)
        k1 = cancel(q0 / (2 * n0) + q1 / n0 - q0 * n1 / n0**2)
        return factor(k0), factor(k1)

    @cached_property
    def curvature_of_loss(self) -> Expr:
        """Return c of the modified loss U + c*|grad U|**2, on the slow manifold, to first order in the step.

        From k0*y' + k1*y'' = -g and y'' = H*g/k0**2: y' = -(g + (k1/k0**2)*H*g)/k0.
        """
        k0, k1 = self.high_resolution
        return factor(cancel(k1 / (2 * k0**2)))

    @cached_property
    def multistep_order(self) -> int:
        """Return the order as a linear multistep method for y' = -grad(y) with the step `gain`.

        It is p where D(exp(s)) - s*N(exp(s))/gain is of the order s**(p+1).
        """
        above, below = ([*reversed(p.all_coeffs())] for p in (self.numerator, self.denominator))
        for power in range(2 * self.poles + 2):  # a method of that many steps has a lower order
            # The coefficient of s**power/power! in D(exp(s)) - s*N(exp(s))/gain.
            left = Add(*(c * Integer(k) ** power for k, c in enumerate(below)))
            right = (
                Add(*(c * power * Integer(k) ** (power - 1) for k, c in enumerate(above))) if power else ZERO
            )
            if cancel(left - right / self.gain) != 0:
                return power - 1
        return 2 * self.poles + 1


@dataclass(frozen=True)
class Response:
    """The transfer functions of a rule with one gradient a step, and its matrices.

    `point` is that of the point at which the gradient is taken, `weights` that of the weights.
    """

    point: TransferFunction
    weights: TransferFunction
    system: System

    @cached_property
    def observability(self) -> ImmutableMatrix:
        """Return the two rows by which the states show at the evaluation point, now and one step later."""
        row = self.system.points[0, :]
        return ImmutableMatrix([list(row), list(row * self.system.matrix)])


@lru_cache(maxsize=64)  # reports at other values ask again
def response(linear: Linearized) -> Response:
    """Return the transfer functions of a linear rule; raise NotLinearError for several gradients a step."""
    system = linear.system
    shifts = system.shifts
    first = [j for j, shift in enumerate(shifts) if shift == 0]
    if len(first) != 1:
        raise NotLinearError(
            f"each step reads {len(first)} gradients, at points that no shift by a step maps to each other"
        )
    delays = system.delays
    n = len(system.states)
    shifted = z * eye(n) - system.matrix
    determinant = shifted.det(method="berkowitz")
    moved = shifted.adjugate() * system.inputs * delays / determinant
    here = (system.points[first[0], :] * moved)[0] + (system.direct[first[0], :] * delays)[0]
    at = system.states.index(linear.weights)
    return Response(TransferFunction.of(-here), TransferFunction.of(-moved[at]), system)
