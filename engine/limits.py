"""Every bound of the pages and their URLs, once: widgets, links, presets and tests read it here.

The engine itself checks only types and signs, so that a notebook may go further.
"""

from typing import NamedTuple


class Bounds(NamedTuple):
    """A closed interval of legal values."""

    low: float
    high: float

    def clamp(self, value: float) -> float:
        """The legal value nearest to ``value``."""
        return min(max(value, self.low), self.high)


LEARNING_RATE = Bounds(1e-6, 10.0)
RATE_FACTOR = Bounds(1e-3, 1e3)  # by which a race's rates change in mid-run
STEPS = Bounds(1, 5000)
RUNNERS = Bounds(1, 6)
GRID = Bounds(20, 200)
SWEEP_STEPS = 1000  # of a sweep over rates on a page: longer runs are judged after so many
NOISE = Bounds(0.0, 100.0)  # standard deviation of the noise added to each component of the gradient
SEED = Bounds(0, 2**31 - 1)
START = Bounds(-1e6, 1e6)  # each coordinate: a start may lie outside the view, but not where squares overflow
STEP_LENGTH = Bounds(0.01, 10.0)  # of a walk by hand, in units of the weights
FORMULA_LENGTH = 500  # characters
RATES_PER_DECADE = 16  # of a race's sweep over learning rates: two rates within an eighth of a decade on each side
NETWORK_STEPS = Bounds(1, 50_000)
EPOCHS = Bounds(1, 5000)
SAMPLES = Bounds(1, 2000)
BATCH_SIZE = Bounds(1, 2000)  # more than there are samples means all of them
DATA_NOISE = Bounds(0.0, 2.0)  # standard deviation, before the data are standardised
CLASSES = Bounds(1, 8)
LAYERS = Bounds(0, 32)  # hidden ones
UNITS = Bounds(1, 128)  # of each hidden layer
NETWORKS = Bounds(1, 4)  # trained side by side
L2 = Bounds(0.0, 10.0)
PREDICTION = Bounds(0.001, 0.999)  # a probability short of its ends, where cross-entropy has no bound
LOGIT = Bounds(-10.0, 10.0)
SOFTMAX_CLASSES = Bounds(2, 8)
REGRESSION_SAMPLES = Bounds(1, 500)  # of a regression with two weights, whose batches may be one sample each
BASIN_STARTS = 200  # along each side of a map of basins
BASIN_STEPS = Bounds(1, 1000)  # of each of its starts, for up to six optimizers
BOX_SIDE = 1e-8  # of the largest coordinate, or of 1: in a smaller box neighbouring starts would be the same number
DEPTH = Bounds(1, 32)  # hidden layers of the pages on depth
WEIGHT_SCALE = Bounds(1e-3, 10.0)  # by which initial weights are multiplied
DEPTH_STEPS = Bounds(10, 1000)
WEIGHT = Bounds(-10.0, 10.0)  # of each weight, bias, input and target of a network worked through by hand
CURVE_WEIGHT = Bounds(-5.0, 5.0)  # of a loss curve over one weight
CURVE_STEPS = Bounds(1, 100)  # on such a curve, each of which can be looked at
EDGE_SHARE = Bounds(1e-3, 5.0)  # a rate as a share of 2/L″, the largest stable one
SWEEP_RATES = Bounds(2, 64)  # learning rates of a page's sweep, run at once
SWEEP_NETWORK_STEPS = Bounds(10, 2000)  # of each network in it
SWEEP_LAYERS = Bounds(0, 4)
SWEEP_WORK = 5e10  # multiply-adds of a sweep over networks: about 20 seconds
MAP_STEPS = Bounds(1, 300)  # of each run of the map of rates and momenta
