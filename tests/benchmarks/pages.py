"""Row E1: how long the explorer takes to draw a run anew, beside the bare loop of its steps, in one page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from physsym.cli.explorer import entries_named
from physsym.codegen import program
from physsym.codegen.emit.javascript import javascript_rollout
from physsym.explorer.entries import Entry
from physsym.explorer.formulas import starts
from physsym.explorer.page import page
from tests.benchmarks import timing
from tests.benchmarks.timing import Row, behind
from tests.support.requirements import BROWSER, FLAGS, installed

STEPS = 10_000
GOALS = ("E1",)

RULES = ("gradient_descent", "friction", "known:nesterov", "stale")

# A page that nothing else can look into has a clock of 5 us, others one of 100 us.
ISOLATED = {
    "Content-Type": "text/html",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}

# The bare loop computes the weights and keeps them, as the redraw does; another one keeps nothing. The redraws
# follow a start that moves and a slider that moves, so that run and motion are computed anew. Milliseconds a
# call, of all in each round.
MEASURED = """rounds => {{
    const loop = {loop}, unkept = {unkept}, found = [];
    const timed = (action, calls) => {{  // short enough to be seldom interrupted
        const begun = performance.now();
        for (let k = 0; k < calls; k++) action(k);
        return (performance.now() - begun) / calls;
    }};
    state.steps = {steps};
    rebuild();
    const surface = potential(), [x, y] = state.start, path = new Float64Array(2 * state.steps + 2);
    const {{key}} = RULES[state.rule].mechanics.constants[0], value = state.constants[key];
    const bare = rollout => {{ path.set(state.start); return rollout({{path}}, state.steps, surface, parametersOf(state.rule)); }};
    const moving = k => {{ state.start = [x - k * 1e-4, y]; redraw(); }};
    const sliding = k => {{ setConstant(key, value * (1 + k * 1e-3)); redraw(); }};
    for (let round = -20; round < rounds; round++) {{
        const times = [timed(() => bare(loop), 60), timed(() => bare(unkept), 60), timed(moving, 24), timed(sliding, 24)];
        if (round >= 0) found.push(times);
    }}
    return found;
}}"""


def measured(entry: Entry, rounds: int) -> list[tuple[float, ...]]:
    """Return the milliseconds of both loops and of both redraws of a rule, for each round."""
    from playwright.sync_api import sync_playwright

    loop = javascript_rollout(program(entry.rule), starts(entry), entry.weights).strip()
    last = " + ".join(re.findall(r"path\[k[^]]*\] = (\w+);", loop))
    unkept = re.sub(r" *path\[k[^\n]*\n", "", loop).replace("return steps", f"return {last}")
    code = MEASURED.format(loop=loop, unkept=unkept, steps=STEPS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.route("**/*", lambda asked: asked.fulfill(body=page([entry]), headers=ISOLATED))
        tab.goto("http://localhost/explorer.html")
        found = tab.evaluate(code, rounds)
        browser.close()
    return found


def rows() -> Iterator[Row]:
    """Yield the row of the explorer, or say that no browser is there."""
    goal = "explorer: redraw of 10,000 steps, start or slider moved / bare loop of the steps in the same page"
    if not (BROWSER and installed("playwright")):
        yield Row("E1", goal, "<= 3", "3", "not measured", None, "needs chromium and playwright")
        return
    ratios, said = dict[str, float](), list[str]()
    for entry in (entry for name in RULES for entry in entries_named(name)[:1]):
        found = measured(entry, 10 * timing.rounds(15))
        kept, unkept, *drawn = (
            min(part) for part in zip(*found, strict=True)
        )  # a page knows no processor time
        ratios[entry.title] = max(drawn) / kept
        each = " and ".join(f"{1e3 * part:.0f}" for part in drawn)
        said.append(
            f"{entry.title}: {each} us; loops {1e3 * kept:.0f} and, keeping nothing, {1e3 * unkept:.0f}"
        )
    yield Row("E1", goal, "<= 3", "3", "; ".join(f"{name} {r:.1f}" for name, r in ratios.items()),
              max(ratios.values()) <= 3, ", ".join(said),
              behind=behind({name: r <= 3 for name, r in ratios.items()}))  # fmt: skip
