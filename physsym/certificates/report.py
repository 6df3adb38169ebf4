"""Reports on certificates for the terminal: what was proved, what was not, and what that means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from physsym.certificates.certificate import Certificate
from physsym.certificates.run import Checked

COVERED = """\
A certificate covers, for all real numbers that satisfy the hypotheses printed with each lemma:
  - algebra: the line below has the same solutions as the line above, or gives what the method asks for;
  - exact flows: a new value lies on a solution of its equation;
  - limits: each formula tends to the one below, at the order that is stated;
  - orders: one time step differs from every smooth solution by O(dt**2);
  - inequalities: signs of named symbols, friction that dissipates, when a coefficient is in [0, 1).
Coq proves them from its axioms of the real numbers; neither this package nor SymPy need be trusted.
Every lemma with hypotheses has a second one that gives numbers for which they hold."""

NOT_COVERED = """\
A certificate does not cover:
  - that the formulas in the file are those of the document: compare them, they are printed in full;
  - vectors: a gradient is an arbitrary function of one real variable, as in the law of one coordinate, and
    derivatives and new values are real variables, so that v = x' brings v' = x'' as a hypothesis;
  - uniformity: limits and orders hold for fixed values of all other symbols, the constants depend on them;
  - solutions in the limit: that formulas tend to a limit does not say that motions do;
  - many steps: the error of one step is bounded, not how errors add up, and no bound is shown to be sharp;
  - orders above the first: of a Runge-Kutta method the stages are certified, the order is not;
  - steps of exponential Euler and of velocity Verlet;
  - existence: where an exact solution is supposed, that there is one;
  - dropping a term as negligible, which is a decision of the author and no theorem;
  - the program that runs the rule, and dimensions;
  - whatever is listed as not certified."""


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
    yield f"  {certified} of {len(steps)} steps {done}, {len(steps) - certified} withheld"


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
