"""Heights as they are drawn: the right way round, logarithms where they are needed, gaps and spikes that do no harm."""

from dataclasses import replace

import numpy as np
import pytest

from engine.experiment import build_surface
from engine.relief import LOG_RANGE, Relief, gradient_field, relief
from engine.surfaces import SURFACES, Surface

pytestmark = pytest.mark.filterwarnings("error")
every_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
BOWL = SURFACES["bowl"]


def made_of(value, **fields) -> Surface:
    """The bowl's view with other heights, and no known minimum unless given."""
    return replace(BOWL, value=value, minima=np.empty((0, 2)), value_and_gradient=None, **fields)


def with_cell(height: float, base=BOWL.value) -> Surface:
    """A surface with one cell of a grid of 21 at another height."""

    def value(points):
        hit = (np.abs(points - (2.0, -3.0)) < 0.1).all(-1)
        return np.where(hit, height, base(points))

    return made_of(value)


@every_surface
def test_heights_stand_where_they_belong(surface):
    drawn = relief(surface, 31)
    assert drawn.heights.shape == (31, 31)
    assert ((drawn.x[0], drawn.x[-1]), (drawn.y[0], drawn.y[-1])) == surface.domain
    for i, j in ((0, 0), (0, 30), (30, 0), (7, 19), (19, 7)):
        loss = surface.value(np.array((drawn.x[j], drawn.y[i])))
        assert drawn.heights[i, j] == pytest.approx(float(drawn.height(loss)), rel=1e-12, abs=1e-12)


def test_row_is_y_and_column_is_x():
    drawn = relief(made_of(lambda p: 10 * p[..., 0] + p[..., 1]), 5)
    np.testing.assert_allclose(drawn.heights, 10 * drawn.x[None, :] + drawn.y[:, None])
    drawn = relief(build_surface("x + 5*y", (("view", 2.0),)), 5)
    np.testing.assert_allclose(drawn.heights[:, 0], -2 + 5 * np.linspace(-2, 2, 5))


@every_surface
def test_a_path_lies_on_the_surface(surface):
    drawn = relief(surface, 21)
    grid = np.stack(np.meshgrid(drawn.x, drawn.y), -1)
    np.testing.assert_allclose(drawn.height(surface.value(grid)), drawn.heights, rtol=1e-12, atol=1e-12)
    assert drawn.low < drawn.high
    assert not drawn.flat
    assert np.isfinite(drawn.heights).all()
    if np.isfinite(surface.lowest):
        assert drawn.lowest == pytest.approx(surface.lowest, abs=1e-9)
        if drawn.log:
            assert float(drawn.height(np.float64(surface.lowest))) == pytest.approx(0, abs=1e-9)


def test_logarithms_where_heights_span_much():
    logs = {key for key, surface in SURFACES.items() if relief(surface).log}
    assert {"rosenbrock", "beale", "goldstein_price", "himmelblau"} <= logs
    assert not logs & {"bowl", "ravine", "rastrigin", "ackley", "saddle", "easom", "double_well", "two_weight_net"}
    just = relief(made_of(lambda p: LOG_RANGE * (p[..., 0] + 5) / 10))
    assert not just.log
    assert just.label == "loss"
    np.testing.assert_array_equal(just.height(np.array([3.0, -7.0])), [3.0, -7.0])
    over = relief(made_of(lambda p: 1.01 * LOG_RANGE * (p[..., 0] + 5) / 10 - 20))
    assert over.log
    assert over.lowest == pytest.approx(-20)
    assert over.label.startswith("log") and over.label.isprintable()
    np.testing.assert_allclose(over.heights[0], np.log10(1 + 1.01 * LOG_RANGE * (over.x + 5) / 10), atol=1e-9)
    np.testing.assert_allclose(over.height(np.array([-20.0, -11.0, 979.0])), [0, 1, 3], atol=1e-9)


def test_what_lies_below_the_grid_is_drawn_at_its_lowest_under_a_logarithm():
    drawn = relief(made_of(lambda p: 1e4 * p[..., 0]))
    assert drawn.log
    np.testing.assert_array_equal(drawn.height(np.array([-1e9, -5e4])), [0, 0])
    assert np.isnan(drawn.height(np.array(np.nan)))


def test_cells_that_are_not_finite_are_gaps():
    def value(points):
        x, y = points[..., 0], points[..., 1]
        return np.where(y > 4, np.inf, np.log(x))

    drawn = relief(made_of(value), 21)
    bad = (drawn.x[None, :] <= 0) | (drawn.y[:, None] > 4)
    np.testing.assert_array_equal(np.isnan(drawn.heights), bad)
    assert np.isfinite((drawn.low, drawn.high, drawn.lowest)).all()
    assert drawn.low < drawn.high


def test_no_finite_cell_is_an_error_with_a_sentence():
    for height in (np.nan, np.inf):
        with pytest.raises(ValueError, match="no finite value in this view"):
            relief(made_of(lambda p, height=height: np.full(p.shape[:-1], height)))


@pytest.mark.parametrize("height", [0.0, -3.0, 1e200])
def test_a_constant_surface_is_flat(height):
    drawn = relief(made_of(lambda p: np.full(p.shape[:-1], height)))
    assert drawn.flat
    assert not drawn.log
    assert drawn.low == drawn.high == drawn.lowest == height
    one_left = relief(made_of(lambda p: np.where((np.abs(p) < 0.01).all(-1), height, np.nan)))
    assert one_left.flat


@pytest.mark.parametrize("height", [1e300, 1e12])
def test_one_huge_cell_does_not_flatten_the_colours(height):
    drawn, plain = relief(with_cell(height), 21), relief(BOWL, 21)
    assert drawn.log
    assert drawn.heights.max() == pytest.approx(np.log10(height))
    usual = np.log10(1 + plain.heights)
    spread = usual.max() - usual.min()
    if height == 1e300:
        assert drawn.high <= usual.max() + 1e-9
        assert drawn.high - drawn.low > 0.7 * spread
    assert drawn.low >= 0
    assert not drawn.flat


def test_a_few_gaps_and_a_huge_cell_together():
    def value(points):
        return np.where(points[..., 0] > 4, np.nan, with_cell(1e300).value(points))

    drawn = relief(made_of(value), 21)
    assert drawn.high < 2
    assert np.isnan(drawn.heights).any()


def test_heights_too_far_apart_for_a_float_do_not_warn():
    drawn = relief(made_of(lambda p: 3e307 * p[..., 0]), 21)
    assert not np.isinf(drawn.heights).any()
    assert np.isfinite((drawn.low, drawn.high)).all()


def test_the_known_minimum_counts_where_the_grid_misses_it():
    drawn = relief(SURFACES["rosenbrock"], 20)
    assert drawn.lowest == 0
    assert np.nanmin(drawn.heights) > 0


def test_a_relief_is_the_same_every_time():
    one, two = relief(SURFACES["ackley"]), relief(SURFACES["ackley"])
    assert isinstance(one, Relief)
    np.testing.assert_array_equal(one.heights, two.heights)
    assert (one.low, one.high) == (two.low, two.high)
    assert one.heights.shape == (101, 101)


# The gradient field


@every_surface
def test_the_field_points_downhill(surface):
    points, downhill = gradient_field(surface, 9)
    assert points.shape == downhill.shape == (81, 2)
    (x0, x1), (y0, y1) = surface.domain
    assert ((points > (x0, y0)) & (points < (x1, y1))).all()
    np.testing.assert_allclose(points.min(0) - (x0, y0), (x1, y1) - points.max(0))
    np.testing.assert_allclose(points.mean(0), ((x0 + x1) / 2, (y0 + y1) / 2), atol=1e-12)
    np.testing.assert_array_equal(downhill, -surface.gradient(points))
    length = np.linalg.norm(downhill, axis=-1, keepdims=True)
    moving = length[:, 0] > 1e-6
    little = 1e-6 * downhill[moving] / length[moving]
    assert (surface.value(points[moving] + little) <= surface.value(points[moving])).all()


def test_the_field_is_zero_where_it_is_not_finite():
    points, downhill = gradient_field(build_surface("log(x) + y**2"))
    assert np.isfinite(downhill).all()
    right = points[:, 0] > 0
    assert (downhill[~right, 0] == 0).all()
    np.testing.assert_allclose(downhill[right], -np.stack([1 / points[right, 0], 2 * points[right, 1]], -1))
