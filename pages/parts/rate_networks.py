"""The sweep over a network's learning rate: in blocks, with progress and a way to stop; what is done stays."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from engine import Array
from engine.optimizers import OPTIMIZERS
from engine.range_test import RangeTest, network_range
from engine.rates import Curves, join, judge, network_block, network_schedules, rate_grid
from engine.training import Learner, Training, network_of
from pages.parts import rate_controls, rate_runs, rate_sweep
from pages.parts.rate_controls import NetworkStudy
from pages.parts.rate_sweep import Swept
from pages.parts.sweep_job import SweepJob

JOB = "rate_job"
MOST = 16  # rates in a block: enough for the batch to pay
BLOCK_WORK = 1e9  # multiply-adds of a block, about half a second, so that it may be stopped between two
SLICE, TICK = 0.25, 0.4  # seconds of work between two pictures, and from one picture to the next
TITLE = "loss of the step's batch"
WINDOW = 0.04  # share of the steps that a curve is averaged over, or the noise of batches would hide it


@dataclass(eq=False)
class RateJob:
    """The job of one study."""

    study: NetworkStudy
    sweep: SweepJob
    owners: list[int]  # the optimizer of each block, by its place in the study
    shown: bool = False  # the page stands before the work begins

    @property
    def learners(self) -> tuple[Learner, ...]:
        """The optimizer chosen, and those it is compared with."""
        return self.study.learner, *self.study.rivals

    def curves(self, place: int) -> Curves | None:
        """What is done of one optimizer's sweep, or None."""
        done = [r for r, owner in zip(self.sweep.results, self.owners, strict=True) if owner == place and r is not None]
        return join(done) if done else None


def job_of(study: NetworkStudy) -> RateJob:
    """The job that serves this study: the one at work or done, else a new one, which ends the other."""
    job: RateJob | None = st.session_state.get(JOB)
    if job is not None and job.study == study:
        return job
    if job is not None:
        job.sweep.stop()
    rates = rate_grid(study.low, study.high, study.size)
    size = max(1, min(MOST, int(BLOCK_WORK / (study.learner.steps * rate_controls.work_of_a_step(study.training)))))
    parts = -(-len(rates) // size)
    blocks, owners = [], []
    for place, learner in enumerate((study.learner, *study.rivals)):
        for part in range(parts):  # each over the whole axis, so that a partial result shows all of it, coarsely
            blocks.append((study.training, learner, tuple(rates[part::parts].tolist())))
            owners.append(place)
    job = RateJob(study, SweepJob(network_block, blocks), owners)
    st.session_state[JOB] = job
    return job


def go_on(job: RateJob) -> None:
    """Take up a job that was stopped."""
    job.sweep.running = True


def swept(job: RateJob) -> list[Swept]:
    """The optimizers that have something to show."""
    found = []
    for place, learner in enumerate(job.learners):
        curves = job.curves(place)
        if curves is not None:
            found.append(Swept(learner.optimizer, OPTIMIZERS[learner.optimizer].label, judge(curves)))
    return found


def picture(job: RateJob, ticking: bool) -> None:
    """The charts as far as they are, then a slice of work: what is on the page while it works is not stale.

    ``ticking`` until the page has been told that the work is over.
    """
    curves = job.curves(0)
    if curves is not None:
        end = f"loss on all training data after {job.study.learner.steps} steps"
        rate_sweep.charts(swept(job), smoothed(curves), 0.0, (smooth_title(job.study), end), [], [])
    if job.sweep.said:
        st.info(job.sweep.said)
    left = f"{job.sweep.done} of {job.sweep.total} blocks of networks trained"
    if job.sweep.running:
        st.progress(job.sweep.done / job.sweep.total, left)
        st.button("Stop", on_click=job.sweep.stop, shortcut="Space")
        if job.shown:
            job.sweep.advance(SLICE)
        job.shown = True
    elif ticking:
        st.rerun()
    elif job.sweep.done + len(job.sweep.failed) < job.sweep.total:
        st.info(f"Stopped: {left}.")
        st.button("Go on", on_click=go_on, args=(job,), shortcut="Space")


def base_rate(job: RateJob) -> float:
    """The sweep's best rate, or the optimizer's usual one while there is none."""
    found = swept(job)
    best = found[0].judgement.sweep.best if job.curves(0) is not None else np.nan
    return float(best) if np.isfinite(best) else job.study.learner.learning_rate


@st.cache_data(max_entries=32, show_spinner=False)
def _tested(training: Training, learner: Learner, low: float, high: float) -> RangeTest:
    return network_range(training, learner, low, high)


@st.cache_data(max_entries=32, show_spinner=False)
def _scheduled(training: Training, learner: Learner, names: tuple[str, ...]) -> Curves:
    return network_schedules(training, learner, names)


def words(job: RateJob) -> None:
    """What was swept, in words and a table."""
    study = job.study
    widths = "-".join(map(str, network_of(study.training).widths))
    st.markdown(
        f"Each line is a network of its own ({widths} units), trained from the same start on the same batches at its "
        f"own rate; the {len(job.sweep.blocks[0][2])} rates of a block are trained at once. The curves show the loss "
        "of each step's batch, the ends that of all training data. A network bends differently wherever it stands, so "
        "that no 2/λmax is known beforehand: a sweep is how the edge is found."
    )
    if job.curves(0) is not None:
        rate_sweep.explained(swept(job), None, known=False)


def range_test(study: NetworkStudy) -> None:
    """One network, all rates."""
    test = _tested(study.training, study.learner, study.low, study.high)
    rate_runs.range_test(test, 0.0, TITLE, None, study.learner.optimizer, study.learner.steps)


def schedules(study: NetworkStudy, names: tuple[str, ...], base: float) -> None:
    """The schedules chosen, each on a network of its own."""
    learner = study.learner.with_rate(base)
    curves = smoothed(_scheduled(study.training, learner, names))
    rates = rate_runs.schedule_rates(names, base, learner.steps)
    rate_runs.schedules(names, rates, curves, 0.0, smooth_title(study))


def smoothed(curves: Curves) -> Curves:
    """Losses averaged over neighbouring steps; inf stays."""
    window = window_of(len(curves.losses) - 1)
    padded = np.pad(curves.losses, ((window // 2, window // 2), (0, 0)), mode="edge")
    means: Array = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0).mean(-1)
    return curves._replace(losses=means)


def window_of(steps: int) -> int:
    """An odd number of steps to average over."""
    return 2 * round(WINDOW * steps / 2) + 1


def smooth_title(study: NetworkStudy) -> str:
    """What the axis of averaged curves shows."""
    return f"loss of batches, mean of {window_of(study.learner.steps)} steps"
