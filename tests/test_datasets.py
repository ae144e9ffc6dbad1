"""Data sets: what every entry must give, small and odd sizes, scikit-learn as oracle; and the batches of an epoch."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from engine.datasets import DATASETS, batches_per_epoch, epoch_order, load, minibatch

every_entry = pytest.mark.parametrize("key", DATASETS)


def arrays(data) -> tuple:
    return data.X, data.y, data.X_test, data.y_test


@every_entry
def test_four_fifths_are_standardised_training_data(key):
    data, inputs = load(key, samples=250, seed=1), DATASETS[key].inputs
    assert [a.shape for a in arrays(data)] == [(200, inputs), (200,), (50, inputs), (50,)]
    assert all(np.isfinite(a).all() for a in arrays(data)) and data.X.dtype == data.X_test.dtype == np.float64
    np.testing.assert_allclose(data.X.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(data.X.std(0), 1, rtol=1e-12)
    assert (data.X_test.mean(0) != 0).all() and not np.allclose(data.X_test.std(0), 1, rtol=1e-6, atol=0)
    assert np.abs(data.X_test.mean(0)).max() < 0.6  # by the training data's mean, which is near to theirs
    assert data.note == ""


@every_entry
def test_the_seed_decides_the_data_and_nothing_else_does(key):
    load.cache_clear()
    first = load(key, samples=60, seed=5)
    np.random.random()  # noqa: NPY002  the global state is not used
    load.cache_clear()
    again, other = load(key, samples=60, seed=5), load(key, samples=60, seed=6)
    assert [a.tobytes() for a in arrays(first)] == [a.tobytes() for a in arrays(again)]
    assert first.X.tobytes() != other.X.tobytes()


@every_entry
def test_labels_are_classes_from_zero_and_values_are_not(key):
    entry = DATASETS[key]
    data = load(key, samples=400, classes=5)
    assert data.classes == (5 if entry.classes is None else entry.classes)
    labels = np.concatenate([data.y, data.y_test])
    if data.classes:
        assert np.unique(labels).tolist() == list(range(data.classes))
        assert np.bincount(labels).min() > 0.8 * len(labels) / data.classes
    else:
        assert labels.dtype == np.float64 and len(np.unique(labels)) == len(labels)


@every_entry
def test_what_is_cached_cannot_be_written_to(key):
    data = load(key, samples=40)
    assert data is load(key, samples=40)
    for array in arrays(data):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


@every_entry
def test_noise_moves_the_points_or_values_away_from_the_clean_ones(key):
    (X, y), (X_noisy, y_noisy) = (DATASETS[key].generate(400, noise, 3, 3) for noise in (0.0, 0.1))
    moved = y_noisy - y if not DATASETS[key].classes and key != "blobs" else X_noisy - X
    assert moved.std() == pytest.approx(0.1, rel=0.15)
    assert (X if moved.ndim == 1 else y).tolist() == (X_noisy if moved.ndim == 1 else y_noisy).tolist()


@every_entry
def test_tiny_and_clean_sets_of_any_seed_are_data_too(key):
    for samples in (1, 2, 3, 4):
        for noise in (0.0, 0.3):
            for seed in range(3):
                data = load(key, samples, noise, seed, classes=3)
                assert len(data.X) + len(data.X_test) == samples == len(data.y) + len(data.y_test)
                assert all(np.isfinite(a).all() for a in arrays(data)) and len(data.X)
                np.testing.assert_allclose(data.X.mean(0), 0, atol=1e-12)
                assert ("only one sample" in data.note) == (samples == 1)
                assert ("of one class" in data.note) == (data.classes > 0 and len(set(data.y.tolist())) == 1)
                assert ("the same for all" in data.note) == bool((np.ptp(data.X, axis=0) == 0).any())


def test_a_single_class_and_a_single_sample_are_named():
    one_class = load("blobs", samples=50, classes=1)
    assert one_class.note.startswith("All training samples are of one class") and one_class.classes == 1
    assert not one_class.y.any() and not one_class.y_test.any()
    one_sample = load("moons", samples=1)
    assert one_sample.X.tolist() == [[0, 0]] and len(one_sample.X_test) == 0 and one_sample.X_test.shape == (0, 2)
    assert one_sample.note.startswith("There is only one sample") and one_sample.note.count("One input") == 1


def test_two_samples_are_one_to_train_and_one_to_test():
    for key in DATASETS:
        data = load(key, samples=2)
        assert len(data.X) == len(data.X_test) == 1 and "the same for all" in data.note


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("moon",), "'moon' is not one of moons, circles, "),
        (("moons", 0), "at least one sample"),
        (("moons", -5), "at least one sample"),
        (("blobs", 10, 0.1, 0, 0.2, 0), "one class"),
        (("spirals", 10, -0.1), "noise must be a finite number of 0 or more, not -0.1"),
        (("wave", 10, float("nan")), "noise must be a finite number of 0 or more, not nan"),
        (("xor", 10, float("inf")), "noise must be a finite number of 0 or more, not inf"),
    ],
)
def test_what_is_no_data_set_is_refused_in_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        load(*arguments)


def test_two_moons_are_scikit_learns_split_and_scaled_in_the_usual_way():
    X, y = make_moons(1000, noise=0.2, random_state=42)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    scaler = StandardScaler().fit(X)
    data = load("moons", 1000, 0.2, 42)
    expected = scaler.transform(X), y, scaler.transform(X_test), y_test
    assert [a.tobytes() for a in arrays(data)] == [a.tobytes() for a in expected]


# The shapes, without noise


def clean(key: str, classes: int = 3) -> tuple:
    return DATASETS[key].generate(500, 0.0, 7, classes)


def test_circles_are_two_rings_one_half_as_wide():
    X, y = clean("circles")
    np.testing.assert_allclose(np.hypot(*X.T), np.where(y == 1, 0.5, 1), rtol=1e-12)


def test_blobs_lie_evenly_round_the_circle():
    X, y = clean("blobs", 4)
    np.testing.assert_allclose(X, np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])[y], atol=1e-12)


def test_arms_of_the_spirals_are_each_others_image_through_the_centre():
    X, y = clean("spirals")
    radius = np.hypot(*X.T)
    assert radius.max() <= 3 and radius.max() > 2.9
    # along an arm the angle is π times the radius; the second arm is half a turn on
    direction = np.exp(1j * (np.pi * radius + np.pi * y))
    np.testing.assert_allclose(X, radius[:, None] * np.stack([direction.real, direction.imag], -1), atol=1e-12)
    assert np.mean(radius < 3 / np.sqrt(2)) == pytest.approx(0.5, abs=0.06)  # even in area, so even along the arm


def test_xor_is_the_sign_of_a_product():
    X, y = clean("xor")
    assert (y == (np.prod(X, -1) > 0)).all() and np.abs(X).max() <= 1


def test_hills_are_high_at_the_hill_and_low_in_the_hollow():
    X, y = clean("hills")
    assert np.linalg.norm(X[y.argmax()] - [-0.8, 0.6]) < 0.4 and np.linalg.norm(X[y.argmin()] - [0.9, -0.5]) < 0.4
    assert 1.5 < y.max() < 2.5 and -2.5 < y.min() < -1.5


def test_the_wave_has_its_turns_where_its_slope_is_zero():
    X, y = clean("wave")
    order = X[:, 0].argsort()
    x, y = X[order, 0], y[order]
    assert -3 <= x[0] < -2.9 and 2.9 < x[-1] <= 3
    turns = x[1:-1][np.diff(np.sign(np.diff(y))) != 0]
    # 2 cos 2x + 1/3 = 0
    expected = np.sort([s * np.arccos(-1 / 6) / 2 + k * np.pi for s in (-1, 1) for k in (-1, 0, 1)])
    np.testing.assert_allclose(turns, expected[np.abs(expected) < 3], atol=0.05)


# Batches


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(0, 5), st.integers(1, 60), st.integers(1, 50))
@example(0, 0, 1, 1)
@example(0, 3, 32, 33)
def test_an_epoch_sees_every_sample_exactly_once(seed, epoch, size, samples):
    per_epoch = batches_per_epoch(size, samples)
    batches = [minibatch(seed, epoch * per_epoch + index, size, samples) for index in range(per_epoch)]
    assert sorted(np.concatenate(batches).tolist()) == list(range(samples))
    assert [len(batch) for batch in batches[:-1]] == [size] * (per_epoch - 1) and 1 <= len(batches[-1]) <= size
    if size >= samples:
        assert per_epoch == 1 and batches[0].tolist() == list(range(samples))


def test_a_batch_depends_on_seed_and_count_alone_so_that_a_run_can_be_resumed_anywhere():
    straight = [minibatch(3, count, 7, 40).tolist() for count in range(30)]
    epoch_order.cache_clear()
    backwards = [minibatch(3, count, 7, 40).tolist() for count in reversed(range(30))]
    assert straight == backwards[::-1]
    assert minibatch(4, 0, 7, 40).tolist() != straight[0]  # another seed, another order
    first, second = (np.concatenate(straight[start : start + 6]).tolist() for start in (0, 6))
    assert first != second and first != list(range(40))  # another epoch, another order


def test_orders_of_neighbouring_seeds_and_epochs_are_unrelated():
    orders = {(seed, epoch): epoch_order(seed, epoch, 30).tolist() for seed in range(6) for epoch in range(6)}
    assert len({tuple(order) for order in orders.values()}) == 36


def test_the_order_of_an_epoch_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        epoch_order(0, 0, 10)[0] = 3


def test_batches_of_no_samples_are_refused():
    for size in (0, -3):
        for use in (lambda size: batches_per_epoch(size, 10), lambda size: minibatch(0, 0, size, 10)):
            with pytest.raises(ValueError, match=f"^a batch must hold at least one sample, not {size}$"):
                use(size)


@every_entry
def test_entries_say_what_the_pages_show(key):
    entry = DATASETS[key]
    assert entry.label and entry.teaches.endswith(".") and entry.inputs in (1, 2) and entry.noise > 0


def test_labels_are_distinct():
    assert len({entry.label for entry in DATASETS.values()}) == len(DATASETS)
