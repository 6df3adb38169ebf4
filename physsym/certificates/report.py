"""Reports on certificates for the terminal: what was proved, what was not, and what that means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from physsym.certificates.certificate import Certificate
from physsym.certificates.run import Checked
from physsym.core.counts import counted

COVERED = """\
A step is certified if each of its parts has a lemma that Coq proves, for all real numbers that satisfy the
hypotheses printed with it; otherwise the certificate is withheld, and the reason is given. The parts are:
  - algebra: the line below has the same solutions as the line above, or gives what the method asks for;
  - exact flows: a new value lies on a solution of its equation;
  - limits: each formula tends to the one below, from each side that is open, at the order that is stated;
  - fast motions: where a limit removes the highest derivative of one equation, the rate of what it removes
    is negative;
  - orders: one time step differs from every smooth solution by O(dt**2), the time advancing with it;
  - inequalities: declared signs of names, friction that dissipates, when a coefficient is in [0, 1).
Coq proves them from its axioms of the real numbers; neither this package nor SymPy need be trusted for that.
Every lemma with hypotheses has a second one that gives numbers for which they hold, and so have the
hypotheses on constants of all steps together.
What a lemma takes for granted is found by this package, without Coq, and without its checks of steps: what is
defined, rescaled by, or tends to a limit does not change in time; a name is new, and none comes back that is
gone; a state keeps the sign that it is declared to have; a limit lies in the domain of its symbol; a law has
one equation a state. Where that is not so, nothing is certified."""

NOT_COVERED = """\
A certificate does not cover:
  - that the formulas in the file are those of the document: compare them, they are printed in full;
  - that a law follows from a Lagrangian;
  - vectors: a gradient is an arbitrary function of one real variable, as in the law of one coordinate, and
    derivatives and new values are real variables, so that v = x' brings v' = x'' as a hypothesis;
  - uniformity: limits and orders hold for fixed values of all other symbols, the constants depend on them;
  - solutions in the limit: formulas tend to a limit and a fast motion decays; that the motions of the law
    then tend to those of the limit is a theorem of Tikhonov's, which is not proved here; limits with several
    fast motions, or with one that decays only on a region, are withheld;
  - limits in a rule hold at a fixed time step: that both errors vanish together is not shown;
  - many steps: the error of one step is bounded, not how errors add up, and no bound is shown to be sharp;
  - orders above the first: of a Runge-Kutta method the stages are certified, the order is withheld;
  - steps of exponential Euler and of velocity Verlet;
  - existence: where an exact solution is supposed, that there is one;
  - dropping a term as negligible, which is a decision of the author and no theorem;
  - the program that runs the rule, and dimensions;
  - whatever is withheld."""


def report_lines(found: Certificate | Checked) -> Iterator[str]:
    """Yield lines on what was proved, what failed, what is not certified, and which axioms were used.

    Parameters
    ----------
    found
        A certificate, checked or not.

    Returns
    -------
    iterator of str
        The lines for a terminal.
    """
    certificate = found.certificate if isinstance(found, Checked) else found
    yield f"{certificate.title} ({certificate.module}.v)"
    yield from _counted(found) if isinstance(found, Checked) else _written(certificate)
    yield from _steps(found)


def _steps(found: Certificate | Checked) -> Iterator[str]:
    """Yield the status of every step, and how many there are of each; without Coq nothing is certified."""
    done = "certified" if isinstance(found, Checked) else "written, not checked"
    for status in found.statuses:
        yield f"  {done.join(str(status).rsplit('certified', 1)) if status.certified else status}"
    steps = found.statuses[1:]
    certified = sum(s.certified for s in steps)
    yield f"  {certified} of {counted(len(steps), 'step')} {done}, {len(steps) - certified} withheld"


def _written(certificate: Certificate) -> Iterator[str]:
    witnesses = sum(bool(e.witness) for e in certificate.entries)
    yield f"  {len(certificate.entries)} lemmas and {witnesses} witness lemmas written, not checked"


def _counted(found: Checked) -> Iterator[str]:
    done = [e for e in found.certificate.entries if e.name in found.proved]
    kinds = Counter(e.lemma.kind for e in done)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    yield f"  {len(done)} of {len(found.certificate.entries)} lemmas proved ({listed})"
    wanted = sum(bool(e.witness) for e in found.certificate.entries)
    yield f"  {len(found.proved) - len(done)} of {wanted} witness lemmas proved, in {found.seconds:.1f} s"
    yield f"  axioms: {', '.join(found.axioms) or 'none'}"
    for name in found.failed:
        yield f"  NOT PROVED: {name}"
