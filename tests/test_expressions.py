"""Formulas typed by a user: against Python's own reading of them, finite differences, and everything hostile."""

import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine import Array, expressions
from engine.expressions import DEPTH, FUNCTIONS, OPERATIONS, PAIRS, FormulaError, parse, surface
from engine.limits import FORMULA_LENGTH

# --- formulas to try -------------------------------------------------------------------------------------------------

numbers = st.sampled_from(["0", "1", "2", "3", ".5", "1.25", "10.", "1e-3", "2E+1", "pi", "e"])
leaves = st.one_of(st.sampled_from(["x", "y"]), numbers)


def formulas(operators: str, leaf_count: int = 12) -> st.SearchStrategy[str]:
    """Random formulas in x and y, with and without the brackets and spaces that their operators need."""

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        bracketed = inner.map("({})".format)
        operand = st.one_of(inner, bracketed)
        operator = st.sampled_from(operators.split())
        return st.one_of(
            st.builds("{} {} {}".format, operand, operator, operand),
            st.builds("{}{}{}".format, operand, operator, operand),
            st.builds("{}{}".format, st.sampled_from("+-"), operand),
            st.builds("{}({})".format, st.sampled_from(sorted(FUNCTIONS)), inner),
            st.builds("{}({}, {})".format, st.sampled_from(sorted(PAIRS)), inner, inner),
        )

    return st.recursive(leaves, grow, max_leaves=leaf_count).filter(lambda text: re.search(r"\b[xy]\b", text))


WITHOUT_POWERS, WITH_POWERS = formulas("+ - * /"), formulas("+ - * / **")
EXAMPLES = [
    "x**2 + 3*y**2 + sin(x*y)",
    "(1-x)^2 + 100*(y-x^2)^2",
    "exp(-(x-1)**2 - y**2)*cos(3*pi*x)/2",
    "log(2+x*y)/sqrt(9-x**2) - tan(y/4)",
    "abs(x-y)*tanh(x) + max(x*y, min(x, 2*y))",
    "x**-3*y**5 + x**20 + abs(y)**2.5 + abs(x)**.5",
    "2**x + (2+sin(x))**(y/3) + e**-y",
    "x**0 + y**1 + (x*y)**(1+1) + x/y/3 - 2/x",
    "x",
]
NAMESPACE = {name: getattr(np, name) for name in FUNCTIONS} | {"min": np.minimum, "max": np.maximum, "N": np.float64}


def python(text: str, x: Array, y: Array) -> Array:
    """What Python and NumPy make of the same text; numbers are NumPy's, so that 1/0 is inf and 9**9**9 ends."""
    text = re.sub(r"(?<![\w.])((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", r"N(\1)", text).replace("^", "**").strip()
    with np.errstate(all="ignore"):
        return eval(text, NAMESPACE | {"x": x, "y": y, "pi": np.float64(math.pi), "e": np.float64(math.e)})


def cloud(count: int, seed: int = 0, scale: float = 2.0) -> Array:
    return np.random.default_rng(seed).normal(scale=scale, size=(count, 2))


def bits(a: Array) -> Array:
    """The bits of ``a``, with one pattern for every NaN."""
    return np.where(np.isnan(a), np.nan, a).view(np.int64)


# --- values ----------------------------------------------------------------------------------------------------------


@given(WITHOUT_POWERS)
@settings(max_examples=300, deadline=None)
def test_value_is_what_python_computes(text: str) -> None:
    p = cloud(7)
    np.testing.assert_array_equal(parse(text).value(p), np.broadcast_to(python(text, *p.T), 7))


@given(WITH_POWERS)
@settings(max_examples=300, deadline=None)
def test_value_with_powers_is_what_python_computes(text: str) -> None:
    p = cloud(7)
    ours, theirs = parse(text).value(p), np.broadcast_to(python(text, *p.T), 7)
    exact = np.broadcast_to(python(text, *p.T.astype(np.longdouble)), 7)
    both = np.isfinite(ours) & np.isfinite(theirs) & np.isfinite(exact)
    with np.errstate(all="ignore"):
        rounding = np.max(np.abs(theirs - exact)[both], initial=0)  # how much this formula amplifies it
        error = np.abs(ours - exact)[both]
        assert np.all(error <= 1e-12 * np.abs(exact[both]) + 1e3 * rounding)


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_are_what_python_computes(text: str) -> None:
    p = np.abs(cloud(50)) % 2.5 + 0.1
    np.testing.assert_allclose(parse(text).value(p), python(text, *p.T), rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-x**2", -9.0),
        ("2**3**2 + 0*x", 512.0),
        ("x-y-1", 0.0),
        ("x/y/2", 0.75),
        ("x-(y-1)", 2.0),
        ("2*-x", -6.0),
        ("2**-x", 0.125),
        ("--x", 3.0),
        ("-x*y", -6.0),
        ("x^2", 9.0),
        ("+x", 3.0),
        (" \t( x )\n", 3.0),
        (".5*x + 1.*y + 1E1", 13.5),
        ("x*pi", 3 * math.pi),
        ("x*e", 3 * math.e),
        ("1e-2*x", 0.03),
        ("min(x,y) - max(x,y)", -1.0),
    ],
)
def test_precedence_and_spelling(text: str, expected: float) -> None:
    assert parse(text).value(np.array([3.0, 2.0])) == pytest.approx(expected, rel=1e-15)


def test_circumflex_is_power() -> None:
    assert parse("x^2^y") == parse("x**2**y")


# --- derivatives -----------------------------------------------------------------------------------------------------


def differences(f, p: Array, h: float) -> Array:
    """d f / d(x, y) to fourth order in ``h``, on a new last axis."""
    steps = h * np.eye(2, dtype=p.dtype)
    return np.stack([(8 * (f(p + s) - f(p - s)) - (f(p + 2 * s) - f(p - 2 * s))) / (12 * h) for s in steps], axis=-1)


def smooth_differences(f, p: Array, h: float) -> tuple[Array, Array]:
    """Differences, and where two step widths agree on them: neither kinks nor poles nor rounding in between."""
    with np.errstate(all="ignore"):
        coarse, fine = differences(f, p, h), differences(f, p, h / 2)
        scale = 1 + np.abs(fine)
        rounding = np.abs(f(p))[..., None] * np.finfo(p.dtype).eps / h
        agree = (np.abs(coarse - fine) < 1e-8 * scale) & (rounding < 1e-8 * scale)
        return fine, np.isfinite(fine) & agree & (scale < 1e12)


@given(WITH_POWERS)
@settings(max_examples=300, deadline=None)
def test_gradient_is_the_slope_of_what_python_computes(text: str) -> None:
    p = cloud(9)

    def value(q: Array) -> Array:
        return np.broadcast_to(python(text, q[..., 0], q[..., 1]), q.shape[:-1])

    expected, smooth = smooth_differences(value, p.astype(np.longdouble), 1e-4)
    gradient = parse(text).gradient(p)
    smooth &= np.isfinite(gradient) & smooth.all(-1, keepdims=True)
    scale = 1 + np.linalg.norm(np.where(smooth, expected, 0).astype(float), axis=-1, keepdims=True)
    assert np.all(np.abs(np.where(smooth, gradient - expected, 0)) <= 1e-6 * scale)


@given(WITH_POWERS)
@settings(max_examples=300, deadline=None)
def test_hessian_is_the_slope_of_the_gradient(text: str) -> None:
    p, expression = cloud(9), parse(text)
    expected, smooth = smooth_differences(expression.gradient, p, 1e-3)
    hessian = expression.hessian(p)
    smooth &= np.isfinite(hessian) & smooth.all((-2, -1), keepdims=True)
    scale = 1 + np.abs(np.where(smooth, expected, 0)).max(axis=(-2, -1), keepdims=True)
    assert np.all(np.abs(np.where(smooth, hessian - expected, 0)) <= 1e-6 * scale)
    np.testing.assert_array_equal(hessian, np.swapaxes(hessian, -1, -2))


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_have_exact_derivatives_everywhere(text: str) -> None:
    p, expression = np.abs(cloud(50)) % 2.3 + 0.2, parse(text)
    expected, smooth = smooth_differences(lambda q: python(text, q[..., 0], q[..., 1]), p.astype(np.longdouble), 1e-5)
    assert smooth.mean() > 0.9
    np.testing.assert_allclose(expression.gradient(p)[smooth], expected[smooth].astype(float), rtol=1e-8, atol=1e-8)
    expected, smooth = smooth_differences(expression.gradient, p, 1e-3)
    assert smooth.mean() > 0.8
    np.testing.assert_allclose(expression.hessian(p)[smooth], expected[smooth], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_beside_its_derivatives(name: str) -> None:
    u, function, h = np.linspace(0.13, 1.4, 40), FUNCTIONS[name], 1e-4
    value = function.value(u)
    for f, derivative in (
        (function.value, function.first(u, value)),
        (lambda v: function.first(v, function.value(v)), function.second(u, value)),
    ):
        slope = (8 * (f(u + h) - f(u - h)) - (f(u + 2 * h) - f(u - 2 * h))) / (12 * h)
        np.testing.assert_allclose(derivative, slope, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("n", [-17, -3, -2, -1, 0, 1, 2, 3, 4, 5, 16, 17, 20, 21])
def test_whole_powers_of_negative_bases(n: int) -> None:
    expression, p = parse(f"x**{n} + 0*y"), np.array([[-2.0, 1.0], [-0.5, 1.0], [1.5, 1.0]])
    x = p[:, 0].tolist()
    np.testing.assert_allclose(expression.value(p), [v**n for v in x], rtol=1e-14)
    np.testing.assert_allclose(expression.gradient(p)[:, 0], [n * v ** (n - 1) for v in x], rtol=1e-14)
    np.testing.assert_allclose(expression.hessian(p)[:, 0, 0], [n * (n - 1) * v ** (n - 2) for v in x], rtol=1e-14)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 17, 20])
def test_whole_powers_at_zero(n: int) -> None:
    expression, zero = parse(f"x**{n}"), np.zeros(2)
    assert expression.value(zero) == 0.0**n
    assert expression.gradient(zero).tolist() == [float(n == 1), 0.0]
    assert expression.hessian(zero).tolist() == [[2.0 * (n == 2), 0.0], [0.0, 0.0]]


def test_exponents_that_turn_out_constant() -> None:
    p = np.array([-2.0, 1.0])
    assert parse("x**(1+2)").value(p) == -8
    assert parse("x**-2").gradient(p)[0] == 0.25
    assert parse("x**(6/2)").hessian(p)[0, 0] == -12
    assert parse("x + 3**10").value(p) == 59047
    assert parse("x + (-2)**3").value(p) == -10
    assert np.isnan(parse("x**2.5").value(p))
    assert np.isnan(parse("x**y").value(p))  # exp(y log x)


def test_conventions_at_kinks() -> None:
    zero, tie = np.zeros(2), np.array([1.0, 1.0])
    assert parse("abs(x) + 3*y").gradient(zero).tolist() == [0.0, 3.0]
    assert parse("min(x, y)").gradient(tie).tolist() == [1.0, 0.0]
    assert parse("max(y, x)").gradient(tie).tolist() == [0.0, 1.0]
    assert parse("max(x**2, y)").hessian(tie).tolist() == [[2.0, 0.0], [0.0, 0.0]]
    root = parse("sqrt(x)")
    assert root.value(zero) == 0
    assert root.gradient(zero)[0] == np.inf


@pytest.mark.parametrize("text", ["log(x)", "sqrt(x) + y", "x**.5", "max(log(x), y)", "min(y, log(x))", "1/(x-x)"])
def test_derivatives_are_nan_where_the_value_is_not_finite(text: str) -> None:
    p = np.array([[-1.0, 2.0]])
    expression = parse(text)
    assert not np.isfinite(expression.value(p)).any()
    assert np.isnan(expression.gradient(p)).all()
    assert np.isnan(expression.hessian(p)).all()


# --- arrays ----------------------------------------------------------------------------------------------------------


def extremes() -> Array:
    """Ordinary points, and points that meet poles, overflow and large arguments, in one array of awkward length."""
    odd = [0.0, -0.0, 1.0, -1.0, 1e-310, 1e5, -1e9, 1e155, 1e308, -745.2, 709.9, np.inf, -np.inf, np.nan]
    corners = np.array(np.meshgrid(odd, odd)).reshape(2, -1).T
    points = np.concatenate([cloud(131), cloud(31, scale=1e4), corners])
    return np.random.default_rng(1).permutation(points)


def assert_batch_is_single(text: str, p: Array) -> None:
    expression = parse(text)
    for f in (expression.value, expression.gradient, expression.hessian):
        batch = bits(f(p))
        np.testing.assert_array_equal(batch, bits(np.stack([f(row) for row in p])))
        np.testing.assert_array_equal(batch, bits(f(np.asfortranarray(p))))
        np.testing.assert_array_equal(batch[3:], bits(f(p[3:])))
        np.testing.assert_array_equal(batch[::-3], bits(f(p[::-3])))
    value, gradient = expression.value_and_gradient(p)
    np.testing.assert_array_equal(bits(value), bits(expression.value(p)))
    np.testing.assert_array_equal(bits(gradient), bits(expression.gradient(p)))


@pytest.mark.parametrize("text", EXAMPLES + [f"{name}(x) + {name}(x*y)" for name in FUNCTIONS])
def test_batch_is_single_bit_for_bit(text: str) -> None:
    assert_batch_is_single(text, extremes())


@given(WITH_POWERS)
@settings(max_examples=40, deadline=None)
def test_batch_is_single_bit_for_bit_for_any_formula(text: str) -> None:
    assert_batch_is_single(text, extremes()[:45])


def test_blocks_leave_no_seam() -> None:
    p = cloud(2 * expressions.BLOCK + 5)
    for f in (parse(EXAMPLES[2]).value, parse(EXAMPLES[2]).hessian):
        np.testing.assert_array_equal(f(p)[expressions.BLOCK - 3 :], f(p[expressions.BLOCK - 3 :]))


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (0,), (2, 0, 3)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("text", [EXAMPLES[0], "x"])
def test_shapes_and_dtypes(shape: tuple[int, ...], dtype: type, text: str) -> None:
    p, expression = np.full((*shape, 2), 0.5, dtype), parse(text)
    for result, tail in ((expression.value(p), ()), (expression.gradient(p), (2,)), (expression.hessian(p), (2, 2))):
        assert result.shape == (*shape, *tail)
        assert result.dtype == dtype


def test_points_are_left_alone_and_results_are_not_views_of_them() -> None:
    p = np.array([[1.0, 2.0]])
    value = parse("x").value(p)
    value[:] = 7
    assert p.tolist() == [[1.0, 2.0]]
    with pytest.raises(ValueError, match="two coordinates"):
        parse("x").value(np.zeros(3))
    assert parse("x/2").value(np.array([1, 2])) == 0.5  # whole numbers are taken as floats


@pytest.mark.parametrize("text", [*EXAMPLES, "x + 1/0", "x**9**9**9", "exp(exp(exp(x)))", "log(-1)*x", "y/(x-x)"])
def test_nothing_warns(text: str) -> None:
    expression = parse(text)
    with np.errstate(all="raise"):
        for f in (expression.value, expression.gradient, expression.hessian):
            f(extremes())
            f(np.float32([1e30, -1e30]))


# --- faults ----------------------------------------------------------------------------------------------------------

FAULTS = [
    ("", 0, "empty"),
    (" \t ", 0, "empty"),
    ("__import__('os')", 0, "unknown name '__import__' at character 1: use x, y, pi, e or one of sin, cos"),
    ("().__class__", 1, "')' at character 2 is out of place"),
    ("x.__class__", 1, "'.' at character 2"),
    ("9**9**9", 0, "does not depend on x or y"),
    ("1/0", 0, "does not depend on x or y"),
    ("log(-1)", 0, "does not depend on x or y"),
    ("3", 0, "does not depend on x or y"),
    ("x + z", 4, "unknown name 'z' at character 5"),
    ("x + w1*w2", 4, "unknown name 'w1'"),
    ("X", 0, "unknown name 'X'"),
    ("xy + 1", 0, "write x*y, not xy"),
    ("x if y else 1", 2, "unknown name 'if'"),
    ("x;y", 1, "';' at character 2"),
    ("x\ny", 2, "a * is missing before character 3"),
    ("lambda x: 1", 0, "unknown name 'lambda'"),
    ("x = 3", 2, "'=' at character 3"),
    ("x <script>", 2, "'<' at character 3"),
    ("f'{x}'", 0, "unknown name 'f'"),
    ("[x]", 0, "'[' at character 1"),
    ("x\u200by", 1, "U+200B at character 2"),
    ("\u202ex", 0, "U+202E at character 1"),
    ("x + \u0663", 4, "U+0663 at character 5"),
    ("x + \uff13", 4, "U+FF13 at character 5"),
    ("x\u00a0+ y", 1, "U+00A0 at character 2"),
    ("x\x00", 1, "U+0000 at character 2"),
    ("x\u00b2", 1, "write **2 instead"),
    ("x \u2212 y", 2, "write - instead"),
    ("3x", 1, "write 3*x, not 3x"),
    ("2 sin(x)", 2, "write 2*sin, not 2sin"),
    ("x(y)", 1, "a * is missing before character 2"),
    ("(x)(y)", 3, "a * is missing before character 4"),
    ("(x\n+1)y", 6, "write 3*x, not 3x"),
    ("1.2.3*x", 3, "two numbers meet at character 4"),
    ("1_0*x", 1, "unknown name '_0'"),
    ("0x10*x", 1, "unknown name 'x10'"),
    ("1e999*x", 0, "the number at character 1 is too large"),
    ("sin x", 0, "write sin(x)"),
    ("x + sin", 4, "write sin(x)"),
    ("x*sin(x, y)", 2, "takes one argument"),
    ("min(x)", 0, "write min(x, y)"),
    ("max(x, y, 1)", 0, "takes two arguments"),
    ("sin()", 4, "')' at character 5"),
    ("min(x,,y)", 6, "',' at character 7"),
    ("x, y", 1, "',' at character 2"),
    ("(x, y)", 2, "',' at character 3"),
    ("x +", 3, "ends too early"),
    ("x + * y", 4, "'*' at character 5"),
    ("x // y", 3, "'/' at character 4"),
    ("x *** y", 4, "'*' at character 5"),
    ("((x)", 0, "never closed"),
    ("sin((x)", 3, "'(' at character 4 is never closed"),
    ("x)", 1, "closes nothing"),
    ("(" * 1000 + "x" + ")" * 1000, FORMULA_LENGTH, "longer than 500 characters"),
    ("x" * 10_000, FORMULA_LENGTH, "longer than 500 characters"),
    ("(" * 100 + "x" + ")" * 100, DEPTH, f"more than {DEPTH} deep"),
    ("-" * 100 + "x", DEPTH, f"more than {DEPTH} deep"),
    ("x" + "**x" * 100, 3 * DEPTH, f"more than {DEPTH} deep"),
    ("sin(" * 80 + "x" + ")" * 80, 4 * DEPTH, f"more than {DEPTH} deep"),
    ("x" + "+x" * 240, 2 * OPERATIONS + 1, f"more than {OPERATIONS} operations"),
]


@pytest.mark.parametrize(("text", "position", "words"), FAULTS, ids=lambda value: ascii(value)[:30])
def test_fault_is_named_with_its_position(text: str, position: int, words: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert caught.value.position == position
    assert str(caught.value).isascii() and str(caught.value).isprintable()


def test_message_repeats_little_of_what_was_typed() -> None:
    for text in (
        "a" * 400,
        "x" * 400,
        "1" * 300 + "x",
        "x" + "1" * 300,
        "x " + "7" * 300,
        "(" + "7" * 300,
        "x*" + "q9" * 99,
    ):
        with pytest.raises(FormulaError) as caught:
            parse(text)
        assert not re.search(r"(a|x|1|7|q9)\1{20}", str(caught.value))


def test_caps_can_be_reached() -> None:
    p = np.array([0.5, 0.5])
    assert parse("(" * (DEPTH - 1) + "x" + ")" * (DEPTH - 1)).value(p) == 0.5
    assert parse("x" + "+x" * OPERATIONS).value(p) == 0.5 * (OPERATIONS + 1)
    assert parse("x" + " " * (FORMULA_LENGTH - 1)).value(p) == 0.5
    assert parse("x" + "/x" * OPERATIONS).latex.count("frac") == OPERATIONS


def test_faults_survive_a_trip_to_another_process() -> None:
    fault = pickle.loads(pickle.dumps(FormulaError("here", 7)))
    assert (str(fault), fault.position) == ("here", 7)
    assert isinstance(fault, ValueError)


typing_slips = st.lists(
    st.sampled_from([*"xyz0123.eE+-*/^(), \n", "**", "sin", "min(", "pi", "log(", "²"]), max_size=40
)


@given(st.one_of(st.text(max_size=60), typing_slips.map("".join), st.text(min_size=490, max_size=520)))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_formula_or_a_fault(text: str) -> None:
    expression = fault = None
    try:
        expression = parse(text)
    except FormulaError as raised:
        fault = raised
    if fault is not None:
        assert 0 <= fault.position <= len(text)
        assert str(fault).isascii() and str(fault).isprintable() and len(str(fault)) < 200
    if expression is not None:
        p = cloud(3)
        assert expression.value(p).shape == (3,)
        assert expression.hessian(p).shape == (3, 2, 2)


# --- in writing ------------------------------------------------------------------------------------------------------


@given(WITH_POWERS)
@settings(max_examples=200, deadline=None)
def test_text_means_the_same_when_typed_again(text: str) -> None:
    expression = parse(text)
    assume(len(expression.text) <= FORMULA_LENGTH)
    assert repr(parse(expression.text)) == repr(expression)  # == would fail where a constant is NaN


@given(WITH_POWERS)
@settings(max_examples=200, deadline=None)
def test_latex_is_balanced(text: str) -> None:
    latex = parse(text).latex
    depth = 0
    for character in latex:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert latex.count(r"\left") == latex.count(r"\right")
    assert len(re.findall(r"\\left\W", latex)) == len(re.findall(r"\\right\W", latex))
    assert set(re.findall(r"\\([a-z]+)", latex)) <= {"left", "right", "frac", "cdot", "pi", *FUNCTIONS, *PAIRS}
    assert not re.search(r"[-+] ?-", latex)


@pytest.mark.parametrize(
    ("text", "written", "latex"),
    [
        ("x^2+3*y**2", "x**2 + 3*y**2", r"{x}^{2} + 3\,{y}^{2}"),
        ("-x**2", "-x**2", "-{x}^{2}"),
        ("(-x)**2", "(-x)**2", r"{\left(-x\right)}^{2}"),
        ("(x+y)*2", "(x + y)*2", r"\left(x + y\right) \cdot 2"),
        ("x-(y-1)", "x - (y - 1)", r"x - \left(y - 1\right)"),
        ("x/(y/2)", "x/(y/2)", r"\frac{x}{\frac{y}{2}}"),
        ("(x/y)**2", "(x/y)**2", r"{\left(\frac{x}{y}\right)}^{2}"),
        ("x*-y", "x*-y", r"x\,\left(-y\right)"),
        ("((x))", "x", "x"),
        ("x**2**y", "x**2**y", "{x}^{{2}^{y}}"),
        ("(x**2)**y", "(x**2)**y", r"{\left({x}^{2}\right)}^{y}"),
        ("sqrt(abs(x))*pi", "sqrt(abs(x))*pi", r"\sqrt{\left|x\right|}\,\pi"),
        ("max(x,sin(y))", "max(x, sin(y))", r"\max\left(x, \sin\left(y\right)\right)"),
        ("1e-7*x", "1e-07*x", r"1 \cdot 10^{-7}\,x"),
    ],
)
def test_notation(text: str, written: str, latex: str) -> None:
    assert (parse(text).text, parse(text).latex) == (written, latex)


# --- surfaces --------------------------------------------------------------------------------------------------------


def test_surface_is_like_any_other() -> None:
    typed = surface("(x-1)**2 + 3*(y+.5)**2")
    assert typed.domain == ((-3.0, 3.0), (-3.0, 3.0))
    np.testing.assert_allclose(typed.minima, [[1.0, -0.5]], atol=1e-6)
    assert typed.lowest == pytest.approx(0, abs=1e-12)
    assert typed.rate == 0.2  # the sharpness is 6 everywhere
    assert typed.formula == parse("(x-1)**2 + 3*(y+.5)**2").latex
    assert typed.words == "(x - 1)**2 + 3*(y + 0.5)**2"
    assert typed.label and typed.teaches
    p = cloud(5)
    loss, grads = typed.objective(p, 0)
    np.testing.assert_array_equal(loss, typed.value(p))
    np.testing.assert_array_equal(grads, typed.gradient(p))
    np.testing.assert_allclose(grads, np.stack([2 * (p[:, 0] - 1), 6 * (p[:, 1] + 0.5)], -1), rtol=1e-12, atol=1e-12)
    assert typed.hessian(p)[0].tolist() == [[2.0, 0.0], [0.0, 6.0]]


def test_surface_is_cached_by_text_and_view_and_read_only() -> None:
    typed = surface("x**2 + y**2", ((-1, 1), (-2, 2)))
    assert typed is surface("x**2 + y**2", [[-1.0, 1.0], [-2.0, 2.0]])
    assert typed is not surface("x**2 + y**2")
    for points in (typed.start, typed.minima):
        with pytest.raises(ValueError, match="read-only"):
            points[...] = 0
    assert surface("x**2 + y**2", start=(0.5, 0.25)).start.tolist() == [0.5, 0.25]
    again = pickle.loads(pickle.dumps(typed))
    np.testing.assert_array_equal(again.value(cloud(5)), typed.value(cloud(5)))


@pytest.mark.parametrize("text", [*EXAMPLES, "log(x)", "sqrt(x-2.5)*y", "max(x, 2.5)", "tanh(50*(x-1))", "x*y"])
def test_start_is_in_view_and_can_move(text: str) -> None:
    typed = surface(text)
    assert np.all(np.abs(typed.start) < 3)
    assert np.isfinite(typed.value(typed.start))
    gradient = typed.gradient(typed.start)
    assert np.all(np.isfinite(gradient)) and np.any(gradient != 0)
    assert 1e-4 <= typed.rate <= 1
    assert typed.rate == float(f"{typed.rate:.0e}")


def test_first_choice_of_start() -> None:
    np.testing.assert_allclose(surface("x*y", ((0, 10), (0, 100))).start, [2, 70])


@pytest.mark.parametrize("text", ["0*x", "x - x", "max(x, 100)"])
def test_flat_surfaces_are_legal(text: str) -> None:
    typed = surface(text)
    assert np.isfinite(typed.value(typed.start))
    assert np.all(typed.gradient(typed.start) == 0)
    assert 1e-4 <= typed.rate <= 1


@pytest.mark.parametrize("text", ["x + 1/0", "log(-1 - x**2)", "x/(y-y)", "x*9**9**9", "sqrt(x - 100)"])
def test_no_finite_value_in_the_view(text: str) -> None:
    with pytest.raises(FormulaError, match="has no finite value in the view") as caught:
        surface(text)
    assert caught.value.position == 0


def test_unbounded_below_outside_the_view() -> None:
    assert surface("(x**2-1)**2 + y**2").bounded
    assert surface("sin(x) + sin(y)").bounded
    assert not surface("x**3 - 3*x + y**2").bounded  # a minimum at (1, 0), but x**3 falls without end


@pytest.mark.parametrize(
    "domain", [((1, 1), (0, 1)), ((0, 1), (2, 1)), ((0, math.inf), (0, 1)), ((0, math.nan), (0, 1))]
)
def test_view_is_checked(domain) -> None:
    with pytest.raises(ValueError, match="view"):
        surface("x", domain)
