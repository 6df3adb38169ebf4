"""The table of what the oracle measures of the shipped derivations, in Markdown: `--shipped`."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from physsym.loading import scripts
from physsym.oracle import contradicts, simulate


def print_observations() -> int:
    """Print a row for each shipped derivation; return 1 where motions contradict its verdicts."""
    print("| derivation | moves | claimed | measured | convergence | seconds |")
    print("|---|---|---|---|---|---|")
    against, times = 0, []
    for script in scripts():
        for derivation in script.derivations:
            verdicts = derivation.verdicts()
            error = str(derivation.error)
            begin = perf_counter()
            seen = simulate(derivation)
            times.append(perf_counter() - begin)
            against += contradicts(seen, verdicts)
            order = (
                "exact"
                if seen.order == float("inf")
                else f"{seen.order:.2f}"
                if seen.order is not None
                else ""
            )
            measured = order if seen else str(seen)
            convergence = ", ".join(map(str, seen.states))
            count = len(derivation.steps)
            title = f"{script.name}: {derivation.title}"
            print(f"| {title} | {count} | {error} | {measured} | {convergence} | {times[-1]:.1f} |")
    took = f"median {median(times):.1f} s, at most {max(times):.1f} s"
    print(f"\n{len(times)} derivations, {against} contradicted; {took}")
    return int(against > 0)
