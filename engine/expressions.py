"""A formula typed by a user becomes a surface with exact derivatives: parsed by hand, never run as Python."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import NamedTuple, TypeVar

import numpy as np

from engine import Array
from engine.curvature import find_minima, sharpness
from engine.limits import FORMULA_LENGTH
from engine.surfaces import Surface, View

DEPTH = 40  # parentheses, signs and powers inside one another
OPERATIONS = 100
PRODUCTS = 16  # whole exponents up to this are computed by multiplying
BLOCK = 4096  # points evaluated at once, so that memory stays small on a fine grid

T = TypeVar("T")


class FormulaError(ValueError):
    """A formula that cannot be drawn; ``position`` is the 0-based index of the fault, the message counts from 1."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message, position)
        self.position = position

    def __str__(self) -> str:
        return str(self.args[0])


# --- derivatives -----------------------------------------------------------------------------------------------------

# A jet is a function of x and y at N points with its derivatives (forward mode, Taylor to order two): an array whose
# rows are f, f_x, f_y, f_xx, f_xy, f_yy, or the first three or one of them. A constant has one column.
_ROWS = (1, 3, 6)  # by the order of the derivatives asked for
_FIRST, _SECOND = [1, 1, 2], [1, 2, 2]  # f_xx, f_xy, f_yy as pairs of rows


def _multiply(u: Array, v: Array) -> Array:
    product: Array = u[0] * v
    if len(u) > 1:
        product[1:] += v[0] * u[1:]
    if len(u) > 3:
        product[3:] += u[_FIRST] * v[_SECOND] + v[_FIRST] * u[_SECOND]
    return product


def _divide(u: Array, v: Array) -> Array:
    """q = u / v: u = q v is differentiated and solved for the derivatives of q."""
    value = u[0] / v[0]
    quotient: Array = (u - value * v) / v[0]
    quotient[0] = value
    if len(u) > 3:
        quotient[3:] -= (quotient[_FIRST] * v[_SECOND] + v[_FIRST] * quotient[_SECOND]) / v[0]
    return quotient


def _chain(u: Array, value: Array, first: Array, second: Array) -> Array:
    """f(u) by the chain rule, from f, f' and f'' at u (N,)."""
    jet: Array = first * u
    jet[0] = value
    if len(u) > 3:
        jet[3:] += second * u[_FIRST] * u[_SECOND]
    return jet


def _power(u: Array, v: Array) -> Array:
    """u ** v for an exponent that varies: exp(v log u), so NaN where the base is negative."""
    return _apply(FUNCTIONS["exp"], _multiply(v, _apply(FUNCTIONS["log"], u)))


def _constant_power(u: Array, n: float) -> Array:
    """u ** n; the derivatives of a power that has run out (n = 0, 1) are 0, not 0 times infinity."""
    base = u[0]
    first = n * _monomial(base, n - 1) if n != 0 else np.zeros_like(base)
    second = n * (n - 1) * _monomial(base, n - 2) if n not in (0, 1) else np.zeros_like(base)
    return _chain(u, _monomial(base, n), first, second)


def _monomial(u: Array, n: float) -> Array:
    """u ** n for numbers u (N,). The exponent stays a Python float: a 0-d array takes other paths inside NumPy."""
    if not (float(n).is_integer() and abs(n) <= PRODUCTS):
        return np.asarray(np.power(u, n))
    product = np.ones_like(u)
    for _ in range(abs(int(n))):
        product = product * u
    return 1 / product if n < 0 else product


def _min(u: Array, v: Array) -> Array:
    """The smaller; on a tie the first argument's derivatives; NaN where either is."""
    return np.where((u[0] <= v[0]) | np.isnan(u[0]), u, v)


def _max(u: Array, v: Array) -> Array:
    """The larger; on a tie the first argument's derivatives; NaN where either is."""
    return np.where((u[0] >= v[0]) | np.isnan(u[0]), u, v)


class Function(NamedTuple):
    """A function of one argument u beside its derivatives, which are given u and the value f(u) and may use either."""

    value: Callable[[Array], Array]
    first: Callable[[Array, Array], Array]
    second: Callable[[Array, Array], Array]


FUNCTIONS: dict[str, Function] = {
    "sin": Function(np.sin, lambda u, f: np.cos(u), lambda u, f: -f),
    "cos": Function(np.cos, lambda u, f: -np.sin(u), lambda u, f: -f),
    "tan": Function(np.tan, lambda u, f: 1 + f * f, lambda u, f: 2 * f * (1 + f * f)),
    "exp": Function(np.exp, lambda u, f: f, lambda u, f: f),
    "log": Function(np.log, lambda u, f: 1 / u, lambda u, f: -1 / (u * u)),
    "sqrt": Function(np.sqrt, lambda u, f: 0.5 / f, lambda u, f: -0.25 / (f * u)),
    # |u| has slope 0 at 0
    "abs": Function(np.abs, lambda u, f: np.sign(u), lambda u, f: np.zeros_like(u)),
    # 1 / cosh² rather than 1 - tanh², which cancels where tanh is flat
    "tanh": Function(
        np.tanh,
        lambda u, f: np.square(1 / np.cosh(u)),
        lambda u, f: -2 * f * np.square(1 / np.cosh(u)),
    ),
}


def _apply(function: Function, u: Array) -> Array:
    """function(u) for a jet u; a derivative that nobody asked for is not computed."""
    value = function.value(u[0])
    if len(u) == 1:
        return value[None]
    first = function.first(u[0], value)
    return _chain(u, value, first, function.second(u[0], value) if len(u) > 3 else first)


PAIRS: dict[str, Callable[[Array, Array], Array]] = {"min": _min, "max": _max}
OPERATORS: dict[str, Callable[[Array, Array], Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": _multiply,
    "/": _divide,
    "**": _power,
}
_ON_JETS: dict[str, Callable[..., Array]] = {
    "negative": np.negative,
    **OPERATORS,
    **PAIRS,
    **{name: partial(_apply, function) for name, function in FUNCTIONS.items()},
}
CONSTANTS = {"pi": math.pi, "e": math.e}
VARIABLES = ("x", "y")
NAMES = (*VARIABLES, *CONSTANTS, *FUNCTIONS, *PAIRS)
LEGAL = f"{', '.join(NAMES[:4])} or one of {', '.join(NAMES[4:])}"


# --- the formula as a program ----------------------------------------------------------------------------------------


class Instruction(NamedTuple):
    """One step of a formula in postfix order: take ``arity`` results off the stack, put one back."""

    name: str  # a name or operator of the formula, "number", "negative", or "power" with a constant exponent
    arity: int
    number: float = 0.0

    @property
    def constant(self) -> bool:
        """Whether it stands for a number known before any point is."""
        return self.arity == 0 and self.name not in VARIABLES


Program = tuple[Instruction, ...]


def _fold(program: Iterable[Instruction], step: Callable[[Instruction, list[T]], T]) -> T:
    """Run a program; what ``step`` makes of an instruction and its arguments decides whether numbers or text come out.

    A loop, so that a long formula can't exhaust the interpreter's stack.
    """
    stack: list[T] = []
    for instruction in program:
        first = len(stack) - instruction.arity
        arguments = stack[first:]
        del stack[first:]
        stack.append(step(instruction, arguments))
    return stack[0]


def _run(program: Program, points: Array, order: int) -> Array:
    """The jet of a program at points (2, N), derivatives up to ``order``."""
    rows, size = _ROWS[order], points.shape[1]
    variables = np.zeros((2, rows, size))
    variables[:, 0] = points
    if order:
        variables[0, 1] = variables[1, 2] = 1.0

    def step(instruction: Instruction, arguments: list[Array]) -> Array:
        name = instruction.name
        if name in VARIABLES:
            jet: Array = variables[VARIABLES.index(name)]
        elif instruction.constant:
            jet = np.array([instruction.number] + [0.0] * (rows - 1))[:, None]
        elif name == "power":
            jet = _constant_power(arguments[0], instruction.number)
        else:
            jet = _ON_JETS[name](*arguments)
        return jet

    return _fold(program, step)


def _simplify(program: Program) -> Program:
    """Compute what is constant once, and mark the powers whose exponent is: they have derivatives of their own."""

    def step(instruction: Instruction, arguments: list[Program]) -> Program:
        if instruction.name == "**" and len(arguments[1]) == 1 and arguments[1][0].constant:
            instruction, arguments = Instruction("power", 1, arguments[1][0].number), arguments[:1]
        joined = (*(i for argument in arguments for i in argument), instruction)
        if arguments and all(i.constant for i in joined[:-1]):
            return (Instruction("number", 0, float(_run(joined, np.zeros((2, 1)), 0)[0, 0])),)
        return joined

    with np.errstate(all="ignore"):
        return _fold(program, step)


# --- the formula in writing ------------------------------------------------------------------------------------------


class Form(NamedTuple):
    """How one operation is written: a template, how tightly it binds, and how tightly each argument has to.

    1 sums, 2 products, 3 signs, 4 powers, 5 what needs no brackets; an argument that binds less gets them.
    """

    template: str
    level: int
    needs: tuple[int, ...]


_CALL = {name: Form(name + "({})", 5, (0,)) for name in FUNCTIONS}
_CALL |= {name: Form(name + "({}, {})", 5, (0, 0)) for name in PAIRS}
_TEXT = _CALL | {
    "+": Form("{} + {}", 1, (1, 2)),
    "-": Form("{} - {}", 1, (1, 2)),
    "*": Form("{}*{}", 2, (2, 3)),
    "/": Form("{}/{}", 2, (2, 3)),
    "negative": Form("-{}", 3, (3,)),
    "**": Form("{}**{}", 4, (5, 3)),
}
_LATEX = _TEXT | {name: Form(rf"\{name}\left({{}}\right)", 5, (0,)) for name in FUNCTIONS}
_LATEX |= {name: Form(rf"\{name}\left({{}}, {{}}\right)", 5, (0, 0)) for name in PAIRS}
_LATEX |= {
    "pi": Form(r"\pi", 5, ()),
    "sqrt": Form(r"\sqrt{{{}}}", 5, (0,)),
    "abs": Form(r"\left|{}\right|", 5, (0,)),
    "*": Form(r"{}\,{}", 2, (2, 3)),
    "/": Form(r"\frac{{{}}}{{{}}}", 3, (0, 0)),
    "**": Form("{{{}}}^{{{}}}", 4, (5, 0)),
}


class Piece(NamedTuple):
    """Part of a written formula, and how tightly it binds."""

    text: str
    level: int


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _write_text(instruction: Instruction, arguments: list[Piece]) -> Piece:
    """The formula as it would be typed."""
    if not arguments:
        return Piece(_number(instruction.number) if instruction.name == "number" else instruction.name, 5)
    form = _TEXT[instruction.name]
    texts = (a.text if a.level >= need else f"({a.text})" for a, need in zip(arguments, form.needs, strict=True))
    return Piece(form.template.format(*texts), form.level)


def _write_latex(instruction: Instruction, arguments: list[Piece]) -> Piece:
    """The formula as LaTeX."""
    name = instruction.name
    if name == "number":
        mantissa, _, exponent = _number(instruction.number).partition("e")
        return Piece(rf"{mantissa} \cdot 10^{{{int(exponent)}}}", 3) if exponent else Piece(mantissa, 5)
    form = _LATEX.get(name, Form(name, 5, ()))
    texts = []
    for index, (argument, need) in enumerate(zip(arguments, form.needs, strict=True)):
        signs_meet = argument.text.startswith("-") and need > 0 and (index > 0 or name == "negative")
        loose = argument.level < need or signs_meet
        texts.append(rf"\left({argument.text}\right)" if loose else argument.text)
    if name == "*" and texts[1][0].isdigit():
        return Piece(rf"{texts[0]} \cdot {texts[1]}", 2)
    return Piece(form.template.format(*texts), form.level)


@dataclass(frozen=True)
class Expression:
    """A parsed formula in x and y; its methods take points (..., 2) and never warn: what is not finite is a gap.

    Where the value is not finite the derivatives are NaN. Conventions: d|u| = 0 at u = 0; on a tie min and max take
    the derivatives of their first argument.
    """

    text: str  # the formula as it would be typed again
    latex: str
    program: Program

    def value(self, p: Array) -> Array:
        """(..., 2) -> (...,)."""
        value: Array = self._jet(p, 0)[0]
        return value

    def gradient(self, p: Array) -> Array:
        """(..., 2) -> (..., 2)."""
        return self.value_and_gradient(p)[1]

    def value_and_gradient(self, p: Array) -> tuple[Array, Array]:
        """(..., 2) -> (...,), (..., 2), both in one pass."""
        jet = self._jet(p, 1)
        return jet[0], np.stack([jet[1], jet[2]], axis=-1)

    def hessian(self, p: Array) -> Array:
        """(..., 2) -> (..., 2, 2)."""
        _, _, _, xx, xy, yy = self._jet(p, 2)
        return np.stack([xx, xy, xy, yy], axis=-1).reshape(*xx.shape, 2, 2)

    def _jet(self, p: Array, order: int) -> Array:
        """The formula's jet (rows, ...) at ``p``, in the dtype of ``p`` where that is a float."""
        p = np.asarray(p)
        if p.shape[-1:] != (2,):
            raise ValueError(f"points have two coordinates on the last axis: (..., 2), not {p.shape}")
        # one row a coordinate, never 0-d: NumPy's loops then give each point the same bits in whatever company
        points = np.ascontiguousarray(p.reshape(-1, 2).T, dtype=np.float64)
        jet = np.empty((_ROWS[order], points.shape[1]), p.dtype if p.dtype.kind == "f" else np.float64)
        with np.errstate(all="ignore"):
            for first in range(0, points.shape[1], BLOCK):
                block = slice(first, first + BLOCK)
                jet[:, block] = _run(self.program, points[:, block], order)
        jet[1:, ~np.isfinite(jet[0])] = np.nan
        return jet.reshape(_ROWS[order], *p.shape[:-1])


# --- the parser ------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|[-+*/^(),])", re.ASCII
)
_SPACE = " \t\r\n"
_PASTED = {"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "²": "**2", "³": "**3", "π": "pi", "√": "sqrt(...)"}
_EXAMPLE = "x**2 + 3*y**2"


class Token(NamedTuple):
    """A piece of the typed text: kind "number", "name", "sign" or "end"."""

    kind: str
    text: str
    position: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"'{self.text}' at character {self.position + 1}"


class _Parser:
    """Recursive descent over sums, products, signs, powers and atoms; appends to ``program`` in postfix order.

    It stops at the leftmost fault with a FormulaError. Nesting always passes through ``_signed``, which counts it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.program: list[Instruction] = []
        self.operations = self.depth = self.end = 0
        self.token = self._scan()

    def parse(self) -> Program:
        """The whole text as a program."""
        if self.token.kind == "end":
            raise FormulaError(f"the formula is empty: write one such as {_EXAMPLE}", 0)
        self._sum()
        if self.token.kind != "end":  # only a sign that closes or separates something can be left over
            fault = "closes nothing" if self.token.text == ")" else "stands outside min( ) or max( )"
            raise FormulaError(f"{self.token} {fault}", self.token.position)
        return tuple(self.program)

    def _scan(self) -> Token:
        """The next token of the text."""
        start = self.end
        while start < len(self.text) and self.text[start] in _SPACE:
            start += 1
        if start == len(self.text):
            return Token("end", "", start)
        match = _TOKEN.match(self.text, start)
        if match is None:
            raise self._illegal(start)
        self.end = match.end()
        return Token(str(match.lastgroup), match.group(), start)

    def _illegal(self, position: int) -> FormulaError:
        character = self.text[position]
        shown = f"'{character}'" if character.isascii() and character.isprintable() else f"U+{ord(character):04X}"
        remedy = (
            f"write {_PASTED[character]} instead" if character in _PASTED else f"use numbers, + - * / ** ( ), {LEGAL}"
        )
        return FormulaError(f"{shown} at character {position + 1} means nothing here: {remedy}", position)

    def _advance(self) -> Token:
        token, self.token = self.token, self._scan()
        return token

    def _emit(self, token: Token, name: str, arity: int) -> None:
        self.operations += 1
        if self.operations > OPERATIONS:
            message = f"the formula has more than {OPERATIONS} operations, counted up to character {token.position + 1}"
            raise FormulaError(message, token.position)
        self.program.append(Instruction(name, arity))

    def _sum(self) -> None:
        self._product()
        while self.token.text in ("+", "-"):
            operator = self._advance()
            self._product()
            self._emit(operator, operator.text, 2)

    def _product(self) -> None:
        self._signed()
        while self.token.text in ("*", "/"):
            operator = self._advance()
            self._signed()
            self._emit(operator, operator.text, 2)

    def _signed(self) -> None:
        self.depth += 1
        if self.depth > DEPTH:
            message = f"the formula is nested more than {DEPTH} deep at character {self.token.position + 1}"
            raise FormulaError(message, self.token.position)
        if self.token.text in ("+", "-"):
            sign = self._advance()
            self._signed()
            if sign.text == "-":
                self._emit(sign, "negative", 1)
        else:
            self._atom()
            if self.token.text in ("**", "^"):
                operator = self._advance()
                self._signed()  # not _atom: 2**-x, and 2**3**2 groups to the right
                self._emit(operator, "**", 2)
        self.depth -= 1

    def _atom(self) -> None:
        token = self.token
        if token.kind == "number":
            self._constant(token, "number", float(token.text))
        elif token.kind == "name":
            self._name(token)
        elif token.text == "(":
            self._advance()
            self._sum()
            self._close(token)
        elif token.kind == "end":
            message = f"the formula ends too early: after character {len(self.text)} there must be a number or a name"
            raise FormulaError(message, token.position)
        else:
            raise FormulaError(f"{token} is out of place: here must be a number, {LEGAL}", token.position)
        self._no_factor_follows(token)

    def _constant(self, token: Token, name: str, value: float) -> None:
        if math.isinf(value):
            raise FormulaError(
                f"the number at character {token.position + 1} is too large: use less than 1e308", token.position
            )
        self._advance()
        self.program.append(Instruction(name, 0, value))

    def _name(self, token: Token) -> None:
        name = token.text
        if name in FUNCTIONS:
            self._call(token, 1)
        elif name in PAIRS:
            self._call(token, 2)
        elif name in CONSTANTS:
            self._constant(token, name, CONSTANTS[name])
        elif name in VARIABLES:
            self._advance()
            self.program.append(Instruction(name, 0))
        else:
            raise self._unknown(token)

    def _unknown(self, token: Token) -> FormulaError:
        name = token.text
        remedy = f"use {LEGAL}"
        if set(name) <= set(VARIABLES) and len(name) <= 4:
            remedy = f"write {'*'.join(name)}, not {name}"
        return FormulaError(f"unknown name '{name[:20]}' at character {token.position + 1}: {remedy}", token.position)

    def _call(self, token: Token, arity: int) -> None:
        usage = f"write {token.text}({', '.join(VARIABLES[:arity])})"
        self._advance()
        if self.token.text != "(":
            raise FormulaError(f"{token} needs parentheses: {usage}", token.position)
        opening = self._advance()
        self._sum()
        given = 1
        while self.token.text == ",":
            self._advance()
            self._sum()
            given += 1
        self._close(opening)
        if given != arity:
            raise FormulaError(f"{token} takes {('one argument', 'two arguments')[arity - 1]}: {usage}", token.position)
        self._emit(token, token.text, arity)

    def _close(self, opening: Token) -> None:
        if self.token.kind == "end":
            raise FormulaError(f"{opening} is never closed: a ) is missing", opening.position)
        if self.token.text != ")":
            raise FormulaError(f"{self.token} stands outside min( ) or max( )", self.token.position)
        self._advance()

    def _no_factor_follows(self, before: Token) -> None:
        after = self.token
        if after.kind == "name" and after.text not in NAMES:
            raise self._unknown(after)
        if after.kind not in ("number", "name") and after.text != "(":
            return
        left, right = self.text[before.position : after.position].strip(_SPACE), after.text
        right = right.replace("(", "(...)")
        shown = len(left) + len(right) <= 10 and left.isprintable()
        example = f"{left}*{right}, not {left}{right}" if shown else "3*x, not 3x"
        fault = f"a * is missing before character {after.position + 1}: write {example}"
        if after.kind == before.kind == "number":
            fault = f"two numbers meet at character {after.position + 1}: write + - * or / between them"
        raise FormulaError(fault, after.position)


@lru_cache(maxsize=128)
def parse(text: str) -> Expression:
    """The formula ``text`` in x and y, with ** or ^ for powers.

    Raises FormulaError, with the position of the leftmost fault, for anything else, for more than FORMULA_LENGTH
    characters, DEPTH levels or OPERATIONS operations, and where neither x nor y occurs.
    """
    if len(text) > FORMULA_LENGTH:
        raise FormulaError(f"the formula is longer than {FORMULA_LENGTH} characters", FORMULA_LENGTH)
    program = _Parser(text).parse()
    if not any(instruction.name in VARIABLES for instruction in program):
        raise FormulaError("the formula does not depend on x or y", 0)
    return Expression(_fold(program, _write_text).text, _fold(program, _write_latex).text, _simplify(program))


# --- the surface -----------------------------------------------------------------------------------------------------

FIRST_START = (0.2, 0.7)  # a share of the view, off its axes and diagonals
FALLBACK_RATE = 0.1  # where the surface has no curvature
RATES = (1e-4, 1.0)
COARSE = 21  # points a side of the grid on which a formula is judged


def surface(text: str, domain: View = ((-3.0, 3.0), (-3.0, 3.0)), start: Sequence[float] | None = None) -> Surface:
    """The formula ``text`` as a Surface over the view ``domain``; ``start`` (2,) or None for a point that can move.

    Raises FormulaError as ``parse`` does and where no value in the view is finite, ValueError for an empty view.
    """
    (x0, x1), (y0, y1) = ((float(low), float(high)) for low, high in domain)
    if not (-math.inf < x0 < x1 < math.inf and -math.inf < y0 < y1 < math.inf):
        raise ValueError(f"a view is two finite intervals with low < high, not {domain}")
    return _surface(text, ((x0, x1), (y0, y1)), None if start is None else (float(start[0]), float(start[1])))


@dataclass(frozen=True, eq=False)
class FormulaSurface(Surface):
    """A Surface whose loss and gradient come out of one pass over the formula."""

    expression: Expression = field(kw_only=True)

    def objective(self, params: Array, count: int) -> tuple[Array, Array]:
        """As Surface.objective, in half the time."""
        return self.expression.value_and_gradient(params)


@lru_cache(maxsize=128)
def _surface(text: str, domain: View, start: tuple[float, float] | None) -> Surface:
    expression = parse(text)
    low, high = np.array(domain).T
    axes = [np.linspace(*side, COARSE) for side in domain]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    if not np.isfinite(expression.value(grid)).any():
        view = ", ".join(f"{name} from {a:g} to {b:g}" for name, (a, b) in zip(VARIABLES, domain, strict=True))
        raise FormulaError(f"the formula has no finite value in the view, {view}", 0)
    typed = FormulaSurface(
        label="Your formula",
        formula=expression.latex,
        words=expression.text,
        teaches="what you make of it",
        value=expression.value,
        gradient=expression.gradient,
        hessian=expression.hessian,
        domain=domain,
        start=_start(expression, low, high) if start is None else np.array(start),
        minima=np.empty((0, 2)),
        rate=_rate(expression.hessian(grid)),
        expression=expression,
    )
    typed = replace(typed, minima=find_minima(typed))
    return replace(typed, bounded=_bounded(typed, low, high))


def _start(expression: Expression, low: Array, high: Array) -> Array:
    """The first of a fixed list of points (2,) with a finite value and a slope to follow, else any finite one."""
    shares = np.concatenate([[FIRST_START], np.arange(1, 1000)[:, None] * (0.7548776662, 0.5698402910) % 1])
    points = low + (high - low) * shares  # the golden ratio's plane relative: an even cover without symmetry
    value, slope = expression.value(points), np.abs(expression.gradient(points)).max(axis=-1)
    moves = np.isfinite(slope)
    for usable in (moves & (slope > 1e-6), moves & (slope > 0), np.isfinite(value)):
        if usable.any():
            return np.array(points[np.argmax(usable)])
    return np.array(points[0])


def _rate(hessians: Array) -> float:
    """1 / the median sharpness of Hessians (N, 2, 2), to one digit and within RATES."""
    bends = sharpness(hessians)
    bends = bends[bends > 0]
    rate = float(np.median(1 / np.maximum(bends, 1 / RATES[1]))) if len(bends) else FALLBACK_RATE
    return float(f"{max(rate, RATES[0]):.0e}")


def _bounded(typed: Surface, low: Array, high: Array) -> bool:
    """Whether no point on widening rings round the view, up to a thousand times as wide, lies below every minimum."""
    if not len(typed.minima):
        return True
    angles = np.arange(64) * (2 * math.pi / 64) + 0.1
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=-1) * (high - low)
    far = typed.value((low + high) / 2 + np.logspace(0, 3, 16)[:, None, None] * ring)
    lowest = typed.value(typed.minima).min()
    return not bool((far < lowest - 1e-9 * (1 + abs(lowest))).any())
