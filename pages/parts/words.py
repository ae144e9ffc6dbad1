"""Numbers and sentences, as a reader is told them."""

import re

import numpy as np

from engine import Array, limits
from engine.curvature import stable_rate
from engine.descent import Outcome, Trajectory
from engine.experiment import RUNNERS, Run, schedule_of, surface_of

MINUS = "−"
FLAT = 1e-4  # curvature below this counts as none, as it does in engine.descent.outcome
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 3) -> str:
    """Three significant digits, powers of ten only outside .001 to 10,000.

    >>> number(0.0031623), number(-12.345), number(2.5e-7), number(1e40), number(0.0)
    ('0.00316', '−12.3', '2.50·10⁻⁷', '1.00·10⁴⁰', '0')
    """
    if np.isnan(value):
        return "–"
    if value == 0 or np.isinf(value):
        return "0" if value == 0 else "∞" if value > 0 else MINUS + "∞"
    size = abs(value)
    sign = MINUS if value < 0 else ""
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    if 1e-3 <= size < 9999.5:
        return sign + f"{float(f'{mantissa}e{exponent}'):.{max(0, digits - 1 - int(exponent))}f}"
    return f"{sign}{mantissa}·10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def plain(value: float) -> str:
    """A setting as a reader would type it, without trailing zeros.

    >>> plain(0.003), plain(10.0), plain(1e-6)
    ('0.003', '10', '1e-6')
    """
    return f"{value:.12g}" if value >= 1e-4 or value == 0 else f"{value:.6g}".replace("e-0", "e-")


def escaped(text: str) -> str:
    """Text that Markdown shows as it stands.

    >>> escaped("x**2 < $y_1$")
    'x\\\\*\\\\*2 \\\\< \\\\$y\\\\_1\\\\$'
    """
    return re.sub(r"([\\`*_{}\[\]()#+!|<>$~:-])", r"\\\1", text)


def point(p: Array) -> str:
    """A position, as (x, y)."""
    return f"({number(float(p[0]))}, {number(float(p[1]))})"


def ending(run: Run, label: str, trajectory: Trajectory, outcome: Outcome) -> str:
    """One sentence on how a run ended: where from, from which loss to which, in how many steps, and why it stopped."""
    start, first, last = trajectory.params[0], float(trajectory.loss[0]), float(trajectory.loss[-1])
    for what, value in (("loss", first), ("slope", trajectory.grads[0])):
        if not np.isfinite(value).all():
            fault = f"the {what} there is not a finite number. Choose another start."
            return f"{label} cannot start at {point(start)}: {fault}"
    steps = int(trajectory.count[-1])
    went = f"{label} from {point(start)}: loss {number(first)} to {number(last)} in {steps} step{'s' * (steps != 1)}"
    match outcome.kind:
        case "diverged":
            return f"{label} from {point(start)}: diverged at step {outcome.step}. {_why_diverged(run, trajectory)}"
        case "converged":
            return f"{went}, converged at step {outcome.step}."
        case "stationary":
            return f"{went}, stationary: {_why_stationary(run, trajectory)}."
    return f"{went}, out of steps."


def _why_diverged(run: Run, trajectory: Trajectory) -> str:
    """The rate against the stability limit where that has a closed form, else only what can be seen."""
    surface = surface_of(run)
    entry = RUNNERS[run.optimizer]
    values = {h.name: h.default for h in entry.hyperparameters} | dict(run.hyperparameters)
    landing = trajectory.params[-2:][0] + trajectory.updates[-2:][0]  # where the last finite step led
    low, high = np.transpose(surface.domain)
    seen = ((trajectory.params >= low) & (trajectory.params <= high)).all(-1)
    seen[0] = True  # curvature far outside the view is a consequence of diverging, not its cause
    with np.errstate(all="ignore"):
        loss, curvature = surface.value(landing), surface.hessian(trajectory.params[seen])
    curvature = curvature[np.isfinite(curvature).all((-1, -2))]
    sharpest = float(np.linalg.eigvalsh(curvature)[..., -1].max()) if len(curvature) else np.nan
    limit = float(stable_rate(run.optimizer, sharpest, values.get("momentum", 0.0))) if sharpest > 0 else np.inf
    schedule = schedule_of(run)
    rate = max(float(schedule(int(count))) for count in trajectory.count)
    if np.abs(landing).max() <= limits.START.high and not np.isfinite(loss):
        return f"That step leads to {point(landing)}, where the loss is not a finite number."
    if float(trajectory.loss[-1]) < float(trajectory.loss[0]):
        return "The surface has no bottom in that direction: the loss falls for ever."
    if rate > limit:
        return (
            f"Its rate {plain(float(f'{rate:.4g}'))} is above {number(limit)}, the largest stable rate where the path "
            "was sharpest, so each step overshot by more than the last."
        )
    return "Its steps grew faster than the slope could turn them back; the path is shown up to there."


def _why_stationary(run: Run, trajectory: Trajectory) -> str:
    eigenvalues = np.linalg.eigvalsh(surface_of(run).hessian(trajectory.params[-1]))
    if eigenvalues[-1] < -FLAT:
        return "the slope is zero at this top, so no step leads away from it"
    if eigenvalues[0] < -FLAT:
        return "the slope is zero, yet this is a saddle: some directions lead down from it"
    if (trajectory.params[0] == trajectory.params[-1]).all() and eigenvalues[0] > 0:
        return "it started at a minimum, where the slope is zero"
    return "the ground is flat here, with no slope to follow"
