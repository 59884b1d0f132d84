"""A row of the catalog as a reader would write it down: formulas and conventions in text."""

from __future__ import annotations

import re
from dataclasses import dataclass

# what the formulas may use beside + - * / ** and numbers; `log`, `exp`, `sqrt`, `abs` need no word
FUNCTION_MEANINGS = {
    "softplus": "softplus(v) = log(1 + exp(v))",
    "sigmoid": "sigmoid(v) = 1/(1 + exp(-v))",
    "sign": "sign(x) = -1, 0 or 1",
    "W": "W is Lambert's function: W(x)*exp(W(x)) = x",
}


@dataclass(frozen=True)
class Formulas:
    """The formulas of one divergence, each of them a text that the tests evaluate against its row.

    Attributes:
        f: f(u), in the grammar of users' expressions: it can be pasted as an expression.
        witness: T(v) = f'(e^v), of the score v.
        witness_conjugate: f*(T(v)), of the score v.
        conjugate: f*(t) where ``domain`` holds; empty where it has no closed form.
        domain: The t between the smallest and the largest slope of f; above it f* is infinite.
        slope: T*(r) = f'(r), the best witness, of the ratio r = p/q.
        convention: What another book or program may mean by the same name, in one sentence.
        below: f*(t) below ``domain``, where it is flat; empty where the domain has no lower end.
        surrogate: The T(v) that training differentiates instead, where there is one.
        paper_name: The name in Nowozin, Cseke and Tomioka 2016 (Tables 1 and 6), where it is there.
        paper_link: Their output activation g_f(v), in the form that increases in v.
        parameter: The name of the family's parameter in the formulas.
    """

    f: str
    witness: str
    witness_conjugate: str
    conjugate: str
    domain: str
    slope: str
    convention: str
    below: str = ""
    surrogate: str = ""
    paper_name: str = ""
    paper_link: str = ""
    parameter: str = ""

    def pasted_f(self, value: float | None) -> str:
        """The text of f with the parameter's value in it: a complete expression of u."""
        return inserted(self.f, self.parameter, value)


def inserted(text: str, name: str, value: float | None) -> str:
    """A formula with a parameter's value for its name, in parentheses where it is negative."""
    if value is None or not name:
        return text
    shown = f"{value:.17g}" if float(f"{value:.6g}") != value else f"{value:.6g}"
    return re.sub(rf"\b{name}\b", f"({shown})" if value < 0 else shown, text)
