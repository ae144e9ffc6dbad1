"""Layer and batch normalisation against PyTorch's recorded values and finite differences; and their closed forms."""

from pathlib import Path

import numpy as np
import pytest

from engine.normalization import EPSILON, NORMALIZATIONS, Statistics

with np.load(Path(__file__).parent / "golden" / "networks.npz") as file:
    GOLDEN = {name: file[name] for name in file.files if name.startswith(("layer.", "batch."))}

AXES = {"layer": -1, "batch": -2}
every_entry = pytest.mark.parametrize("key", NORMALIZATIONS)
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def recorded(key: str, *names: str) -> list:
    return [GOLDEN[f"{key}.{name}"] for name in names]


@every_entry
def test_values_and_gradients_are_pytorchs(key):
    z, gain, shift, delta = recorded(key, "z", "gain", "shift", "weights")
    kept, out = NORMALIZATIONS[key].forward(z, gain, shift, None)
    dz = NORMALIZATIONS[key].backward(kept, gain, delta)
    found = {"out": out, "dz": dz, "dgain": (delta * kept.values).sum(-2), "dshift": delta.sum(-2)}
    for name, array in found.items():
        np.testing.assert_allclose(array, *recorded(key, name), rtol=1e-10, atol=1e-12, err_msg=name)


def test_batch_normalisation_by_given_statistics_is_pytorchs_evaluation_mode():
    z, gain, shift, delta, mean, variance = recorded("batch", "z", "gain", "shift", "weights", "mean", "variance")
    statistics = Statistics(mean[None], variance[None])
    kept, out = NORMALIZATIONS["batch"].forward(z, gain, shift, statistics)
    np.testing.assert_allclose(out, *recorded("batch", "fixed_out"), rtol=1e-12)
    np.testing.assert_allclose(NORMALIZATIONS["batch"].backward(kept, gain, delta), *recorded("batch", "fixed_dz"))
    assert kept.fixed and kept.statistics is statistics


def test_layer_normalisation_uses_each_samples_own_statistics_always():
    z, gain, shift, delta = recorded("layer", "z", "gain", "shift", "weights")
    forward, backward = NORMALIZATIONS["layer"].forward, NORMALIZATIONS["layer"].backward
    own, out = forward(z, gain, shift, None)
    told, same = forward(z, gain, shift, Statistics(np.array(3.0), np.array(4.0)))
    assert (out == same).all() and (backward(own, gain, delta) == backward(told, gain, delta)).all()
    alone = [forward(row[None], gain, shift, None)[1][0] for row in z]
    np.testing.assert_allclose(out, alone, rtol=1e-13)


@every_entry
def test_mean_is_zero_and_variance_one_before_gain_and_shift(key):
    axis, z = AXES[key], 5 + 3 * np.random.default_rng(0).standard_normal((9, 6))
    kept, out = NORMALIZATIONS[key].forward(z, np.full(6, 2.0), np.full(6, -1.0), None)
    np.testing.assert_allclose(kept.values.mean(axis), 0, atol=1e-13)
    # ε takes a little off: variance v becomes v / (v + ε)
    variance = z.var(axis)
    np.testing.assert_allclose(kept.values.var(axis), variance / (variance + EPSILON), rtol=1e-12)
    np.testing.assert_allclose(out.mean(axis), -1, rtol=1e-12)
    assert kept.statistics.mean.shape == kept.statistics.variance.shape == ((9, 1) if key == "layer" else (1, 6))
    np.testing.assert_allclose(kept.statistics.variance, variance.reshape(kept.statistics.variance.shape), rtol=1e-12)


@pytest.mark.parametrize("given", [False, True])
@every_entry
def test_backward_is_the_slope_of_forward_in_a_random_direction(key, given):
    random, step = np.random.default_rng(4), 1e-5
    z, delta, direction = random.standard_normal((3, 2, 6, 5))  # two replicas
    gain, shift = random.standard_normal((2, 2, 5))
    statistics = Statistics(random.standard_normal((2, 1, 5)), random.uniform(0.5, 2, (2, 1, 5))) if given else None
    forward, backward = NORMALIZATIONS[key].forward, NORMALIZATIONS[key].backward
    ahead, back = (forward(z + s * direction, gain, shift, statistics)[1] for s in (step, -step))
    slope = (delta * (ahead - back) / (2 * step)).sum((-2, -1))
    found = (direction * backward(forward(z, gain, shift, statistics)[0], gain, delta)).sum((-2, -1))
    np.testing.assert_allclose(found, slope, rtol=1e-7)


@every_entry
def test_scale_and_offset_of_the_values_are_taken_out(key):
    z, ones, zeros = np.random.default_rng(1).standard_normal((8, 4)), np.ones(4), np.zeros(4)
    out, moved = (NORMALIZATIONS[key].forward(a, ones, zeros, None)[1] for a in (z, 1e4 * z + 300))
    np.testing.assert_allclose(moved, out, atol=1e-3)


@every_entry
def test_what_does_not_vary_becomes_the_shift_and_passes_no_slope_that_is_no_number(key):
    # a single unit for layer normalisation, a single sample for batch normalisation
    z = np.full((4, 1), 7.0) if key == "layer" else np.full((1, 4), 7.0)
    gain, shift = np.full(z.shape[1], 3.0), np.full(z.shape[1], 0.5)
    kept, out = NORMALIZATIONS[key].forward(z, gain, shift, None)
    assert (out == 0.5).all() and (NORMALIZATIONS[key].backward(kept, gain, np.ones_like(z)) == 0).all()


@both_dtypes
@every_entry
def test_replicas_are_single_runs_bit_for_bit_in_their_own_precision(key, dtype):
    random = np.random.default_rng(2)
    for samples, units in ((6, 5), (40, 1), (1, 7), (100, 64)):
        z, delta = random.standard_normal((2, 3, samples, units)).astype(dtype)
        gain, shift = random.standard_normal((2, 3, units)).astype(dtype)
        before = [a.copy() for a in (z, gain, shift, delta)]
        kept, out = NORMALIZATIONS[key].forward(z, gain, shift, None)
        dz = NORMALIZATIONS[key].backward(kept, gain, delta)
        assert {a.dtype for a in (out, dz, kept.values, *kept.statistics)} == {np.dtype(dtype)}
        assert all((a == b).all() for a, b in zip((z, gain, shift, delta), before, strict=True))
        for r in range(3):
            single, alone = NORMALIZATIONS[key].forward(z[r], gain[r], shift[r], None)
            assert alone.tobytes() == out[r].tobytes()
            assert NORMALIZATIONS[key].backward(single, gain[r], delta[r]).tobytes() == dz[r].tobytes()


@every_entry
def test_labels_are_words(key):
    assert NORMALIZATIONS[key].label.endswith("normalisation")
