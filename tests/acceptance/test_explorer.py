"""The explorer in a real browser: by keyboard, at two widths, in both schemes, numbers beside Python's."""

import json

import numpy as np
import pytest

import physsym as ps
from docs.extensions.explorer import FILE, FRAME
from physsym.cli.explorer import SHIPPED, entries_named
from physsym.explorer.page import page
from tests.support.requirements import needs_browser
from tests.support.trajectories import assert_same_trajectories

pytestmark = needs_browser
SCREENS = {
    "desk": (1280, 900, "light"),
    "desk at night": (1280, 900, "dark"),
    "phone": (360, 740, "light"),
    "phone at night": (360, 740, "dark"),
}
# Not wait_for_function, which the policy of the page forbids: it has its browser evaluate a text.
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def entries():
    return [entry for name in (*SHIPPED, "known:adam") for entry in entries_named(name)]


@pytest.fixture(scope="module")
def file(entries, tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "explorer.html"
    path.write_text(page(entries), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser, file):
    """Return a function that opens the page; at the end it must have asked for and complained of nothing."""
    asked, complaints, pages = [], [], []

    def open_page(fragment="", screen="desk"):
        width, height, scheme = SCREENS[screen]
        tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        tab.on("request", lambda r: asked.append(r.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(file.as_uri() + fragment)
        tab.evaluate(DRAWN)
        pages.append(tab)
        return tab

    yield open_page
    for tab in pages:
        tab.close()
    assert not complaints
    assert {url.split("#")[0] for url in asked} <= {file.as_uri()}


def number(tab, label):
    return float(tab.get_by_role("textbox", name=label).input_value())


def settle(tab):
    tab.evaluate(DRAWN)


def write(tab, label, value):
    tab.get_by_role("textbox", name=label).fill(str(value))
    settle(tab)


def reading(tab, name):
    return tab.locator(f"#readings dt:text-is('{name}') + dd").inner_text()


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_overflows_and_all_is_drawn(opened, screen):
    tab = opened("#rule=momentum-with-exponential-friction&other=a-stale-gradient", screen)
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for canvas in ("contours", "path", "map", "loss", "energy"):
        inked = f"""() => {{ const c = document.getElementById('{canvas}');
            return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0); }}"""
        assert tab.evaluate(inked), canvas
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in ground[4:-1].split(","))
    assert brightness < 150 if "night" in screen else brightness > 700


AROUND = """<!doctype html><body data-theme="auto">{frame}</body>"""


@pytest.mark.parametrize("system", ["light", "dark"])
def test_a_frame_is_dark_where_the_page_around_it_is(browser, file, system):
    around = file.parent / "around.html"
    around.write_text(AROUND.format(frame=FRAME.split("\n", 1)[1].replace(FILE, file.name)), encoding="utf-8")
    tab = browser.new_page(color_scheme=system)
    tab.goto(around.as_uri())
    frame = tab.frames[1]
    frame.wait_for_load_state()
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for theme in ("auto", "dark", "light", "auto"):
        tab.evaluate(f"document.body.dataset.theme = '{theme}'")
        tab.wait_for_timeout(200)
        seen.setdefault(theme, set()).add(
            (frame.evaluate(ground), frame.evaluate("colours.paper"), frame.evaluate("colours.own"))
        )
    tab.close()
    night, day = ("rgb(22, 24, 27)", "#16181b", "#7db4f0"), ("rgb(253, 253, 251)", "#fdfdfb", "#1f5fa8")
    assert seen == {"dark": {night}, "light": {day}, "auto": {night if system == "dark" else day}}


def test_every_control_has_a_name_and_a_role(opened):
    tab = opened()
    for control in tab.locator("input, select, button").all():
        if control.is_visible():
            assert control.evaluate(
                "e => Boolean(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim())"
            )
    tab.wait_for_timeout(1000)  # it is announced when the reader rests
    assert "stable; loss" in tab.get_by_role("status").inner_text()
    assert all(c.get_attribute("aria-label") for c in tab.locator("canvas[role=img]").all())


def test_sliders_by_keyboard_drive_the_parameters_and_back(opened):
    tab = opened("#rule=momentum-with-forward-euler-friction")
    before = {name: number(tab, name) for name in ("m,", "gamma,", "dt,", "eta,", "rho,")}
    assert before["eta,"] == pytest.approx(before["dt,"] / before["gamma,"])
    assert before["rho,"] == pytest.approx(1 - before["dt,"] * before["gamma,"] / before["m,"])
    slider = tab.get_by_role("slider", name="gamma")
    slider.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    settle(tab)
    gamma = number(tab, "gamma,")
    assert gamma > before["gamma,"]
    assert number(tab, "eta,") == pytest.approx(before["dt,"] / gamma)
    assert number(tab, "rho,") == pytest.approx(1 - before["dt,"] * gamma / before["m,"])
    write(tab, "rho,", 0.5)
    assert number(tab, "m,") == pytest.approx(number(tab, "gamma,") * before["dt,"] / 0.5)
    assert number(tab, "eta,") == pytest.approx(before["dt,"] / gamma)
    assert "3 constants make 2 parameters" in tab.locator("#many").inner_text()


def test_the_boundary_of_stability_is_crossed(opened):
    tab = opened("#rule=gradient-descent")
    write(tab, "eta,", 0.0999)
    assert reading(tab, "stability") == "stable"
    assert tab.evaluate("shown.loss.at(-1) < shown.loss[0]")
    assert float(reading(tab, "margin")) == pytest.approx(2 - 20 * 0.0999)
    write(tab, "eta,", 0.1001)
    assert reading(tab, "stability") == "unstable"
    assert tab.evaluate("shown.loss.at(-1) > shown.loss[0]")
    write(tab, "eta,", 0.2)
    assert tab.evaluate("shown.loss.at(-1) > 1e10 * shown.loss[0]")


def test_trajectories_are_those_of_python_bitwise(opened, entries):
    assert_same_trajectories(opened().evaluate, entries)


def test_a_link_restores_the_state(opened, file):
    tab = opened("#rule=momentum-with-implicit-midpoint-friction&other=a-stale-gradient")
    write(tab, "rho,", 0.61)
    write(tab, "start 1", -0.7)
    write(tab, "steps,", 77)
    write(tab, "kappa,", 33)
    tab.wait_for_timeout(400)  # the address is written when the reader rests
    link, path = tab.evaluate("location.hash"), tab.evaluate("[...shown.own.path]")
    again = opened(link)
    assert again.evaluate("[...shown.own.path]") == path
    assert number(again, "rho,") == 0.61
    assert again.locator("#other option:checked").inner_text() == "A stale gradient"
    assert opened("#rule=nothing&steps=-3&start=a,b&c.m=").evaluate("state.rule") == 0


def test_a_link_restores_the_parameters_of_both_rules(opened):
    path = "[...shown.other.path]"
    plain = opened("#rule=gradient-descent&other=a-stale-gradient").evaluate(path)
    tab = opened("#rule=gradient-descent&other=a-stale-gradient")
    tab.select_option("#rule", label="A stale gradient")
    write(tab, "eta,", 0.011)
    tab.select_option("#rule", label="Gradient descent")
    tab.wait_for_timeout(400)
    link, changed = tab.evaluate("location.hash"), tab.evaluate(path)
    assert changed != plain
    assert opened(link).evaluate(path) == changed


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ("p.eta=-3", "p.eta=-3 (write a number above zero)"),
        ("c.dt=0", "c.dt=0 (write a number above zero)"),
        ("s.kappa=-3", "s.kappa=-3 (write a number above zero)"),
        ("steps=1.5", "steps=1.5 (write a whole number from 1 to 10000)"),
        ("start=1,,2", "start=1,,2 (write two numbers"),
        ("other=foo", "other=foo (this page has no such rule)"),
        ("other=foo&q.eta=0.5", "q.eta=0.5 (nothing here takes it)"),
        ("potential=foo", "potential=foo (this page has no such potential)"),
        ("face=german", "face=german (this page has no such notation)"),
        ("p.nonsense=3", "p.nonsense=3 (nothing here takes it)"),
        ("c.nonsense=3", "c.nonsense=3 (nothing here takes it)"),
        ("stepz=3", "stepz=3 (nothing here takes it)"),
        ("formula=x*x", "formula=x*x (nothing here takes it)"),
        ("potential=own", "potential=own (write its formula too: potential=own&formula=x*x)"),
        ("potential=own&formula=x%5E2%2B", "formula=x^2+ (the formula ends too early"),
        ("potential=own&formula=" + "-" * 2000 + "x", "--… (the formula is nested too deeply"),
    ],
)
def test_a_link_with_a_value_that_no_field_takes_is_told(opened, kept, says):
    tab = opened(f"#rule=gradient-descent&{kept}")
    assert says in tab.locator("#link-error").inner_text()
    plain = opened("#rule=gradient-descent")
    assert plain.locator("#link-error").inner_text() == ""
    path = "[...shown.own.path]"
    assert tab.evaluate(path) == plain.evaluate(path)
    assert not tab.locator("#own-formula").is_visible()
    assert tab.locator("#formula-error").text_content() == ""


@pytest.mark.parametrize(
    "whole",
    [
        "#rule=a-stale-gradient&other=gradient-descent&potential=valley&face=learning&steps=20&start=0.5,1"
        "&c.m=0.3&c.gamma=2&c.dt=0.1&s.kappa=30&p.eta=0.02&q.eta=0.01",
        "#rule=gradient-descent&potential=own&formula=x*x%2By*y",
        "#rule=gradient-descent&potential=own&face=physics&formula=x",
        "#h-map",
        "",
    ],
)
def test_of_a_link_that_is_understood_nothing_is_told(opened, whole):
    assert opened(whole).locator("#link-error").inner_text() == ""


def test_a_link_to_a_rule_of_another_page_is_kept_until_the_reader_acts(opened):
    link = "#rule=another&p.eta=0.01&p.beta_1=0.5&steps=77"
    tab = opened(link)
    told = tab.locator("#link-error").inner_text()
    for part in ("rule=another (this page has no such rule)", "p.eta=0.01", "p.beta_1=0.5"):
        assert part in told
    assert "steps" not in told
    assert tab.evaluate("state.steps") == 77
    assert tab.evaluate("parametersOf(0)") == opened().evaluate("parametersOf(0)")
    tab.set_viewport_size({"width": 900, "height": 700})
    tab.wait_for_timeout(500)  # the address is written when the reader rests
    assert tab.evaluate("location.hash") == link
    write(tab, "steps,", 78)
    tab.wait_for_timeout(500)
    assert "steps=78" in tab.evaluate("location.hash")
    assert "another" not in tab.evaluate("location.hash")
    tab.get_by_role("button", name="Start again").click()
    assert tab.locator("#link-error").inner_text() == ""


def test_a_formula_that_could_not_be_read_is_forgotten_with_its_message(opened):
    tab = opened("#potential=own&formula=x*x%2By*y")
    tab.locator("#formula").fill("x +")
    assert "the last formula that could be read" in tab.locator("#formula-error").inner_text()
    tab.select_option("#rule", index=1)  # the field shows what is drawn again
    settle(tab)
    assert tab.locator("#formula").input_value() == "x*x+y*y"
    assert tab.locator("#formula-error").inner_text() == ""
    assert tab.locator("#formula").get_attribute("aria-invalid") == "false"


def test_a_decimal_comma_is_refused(opened):
    tab = opened("#rule=gradient-descent")
    field = tab.get_by_role("textbox", name="eta,")
    write(tab, "eta,", 0.05)
    before = tab.evaluate("[...shown.own.path]")
    field.fill("")
    field.press_sequentially("0,5")
    settle(tab)
    assert field.get_attribute("aria-invalid") == "true"
    assert tab.evaluate("shown.values.eta") == 0.05
    assert "write 0.5" in tab.locator("#c-parameter-eta-wrong").inner_text()
    assert tab.evaluate("[...shown.own.path]") == before
    for refused in ("-1", "0", "0x10", "1e999", "a"):
        write(tab, "eta,", refused)
        assert field.get_attribute("aria-invalid") == "true"
        assert tab.evaluate("shown.values.eta") == 0.05
    write(tab, "eta,", "2.5e-2")
    assert field.get_attribute("aria-invalid") == "false"
    assert tab.evaluate("shown.values.eta") == 0.025


def test_arrows_change_the_number_in_a_field(opened):
    tab = opened("#rule=gradient-descent")
    for label, value in (("eta,", 0.05), ("steps,", 1), ("start 1", -0.5)):
        write(tab, label, value)
        tab.get_by_role("textbox", name=label).press("ArrowUp")
        settle(tab)
        assert number(tab, label) > value
        tab.get_by_role("textbox", name=label).press("ArrowDown")
        settle(tab)
        assert number(tab, label) == pytest.approx(value, rel=1e-3)
    assert tab.evaluate("shown.own.steps") == 1
    tab.get_by_role("textbox", name="steps,").press("ArrowDown")  # there is no run of no step
    settle(tab)
    assert tab.evaluate("shown.own.steps") == 1


WIDEST = """select => {
    const copy = select.cloneNode(true);
    copy.removeAttribute("id");
    copy.style.cssText = "width: auto; max-width: none; position: absolute; visibility: hidden";
    document.body.append(copy);
    const width = copy.offsetWidth;
    copy.remove();
    return [width, select.offsetWidth];
}"""


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_no_name_in_a_menu_is_cut(opened, screen):
    tab = opened("", screen)
    for menu in tab.locator("select").all():
        needed, there = menu.evaluate(WIDEST)
        assert needed <= there


def test_one_step_is_told_as_one(opened):
    tab = opened("#rule=gradient-descent&steps=1")
    assert reading(tab, "loss").endswith("after 1 step")


CLASHING = (
    "x <- x - eta*(grad(x) + lam*x)",
    "x <- x - speed*grad(x)",
    "u <- gamma*u - eta*grad(x); x <- x + u+",
    "x <- x - dt*grad(x)",
    "x <- x - m*grad(x)",
    "x <- x - interval*grad(x)",
    "x <- x + eta*grad(x)",
)


@pytest.fixture(scope="module")
def clashing(tmp_path_factory):
    path = tmp_path_factory.mktemp("clashing") / "explorer.html"
    path.write_text(page([entry for text in CLASHING for entry in entries_named(text)]), encoding="utf-8")
    return path


def test_parameters_with_the_names_of_something_else(browser, clashing):
    complaints, tab = [], browser.new_page()
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(clashing.as_uri())
    tab.evaluate(DRAWN)
    assert_same_trajectories(tab.evaluate, [e for text in CLASHING[:-1] for e in entries_named(text)])

    def choose(text):
        tab.locator("#rule").select_option(label=text)
        tab.locator("#landscape").select_option("0")
        settle(tab)

    choose(CLASHING[0])
    write(tab, "eta", 0.5)
    write(tab, "lam", 1)
    assert reading(tab, "stability") == "unstable"
    assert tab.evaluate("shown.loss.at(-1) > shown.loss[0]")
    assert "curvature" in reading(tab, "stable where")
    choose(CLASHING[2])
    momentum = tab.locator("#c-parameter-gamma")
    constants = {key: float(tab.locator(f"#c-constant-{key}").input_value()) for key in ("m", "gamma", "dt")}
    assert float(momentum.input_value()) == pytest.approx(
        1 / (1 + constants["gamma"] * constants["dt"] / constants["m"]), rel=0.02
    )
    momentum.fill("0.5")
    settle(tab)
    assert tab.evaluate("[shown.values.gamma, shown.constants.gamma !== 0.5]") == [0.5, True]
    choose(CLASHING[-1])
    assert reading(tab, "stability") == "unstable"
    assert reading(tab, "stable where") == "never"
    tab.close()
    assert not complaints


def test_exponents_that_are_constant_are_numbers(opened):
    tab = opened()
    got = tab.evaluate("""(["x^(1+1)+y^2", "x^(-1)+x^(3-2)+y^(2*2/2)"].map(text => {
        const p = potentialOf(text);
        return [p.value(-2, 0), p.gradient1(-2, 0), ...p.curvatures(-2, 0)]; }))""")
    assert got == [[4, -4, 2, 0, 2], [-2.5, 0.75, -0.25, 0, 2]]
    assert tab.evaluate("potentialOf('x^1 + y^2').curvatures(0, 0)") == [0, 0, 2]


DEEP = {
    "brackets": "(" * 20000 + "x" + ")" * 20000,
    "signs": "-" * 20000 + "x",
    "sums": "x" + "+x" * 20000,
    "functions": "sin(" * 300 + "x" + ")" * 300,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_a_formula_that_is_nested_too_deeply_is_told(opened, text):
    tab = opened()
    tab.locator("#landscape").select_option(label="Own formula")
    tab.locator("#formula").fill(text)
    settle(tab)
    says = tab.locator("#formula-error").inner_text()
    assert "the formula is nested too deeply" in says
    assert "call stack" not in says


def test_the_start_is_dragged(opened):
    tab = opened()
    box = tab.locator("#path").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    tab.mouse.up()
    settle(tab)
    assert number(tab, "start 1") == pytest.approx(-0.8, abs=0.02)
    assert number(tab, "start 2") == pytest.approx(0.65, abs=0.02)


def test_the_motion_is_the_exact_solution(opened):
    """On a parabola the motion of gradient descent is exp(-lam*t/gamma)."""
    tab = opened("#rule=gradient-descent")
    path, times = tab.evaluate("""(({path, times, steps}) =>
        [[...path.slice(0, 2*steps + 2)], [...times.slice(0, steps + 1)]])(shown.motion)""")
    points, at = np.array(path).reshape(-1, 2), np.array(times)
    assert np.abs(points - np.exp(-np.outer(at, [20, 1]))).max() < 1e-3


def along_the_valley(start, time, steps):
    """Return the motion against the gradient of Rosenbrock's valley, by plain steps that are short enough."""

    def slope(p):
        x, y = p
        return np.array([(2 * (1 - x) + 400 * x * (y - x * x)) / 50, -200 * (y - x * x) / 50])

    h, path = time / steps, [np.array(start)]
    for _ in range(steps):
        p = path[-1]
        k1 = slope(p)
        k2 = slope(p + h / 2 * k1)
        k3 = slope(p + h / 2 * k2)
        path.append(p + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(p + h * k3)))
    return np.array(path)


def test_the_motion_stays_on_the_floor_of_a_curved_valley(opened):
    """Spans there end where the method is not stable: longer steps have fixed points beside the floor."""
    tab = opened("#rule=gradient-descent&potential=rosenbrock&steps=2500")
    path, times, pixel = tab.evaluate("""(({path, times, steps}, {width, height}) =>
        [[...path.slice(0, 2*steps + 2)], [...times.slice(0, steps + 1)], view(width, height).pixel]
        )(shown.motion, canvases.path)""")
    wanted, points = along_the_valley((-1.2, 1.0), 100, 10_000), np.array(path).reshape(-1, 2)
    assert times[-1] == pytest.approx(100)
    for k in (0, 1):
        got = np.interp(np.linspace(0, 100, 10_001), times, points[:, k])
        assert np.abs(got - wanted[:, k]).max() < pixel


# A context of a canvas that keeps the points of a line, and the points of the path on it.
DRAWN_LINE = """(which => {
    const line = [], context = {beginPath() {}, stroke() {}, setLineDash() {}};
    context.moveTo = context.lineTo = (x, y) => line.push([x, y]);
    const {width, height} = canvases.path, window = view(width, height), found = shown[which], path = [];
    drawPath(context, window, found, "", false);
    for (let k = 0; k < 2*found.steps + 2; k += 2)
        path.push([window.across(found.path[k]), window.down(found.path[k + 1])]);
    return [line, path];
})"""


def distance(points, line):
    """Return how far points are from a line of segments, each from the nearest."""
    begin, along = line[:-1], np.diff(line, axis=0)
    away = points[:, None, :] - begin
    square = np.maximum((along**2).sum(1), 1e-300)
    part = np.clip((away * along).sum(2) / square, 0, 1)
    return np.sqrt(((away - part[:, :, None] * along) ** 2).sum(2)).min(1)


@pytest.mark.parametrize("which", ["own", "motion"])
@pytest.mark.parametrize("rule", ["gradient-descent", "momentum-with-exponential-friction"])
def test_a_line_goes_through_the_points_of_a_path(opened, rule, which):
    tab = opened(f"#rule={rule}&steps=2000")
    line, path = (np.array(part) for part in tab.evaluate(f"{DRAWN_LINE}('{which}')"))
    assert distance(path, line).max() < 0.9  # half a pixel on each axis, and a tenth on either side
    assert distance(line, path).max() < 1e-6
    assert len(line) < len(path) / 2
    assert distance(path, line[3:]).max() > 0.9  # a line that begins later


def test_numbers_are_said_with_four_digits(opened):
    numbers = [0.03925, 20, 1.25, 999.96, 1000, 1690.12, 9999.5, 12346, 9.9999e6, 0.00010004, -0.5, 100, 0]
    said = opened().evaluate(f"{json.dumps(numbers)}.map(short)")
    assert [float(text.replace("−", "-")) for text in said] == [float(f"{v:.4g}") for v in numbers]
    assert said[:4] == ["0.03925", "20", "1.25", "1000"]
    assert opened().evaluate("[1.5e-7, -2e12, 1/0, 0/0].map(short)") == [
        "1.5 · 10⁻⁷",
        "−2 · 10¹²",
        "∞",
        "not defined",
    ]


def test_rules_are_compared(opened):
    tab = opened("#rule=momentum-with-forward-euler-friction&other=momentum-with-backward-euler-friction")
    assert "is the same as Momentum with backward Euler friction" in tab.locator("#same").inner_text()
    assert "part at step 1" in tab.locator("#parting").inner_text()  # rho differs at the same constants
    tab.locator("#other").select_option("1")
    settle(tab)
    assert "agree bitwise, over 150 steps" in tab.locator("#parting").inner_text()


def test_an_own_formula_is_run_and_a_wrong_one_is_told(opened):
    tab = opened("#rule=gradient-descent")
    tab.locator("#landscape").select_option(label="Own formula")
    settle(tab)
    text = "exp(-x)*(x^3 - 2)/5 + sin(3*y)*cos(x)^2 + tanh(x*y) + sqrt(4 + x**2) - log(3 + y^2)/2 + x^y/9"
    tab.locator("#formula").fill(text)
    settle(tab)
    assert tab.locator("#formula-error").inner_text() == ""
    got = tab.evaluate("""(p => [p.value, p.gradient1, p.gradient2].map(f => f(.7, .4))
        .concat(p.curvatures(.7, .4)))(ownPotential)""")
    read = ps.read(text.replace("^", "**"))
    a, b = (next(s for s in read.free_symbols if s.name == name) for name in "xy")
    wanted = [read, *(read.diff(s) for s in (a, b)), read.diff(a, 2), read.diff(a, b), read.diff(b, 2)]
    assert got == pytest.approx([float(e.subs({a: 0.7, b: 0.4})) for e in wanted], rel=1e-12)
    refused = {
        "x +": "a number, x, y or a bracket at its end",
        "x y": "an operator such as * is expected",
        "z": "z is not known",
        "sin x": "( is expected",
    }
    for wrong, says in refused.items():
        tab.locator("#formula").fill(wrong)
        assert says in tab.locator("#formula-error").inner_text()
        assert tab.locator("#formula").get_attribute("aria-invalid") == "true"
    assert json.loads(json.dumps(tab.evaluate("state.formula"))) == text


def test_a_rule_without_mechanics_says_why(opened):
    tab = opened("#rule=adam")
    assert "No constants of mechanics: its law of motion" in tab.locator("#no-mechanics").inner_text()
    assert reading(tab, "stability") == "not known: on a parabola the rule is not linear in k, μ, ν, 𝐱"
    assert reading(tab, "effective learning rate") == "changes with ν"
    assert not tab.locator("#legend-motion").is_visible()  # no motion is drawn
    tab.select_option("#rule", index=0)
    settle(tab)
    assert tab.locator("#legend-motion").is_visible()
    assert float(reading(tab, "effective learning rate")) == pytest.approx(number(tab, "eta"))
