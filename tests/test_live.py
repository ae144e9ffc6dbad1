"""Training in slices: the same numbers as in one go, whatever happens between two looks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engine.activations import ACTIVATIONS
from engine.datasets import DATASETS
from engine.depth import Deep, Progress
from engine.descent import last_step
from engine.losses import LOSSES
from engine.training import FITTING, Learner, Training, evaluate, network_of, start_of, steps_per_epoch, train
from pages.parts.depth_training import Settings
from pages.parts.depth_training import advance as advance_depth
from pages.parts.depth_training import begin as begin_depth
from pages.parts.live import CORES, Live, advance, begin, restarted, retune
from pages.parts.live_message import message
from pages.parts.live_words import notes, said
from pages.parts.stage import pack
from pages.parts.variants import variants

SMALL = Training(samples=60, hidden=(6,), batch_size=16)
ADAM, MOMENTUM = Learner("adam", (("learning_rate", 0.01),)), Learner("momentum", (("learning_rate", 0.1),))
LONG = 1e9  # seconds: a slice that only its steps end


def curves(live: Live) -> list[list[float]]:
    return [list(lane.losses) for lane in live.lanes]


def test_slices_of_any_length_give_the_numbers_of_one_straight_run():
    live = begin(SMALL, [ADAM, MOMENTUM], epochs=10)
    for steps in (1, 2, 5, 1, 8):
        advance(live, LONG, steps)
    assert live.count == 17
    for lane in live.lanes:
        straight = list(train(SMALL, lane.learner, 17))
        assert [float(step.loss) for step in straight] == list(lane.losses)
        np.testing.assert_array_equal(straight[-1].params, lane.last.params)


def test_every_lane_starts_alike_and_sees_the_same_batches():
    live = begin(SMALL, [ADAM, ADAM], epochs=5)
    advance(live, LONG, 12)
    assert curves(live)[0] == curves(live)[1]


def test_a_slice_ends_with_its_time_and_all_lanes_at_one_step():
    live = begin(replace(SMALL, batch_size=1), [ADAM, MOMENTUM], epochs=1000)
    advance(live, 0.0, 10_000)
    assert live.count == 1
    assert {int(lane.last.count) for lane in live.lanes} == {1}


def test_training_stops_at_the_last_epoch():
    live = begin(SMALL, [ADAM], epochs=2)
    advance(live, LONG, 10_000)
    assert live.finished
    assert live.count == 2 * steps_per_epoch(SMALL)
    assert [sample.step for sample in live.lanes[0].samples] == [0, 3, 6]


def test_a_record_is_of_the_step_it_names():
    live = begin(SMALL, [ADAM], epochs=4)
    advance(live, LONG, 7)
    for sample in live.lanes[0].samples:
        step = last_step(train(SMALL, ADAM, sample.step))
        assert sample.evaluation == evaluate(SMALL, step.params)


def test_the_same_start_gives_the_same_curve_and_another_seed_another():
    live = begin(SMALL, [ADAM, MOMENTUM], epochs=10)
    advance(live, LONG, 20)
    again, other = restarted(live), restarted(live, seed=1)
    assert again.count == 0
    for fresh in (again, other):
        advance(fresh, LONG, 20)
    assert curves(again) == curves(live)
    assert curves(other) != curves(live)


def test_a_rate_changed_on_the_way_keeps_the_optimizers_memory():
    live = begin(SMALL, [MOMENTUM], epochs=10)
    advance(live, LONG, 9)
    slower = MOMENTUM.with_rate(0.01)
    retune(live, [slower])
    advance(live, LONG, 9)
    last = last_step(train(SMALL, MOMENTUM, 9))
    resumed = last_step(train(SMALL, slower, 9, last))
    np.testing.assert_array_equal(live.lanes[0].last.params, resumed.params)
    assert live.changes == [9]
    retune(live, [slower])
    assert live.changes == [9], "nothing was changed"


def test_a_network_that_diverges_stays_while_the_other_goes_on():
    wild = Learner("sgd", (("learning_rate", 10.0),))
    training = replace(SMALL, dataset="wave", loss="mean_squared_error")
    live = begin(training, [wild, ADAM], epochs=50)
    advance(live, LONG, 10_000)
    first, second = live.lanes
    assert first.diverged == first.last.count < live.count == second.last.count
    assert np.isfinite(first.last.params).all()
    assert f"SGD diverged at step {first.diverged}" in said(live)
    assert "Adam" not in said(live)
    assert live.finished


def test_two_that_train_at_once_with_different_seeds_do_not_touch_each_other():
    trainings = [replace(SMALL, seed=seed) for seed in (1, 2)]

    def trained(training: Training) -> list[list[float]]:
        live = begin(training, [ADAM, MOMENTUM], epochs=40)
        while not live.finished:
            advance(live, LONG, 1)
        return curves(live)

    alone = [trained(training) for training in trainings]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(trained, trainings))
    assert together == alone
    assert alone[0] != alone[1]


def test_a_run_of_the_page_that_has_been_ended_and_the_one_after_it_share_the_work():
    live, straight = (begin(SMALL, [ADAM, MOMENTUM], epochs=40) for _ in range(2))
    advance(straight, LONG, 60)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: advance(live, LONG, 15), range(4)))
    assert live.count == 60 and curves(live) == curves(straight)


def test_deep_networks_stopped_in_mid_slice_are_gone_on_with_by_one_thread_at_a_time():
    named = variants(Deep(3, 4), "cures")
    live = begin_depth(named, Settings("momentum", 0.02, 200, 32, 0))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: advance_depth(live, 0.05), range(40)))
    while live.running:
        advance_depth(live, LONG)
    assert [[each.step for each in run] for run in live.progress] == [list(range(201))] * len(named)


def test_a_stop_in_mid_step_is_not_undone_by_the_step():
    live = begin_depth(variants(Deep(3, 4), "alone"), Settings("momentum", 0.02, 200, 32, 0))

    def stopped(stream: Iterator[Progress]) -> Iterator[Progress]:
        for each in stream:
            live.running = False
            yield each

    live.streams[0] = stopped(live.streams[0])
    advance_depth(live, LONG)
    assert not live.running and live.step == 0


def test_no_work_is_done_while_the_server_has_no_core_free():
    live = begin(SMALL, [ADAM], epochs=1)
    taken = 0
    while CORES.acquire(blocking=False):
        taken += 1
    advance(live, 0.01, 1)
    CORES.release(taken)
    assert live.count == 0
    advance(live, LONG, 1)
    assert live.count == 1


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("samples", [1, 2, 50])
def test_every_data_set_with_every_loss_that_fits_can_be_trained_and_drawn(name, samples):
    for classes in (1, 2, 3):
        kind = Training(name, samples, classes=classes).kind
        for loss in FITTING[kind]:
            training = Training(name, samples, 0.1, classes=classes, hidden=(4,), loss=loss, batch_size=8)
            live = begin(training, [ADAM], epochs=2)
            advance(live, LONG, 100)
            sent = message(live)
            assert pack(sent)
            assert len(sent["lanes"][0]["cells"]) == len(sent["titles"])


def test_the_largest_message_stays_under_the_bound_of_one_update():
    training = Training("spirals", 2000, 0.1, hidden=(4,) * 32, batch_size=None)
    live = begin(training, [ADAM] * 4, epochs=600)
    for lane in live.lanes:
        lane.samples *= 5000
        lane.losses.extend([0.5] * 50_000)
    assert len(pack(message(live))) < 400_000


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_network_of_zeros_does_not_learn_and_the_page_says_why(activation):
    training = replace(SMALL, activation=activation, initializer="zeros", hidden=(4, 4))
    [note] = notes(training)
    assert "zero" in note
    live = begin(training, [ADAM], epochs=3)
    advance(live, LONG, 100)
    stuck = not live.lanes[0].samples[-1].gradients[:-1].any()
    assert ("does not learn" in said(live)) == stuck
    if activation in ("relu", "tanh"):
        assert stuck


def test_notes_are_silent_on_ordinary_data():
    assert notes(SMALL) == []
    assert said(begin(SMALL, [ADAM], epochs=1)) == ""


def test_a_class_alone_and_a_sample_alone_are_named():
    [note] = notes(Training("blobs", 50, classes=1))
    assert "one class" in note
    [note] = notes(Training("moons", 1))
    assert "only one sample" in note


def test_a_field_is_what_the_network_says_where_it_is_drawn():
    """The corners of the view, computed by the network itself."""
    sent = message(begin(SMALL, [ADAM], epochs=1))
    field, data = sent["lanes"][0]["field"], sent["data"]
    corners = [[x, y] for y in data["view_y"] for x in data["view_x"]]
    says = LOSSES[SMALL.loss].predict(network_of(SMALL).predict(start_of(SMALL), corners))[:, 0]
    np.testing.assert_allclose(field[[0, 0, -1, -1], [0, -1, 0, -1]], says, rtol=1e-6)
    assert data["view_x"][0] < data["x"].min() < data["x"].max() < data["view_x"][1]
