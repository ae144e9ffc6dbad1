"""Figures as pure functions of arrays: which way up, in which limits, with which words; and each runner's look."""

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.experiment import RUNNERS, build_surface
from engine.relief import relief
from engine.surfaces import SURFACES
from pages.parts import theme
from pages.parts.figures import CURVE_FLOOR, curve_figure, loss_curves, map_figure, scene_figure, sweep_figure
from pages.parts.theme import STYLES, again, plotly_dash

CONFIG = tomllib.loads((Path(__file__).parents[1] / ".streamlit" / "config.toml").read_text())
BACKGROUNDS = {mode: CONFIG["theme"][mode]["backgroundColor"] for mode in ("light", "dark")}
BLUE, GREEN = STYLES["sgd"], STYLES["rmsprop"]

every_surface = pytest.mark.parametrize("key", SURFACES)


def contrast(one: str, other: str) -> float:
    """WCAG 2's ratio of two colours, #rrggbb."""

    def luminance(colour: str) -> float:
        channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text(title) -> str:
    return title.text or ""


# --- the landscape ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure_of", [map_figure, scene_figure])
def test_a_row_of_heights_lies_at_one_y_and_a_column_at_one_x(figure_of):
    surface = build_surface("x + 10*y", (("view", 2.0),))
    (trace,) = figure_of(relief(surface, grid=21)).data
    x, y = np.meshgrid(trace.x, trace.y)
    np.testing.assert_allclose(trace.z, x + 10 * y, rtol=1e-5, atol=1e-5)
    assert trace.x[0] == -2 and trace.x[-1] == 2 and trace.y[0] == -2 and trace.y[-1] == 2


@every_surface
def test_map_and_scene_share_colours_and_their_limits(key):
    heights = relief(SURFACES[key])
    flat, solid = map_figure(heights).data[0], scene_figure(heights).data[0]
    assert (flat.zmin, flat.zmax) == (solid.cmin, solid.cmax) == (heights.low, heights.high)
    assert flat.colorscale == solid.colorscale
    np.testing.assert_array_equal(flat.z, solid.z)


@every_surface
def test_the_axes_have_titles_and_show_the_whole_view(key):
    heights = relief(SURFACES[key])
    flat, solid = map_figure(heights), scene_figure(heights)
    (x0, x1), (y0, y1) = SURFACES[key].domain
    assert text(flat.layout.xaxis.title) == "x" and tuple(flat.layout.xaxis.range) == pytest.approx((x0, x1))
    assert text(flat.layout.yaxis.title) == "y" and tuple(flat.layout.yaxis.range) == pytest.approx((y0, y1))
    assert flat.layout.yaxis.scaleanchor == "x"  # or gradients would not stand upright on the contours
    assert text(flat.data[0].colorbar.title) == text(solid.layout.scene.zaxis.title) == heights.label
    assert [text(solid.layout.scene[axis].title) for axis in ("xaxis", "yaxis")] == ["x", "y"]
    low, high = solid.layout.scene.zaxis.range
    assert low < heights.low and high > heights.high


@every_surface
def test_contours_are_round_numbers_inside_the_limits_and_not_too_many(key):
    heights = relief(SURFACES[key])
    contours = map_figure(heights).data[0].contours
    lines = contours.start + contours.size * np.arange(100)
    lines = lines[(lines > heights.low) & (lines <= heights.high)]
    assert 6 <= len(lines) <= 19
    mantissa = float(f"{contours.size:e}".split("e")[0])
    assert mantissa in {1, 2, 2.5, 5}


@pytest.mark.parametrize("figure_of", [map_figure, scene_figure])
@pytest.mark.parametrize("formula", ["0*x", "log(x)", "1/x", "1e300*x**2", "1e-12*(x + y)"])
def test_extreme_landscapes_have_finite_limits(figure_of, formula):
    heights = relief(build_surface(formula))
    figure = figure_of(heights)
    (trace,) = figure.data
    limits = (trace.zmin, trace.zmax) if figure_of is map_figure else (trace.cmin, trace.cmax)
    assert np.isfinite(limits).all()
    if figure_of is map_figure:
        contours = trace.contours
        assert contours.size > 0 and np.isfinite([contours.start, contours.end]).all()
        assert (contours.end - contours.start) / contours.size < 20
    else:
        low, high = figure.layout.scene.zaxis.range
        assert np.isfinite([low, high]).all() and high > low


def test_heights_are_logarithms_where_they_span_more_than_three_decades():
    steep, gentle = relief(SURFACES["rosenbrock"]), relief(SURFACES["bowl"])
    assert steep.log and text(map_figure(steep).data[0].colorbar.title).startswith("log")
    assert not gentle.log and text(map_figure(gentle).data[0].colorbar.title) == "loss"


# --- the loss curve --------------------------------------------------------------------------------------------------


def test_a_known_minimum_makes_a_log_axis_of_the_loss_above_it():
    (curve,), title, log = loss_curves([np.array([5.0, 3.0, 2.0])], 1.5)
    np.testing.assert_array_equal(curve, [3.5, 1.5, 0.5])
    assert (title, log) == ("loss − lowest", True)


def test_the_floor_of_a_log_axis_is_stated_where_it_is_used():
    (curve,), title, log = loss_curves([np.array([1.0, 1e-20, 0.0, -1e-9])], 0.0)
    np.testing.assert_array_equal(curve, [1.0, CURVE_FLOOR, CURVE_FLOOR, CURVE_FLOOR])
    assert (title, log) == ("loss ≥ 10⁻¹²", True)
    assert loss_curves([np.array([1.0, 0.1])], 0.0)[1] == "loss"


@pytest.mark.parametrize(
    ("losses", "log", "title"),
    [
        ([10.0, 5.0], False, "loss"),
        ([2000.0, 1.0], True, "loss"),
        ([2000.0, -1.0], False, "loss"),
        ([2000.0, 0.0], False, "loss"),
        ([1e300, 1e-300], True, "loss ≤ 10³⁸"),  # what single precision holds
        ([-1e300, 1.0], False, "loss ≤ 10³⁸"),
        ([np.nan], False, "loss"),
        ([0.0, 0.0], False, "loss"),
    ],
)
def test_without_a_known_minimum_the_loss_itself_is_shown_on_a_log_axis_only_where_it_spans_much(losses, log, title):
    (curve,), said, chosen = loss_curves([np.array(losses)], np.nan)
    np.testing.assert_array_equal(curve, losses)
    assert (said, chosen) == (title, log)


def test_a_start_of_infinite_loss_has_an_axis():
    assert loss_curves([np.array([np.inf])], np.nan)[2] is False


@pytest.mark.parametrize("log", [False, True])
def test_each_curve_has_its_runners_line_and_both_axes_their_titles(log):
    curves = [np.array([4.0, 2.0, 1.0]), np.array([4.0, 3.0])]
    figure = curve_figure(curves, [BLUE, GREEN], "loss", log)
    assert [trace.line.color for trace in figure.data] == [BLUE.colour, GREEN.colour]
    assert [trace.line.dash for trace in figure.data] == [plotly_dash(BLUE.dash), plotly_dash(GREEN.dash)]
    for trace, curve in zip(figure.data, curves, strict=True):
        np.testing.assert_array_equal(trace.y, curve)
    assert (text(figure.layout.xaxis.title), text(figure.layout.yaxis.title)) == ("step", "loss")
    assert tuple(figure.layout.xaxis.range) == (0, 2)  # the longest run's, also where another diverged early
    assert figure.layout.yaxis.type == ("log" if log else "linear")


@pytest.mark.parametrize("curve", [[1.0], [np.nan], [0.0], [1e38, 1e-12]])
def test_the_shortest_and_the_widest_curves_have_axes_of_some_length(curve):
    figure = curve_figure([np.array(curve)], [BLUE], "loss", True)
    low, high = figure.layout.xaxis.range
    assert high > low and (figure.layout.yaxis.dtick == "D2" or figure.layout.yaxis.dtick >= 1)


# --- the sweep over rates --------------------------------------------------------------------------------------------


def sweep(used: float = 0.02):
    rates, gaps = np.array([1e-3, 1e-2, 1e-1]), np.array([1.0, 0.1, np.inf])
    return sweep_figure([("SGD", BLUE, rates, gaps, 1e-2, 0.1), ("RMSprop", GREEN, rates, gaps, np.nan, np.nan)],
                        "loss after 10 steps", [used, 0.3])  # fmt: skip


def test_the_sweep_has_log_axes_with_titles_a_line_and_a_best_rate_for_each_and_the_rates_in_use():
    figure = sweep()
    titles = text(figure.layout.xaxis.title), text(figure.layout.yaxis.title)
    assert titles == ("learning rate", "loss after 10 steps")
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [line.name for line in lines] == ["SGD", "RMSprop"]
    assert [line.line.color for line in lines] == [BLUE.colour, GREEN.colour]
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert (marks[0].x[0], marks[0].y[0]) == (1e-2, 0.1)
    assert [shape.x0 for shape in figure.layout.shapes] == [0.02, 0.3]


def test_a_rate_that_diverged_leaves_a_gap():
    np.testing.assert_array_equal(sweep().data[0].y, [1.0, 0.1, np.nan])


# --- the look --------------------------------------------------------------------------------------------------------


def test_every_runner_has_a_style_and_no_style_lacks_a_runner():
    assert set(STYLES) == set(RUNNERS)


@pytest.mark.parametrize("mode", BACKGROUNDS)
@pytest.mark.parametrize("colour", sorted({style.colour for style in [*STYLES.values(), theme.BY_HAND]}))
def test_every_colour_is_legible_on_both_themes(colour, mode):
    assert contrast(colour, BACKGROUNDS[mode]) >= 3


def test_runners_differ_also_where_colours_cannot_be_told_apart():
    for (one, a), (other, b) in combinations(STYLES.items(), 2):
        assert a != b, f"{one} and {other} look the same"
        assert a.colour != b.colour or (a.dash != b.dash and a.marker != b.marker), f"{one} and {other}: colour alone"


def test_no_two_of_any_six_runners_look_the_same():
    looks = {(key, nth): again(STYLES[key], nth) for key in STYLES for nth in range(1, 7)}
    for (one, a), (other, b) in combinations(looks, 2):
        if one == other or a + b <= 6:
            assert looks[one, a] != looks[other, b], f"{one} {a} and {other} {b} look the same"


@pytest.mark.parametrize("key", STYLES)
def test_runners_of_one_kind_share_their_colour_and_the_first_has_its_own_style(key):
    assert again(STYLES[key], 1) == STYLES[key]
    assert {again(STYLES[key], nth).colour for nth in range(1, 7)} == {STYLES[key].colour}


def test_every_marker_has_a_drawing_in_the_browser():
    script = (Path(__file__).parents[1] / "assets" / "stage" / "canvas.js").read_text()
    drawn = script[script.index("MARKERS = {") : script.index("};")]
    for style in [*STYLES.values(), *(again(s, n) for s in STYLES.values() for n in range(2, 7)), theme.BY_HAND]:
        assert f"  {style.marker}: " in drawn


def test_the_arrows_have_colours_of_their_own():
    arrows = {theme.GRADIENT, theme.VELOCITY, theme.STEP}
    assert len(arrows) == 3 and not arrows & {style.colour for style in STYLES.values()}


def test_dashes_as_plotly_spells_them():
    assert plotly_dash(()) == "solid" and plotly_dash((9, 5)) == "9px,5px"
