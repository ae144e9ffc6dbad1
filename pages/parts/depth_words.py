"""What is said of deep networks: ratios, ranges, and a sentence where signals explode or are not there at all."""

from collections.abc import Sequence

import numpy as np

from engine import Array
from engine.depth import Progress, Signals
from pages.parts.depth_figures import spread
from pages.parts.variants import Variant
from pages.parts.words import number


def ratio(signals: Signals) -> Array:
    """Gradient norm of the first hidden layer over that of the last, (R,); NaN where either is not a number or 0/0."""
    first, last = signals.gradients[:, 0], signals.gradients[:, -2]
    with np.errstate(all="ignore"):
        return np.asarray(first / last)


def table(variants: Sequence[Variant], measured: Sequence[Signals]) -> dict[str, list[str]]:
    """A row a network: columns by name."""
    ratios = [spread(ratio(signals)[:, None]) for signals in measured]
    return {
        "Network": [variant.label for variant in variants],
        "First hidden layer": [_median(signals.gradients[:, 0]) for signals in measured],
        "Last hidden layer": [_median(signals.gradients[:, -2]) for signals in measured],
        "First / last": [number(float(median[0])) for median, _, _ in ratios],
        "Range": [f"{number(float(low[0]))} to {number(float(high[0]))}" for _, low, high in ratios],
        "Saturated": [f"{float(np.mean(signals.saturated)):.0%}" for signals in measured],
        "Dead": [f"{float(np.mean(signals.dead)):.0%}" for signals in measured],
    }


def _median(values: Array) -> str:
    return number(float(spread(values[:, None])[0][0]))


def summary(variants: Sequence[Variant], measured: Sequence[Signals]) -> str:
    """Each network's ratio in one line, for those who do not see the picture."""
    return " ".join(
        f"{variant.label}: the first hidden layer's gradient is {number(float(spread(ratio(s)[:, None])[0][0]))} times "
        f"the last's, from {_median(s.gradients[:, 0])} to {_median(s.gradients[:, -2])}."
        for variant, s in zip(variants, measured, strict=True)
    )


def findings(variants: Sequence[Variant], measured: Sequence[Signals]) -> list[str]:
    """What went wrong where: overflow, no gradient at all, explosion, vanishing."""
    sentences = []
    for variant, signals in zip(variants, measured, strict=True):
        norms = signals.gradients
        if not np.isfinite(norms).all():
            lost = int((~np.isfinite(norms)).any(-1).sum())
            sentences.append(
                f"{variant.label}: numbers overflow in {lost} of {len(norms)} draws. What is finite is drawn."
            )
        elif not norms[:, :-1].any():
            sentences.append(
                f"{variant.label}: every gradient of the hidden layers is exactly 0, which a log axis can't show: they "
                f"lie at its bottom. {_why_zero(variant)}"
            )
        elif np.median(norms) > 1e3:
            sentences.append(f"{variant.label}: gradients explode, to {number(float(norms.max()))}.")
    return sentences


def _why_zero(variant: Variant) -> str:
    if variant.deep.initializer == "zeros":
        return "With all weights at 0 there is no way back for a gradient, and all units of a layer stay alike."
    return "No unit has a slope."


def cures(measured: Sequence[Signals]) -> str:
    """What each cure does to the ratio of the first comparison, in measured factors."""
    plain, norm, residual, both = (float(np.nanmedian(ratio(signals))) for signals in measured)
    if not all(np.isfinite([plain, norm, residual, both])) or min(plain, norm, residual, both) <= 0:
        return ""
    return (
        f"Measured on these draws, normalisation alone changes the ratio of first to last hidden layer by a factor of "
        f"{number(norm / plain)}, residual connections alone by {number(residual / plain)}, both together by "
        f"{number(both / plain)}. A ratio of 1 would mean that all layers learn at one pace."
    )


def trained(variants: Sequence[Variant], progress: Sequence[Sequence[Progress]]) -> str:
    """How far the loss of each came: median over the seeds of the mean over the last tenth of the steps."""
    sentences = []
    for variant, run in zip(variants, progress, strict=True):
        if not run:
            continue
        losses = np.stack([p.losses for p in run])
        tail = losses[-max(1, len(run) // 10) :].mean(0)
        lost = int(np.isnan(tail).sum())
        if lost == len(tail):
            sentences.append(f"{variant.label}: every draw diverged by step {run[-1].step}.")
            continue
        diverged = f" ({lost} of {len(tail)} draws diverged)" if lost else ""
        start = number(float(np.nanmedian(losses[0])))
        sentences.append(f"{variant.label}: loss {start} to {number(float(np.nanmedian(tail)))}{diverged}.")
    return " ".join(sentences)
