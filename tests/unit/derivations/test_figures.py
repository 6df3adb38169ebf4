"""Figures: what is drawn and said equals what other means compute, and is told apart without colour."""

import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from derivations import friction, gradient_descent, momentum, stale
from derivations.book import figures
from derivations.book._runs import VOCABULARY
from derivations.book.figures import (
    Experiment,
    Motion,
    boundary,
    effective_rates,
    effective_rates_caption,
    energies,
    energies_caption,
    losses,
    losses_caption,
    momentum_coefficients,
    momentum_coefficients_caption,
    regimes,
    regimes_caption,
    stability_map,
    stability_map_caption,
    steady_step,
    tracks,
    tracks_caption,
)
from derivations.book.figures.valley import shrinking
from derivations.book.reference import gradient_descent as by_hand_gradient_descent
from derivations.book.reference import heavy_ball, heavy_ball_with_dampening
from physsym import Derivation, after, damped_particle
from physsym.analysis import spectral_radii
from physsym.core.statements import parameters, rule
from physsym.documents.plotting import AMBER, BLUE, GREEN, INK, STROKES, axes, image, svg
from physsym.documents.prose import sentence
from physsym.mechanics import particle_with_friction
from physsym.runtime.potentials import PROBLEMS
from physsym.vocabulary import G, alpha, eta, rho, u, x

plt = pytest.importorskip("matplotlib.pyplot")
matplotlib = plt.matplotlib
matplotlib.use("agg")

START, STEPS = (0.6, 2.4), 60
STIFF = np.array([20.0, 1.0])


@pytest.fixture(autouse=True)
def _figures_are_closed():
    yield
    plt.close("all")


def descent(step, steps=STEPS):
    return Experiment("descent", gradient_descent.derivation, {"eta": step}, steps, start=START)


def textbook(step, kept, steps=STEPS):
    values = {"alpha": step, "rho": kept}
    return Experiment("textbook", momentum.textbook, values, steps, start=START)


def derived(step, kept, steps=STEPS):
    values = {"eta": step, "rho": kept}
    return Experiment("derived", momentum.derivation, values, steps, start=START)


def slope(w):
    return STIFF * w


def by_hand(experiment):
    """Return the positions of a run as a person writes it."""
    w, v, p = np.array(START), np.zeros(2), dict(experiment.parameters)
    places = [w]
    for _ in range(experiment.steps):
        if experiment.name == "descent":
            (w,) = by_hand_gradient_descent(w, slope, p["eta"])
        elif experiment.name == "textbook":
            v, w = heavy_ball(v, w, slope, p["alpha"], p["rho"])
        else:
            v, w = heavy_ball_with_dampening(v, w, slope, p["eta"], p["rho"])
        places.append(w)
    return np.array(places)


RUNS = (descent(0.09), textbook(0.01, 0.9), derived(0.01, 0.9))


def drawn(ax, label):
    (line,) = [line for line in ax.lines if line.get_label() == label]
    return np.asarray(line.get_xydata(), dtype=float)


# ------------------------------------------------------------------ the valley


def test_tracks_are_those_of_the_handwritten_optimizers():
    ax = tracks(*RUNS)
    for run in RUNS:
        np.testing.assert_allclose(drawn(ax, run.name), by_hand(run)[:, ::-1], rtol=1e-10, atol=1e-14)


def test_contours_are_levels_of_the_function():
    ax = tracks(*RUNS)
    (contours,) = ax.collections
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        height = (20 * path.vertices[:, 1] ** 2 + path.vertices[:, 0] ** 2) / 2
        np.testing.assert_allclose(height, level, rtol=0.02)


def test_losses_are_those_of_the_handwritten_optimizers():
    ax = losses(*RUNS)
    for run in RUNS:
        expected = (by_hand(run) ** 2 @ STIFF) / 2
        np.testing.assert_allclose(drawn(ax, run.name)[:, 1], expected, rtol=1e-8)


def test_a_spoiled_rule_draws_another_track():
    wrong = rule({u: rho * u - (1 + rho) * eta * G, x: x + after(u)})
    spoiled = Experiment("derived", wrong, {"eta": 0.01, "rho": 0.9}, STEPS, start=START)
    found, right = drawn(tracks(spoiled), "derived"), drawn(tracks(derived(0.01, 0.9)), "derived")
    assert np.abs(found - right).max() > 0.1
    assert tracks_caption(spoiled) != tracks_caption(derived(0.01, 0.9))


def crossings(values):
    return sum(a * b < 0 for a, b in pairwise(values))


@pytest.mark.parametrize("run", RUNS, ids=lambda r: r.name)
def test_what_the_caption_of_the_tracks_counts_is_so(run):
    places, caption = by_hand(run), tracks_caption(run)
    across, along = crossings(places[:, 0]), crossings(places[:, 1])
    say = {0: "never {}", 1: "{} once", 2: "{} twice"}
    assert say.get(across, f"{{}} {across} times").format("crosses the floor") in caption
    assert say.get(along, f"{{}} {along} times").format("runs past the minimum") in caption
    loss = (places**2 @ STIFF) / 2
    arrived = next((k for k in range(len(loss)) if (loss[k:] <= loss[0] / 1000).all()), None)
    ending = f"step {arrived} on" if arrived is not None else f"still has about {loss[-1] / loss[0]:.2g}"
    assert ending in caption


def test_the_remark_on_wild_oscillation_is_false_at_the_usual_rate_and_true_near_the_limit():
    assert descent(0.01).turns == (0, 0)
    assert textbook(0.01, 0.9).turns[0] > 5
    assert descent(0.09).turns == (STEPS, 0)


def test_the_loss_of_descent_falls_by_the_square_of_its_slowest_factor():
    # 1 - eta along the valley decides when 1 - 20*eta is smaller.
    assert shrinking(descent(0.05, 200)) == pytest.approx((1 - 0.05) ** 2, rel=1e-9)
    assert "by 0.9025 a step, averaged over the second half" in losses_caption(descent(0.05, 200))


def test_the_loss_of_momentum_falls_at_its_spectral_radius():
    # Both roots of z**2 - (1 + rho - alpha*lam) z + rho are complex in either weight: modulus sqrt(rho).
    for stiffness in STIFF:
        assert np.abs(np.roots([1, -(1.9 - 0.01 * stiffness), 0.9])).max() == pytest.approx(0.9**0.5)
    assert shrinking(textbook(0.01, 0.9, 400)) == pytest.approx(0.9, rel=0.01)


def test_a_loss_that_vanishes_has_no_rate():
    with pytest.raises(ValueError, match="fewer steps"):
        shrinking(Experiment("at rest", gradient_descent.derivation, {"eta": 0.1}, 4, start=(0.0, 0.0)))


def test_a_run_that_diverges_is_named():
    with pytest.raises(FloatingPointError, match="not finite after step"):
        tracks(descent(50.0, 1000))


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ((), "given none"),
        ((RUNS[0], Experiment("b", gradient_descent.derivation, {"eta": 0.1}, 3, PROBLEMS["bowl"])), "bowl"),
        (
            (Experiment("l", gradient_descent.derivation, {"eta": 0.1}, 1, PROBLEMS["logistic"]),),
            "two weights",
        ),
        (RUNS * 2, "given 6"),
    ],
)
def test_runs_that_do_not_belong_together_are_refused(runs, reason):
    with pytest.raises(ValueError, match=reason):
        tracks(*runs)


# ------------------------------------------------------------------ motion and energy


def motion(stiffness, friction=1.0, mass=1.0, until=12.0, name="motion"):
    values = {"m": mass, "gamma": friction, "lam": stiffness}
    return Motion(name, damped_particle, values, until)


def closed_form(found):
    """Return position and velocity of m x'' = -gamma x' - lam x from rest at 1, by the two roots."""
    m, c, k = (found.parameters[n] for n in ("m", "gamma", "lam"))
    fast, slow = np.roots([m, c, k]).astype(complex)
    weights = np.linalg.solve(np.array([[1, 1], [fast, slow]]), np.array([1, 0]))
    waves = np.exp(np.outer(found.times, [fast, slow]))
    return (waves @ weights).real, (waves @ (weights * [fast, slow])).real


@pytest.mark.parametrize("values", [(4.0,), (1 / 16,), (1.0, 0.5, 2.0), (20.0, 3.0)])
def test_motions_follow_the_closed_form(values):
    found = motion(*values)
    place, speed = closed_form(found)
    np.testing.assert_allclose(found.states, np.stack([place, speed], axis=1), atol=1e-12)


def test_critical_damping_follows_the_closed_form():
    found = motion(0.25)
    np.testing.assert_allclose(
        found.states[:, 0], (1 + found.times / 2) * np.exp(-found.times / 2), atol=1e-12
    )


def test_the_energy_is_drawn_with_what_friction_has_left():
    found = motion(1.0, 0.5)
    place, speed = closed_form(found)
    ax = energies(found)
    np.testing.assert_allclose(drawn(ax, "energy")[:, 1], place**2 + speed**2, atol=1e-12)
    np.testing.assert_allclose(drawn(ax, "its potential part")[:, 1], place**2, atol=1e-12)
    left = drawn(ax, "start less heat")
    np.testing.assert_allclose(left[:, 1], np.interp(left[:, 0], found.times, place**2 + speed**2), atol=1e-7)


def test_the_rate_of_the_energy_is_the_power_of_friction():
    found = motion(1.0, 0.5)
    rate = np.gradient(found.energy, found.times, edge_order=2)
    np.testing.assert_allclose(rate, -0.5 * found.states[:, 1] ** 2, atol=2e-3)


def test_the_caption_of_the_energy_is_computed():
    found = motion(1.0, 0.5)
    place, speed = closed_form(found)
    caption = energies_caption(found)
    assert f"passes the lowest point {crossings(place)} times" in caption
    assert f"keeps about {place[-1] ** 2 + speed[-1] ** 2:.2g} of its energy" in caption
    assert "within 10⁻⁸" in caption


def test_heat_that_does_not_account_for_the_energy_is_seen(monkeypatch):
    wrong = motion(1.0, 0.5)
    monkeypatch.setattr(Motion, "heat", property(lambda self: 0.9 * self.energy[0] - 0.9 * self.energy))
    assert "within 10⁻¹" in energies_caption(wrong)


def test_one_relaxation_time_three_regimes():
    three = motion(4.0, name="a"), motion(0.25, name="b"), motion(1 / 16, name="c")
    assert {m.relaxation for m in three} == {1.0}
    assert [m.stiffness for m in three] == [4.0, 0.25, 1 / 16]
    assert [m.turns for m in three] == [crossings(closed_form(three[0])[0]), 0, 0]
    ax = regimes(*three)
    np.testing.assert_allclose(drawn(ax, "a")[:, 1], closed_form(three[0])[0], atol=1e-12)
    assert regimes_caption(*three).count("`tau` = 1,") == 3
    assert "`tau*lam/gamma` = 0.25," in regimes_caption(*three)
    thick = motion(1 / 64, name="d")
    assert "`tau*lam/gamma` ≈ 0.0156," in regimes_caption(thick)


def test_time_is_counted_in_relaxation_times():
    heavy = motion(1.0, 2.0, 3.0)
    assert heavy.relaxation == pytest.approx(1.5)
    assert drawn(regimes(heavy), "motion")[-1, 0] == pytest.approx(12 / 1.5)
    assert drawn(regimes(heavy, motion(1.0, name="light")), "motion")[-1, 0] == 12


def test_motions_that_cannot_be_followed_are_refused():
    with pytest.raises(ValueError, match="needs gamma"):
        _ = Motion("bare", damped_particle, {"m": 1.0, "lam": 1.0}, 1.0).states
    with pytest.raises(ValueError, match="not linear"):
        _ = Motion("dry", particle_with_friction(3), {"m": 1.0, "gamma": 1.0, "lam": 1.0}, 1.0).states
    with pytest.raises(ValueError, match="given 0"):
        regimes()


# ------------------------------------------------------------------ coefficients

RULES = {"textbook": momentum.textbook, "derived": momentum.derivation}
FRICTIONS = {"forward": friction.forward, "backward": friction.backward, "exponential": friction.exponential}


def test_steady_steps_are_those_of_the_geometric_series():
    assert steady_step(momentum.textbook.rule) == alpha / (1 - rho)
    assert steady_step(momentum.derivation.rule) == eta
    assert steady_step(gradient_descent.derivation.rule) == eta
    with pytest.raises(ValueError, match="no single step"):
        steady_step(rule({u: u - eta * G, x: x + after(u)}))


def test_effective_rates_are_drawn_and_measured():
    ax = effective_rates(RULES)
    kept, share = drawn(ax, "textbook").T
    np.testing.assert_allclose(share, 1 / (1 - kept))
    np.testing.assert_allclose(drawn(ax, "derived")[:, 1], 1)
    measured = [line.get_xydata() for line in ax.lines if line.get_linestyle() == "None"]
    for points, expected in zip(measured, (lambda k: 1 / (1 - k), np.ones_like), strict=True):
        np.testing.assert_allclose(points[:, 1], expected(points[:, 0]), rtol=1e-6)
    assert "textbook at 10, derived at 1." in effective_rates_caption(RULES)


def test_a_spoiled_weight_changes_the_effective_rate():
    wrong = rule({u: rho * u - (1 + rho) * eta * G, x: x + after(u)})
    assert drawn(effective_rates({"derived": wrong}), "derived")[:, 1].max() > 2


def test_shares_of_friction_are_those_of_the_integrators():
    ax = momentum_coefficients(FRICTIONS)
    expected = {
        "forward": lambda s: 1 - s,
        "backward": lambda s: 1 / (1 + s),
        "exponential": lambda s: np.exp(-s),
    }
    for name, share in expected.items():
        spans, shares = drawn(ax, name).T
        np.testing.assert_allclose(shares, share(spans), atol=1e-14)
    assert "forward 0.9 and -2; backward about 0.9091 and 0.25" in momentum_coefficients_caption(FRICTIONS)


# ------------------------------------------------------------------ the map of stability

GRID = np.meshgrid(np.linspace(0, 0.95, 12), np.linspace(0.05, 7.9, 15))


def by_roots(weight):
    """Return spectral radii by a quadratic found by hand: z^2 - (1 + rho - weight*stiffness) z + rho."""
    found = [
        np.abs(np.roots([1, weight(k) * s - 1 - k, k])).max()
        for k, s in zip(GRID[0].flat, GRID[1].flat, strict=True)
    ]
    return np.reshape(found, GRID[0].shape)


def radii(derived):
    rate = next(p.name for p in parameters(derived) if p != rho)
    return spectral_radii(derived, rho=GRID[0], lam=GRID[1], **{rate: 1.0})


MAPS = {
    "textbook": (momentum.textbook.rule, lambda k: 1.0, lambda k: 2 * (1 + k)),
    "derived": (momentum.derivation.rule, lambda k: 1 - k, lambda k: 2 * (1 + k) / (1 - k)),
}


@pytest.mark.parametrize(("derived", "weight", "end"), MAPS.values(), ids=MAPS)
def test_the_map_shows_eigenvalues_and_the_exact_boundary(derived, weight, end):
    ax = stability_map(derived)
    np.testing.assert_allclose(radii(derived), by_roots(weight), atol=1e-7)
    kept, ends = drawn(ax, "exact boundary").T
    np.testing.assert_allclose(ends, end(kept), rtol=1e-12)
    assert f"the limit is {float(end(0.9)):.3g}." in stability_map_caption(derived)
    inside = by_roots(weight) < 1 - 1e-9
    np.testing.assert_array_equal(GRID[1] < end(GRID[0]), inside)


def test_a_spoiled_rule_has_another_map():
    wrong = rule({u: rho * u + eta * G, x: x + after(u)})
    assert (radii(wrong) >= 1).all()
    assert not np.isfinite(boundary(wrong, np.array([0.5]))).any()


def test_gradient_descent_has_one_limit_and_a_stale_gradient_another():
    some = np.array([0.0, 0.5])
    np.testing.assert_allclose(boundary(gradient_descent.derivation.rule, some), 2)
    np.testing.assert_allclose(boundary(stale.derivation.rule, some), 1)


def test_a_rule_of_more_parameters_has_no_map():
    with pytest.raises(ValueError, match="one rate beside rho"):
        stability_map(momentum.by_constants)


def test_a_derivation_without_rho_has_no_share():
    with pytest.raises(ValueError, match="does not define rho"):
        momentum_coefficients({"descent": gradient_descent.derivation})


def test_what_is_no_rule_is_refused():
    with pytest.raises(TypeError, match="a rule or a derivation, given str"):
        tracks(Experiment("nonsense", "x - eta*G", {"eta": 0.1}, 3))
    with pytest.raises(ValueError, match="ends with a law"):
        tracks(Experiment("law", Derivation("law", damped_particle.law(), ()), {}, 3))


# ------------------------------------------------------------------ looks


def light(colour):
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def greyness(colour):
    """Return the lightness L* of a colour, 0 to 100 (CIE 1976): what is left of it in a grey copy."""
    return 116 * np.cbrt(light(colour)) - 16


@pytest.mark.parametrize("page", ["#ffffff", "#15181d"])
def test_everything_is_seen_on_light_and_dark_pages(page):
    assert all(contrast(colour, page) >= 3 for colour in (BLUE, GREEN, AMBER))
    assert contrast(INK, page) >= 4


def test_strokes_differ_without_colour():
    assert len({s.dash for s in STROKES}) == len({s.marker for s in STROKES}) == len(STROKES)
    shades = sorted(map(greyness, (BLUE, GREEN, AMBER)))
    assert all(b - a >= 6 for a, b in pairwise(shades))


def test_strokes_that_differ_in_hue_alone_would_be_seen():
    assert abs(greyness(BLUE) - greyness("#a8567f")) < 6
    assert contrast("#f0c000", "#ffffff") < 3


DRAWN = {
    "tracks": lambda ax: tracks(*RUNS, ax=ax),
    "losses": lambda ax: losses(*RUNS, ax=ax),
    "energies": lambda ax: energies(motion(1.0, 0.5), ax=ax),
    "regimes": lambda ax: regimes(motion(4.0), ax=ax),
    "rates": lambda ax: effective_rates(RULES, ax=ax),
    "map": lambda ax: stability_map(momentum.derivation, ax=ax),
    "shares": lambda ax: momentum_coefficients(FRICTIONS, ax=ax),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_figures_draw_on_the_axes_they_are_given(draw):
    own = axes(None)
    assert draw(own) is own
    assert draw(None) is not own


@pytest.mark.slow
@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_figures_are_the_same_bytes_each_time_whatever_the_readers_settings(draw):
    first = svg(draw)
    with matplotlib.rc_context({"lines.linewidth": 9, "axes.facecolor": "red", "font.size": 30}):
        assert svg(draw) == first
    assert first.startswith("<svg")
    assert "<metadata>" not in first
    assert "http" not in first.replace("http://www.w3.org/", "")


def test_panels_stand_side_by_side():
    two = svg((DRAWN["losses"], DRAWN["tracks"]), (8, 3))
    assert two.count('id="axes_') == 2
    assert image(DRAWN["losses"], "pdf") == image(DRAWN["losses"], "pdf")
    assert image(DRAWN["losses"], "png").startswith(b"\x89PNG")


CAPTIONS = (
    tracks_caption(*RUNS),
    losses_caption(*RUNS),
    energies_caption(motion(1.0, 0.5)),
    regimes_caption(motion(4.0)),
    effective_rates_caption(RULES),
    momentum_coefficients_caption(FRICTIONS),
    stability_map_caption(momentum.derivation),
)


@pytest.mark.parametrize("caption", CAPTIONS)
def test_captions_are_prose_of_the_document(caption):
    assert sentence(caption, VOCABULARY)
    assert caption.endswith(".")
    # A rounded number is no formula.
    assert not any("." in formula for formula in re.findall("`([^`]*)`", caption))


@pytest.mark.slow
def test_chapters_are_read_without_numpy_and_matplotlib():
    read = (
        "import sys, derivations.book, derivations.claims\n"
        "print(*(name for name in ('numpy', 'matplotlib') if name in sys.modules))\n"
        "derivations.book.figures.given({})\n"
        "print(*(name for name in ('numpy', 'matplotlib') if name in sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines() == ["", "numpy"]


def test_every_name_of_the_figures_is_what_it_says():
    for name in figures.__all__:
        assert getattr(figures, name).__name__ == name
        assert callable(getattr(figures, name))


def test_without_matplotlib_the_error_names_the_extra_and_captions_still_work():
    hidden = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from derivations.gradient_descent import derivation\n"
        "from derivations.book.figures import Experiment, tracks, tracks_caption\n"
        "run = Experiment('descent', derivation, {'eta': 0.01}, 5)\n"
        "print(tracks_caption(run))\n"
        "try: tracks(run)\n"
        "except ImportError as error: print(error)"
    )
    out = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=True)
    assert "never crosses the floor" in out.stdout
    assert "pip install 'physsym[document]'" in out.stdout
