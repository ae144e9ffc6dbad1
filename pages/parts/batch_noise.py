"""What stands under the stage of batches: the cloud of gradients, the noise scale, what is fair, what a step costs."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter
from typing import NamedTuple

import numpy as np
import streamlit as st

from engine import Array, limits
from engine.datasets import batches_per_epoch, load, minibatch
from engine.networks import mlp
from engine.optimizers import sgd
from pages.parts import batch_figures, controls, link
from pages.parts.batch_controls import Study
from pages.parts.batches import gaps
from pages.parts.runs import Shown
from pages.parts.stage import chart
from pages.parts.words import number

DOTS = 200  # batches in a cloud: of as many epochs as that takes
COST_SIZES = (1, 8, 32, 128, 512, 1000)
COST_WIDTHS = (2, 64, 64, 1)
REPETITIONS = 25


def cloud(study: Study, trio: Sequence[Shown]) -> None:
    """The points and the gradients at one step of the mini-batch run, side by side."""
    fitted, mini = study.regression, trio[1]
    last = int(mini.trajectory.count[-1])
    step = _step_control(last)
    params = mini.trajectory.params[min(step, last)]
    rows = minibatch(study.run.seed, step, study.size, fitted.samples)
    with np.errstate(all="ignore"):
        each = fitted.sample_gradients(params)
        scale = float(fitted.noise_scale(params))
        spread = fitted.covariance(params, study.size)
    gone = mini.outcome.kind == "diverged" and step >= mini.outcome.step
    if gone or not np.isfinite(spread).all():
        st.info("The mini-batch run diverged: its gradients here are too large to be drawn. Choose an earlier step.")
        return
    gradients, sizes = _batches(study, params)
    left, right = st.columns(2)
    with left:
        chart(batch_figures.data_figure(fitted, params, rows), "batch_data",
              f"The {fitted.samples} samples, with the batch of step {step} ringed and the model at that step, "
              f"weights {number(float(params[0]))} and {number(float(params[1]))}.")  # fmt: skip
    with right:
        first, second = (f"∂L/∂{name}" for name in fitted.model.weights)
        this, mean = each[rows].mean(0), each.mean(0)
        view = batch_figures.cloud_view(each, gradients, sizes == study.size)
        figure = batch_figures.cloud_figure(each, gradients, sizes, this, spread, study.size, view)
        figure.update_layout(xaxis_title_text=first, yaxis_title_text=second)
        chart(figure, "batch_cloud",
              f"Gradients of {len(gradients)} batches of {study.size} at step {step}, round their mean "
              f"({number(float(mean[0]))}, {number(float(mean[1]))}); noise scale {number(scale)}.")  # fmt: skip
    outside = int((np.abs(each - np.mean(view, -1)) > np.ptp(view[0]) / 2).any(-1).sum())
    st.markdown(_cloud_words(study, scale, spread, gradients[sizes == study.size], mean, outside))


def _step_control(last: int) -> int:
    """Which step of the mini-batch run; a shared link's own step where it has one."""
    at = min(link.playhead() or 0, last)
    stops = sorted({*range(min(last, 10) + 1), *np.linspace(0, last, 41).round().astype(int).tolist()})
    with st.container(width=460):
        return min(controls.whole_slider("At step of the mini-batch run", "cloud", at,
                                         limits.Bounds(0, limits.STEPS.high), stops), last)  # fmt: skip


def _batches(study: Study, params: Array) -> tuple[Array, Array]:
    """Gradients (M, 2) of about 200 batches, whole epochs of them, and how many samples (M,) each holds."""
    per_epoch = batches_per_epoch(study.size, study.regression.samples)
    epochs = max(1, DOTS // per_epoch) if study.size < study.regression.samples else 1
    drawn = [study.regression.batch_gradients(params, study.size, study.run.seed, epoch) for epoch in range(epochs)]
    gradients, sizes = (np.concatenate(column) for column in zip(*drawn, strict=True))
    return gradients, sizes


def _cloud_words(study: Study, scale: float, spread: Array, gradients: Array, mean: Array, outside: int) -> str:
    words = (
        "Each square is the gradient that one batch gives **at the same point**; the blue line runs from zero to their "
        "mean, the gradient of all samples. No batch is right, but together they are: the mean over an epoch, each "
        "batch counted by its samples, is the full gradient exactly, whatever the batch size. "
    )
    if outside:
        words += f"{outside} of the {study.regression.samples} single samples pull so hard that they lie outside. "
    if study.size == study.regression.samples:
        return words + "Here every batch is the whole set, so that the cloud is a single point."
    inside = _share_inside(gradients - mean, spread)
    words += (
        "The ellipse is one standard deviation as predicted from the single samples' covariance Σ: "
        "$\\frac{\\Sigma}{B}\\cdot\\frac{N-B}{N-1}$, where the last factor is there because a batch holds no sample "
        f"twice. {inside:.0%} of these batches lie in it ({1 - np.exp(-0.5):.0%} of a bell-shaped cloud would). "
        "Four times the samples halve the width. "
    )
    if not np.isfinite(scale):
        return words + "Here the mean is zero: this is the minimum, and all that is left is noise."
    return words + (
        f"The **noise scale** tr Σ/|G|² is **{number(scale)}** here: a batch of about that many samples has as much "
        f"noise as signal. Batches of {study.size} have {number(scale / study.size)} times as much squared noise as "
        "signal, with the correction for a small set left aside."
    )


def _share_inside(off: Array, spread: Array) -> float:
    """Which share of points (M, 2) off the mean lies in the ellipse of one standard deviation."""
    inverse = np.linalg.pinv(spread, hermitian=True)
    return float((((off @ inverse) * off).sum(-1) <= 1).mean())


def scale(study: Study, trio: Sequence[Shown]) -> None:
    """The noise scale along the three paths."""
    curves = []
    for shown in trio:
        params, count = (batch_figures.thinned(column) for column in (shown.trajectory.params, shown.trajectory.count))
        with np.errstate(all="ignore"):
            curves.append((shown.label, shown.style, count, study.regression.noise_scale(params)))
    first, last = (float(curves[1][3][i]) for i in (0, -1))
    chart(batch_figures.scale_figure(curves, study.size), "batch_scale",
          f"Noise scale against step; the mini-batch run's goes from {number(first)} to {number(last)}.")  # fmt: skip
    st.markdown(
        f"Along the mini-batch run the noise scale goes from {number(first)} to {number(last)} samples. Far from the "
        "minimum all samples agree on the way, and a few are enough; near it the mean vanishes and the disagreement "
        "stays, so the scale **grows as descent approaches the minimum**. Below the dotted line a batch is mostly "
        "signal, above it mostly noise: there, larger batches or a smaller rate help (McCandlish et al. 2018)."
    )


def fairness(study: Study, trio: Sequence[Shown]) -> None:
    """The same losses by steps and by samples seen."""
    title = "loss − lowest" if study.regression.minimum is not None else "loss"
    by_step, by_sample = [], []
    for size, shown in zip(study.sizes, trio, strict=True):
        count, gap = (batch_figures.thinned(column)[1:] for column in (shown.trajectory.count, gaps(study, shown)))
        by_step.append((shown.label, shown.style, count, gap))
        by_sample.append((shown.label, shown.style, count * size, gap))
    left, right = st.columns(2)
    for column, curves, x in ((left, by_step, "steps"), (right, by_sample, "samples seen")):
        ends = " ".join(f"{label}: {number(float(y[-1]))} after {xs[-1]:,}." for label, _, xs, y in curves if len(xs))
        with column:
            chart(batch_figures.loss_figure(curves, x, title), f"batch_by_{x.split()[0]}", f"Loss by {x}. {ends}")
    st.markdown(
        "The same runs twice. By **steps** the full batch is ahead: each of its steps goes the right way. By **samples "
        "seen**, which is what gradients cost one by one, it is behind: it looks at everything before it moves at "
        "all, while single samples have made as many steps as there are samples. Mini-batches buy most of the one "
        "at little of the price of the other, since a processor works on many samples at once: see below."
    )


class Cost(NamedTuple):
    """What one training step of a network takes by batch size: seconds (K,) and bytes that backpropagation keeps."""

    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    bytes: tuple[int, ...]


@st.cache_data(max_entries=1, show_spinner=False)
def measured() -> Cost:
    """Medians of interleaved repetitions, so that other work on the machine falls on every size alike."""
    data = load("moons", 1250, 0.2, 42)
    network = mlp(COST_WIDTHS)
    params = network.init(0)
    optimizer = sgd(0.01)
    objectives = [network.objective(data.X, data.y, batch_size=size) for size in COST_SIZES]
    times: list[list[float]] = [[] for _ in COST_SIZES]
    for _ in range(REPETITIONS):
        for objective, taken in zip(objectives, times, strict=True):
            for _ in range(2):  # the first finds the processor's caches full of another batch
                begin = perf_counter()
                _, grads = objective(params, 0)
                params + optimizer.update(grads, optimizer.init(params), params)[0]
                end = perf_counter()
            taken.append(end - begin)
    kept = [
        {id(a): a.nbytes for hidden in network.forward(params, data.X[:size])[0]
         for a in (hidden.augmented, hidden.pre_activation, hidden.activation)}
        for size in COST_SIZES
    ]  # fmt: skip
    return Cost(COST_SIZES, tuple(map(median, times)), tuple(sum(arrays.values()) for arrays in kept))


def cost() -> None:
    """Time and memory of a step on a network, as measured on this server."""
    taken = measured()
    sizes, seconds = np.array(taken.sizes), np.array(taken.seconds)
    left, right = st.columns(2)
    with left:
        chart(batch_figures.cost_figure(sizes, 1e3 * seconds, 1e3 * seconds / sizes), "batch_cost",
              f"Milliseconds a step and a sample by batch size: a step from {number(1e3 * seconds[0])} to "
              f"{number(1e3 * seconds[-1])}.")  # fmt: skip
    with right:
        st.table(
            [{"Batch": f"{size:,}", "A step": f"{number(1e3 * time)} ms", "A sample": f"{number(1e6 * time / size)} µs",
              f"An epoch of {sizes[-1]:,}": f"{number(1e3 * time * batches_per_epoch(size, int(sizes[-1])))} ms",
              "Activations kept": f"{number(kept / 1000)} kB"}
             for size, time, kept in zip(taken.sizes, taken.seconds, taken.bytes, strict=True)],
            hide_index=True,
        )  # fmt: skip
        st.button("Measure again", on_click=measured.clear)
    widths = "-".join(map(str, COST_WIDTHS))
    middle = COST_SIZES.index(32)
    st.markdown(
        f"A network {widths} with ReLU on {sizes[-1]:,} samples, one gradient and one SGD step: the median of "
        f"{REPETITIONS} repetitions **on this server**, while others use it. {sizes[middle]} samples in one step take "
        f"{number(seconds[middle] / seconds[0])} times as long as one sample, so that each costs "
        f"{number(sizes[middle] * seconds[0] / seconds[middle])} times less: most of a small step is overhead, and "
        "matrix products are quicker for many rows at once. That ends when the processor is full; from there on, "
        "larger batches only save noise. **Memory** grows in proportion, because backpropagation needs every sample's "
        "activations: on large networks that is what limits the batch, and the full batch of a large data set does not "
        "fit at all."
    )


def frameworks() -> None:
    """Words: what is called SGD."""
    st.markdown(
        "- **Batch gradient descent** uses all samples for each step: stable, slow, and it needs the memory.\n"
        "- **Stochastic gradient descent** in the strict sense uses one: fast and noisy.\n"
        "- **Mini-batch gradient descent** uses a few, often 32 or 64, drawn without replacement until the epoch is "
        "over. This is the practice, and it is what frameworks call **SGD**.\n\n"
        "PyTorch's `SGD` never sees a sample: it takes whatever gradient it is given, and the batch size is the data "
        "loader's. Keras' `fit` takes batches of 32 unless told otherwise; scikit-learn's `MLPClassifier` with "
        '`solver="sgd"` takes min(200, N), while its `SGDClassifier` does take one sample at a time.\n\n'
        "The noise is not only a cost. The losses on this page have one minimum at most, but a network's have many, "
        "and a noisy run may leave a poor one that plain descent would stay in. The next picture shows that: the same "
        "start and rate, without noise in the shallow well, with noise in the deep one."
    )
    noise = {"surface": "twin_wells", "optimizer": "sgd", "learning_rate": "0.02", "x": "1.8", "y": "0.6",
             "steps": "400", "seed": "4"}  # fmt: skip
    with st.container(horizontal=True):
        st.page_link("pages/descent.py", label="Descent without noise: it stays", query_params=noise)
        st.page_link("pages/descent.py", label="Descent with noise: it leaves", query_params=noise | {"noise": "6"})
