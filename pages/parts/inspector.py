"""The numbers of a run, step by step: templates and the columns that the browser fills them from."""

from typing import Any

import numpy as np

from engine import Array
from engine.curvature import eigen, stable_rate
from engine.descent import Trajectory
from engine.experiment import RUNNERS, Run, optimizer_of, schedule_of, surface_of
from pages.parts.stage import single
from pages.parts.theme import GRADIENT, STEP, VELOCITY

# {name} is a column at the playhead, {a/b} the quotient of two columns (or of a number and one), {|a,b|} the length of
# a vector; "next" names the following row; :p puts negative numbers in brackets, :r drops zeros at the end. One line a
# weight: * is x, then y. What the browser can derive does not travel: a long run has to stay small.
STEP_LINES: dict[str, list[tuple[str, str]]] = {
    "sgd": [("*", "{*} − {rate:r} × {g*:p} = {*next}")],
    "momentum": [
        ("velocity *", "{momentum:r} × {velocity*:p} + {g*:p} = {velocity*next}"),
        ("*", "{*} − {rate:r} × {velocity*next:p} = {*next}"),
    ],
    "nesterov": [
        ("velocity *", "{momentum:r} × {velocity*:p} + {g*:p} = {velocity*next}"),
        ("*", "{*} − {rate:r} × ({g*} + {momentum:r} × {velocity*next:p}) = {*next}"),
    ],
    "adagrad": [
        ("sum of g² *", "{sum_of_squares*} + {g*:p}² = {sum_of_squares*next}"),
        ("*", "{*} − {rate:r} × {g*:p} / √{sum_of_squares*next} = {*next}"),
    ],
    "rmsprop": [
        ("mean of g² *", "{decay:r} × {nu*} + {1-decay:r} × {g*:p}² = {nu*next}"),
        ("*", "{*} − {rate:r} × {velocity*next:p} = {*next},  where {velocity*next} is g/√mean"),
    ],
    "adam": [
        ("m *", "{beta1:r} × {mu*:p} + {1-beta1:r} × {g*:p} = {mu*next}"),
        ("v *", "{beta2:r} × {nu*} + {1-beta2:r} × {g*:p}² = {nu*next}"),
        ("*", "{*} − {rate:r} × {mu*next/correction1:p} / √{nu*next/correction2} = {*next}"),
    ],
}
ADAM_LIKE = {"adam", "adamw"}
"""Those whose step is the rate times m̂/√v̂ (AdamW also shrinks the weights)."""
LEFT_OUT = {"weight_decay", "dampening"}
"""What the lines above take to be 0 (RMSprop's its momentum, too); elsewhere the step is shown as it came out."""

MEANS = {"velocity": "velocity", "mu": "m", "nu": "v", "nu_max": "largest v", "norm": "largest |g|",
         "sum_of_squares": "sum of g²", "delta": "mean of step²"}  # fmt: skip


def inspect(run: Run, trajectory: Trajectory) -> dict[str, Any]:
    """Lines, columns and arrows of one run, for the stage."""
    columns = _columns(run, trajectory)
    lines = [
        ("loss", "{loss}  at  ({x}, {y})"),
        ("gradient", "({gx}, {gy}),  length {|gx,gy|}"),
        *_step_lines(run, columns),
        ("curvature", f"λ = {{lambda1}} and {{lambda2}};  {_limit(run)};  in use {{rate:r}}"),
    ]
    return {"lines": lines, "columns": {name: single(c) for name, c in columns.items()}, "arrows": arrows(run)}


def arrows(run: Run) -> list[dict[str, Any]]:
    """The arrows at the ball: which columns of the run they show, and whether they are drawn to scale."""
    shown = [{"label": "gradient (uphill)", "colour": GRADIENT, "x": "gx", "y": "gy", "to_scale": False}]
    if velocity(run) == "velocity":
        shown.append(
            {"label": "velocity carried over", "colour": VELOCITY, "x": "vx", "y": "vy", "to_scale": True},
        )
    elif velocity(run) == "mu":
        shown.append({"label": "mean gradient m", "colour": VELOCITY, "x": "mux", "y": "muy", "to_scale": False})
    return [*shown, {"label": "step", "colour": STEP, "x": "ux", "y": "uy", "to_scale": True}]


def velocity(run: Run) -> str | None:
    """Name of the state that remembers earlier gradients, if the optimizer has one that matters."""
    if run.optimizer in {"momentum", "nesterov"}:
        return "velocity"
    return "mu" if any(h.name == "beta1" for h in RUNNERS[run.optimizer].hyperparameters) else None


def velocity_arrow(run: Run, trajectory: Trajectory) -> dict[str, Array]:
    """Columns of the memory's arrow: the share of each step that was carried over, -ημb, or the running mean m."""
    match velocity(run):
        case "velocity":
            carried = _value(run, "momentum") * trajectory.state.velocity
            if run.optimizer == "nesterov":
                carried = _value(run, "momentum") * carried
            carried = -rates(run, trajectory)[:, None] * carried
            return {"vx": carried[:, 0], "vy": carried[:, 1]}
        case "mu":
            return {"mux": trajectory.state.mu[:, 0], "muy": trajectory.state.mu[:, 1]}
    return {}


def rates(run: Run, trajectory: Trajectory) -> Array:
    """The learning rate of each step, (T+1,), with its schedule and its change in mid-run."""
    schedule = schedule_of(run)
    return np.array([float(schedule(int(count))) for count in trajectory.count])


def _once(column: Array) -> Array:
    """A constant column as one row, which the browser repeats."""
    return column[:1] if (column == column[0]).all() else column


def _value(run: Run, name: str) -> float:
    defaults = {h.name: h.default for h in RUNNERS[run.optimizer].hyperparameters}
    return float((defaults | dict(run.hyperparameters))[name])


def _columns(run: Run, trajectory: Trajectory) -> dict[str, Array]:
    rows = len(trajectory.count)
    with np.errstate(all="ignore"):
        eigenvalues, _ = eigen(surface_of(run).hessian(trajectory.params))
        columns: dict[str, Array] = {
            "rate": _once(rates(run, trajectory)),
            "lambda1": eigenvalues[:, 0],
            "lambda2": eigenvalues[:, 1],
            "lambdamax": np.maximum(eigenvalues[:, 1], 0),  # where the ground bends down, every rate is stable
            "stable": _stable(run)[None],
        }
        columns |= _pair("", trajectory.params, trajectory.params[-1] + trajectory.updates[-1])
        columns |= {"gx": trajectory.grads[:, 0], "gy": trajectory.grads[:, 1]}
        columns |= {"ux": trajectory.updates[:, 0], "uy": trajectory.updates[:, 1]}
        after = _state_after(run, trajectory)
        for name in trajectory.state._fields:
            if name != "count" and getattr(trajectory.state, name).shape == (rows, 2):
                columns |= _pair(name, getattr(trajectory.state, name), getattr(after, name))
        if run.optimizer in ADAM_LIKE:
            t = trajectory.count + 1.0
            columns |= {f"correction{i}": 1 - _value(run, f"beta{i}") ** t for i in (1, 2)}
    for name in ("momentum", "decay", "beta1", "beta2"):
        if any(h.name == name for h in RUNNERS[run.optimizer].hyperparameters):
            columns[name] = np.array([_value(run, name)])
            columns["1-" + name] = np.array([1 - _value(run, name)])
    return columns


def _pair(name: str, values: Array, end: Array) -> dict[str, Array]:
    """x and y of a quantity at every step, and after the last as a column of its own."""
    columns = {name + axis: values[:, i] for i, axis in enumerate("xy")}
    return columns | {name + axis + "end": end[i, None] for i, axis in enumerate("xy")}


def _state_after(run: Run, trajectory: Trajectory) -> Any:
    """The state after the last row: one more update, computed but not taken."""
    fields = trajectory.state._asdict()
    last = type(trajectory.state)(**{name: leaf[-1] for name, leaf in fields.items()})
    _, after = optimizer_of(run).update(
        trajectory.grads[-1], last._replace(count=int(last.count)), trajectory.params[-1]
    )
    return after


def _step_lines(run: Run, columns: dict[str, Array]) -> list[tuple[str, str]]:
    key = "adam" if run.optimizer in ADAM_LIKE else run.optimizer
    left_out = LEFT_OUT | ({"momentum"} if key == "rmsprop" else set())
    names = {h.name for h in RUNNERS[run.optimizer].hyperparameters}
    if key in STEP_LINES and not any(_value(run, name) for name in left_out & names):
        templates = STEP_LINES[key]
    else:
        templates = [
            *((f"{MEANS.get(name, name)} *", f"{{{name}*}} → {{{name}*next}}") for name in _memories(columns)),
            ("*", "{*} + {u*:p} = {*next}"),
        ]
    return [(label.replace("*", axis), line.replace("*", axis)) for axis in "xy" for label, line in templates]


def _memories(columns: dict[str, Array]) -> list[str]:
    return [name[:-1] for name in columns if name.endswith("x") and name[:-1] in MEANS]


def _stable(run: Run) -> Array:
    """The largest stable rate times λmax: 2 for plain descent, and for all that have no closed form of their own."""
    own = run.optimizer in {"momentum", "nesterov"}
    return stable_rate(run.optimizer if own else "sgd", 1.0, _value(run, "momentum") if own else 0.0)


def _limit(run: Run) -> str:
    """The stability limit of this optimizer at this curvature, where it has a closed form; else plain descent's."""
    match run.optimizer:
        case "newton":
            return "stable to 2 on any quadratic"
        case "momentum":
            return "2(1+μ)/λmax = {stable/lambdamax}"
        case "nesterov":
            return "(2+2μ)/((1+2μ)λmax) = {stable/lambdamax}"
        case "sgd":
            return "2/λmax = {stable/lambdamax}"
    return "2/λmax = {stable/lambdamax} for plain descent"
