"""The grammar of a user's f: text in, instructions of a stack machine out; nothing is ever evaluated here.

    sum     = product {("+" | "-") product}
    product = factor {("*" | "/") factor}
    factor  = ("+" | "-") factor | power
    power   = atom ["**" factor]                        right to left; the exponent does not contain u
    atom    = number | name | function "(" sum {"," sum} ")" | "(" sum ")"

Instructions in the order of evaluation (reverse Polish) need no recursion when they are run, and the only
recursion here is that of nested parentheses, powers and signs, which is bounded, as is the length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches

from vdm_cli.expressions.errors import ExpressionError

LONGEST_TEXT = 1_000  # characters
DEEPEST_NESTING = 40  # parentheses, signs and powers within each other
VARIABLE = "u"
FUNCTIONS = {"log": 1, "exp": 1, "sqrt": 1, "abs": 1, "minimum": 2, "maximum": 2}  # name: arguments

_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_NUMBER, _LARGEST_POWER_OF_TEN = 40, 300
_OTHER_NAMES = {
    "ln": "log",
    "log2": "log, the natural one; log2(x) is log(x)/log(2)",
    "log10": "log, the natural one; log10(x) is log(x)/log(10)",
    "max": "maximum",
    "min": "minimum",
    "fabs": "abs",
    "pow": "**",
    "power": "**",
    "expm1": "exp(x) - 1",
    "log1p": "log(1 + x)",
}
_OTHER_SIGNS = {"^": "**", "−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "²": "**2", "³": "**3"}


@dataclass(frozen=True)
class Instruction:
    """One step of the stack machine.

    Attributes:
        kind: ``number``, ``name``, ``negate``, one of ``+ - * / **``, or a function's name.
        position: Where it stands in the text.
        text: Of a number or a name.
    """

    kind: str
    position: int
    text: str = ""


Program = tuple[Instruction, ...]


def parse(text: str) -> Program:
    """The instructions that a text stands for.

    Raises:
        ExpressionError: If the text is none of the grammar, or too long or too deeply nested.
    """
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"it has {len(text):,} characters, and {LONGEST_TEXT:,} are allowed")
    return _Parser(text).program()


class _Parser:
    def __init__(self, text: str):
        self._text = text
        self._at = 0
        self._depth = 0
        self._out: list[Instruction] = []

    def program(self) -> Program:
        if not self._text.strip():
            raise ExpressionError(f"it is empty; write a convex function of {VARIABLE}, such as u*log(u)")
        self._sum()
        if self._peek():
            raise self._unexpected("an operator")
        return tuple(self._out)

    def _sum(self) -> None:
        self._left_to_right(("+", "-"), self._product)

    def _product(self) -> None:
        self._left_to_right(("*", "/"), self._factor)

    def _left_to_right(self, operators: tuple[str, str], operand: object) -> None:
        assert callable(operand)
        operand()
        while (sign := self._peek()) in operators:
            position = self._take(sign)
            operand()
            self._out.append(Instruction(sign, position))

    def _factor(self) -> None:
        self._enter()
        sign = self._peek()
        if sign in ("+", "-"):
            position = self._take(sign)
            self._factor()
            if sign == "-":
                self._out.append(Instruction("negate", position))
        else:
            self._power()
        self._depth -= 1

    def _power(self) -> None:
        self._atom()
        if self._peek() == "**":
            position = self._take("**")
            start = len(self._out)
            self._factor()
            if any(each.kind == "name" and each.text == VARIABLE for each in self._out[start:]):
                raise ExpressionError(
                    f"an exponent must not contain {VARIABLE}: write x**y as exp(y*log(x))", position
                )
            self._out.append(Instruction("**", position))

    def _atom(self) -> None:
        position = self._skip_space()
        if number := _NUMBER.match(self._text, position):
            self._number(number.group(), position)
        elif name := _NAME.match(self._text, position):
            self._at = name.end()
            if self._peek() == "(":
                self._call(name.group(), position)
            elif name.group() in FUNCTIONS:
                raise ExpressionError(f"{name.group()} must be followed by (", self._at)
            else:
                self._out.append(Instruction("name", position, name.group()))
        elif self._peek() == "(":
            self._take("(")
            self._sum()
            self._expect(")")
        else:
            raise self._unexpected("a number, a name or (")

    def _number(self, text: str, position: int) -> None:
        exponent = text.lower().partition("e")[2]
        if len(text) > _LONGEST_NUMBER or abs(int(exponent or 0)) > _LARGEST_POWER_OF_TEN:
            raise ExpressionError(
                f"a number must have at most {_LONGEST_NUMBER} characters and lie between "
                f"1e-{_LARGEST_POWER_OF_TEN} and 1e{_LARGEST_POWER_OF_TEN}",
                position,
            )
        self._at = position + len(text)
        self._out.append(Instruction("number", position, text))

    def _call(self, name: str, position: int) -> None:
        if name not in FUNCTIONS:
            raise ExpressionError(_unknown_function(name), position)
        self._take("(")
        self._enter()
        count = 0
        if self._peek() != ")":
            self._sum()
            count = 1
            while self._peek() == ",":
                self._take(",")
                self._sum()
                count += 1
        self._expect(")")
        self._depth -= 1
        if count != FUNCTIONS[name]:
            wanted = "one argument" if FUNCTIONS[name] == 1 else "two arguments"
            raise ExpressionError(f"{name} takes {wanted}, and {count} stand here", position)
        self._out.append(Instruction(name, position))

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise ExpressionError(f"it is nested more than {DEEPEST_NESTING} deep", self._at)

    def _skip_space(self) -> int:
        while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
            self._at += 1
        return self._at

    def _peek(self) -> str:
        """The next sign, one character of anything else, or nothing at the end."""
        start = self._skip_space()
        return "**" if self._text.startswith("**", start) else self._text[start : start + 1]

    def _take(self, sign: str) -> int:
        position = self._skip_space()
        self._at = position + len(sign)
        return position

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise self._unexpected(f"an operator or {sign}")
        self._take(sign)

    def _unexpected(self, wanted: str) -> ExpressionError:
        found = self._peek()
        if not found:
            return ExpressionError(f"it ends where {wanted} should follow", self._at)
        product = "; a product needs *" if wanted.startswith("an operator") and _starts_atom(found) else ""
        return ExpressionError(
            f"{_shown(found)} stands where {wanted} should{product or _remedy(found)}", self._at
        )


def _unknown_function(name: str) -> str:
    known = ", ".join(FUNCTIONS)
    if name in _OTHER_NAMES:
        return f"there is no function {name}: write {_OTHER_NAMES[name]}"
    if name == VARIABLE:
        return f"{VARIABLE} is the variable and no function: write {VARIABLE}*( for a product"
    close = get_close_matches(name, FUNCTIONS, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"there is no function {_short(name)}; {hint}there are {known}"


def _starts_atom(sign: str) -> bool:
    return sign == "(" or (sign.isascii() and (sign.isalnum() or sign == "_"))


def _shown(sign: str) -> str:
    if sign.isascii() and sign.isprintable():
        return f"'{sign}'"
    name = unicodedata.name(sign, "a control character" if sign.isascii() else "a character without a name")
    return f"{name} (U+{ord(sign):04X})"


def _remedy(sign: str) -> str:
    if sign in _OTHER_SIGNS:
        return f"; write {_OTHER_SIGNS[sign]}"
    plain = unicodedata.normalize("NFKC", sign)
    if not sign.isascii() and plain.isascii() and plain.isprintable():
        return f"; write the plain {plain}"
    return ""


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:27]}..."
