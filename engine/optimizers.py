"""Thirteen ways to turn a gradient into a step, from plain descent to Lion, each a pair of pure functions.

Read from top to bottom: each adds one idea to those above it. In every formula ``t`` counts from 1, buffers start at 0,
and the new parameters are ``params + updates``. Rules and defaults are PyTorch's (2.13) where it has the optimizer;
each docstring says where other implementations differ. Weight decay is *coupled* (λθ joins the gradient, and so passes
through momentum and scaling) but for AdamW and Lion, where it is *decoupled* (θ shrinks by ηλθ beside the step).

A hyper-parameter is a number, or an array ``(R, 1)`` for a sweep over replicas, cast to the parameters' dtype; the rate
may also be a Schedule. Every factory raises ValueError for values without meaning.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from engine import Array
from engine.schedules import Schedule, Value, checked

Rate: TypeAlias = Value | Schedule

Count: TypeAlias = Any
"""The number of updates made, an int; stacked in a Trajectory, an array of them."""


class Optimizer(NamedTuple):
    """``init(params) -> state`` and ``update(grads, state, params) -> (updates, state)``; arguments are never changed.

    Every state is a NamedTuple of ``count``, the optimizer's own clock, and arrays of the parameters' shape.
    """

    init: Callable[[Array], Any]
    update: Callable[[Array, Any, Array], tuple[Array, Any]]


def _hyperparameters(learning_rate: Rate, **others: Value) -> Callable[[int, Array], tuple[Array, ...]]:
    """Check once; the function returned gives the values at a count, the learning rate first, in the params' dtype."""
    schedule = learning_rate if callable(learning_rate) else None
    rate = 0.0 if callable(learning_rate) else checked("learning_rate", learning_rate)
    below_one = {"momentum", "dampening", "decay", "beta1", "beta2"}
    values = [checked(name, value, below=1 if name in below_one else math.inf) for name, value in others.items()]

    @lru_cache(maxsize=2)
    def cast(dtype: np.dtype[Any]) -> tuple[Array, ...]:
        if dtype.kind != "f":
            raise ValueError(f"params must be floats, not {dtype}: in whole numbers every small step would be 0.")
        return tuple(np.asarray(value, dtype) for value in (rate, *values))

    def at(count: int, params: Array) -> tuple[Array, ...]:
        constant = cast(params.dtype)
        return (np.asarray(schedule(count), params.dtype), *constant[1:]) if schedule else constant

    return at


def _coupled(grads: Array, params: Array, weight_decay: Array) -> Array:
    """g + λθ, the gradient of the loss plus ½λ|θ|²; exactly g where λ is 0, in a sweep as alone."""
    if not weight_decay.any():
        return grads
    return np.where(weight_decay == 0, grads, grads + weight_decay * params)


def _power(base: Array, exponent: int) -> Array:
    """base ** exponent in float64, by squaring: NumPy's own power may round an array and a number differently."""
    # Python's floats multiply as NumPy's do, and ten times as fast as arrays without axes
    power: Any = np.ones(base.shape) if base.ndim else 1.0
    square: Any = base.astype(np.float64) if base.ndim else float(base)
    while exponent:
        power = power * square if exponent % 2 else power
        square = square * square
        exponent //= 2
    return np.asarray(power)


def _bias_correction(beta: Array, t: int) -> Array:
    """1 - βᵗ, the weight that an average started at 0 has gathered after t steps."""
    return np.asarray(1 - _power(beta, t), beta.dtype)


class SGDState(NamedTuple):
    count: Count


def sgd(learning_rate: Rate = 1e-3, weight_decay: Value = 0.0) -> Optimizer:
    """Step against the gradient.

    Frameworks call it SGD even where the gradient is that of the whole data set and nothing is stochastic.
    """
    at = _hyperparameters(learning_rate, weight_decay=weight_decay)

    def update(grads: Array, state: SGDState, params: Array) -> tuple[Array, SGDState]:
        learning_rate, weight_decay = at(state.count, params)
        return -learning_rate * _coupled(grads, params, weight_decay), SGDState(state.count + 1)

    return Optimizer(lambda params: SGDState(0), update)


class MomentumState(NamedTuple):
    count: Count
    velocity: Array


def momentum(
    learning_rate: Rate = 1e-3, momentum: Value = 0.9, dampening: Value = 0.0, weight_decay: Value = 0.0
) -> Optimizer:
    """Heavy ball: step along a velocity that gathers gradients and forgets them slowly; 1/(1-μ) times SGD's pace.

    As in PyTorch the rate multiplies the velocity, so a changed rate rescales old velocity at once; scikit-learn and
    Keras keep the rate inside it (v ← μv − ηg), which is the same while the rate is constant. The first velocity is g,
    *not* dampened. (PyTorch ignores dampening at momentum 0; here it scales the gradient.)
    """
    at = _hyperparameters(learning_rate, momentum=momentum, dampening=dampening, weight_decay=weight_decay)

    def update(grads: Array, state: MomentumState, params: Array) -> tuple[Array, MomentumState]:
        learning_rate, momentum, dampening, weight_decay = at(state.count, params)
        g = _coupled(grads, params, weight_decay)
        intake = 1 - dampening if state.count else np.ones_like(dampening)
        velocity = momentum * state.velocity + intake * g
        return -learning_rate * velocity, MomentumState(state.count + 1, velocity)

    return Optimizer(lambda params: MomentumState(0, np.zeros_like(params)), update)


def nesterov(learning_rate: Rate = 1e-3, momentum: Value = 0.9, weight_decay: Value = 0.0) -> Optimizer:
    """Momentum that looks ahead: the step is what the velocity will be once this gradient acts a second time.

    Nesterov takes the gradient at θ − ημv. Here, as in the frameworks, θ *is* that point: the gradient is taken where
    the parameters stand, and the two forms walk the same path seen from different points. Stable only for smaller rates
    than heavy ball. scikit-learn's networks mean this one by momentum unless told otherwise.
    """
    at = _hyperparameters(learning_rate, momentum=momentum, weight_decay=weight_decay)

    def update(grads: Array, state: MomentumState, params: Array) -> tuple[Array, MomentumState]:
        learning_rate, momentum, weight_decay = at(state.count, params)
        g = _coupled(grads, params, weight_decay)
        velocity = momentum * state.velocity + g
        return -learning_rate * (g + momentum * velocity), MomentumState(state.count + 1, velocity)

    return Optimizer(lambda params: MomentumState(0, np.zeros_like(params)), update)


class AdagradState(NamedTuple):
    count: Count
    sum_of_squares: Array


def adagrad(learning_rate: Rate = 1e-2, eps: Value = 1e-10, weight_decay: Value = 0.0) -> Optimizer:
    """A rate of its own for each weight: η over the root of the sum of all its squared gradients so far.

    The first step is η·sign g. The sum only grows, so an early large gradient slows that weight for good. optax and
    Keras start the sum at 0.1 and put ε inside the root; PyTorch starts at 0, ε outside. Its lr_decay is left out.
    """
    at = _hyperparameters(learning_rate, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: AdagradState, params: Array) -> tuple[Array, AdagradState]:
        learning_rate, eps, weight_decay = at(state.count, params)
        g = _coupled(grads, params, weight_decay)
        sum_of_squares = state.sum_of_squares + np.square(g)
        return -learning_rate * g / (np.sqrt(sum_of_squares) + eps), AdagradState(state.count + 1, sum_of_squares)

    return Optimizer(lambda params: AdagradState(0, np.zeros_like(params)), update)


class AdadeltaState(NamedTuple):
    count: Count
    nu: Array
    """Running mean of squared gradients."""
    delta: Array
    """Running mean of squared steps (before the learning rate)."""


def adadelta(learning_rate: Rate = 1.0, decay: Value = 0.9, eps: Value = 1e-6, weight_decay: Value = 0.0) -> Optimizer:
    """Steps in the weight's own unit: the size of recent steps over the size of recent gradients, times the gradient.

    ε stands inside the roots and alone sets the pace at first (the first step is about √(10ε)), so it looks frozen. The
    paper has no learning rate, which is PyTorch's 1; Keras has ρ = 0.95 and a rate of 0.001, a thousand times slower.
    """
    at = _hyperparameters(learning_rate, decay=decay, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: AdadeltaState, params: Array) -> tuple[Array, AdadeltaState]:
        learning_rate, decay, eps, weight_decay = at(state.count, params)
        g = _coupled(grads, params, weight_decay)
        nu = decay * state.nu + (1 - decay) * np.square(g)
        step = np.sqrt(state.delta + eps) / np.sqrt(nu + eps) * g
        delta = decay * state.delta + (1 - decay) * np.square(step)
        return -learning_rate * step, AdadeltaState(state.count + 1, nu, delta)

    return Optimizer(lambda params: AdadeltaState(0, np.zeros_like(params), np.zeros_like(params)), update)


class RMSpropState(NamedTuple):
    count: Count
    nu: Array
    velocity: Array


def rmsprop(
    learning_rate: Rate = 1e-2, decay: Value = 0.99, momentum: Value = 0.0, eps: Value = 1e-8, weight_decay: Value = 0.0
) -> Optimizer:
    """Adagrad that forgets: divide by the root of a running mean of squared gradients.

    The mean starts at 0 and is not corrected, so the first step is η/√(1−decay), ten times η at the default. optax and
    Keras put ε inside the root, with a decay of 0.9. Momentum, where asked for, gathers the *scaled* gradients.
    """
    at = _hyperparameters(learning_rate, decay=decay, momentum=momentum, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: RMSpropState, params: Array) -> tuple[Array, RMSpropState]:
        learning_rate, decay, momentum, eps, weight_decay = at(state.count, params)
        g = _coupled(grads, params, weight_decay)
        nu = decay * state.nu + (1 - decay) * np.square(g)
        velocity = momentum * state.velocity + g / (np.sqrt(nu) + eps)
        return -learning_rate * velocity, RMSpropState(state.count + 1, nu, velocity)

    return Optimizer(lambda params: RMSpropState(0, np.zeros_like(params), np.zeros_like(params)), update)


class AdamState(NamedTuple):
    count: Count
    mu: Array
    """Running mean of gradients: the momentum."""
    nu: Array
    """Running mean of squared gradients."""


def adam(
    learning_rate: Rate = 1e-3, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-8, weight_decay: Value = 0.0
) -> Optimizer:
    """Momentum and RMSprop in one, both means corrected for their start at 0; the first step is η·sign g.

    The correction *divides* by 1 − βᵗ. ε joins √ν after the correction (paper, PyTorch, optax); scikit-learn and Keras
    add it before, in effect a 32 times larger ε at the first step. Coupled decay is divided by √ν too: see AdamW.
    """
    at = _hyperparameters(learning_rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: AdamState, params: Array) -> tuple[Array, AdamState]:
        learning_rate, beta1, beta2, eps, weight_decay = at(state.count, params)
        t = state.count + 1
        g = _coupled(grads, params, weight_decay)
        mu = beta1 * state.mu + (1 - beta1) * g
        nu = beta2 * state.nu + (1 - beta2) * np.square(g)
        c1, c2 = _bias_correction(beta1, t), _bias_correction(beta2, t)
        return -learning_rate / c1 * mu / (np.sqrt(nu) / np.sqrt(c2) + eps), AdamState(t, mu, nu)

    return Optimizer(lambda params: AdamState(0, np.zeros_like(params), np.zeros_like(params)), update)


class AMSGradState(NamedTuple):
    count: Count
    mu: Array
    nu: Array
    nu_max: Array


def amsgrad(
    learning_rate: Rate = 1e-3, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-8, weight_decay: Value = 0.0
) -> Optimizer:
    """Adam that divides by the largest ν so far, so that a weight's rate never rises again.

    As in PyTorch the maximum is of the uncorrected ν and is corrected afterwards; optax takes the maximum of the
    corrected one, which for long remembers the first gradients.
    """
    at = _hyperparameters(learning_rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: AMSGradState, params: Array) -> tuple[Array, AMSGradState]:
        learning_rate, beta1, beta2, eps, weight_decay = at(state.count, params)
        t = state.count + 1
        g = _coupled(grads, params, weight_decay)
        mu = beta1 * state.mu + (1 - beta1) * g
        nu = beta2 * state.nu + (1 - beta2) * np.square(g)
        nu_max = np.maximum(state.nu_max, nu)
        c1, c2 = _bias_correction(beta1, t), _bias_correction(beta2, t)
        return -learning_rate / c1 * mu / (np.sqrt(nu_max) / np.sqrt(c2) + eps), AMSGradState(t, mu, nu, nu_max)

    def init(params: Array) -> AMSGradState:
        return AMSGradState(0, np.zeros_like(params), np.zeros_like(params), np.zeros_like(params))

    return Optimizer(init, update)


def adamw(
    learning_rate: Rate = 1e-3, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-8, weight_decay: Value = 1e-2
) -> Optimizer:
    """Adam with decoupled weight decay: every weight shrinks by the same factor 1 − ηλ, whatever its gradients were.

    PyTorch and optax multiply λ by η, as here; the paper by the schedule's factor alone. With the default λ it settles
    a little nearer to 0 than the loss's own minimum.
    """
    at = _hyperparameters(learning_rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: AdamState, params: Array) -> tuple[Array, AdamState]:
        learning_rate, beta1, beta2, eps, weight_decay = at(state.count, params)
        t = state.count + 1
        mu = beta1 * state.mu + (1 - beta1) * grads
        nu = beta2 * state.nu + (1 - beta2) * np.square(grads)
        c1, c2 = _bias_correction(beta1, t), _bias_correction(beta2, t)
        step = -learning_rate / c1 * mu / (np.sqrt(nu) / np.sqrt(c2) + eps)
        return step - learning_rate * weight_decay * params, AdamState(t, mu, nu)

    return Optimizer(lambda params: AdamState(0, np.zeros_like(params), np.zeros_like(params)), update)


class AdamaxState(NamedTuple):
    count: Count
    mu: Array
    norm: Array
    """The largest recent gradient, slowly forgotten: an infinity norm over time."""


def adamax(
    learning_rate: Rate = 2e-3, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-8, weight_decay: Value = 0.0
) -> Optimizer:
    """Adam that divides by the largest recent gradient in place of the root mean square.

    The maximum needs no bias correction. ε stands inside the maximum (PyTorch, optax); Keras adds it to the quotient's
    denominator, the paper has none.
    """
    at = _hyperparameters(learning_rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: AdamaxState, params: Array) -> tuple[Array, AdamaxState]:
        learning_rate, beta1, beta2, eps, weight_decay = at(state.count, params)
        t = state.count + 1
        g = _coupled(grads, params, weight_decay)
        mu = beta1 * state.mu + (1 - beta1) * g
        norm = np.maximum(beta2 * state.norm, np.abs(g) + eps)
        return -learning_rate / _bias_correction(beta1, t) * mu / norm, AdamaxState(t, mu, norm)

    return Optimizer(lambda params: AdamaxState(0, np.zeros_like(params), np.zeros_like(params)), update)


class NAdamState(NamedTuple):
    count: Count
    mu: Array
    nu: Array
    mu_product: Array
    """The product of all momentum factors so far; the same for every weight of a replica."""


def nadam(
    learning_rate: Rate = 2e-3,
    beta1: Value = 0.9,
    beta2: Value = 0.999,
    eps: Value = 1e-8,
    weight_decay: Value = 0.0,
    momentum_decay: Value = 4e-3,
) -> Optimizer:
    """Adam with Nesterov's look ahead, and a momentum that warms up from about β₁/2 to β₁.

    Keras fixes momentum_decay at 1, so that it warms up in a hundred steps where PyTorch's default takes 25,000; optax
    has no warm-up at all.
    """
    at = _hyperparameters(
        learning_rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay
    )
    warmth = np.asarray(np.frompyfunc(math.pow, 2, 1)(0.96, momentum_decay), np.float64)  # for _power's reason

    def update(grads: Array, state: NAdamState, params: Array) -> tuple[Array, NAdamState]:
        learning_rate, beta1, beta2, eps, weight_decay, _ = at(state.count, params)
        t = state.count + 1
        now, following = (beta1 * (1 - 0.5 * _power(warmth, k)).astype(params.dtype) for k in (t, t + 1))
        mu_product = state.mu_product * now
        g = _coupled(grads, params, weight_decay)
        mu = beta1 * state.mu + (1 - beta1) * g
        nu = beta2 * state.nu + (1 - beta2) * np.square(g)
        ahead = (1 - now) / (1 - mu_product) * g + following / (1 - mu_product * following) * mu
        step = -learning_rate * ahead / (np.sqrt(nu) / np.sqrt(_bias_correction(beta2, t)) + eps)
        return step, NAdamState(t, mu, nu, mu_product)

    def init(params: Array) -> NAdamState:
        return NAdamState(0, np.zeros_like(params), np.zeros_like(params), np.ones_like(params))

    return Optimizer(init, update)


def radam(
    learning_rate: Rate = 1e-3, beta1: Value = 0.9, beta2: Value = 0.999, eps: Value = 1e-8, weight_decay: Value = 0.0
) -> Optimizer:
    """Adam that scales by √ν only as far as ν has seen enough gradients to be trusted: a warm-up by formula.

    The first five steps are plain momentum at the full rate, and explode where SGD would. ρ is the length of the
    running mean; PyTorch and optax rectify above 5, the paper above 4. PyTorch adds ε before the correction, unlike in
    its Adam.
    """
    at = _hyperparameters(learning_rate, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    def update(grads: Array, state: AdamState, params: Array) -> tuple[Array, AdamState]:
        learning_rate, beta1, beta2, eps, weight_decay = at(state.count, params)
        t = state.count + 1
        g = _coupled(grads, params, weight_decay)
        mu = beta1 * state.mu + (1 - beta1) * g
        nu = beta2 * state.nu + (1 - beta2) * np.square(g)
        forgotten = _power(beta2, t)
        limit = 2 / (1 - beta2.astype(np.float64)) - 1
        rho = limit - 2 * t * forgotten / (1 - forgotten)
        trusted = rho > 5
        # Both sides of np.where are computed: the maximum keeps the unused one free of roots of negative numbers.
        rho, limit = np.maximum(rho, 5), np.maximum(limit, 5)
        rectified = np.sqrt((1 - forgotten) * (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho))
        scale = np.where(trusted, rectified, 1).astype(params.dtype)
        c1 = _bias_correction(beta1, t)
        return -learning_rate / c1 * scale * mu / np.where(trusted, np.sqrt(nu) + eps, 1), AdamState(t, mu, nu)

    return Optimizer(lambda params: AdamState(0, np.zeros_like(params), np.zeros_like(params)), update)


class LionState(NamedTuple):
    count: Count
    mu: Array


def lion(learning_rate: Rate = 1e-4, beta1: Value = 0.9, beta2: Value = 0.99, weight_decay: Value = 0.0) -> Optimizer:
    """Only the sign counts: every weight moves by exactly η, in the direction of a mean of gradients.

    Decay is decoupled. β₁ mixes the step, the slower β₂ the memory. Wants a rate 3 to 10 times below Adam's, and never
    comes to rest: near a minimum it hops by η. optax's default weight decay is 0.001.
    """
    at = _hyperparameters(learning_rate, beta1=beta1, beta2=beta2, weight_decay=weight_decay)

    def update(grads: Array, state: LionState, params: Array) -> tuple[Array, LionState]:
        learning_rate, beta1, beta2, weight_decay = at(state.count, params)
        direction = np.sign(beta1 * state.mu + (1 - beta1) * grads)
        mu = beta2 * state.mu + (1 - beta2) * grads
        return -learning_rate * (direction + weight_decay * params), LionState(state.count + 1, mu)

    return Optimizer(lambda params: LionState(0, np.zeros_like(params)), update)


class Hyperparameter(NamedTuple):
    """One argument of a factory and its legal interval: slider, check and URL rule in one."""

    name: str
    default: float
    low: float
    high: float
    log: bool


class OptimizerEntry(NamedTuple):
    """An optimizer in the menu."""

    label: str
    factory: Callable[..., Optimizer]
    hyperparameters: tuple[Hyperparameter, ...]
    formula: str
    """LaTeX of the update rule; coupled weight decay is left out."""
    adaptive: str
    """Has each weight a rate of its own? "yes" or "no"."""
    momentum: str
    """"no", "optional" or "yes"."""
    best_for: str
    source: str


def _rate(default: float) -> Hyperparameter:
    return Hyperparameter("learning_rate", default, 1e-6, 10.0, True)


def _fraction(name: str, default: float) -> Hyperparameter:
    return Hyperparameter(name, default, 0.0, 0.9999, False)


def _eps(default: float) -> Hyperparameter:
    return Hyperparameter("eps", default, 1e-12, 1e-1, True)


def _weight_decay(default: float = 0.0) -> Hyperparameter:
    return Hyperparameter("weight_decay", default, 0.0, 1.0, False)


_MOMENTUM = _fraction("momentum", 0.9)
_ADAM = (_fraction("beta1", 0.9), _fraction("beta2", 0.999), _eps(1e-8))

OPTIMIZERS: dict[str, OptimizerEntry] = {
    "sgd": OptimizerEntry(
        "SGD",
        sgd,
        (_rate(1e-3), _weight_decay()),
        r"\theta \leftarrow \theta - \eta g",
        adaptive="no",
        momentum="optional",
        best_for="convex problems, fine-tuning",
        source="Robbins and Monro, A Stochastic Approximation Method, 1951",
    ),
    "momentum": OptimizerEntry(
        "SGD + momentum",
        momentum,
        (_rate(1e-3), _MOMENTUM, _fraction("dampening", 0.0), _weight_decay()),
        r"b \leftarrow \mu b + (1 - \tau) g, \quad \theta \leftarrow \theta - \eta b",
        adaptive="no",
        momentum="yes",
        best_for="most training; often matches Adam once tuned",
        source="Polyak, Some Methods of Speeding Up the Convergence of Iteration Methods, 1964",
    ),
    "nesterov": OptimizerEntry(
        "Nesterov",
        nesterov,
        (_rate(1e-3), _MOMENTUM, _weight_decay()),
        r"b \leftarrow \mu b + g, \quad \theta \leftarrow \theta - \eta (g + \mu b)",
        adaptive="no",
        momentum="yes",
        best_for="smooth convex problems, where its speed is proven; image networks",
        source="Nesterov, 1983, in the form of Sutskever et al., 2013",
    ),
    "adagrad": OptimizerEntry(
        "Adagrad",
        adagrad,
        (_rate(1e-2), _eps(1e-10), _weight_decay()),
        r"G \leftarrow G + g^2, \quad \theta \leftarrow \theta - \eta \frac{g}{\sqrt{G} + \epsilon}",
        adaptive="yes",
        momentum="no",
        best_for="sparse features, such as rare words",
        source="Duchi, Hazan and Singer, Adaptive Subgradient Methods, 2011",
    ),
    "adadelta": OptimizerEntry(
        "Adadelta",
        adadelta,
        (_rate(1.0), _fraction("decay", 0.9), _eps(1e-6), _weight_decay()),
        r"v \leftarrow \rho v + (1 - \rho) g^2, \quad "
        r"d = \frac{\sqrt{D + \epsilon}}{\sqrt{v + \epsilon}} g, \quad "
        r"D \leftarrow \rho D + (1 - \rho) d^2, \quad \theta \leftarrow \theta - \eta d",
        adaptive="yes",
        momentum="no",
        best_for="having no rate to choose; mostly of historical interest",
        source="Zeiler, ADADELTA: An Adaptive Learning Rate Method, 2012",
    ),
    "rmsprop": OptimizerEntry(
        "RMSprop",
        rmsprop,
        (_rate(1e-2), _fraction("decay", 0.99), _fraction("momentum", 0.0), _eps(1e-8), _weight_decay()),
        r"v \leftarrow \alpha v + (1 - \alpha) g^2, \quad "
        r"b \leftarrow \mu b + \frac{g}{\sqrt{v} + \epsilon}, \quad \theta \leftarrow \theta - \eta b",
        adaptive="yes",
        momentum="no",
        best_for="recurrent networks",
        source="Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5, 2012",
    ),
    "adam": OptimizerEntry(
        "Adam",
        adam,
        (_rate(1e-3), *_ADAM, _weight_decay()),
        r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad "
        r"\theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}",
        adaptive="yes",
        momentum="yes",
        best_for="default choice, robust",
        source="Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015",
    ),
    "amsgrad": OptimizerEntry(
        "AMSGrad",
        amsgrad,
        (_rate(1e-3), *_ADAM, _weight_decay()),
        r"v_{\max} \leftarrow \max(v_{\max}, v), \quad "
        r"\theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v_{\max} / (1 - \beta_2^t)} + \epsilon}",
        adaptive="yes",
        momentum="yes",
        best_for="problems where rare large gradients keep Adam from settling",
        source="Reddi, Kale and Kumar, On the Convergence of Adam and Beyond, 2018",
    ),
    "adamw": OptimizerEntry(
        "AdamW",
        adamw,
        (_rate(1e-3), *_ADAM, _weight_decay(1e-2)),
        r"\theta \leftarrow (1 - \eta \lambda) \theta "
        r"- \eta \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}",
        adaptive="yes",
        momentum="yes",
        best_for="transformers, modern deep learning",
        source="Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019",
    ),
    "adamax": OptimizerEntry(
        "Adamax",
        adamax,
        (_rate(2e-3), *_ADAM, _weight_decay()),
        r"u \leftarrow \max(\beta_2 u, |g| + \epsilon), \quad "
        r"\theta \leftarrow \theta - \eta \frac{m / (1 - \beta_1^t)}{u}",
        adaptive="yes",
        momentum="yes",
        best_for="embeddings and other sparse gradients",
        source="Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015",
    ),
    "nadam": OptimizerEntry(
        "NAdam",
        nadam,
        (_rate(2e-3), *_ADAM, _weight_decay(), Hyperparameter("momentum_decay", 4e-3, 0.0, 1.0, False)),
        r"\mu_t = \beta_1 (1 - \tfrac{1}{2} 0.96^{t \psi}), \quad "
        r"\theta \leftarrow \theta - \frac{\eta}{\sqrt{v / (1 - \beta_2^t)} + \epsilon} \Bigl( "
        r"\frac{1 - \mu_t}{1 - \prod_{i \le t} \mu_i} g + \frac{\mu_{t+1}}{1 - \prod_{i \le t+1} \mu_i} m \Bigr)",
        adaptive="yes",
        momentum="yes",
        best_for="Adam's tasks, where looking ahead damps its swings",
        source="Dozat, Incorporating Nesterov Momentum into Adam, 2016",
    ),
    "radam": OptimizerEntry(
        "RAdam",
        radam,
        (_rate(1e-3), *_ADAM, _weight_decay()),
        r"\theta \leftarrow \theta - \eta \frac{m}{1 - \beta_1^t} \cdot \begin{cases} "
        r"r_t \sqrt{1 - \beta_2^t} / (\sqrt{v} + \epsilon) & \rho_t > 5 \\ 1 & \text{otherwise} \end{cases}",
        adaptive="yes",
        momentum="yes",
        best_for="Adam's tasks, without a warm-up to tune",
        source="Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, 2020",
    ),
    "lion": OptimizerEntry(
        "Lion",
        lion,
        (_rate(1e-4), _fraction("beta1", 0.9), _fraction("beta2", 0.99), _weight_decay()),
        r"\theta \leftarrow \theta - \eta \operatorname{sign}(\beta_1 m + (1 - \beta_1) g), \quad "
        r"m \leftarrow \beta_2 m + (1 - \beta_2) g",
        adaptive="no",
        momentum="yes",
        best_for="large models in large batches, with one buffer where Adam has two",
        source="Chen et al., Symbolic Discovery of Optimization Algorithms, 2023",
    ),
}
