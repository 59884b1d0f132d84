r"""Whether any text at all can do more to the checks of a user's f than be refused, or be slow, or be large.

Texts of the grammar (nested at random), such texts mutated, programs and injections of other languages
mutated, long ones that use all that the limits allow, and noise of bytes and of Unicode: each must pass
`examine` or end in an `ExpressionError` of one printable sentence; a sample of what passes is tabulated.

Run:  nice python benchmarks/fuzz_expressions.py       100,000 texts of seed 0; --count and --seed change that
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections import Counter
from dataclasses import dataclass, field

from vdm_cli.expressions.convex import examine
from vdm_cli.expressions.errors import ExpressionError
from vdm_cli.expressions.spelling import is_expression, told
from vdm_cli.expressions.table import tabulate

NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "0.5",
    ".25",
    "2.7",
    "1e-3",
    "1e3",
    "1e-300",
    "1e300",
    "1e999",
    "64",
    "65",
    "1e400000",
)
FUNCTIONS = ("log", "exp", "sqrt", "abs", "minimum", "maximum")
WORDS = (
    *FUNCTIONS,
    *NUMBERS,
    *"uv+-*/(),^ .",
    "**",
    "a",
    "nan",
    "inf",
    "ln",
    "log10",
    "max",
    "pi",
    "__class__",
)
CONVEX = (
    "u*log(u)",
    "-log(u)",
    "(u-1)**2",
    "(u-1)**2/u",
    "(sqrt(u)-1)**2",
    "(u-1)*log(u)",
    "(u-1)**2/(u+1)",
    "u*log(u) - (u+1)*log((u+1)/2)",
    "(u**a - 1 - a*(u-1))/(a*(a-1))",
    "abs(u-1)/2",
    "maximum(u - 2.7, 0)",
    "exp(u/100)",
    "abs(u-1)**1.5",
    "maximum((u-1)**2, u*log(u))",
)
FOREIGN = (
    "__import__('os').system('id')",
    "u.__class__.__base__.__subclasses__()",
    "lambda: 0",
    "u**u**u**9",
    "9**9**9**9",
    "[u for u in (1,)]",
    "f'{u}'",
    "exec('1')",
    "u if u else 1",
    "u := 3",
    "$(id)",
    "{{u}}",
    "!!python/object/apply:os.system ['id']",
    "\\frac{u}{2}",
    "u*log(u) # comment",
    "%s%n",
)
ALPHABETS = (
    "u+-*/() .,0123456789aeglox",
    "".join(map(chr, range(256))),
    "".join(map(chr, range(0x2000, 0x2400))) + "u²³−×÷ｕｌｏｇ（）＋",
    "".join(map(chr, range(0xD7F0, 0xD800)))
    + "".join(map(chr, range(0xDC00, 0xDC10)))
    + "\U0001f600\ufeff\u202e",
)
TABULATED = 0.02  # share of the accepted ones


def grammatical(rng: random.Random, depth: int) -> str:
    """A text of the grammar, of any meaning."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice(("u", "u", "u", "a", *NUMBERS[:9]))
    inner = lambda: grammatical(rng, depth - 1)  # noqa: E731
    match rng.randrange(7):
        case 0 | 1:
            return f"{inner()}{rng.choice('+-*/')}{inner()}"
        case 2:
            return f"({inner()}){rng.choice(('*', '/', ' + ', ' - '))}({inner()})"
        case 3:
            return f"{rng.choice(FUNCTIONS[:4])}({inner()})"
        case 4:
            return f"{rng.choice(FUNCTIONS[4:])}({inner()}, {inner()})"
        case 5:
            return f"({inner()})**{rng.choice(('2', '3', '0.5', '-1', 'a', '64', '1.5', '-64'))}"
        case _:
            return f"-{inner()}"


def convex(rng: random.Random) -> str:
    """A positive combination of convex functions: accepted, but for overflow."""
    parts = [f"{rng.choice(NUMBERS[:9])}*({rng.choice(CONVEX)})" for _ in range(rng.randint(1, 4))]
    return " + ".join(parts) + rng.choice(("", " + 3*u", " - 1", " - 1e3*(u-1)"))


def mutated(rng: random.Random, text: str) -> str:
    """A text with characters or words deleted, doubled, inserted or exchanged."""
    for _ in range(rng.randint(1, 4)):
        at, end = sorted(rng.randint(0, len(text)) for _ in range(2))
        match rng.randrange(5):
            case 0:
                text = text[:at] + text[at + 1 :]
            case 1:
                text = text[:end] + text[at:end] * rng.choice((1, 1, 2, 40)) + text[end:]
            case 2:
                text = text[:at] + rng.choice(WORDS) + text[at:]
            case 3:
                text = text[:at] + rng.choice(rng.choice(ALPHABETS)) + text[at + 1 :]
            case _:
                text = text[end:] + text[:end]
    return text


def noise(rng: random.Random) -> str:
    """Characters or words without any order, a few of them very many."""
    count = rng.choice((1, 3, 10, 100, 1000, 1001, 100_000 if rng.random() < 0.05 else 30))
    if rng.random() < 0.5:
        return "".join(rng.choices(WORDS, k=min(count, 1000)))
    return "".join(rng.choices(rng.choice(ALPHABETS), k=count))


TOWERS = (
    *(("(", ")"), ("-", ""), ("u**", ""), ("9**", ""), ("u*", ""), ("u*(", "+1)"), ("1/(1+", ")")),
    *(("exp(", ")"), ("exp(", "-1)"), ("log(", ")"), ("sqrt(", "+1)"), ("abs(", ")"), ("abs(", "-1)")),
    *(("(", ")**2"), ("(1+", ")**9"), ("(", ")**64"), ("(", ")**-64"), ("(", ")**0.5"), ("maximum(u,", ")")),
)
TERMS = (
    *("abs(u-{})", "maximum(u, {})", "maximum(u-{}, 0)**2", "exp(u/1e3/{})", "log(u+{})**2", "(u-{})**64"),
    *("(u*log(u)-{})**2", "-log(u/{})", "u**{}", "sqrt(1+(u-{})**2)", "1/(u+{})", "-minimum(u, {})"),
)


def towers(rng: random.Random) -> str:
    """One construction over and over: what makes parsers recurse and arithmetic explode."""
    count = rng.choice((2, 10, 38, 39, 40, 41, 200, 5_000))
    opening, closing = rng.choice(TOWERS)
    return opening * count + "u" + closing * count


def long_ones(rng: random.Random) -> str:
    """Sums and products of many terms, up to the greatest length."""
    kinds = rng.sample(TERMS, rng.randint(1, 3))
    terms = [rng.choice(kinds).format(f"{rng.uniform(0.01, 60):.3g}") for _ in range(rng.choice((5, 20, 80)))]
    text, sign = "", rng.choice(("+", "+", "+", "*", "-", "/"))
    while terms and len(text) + len(terms[-1]) < 999:
        text += (sign if text else "") + terms.pop()
    return text


KINDS = {
    "texts of the grammar": (0.12, lambda rng: grammatical(rng, rng.randint(1, 6))),
    "convex combinations": (0.01, convex),
    "convex ones mutated": (0.40, lambda rng: mutated(rng, convex(rng))),
    "foreign ones mutated": (0.22, lambda rng: mutated(rng, rng.choice(FOREIGN))),
    "towers": (0.02, towers),
    "long ones": (0.003, long_ones),
    "noise": (0.227, noise),
}


@dataclass
class Tally:
    """What became of the texts of one kind."""

    refused: int = 0
    accepted: int = 0
    tabulated: int = 0
    not_tabulated: int = 0
    names: int = 0
    seconds: float = 0.0
    slowest: tuple[float, str] = (0.0, "")
    slowest_table: tuple[float, str] = (0.0, "")
    reasons: Counter[str] = field(default_factory=Counter)


def check(rng: random.Random, text: str, tally: Tally) -> None:
    """Examine one text; anything but a verdict in one printable sentence is raised."""
    tally.names += not is_expression(text)
    parameters = {"a": rng.choice((0.7, -1.5, 2.0, 30.0))} if "u**a" in text else {}
    start = time.process_time()
    function, fault = None, None
    try:
        function = examine(text, parameters)
    except ExpressionError as error:
        fault = error
    taken = time.process_time() - start
    tally.seconds += taken
    tally.slowest = max(tally.slowest, (taken, text))
    if fault is not None:
        sentence = told(text, fault)
        if not sentence.isprintable() or len(sentence) > 400:
            raise AssertionError(f"{text[:200]!r}: {sentence[:500]!r}")
        if fault.position is not None and not 0 <= fault.position <= len(text):
            raise AssertionError(f"{text[:200]!r}: position {fault.position}")
        tally.refused += 1
        tally.reasons[" ".join(fault.message.split()[:3])] += 1
    if function is None:
        return
    tally.accepted += 1
    if rng.random() < TABULATED:
        start = time.process_time()
        try:
            tabulate(function)
            tally.tabulated += 1
        except ExpressionError:
            tally.not_tabulated += 1
        tally.slowest_table = max(tally.slowest_table, (time.process_time() - start, text))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    names, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
    tallies = {name: Tally() for name in names}
    examine("u*log(u)")
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for name in rng.choices(names, weights, k=options.count):
        check(rng, KINDS[name][1](rng), tallies[name])
    seconds = time.process_time() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    print(f"{options.count:,} texts in {seconds:.0f} s of one core; memory grew by {grown / 1024:.0f} MiB")
    head = f"{'kind':22s} {'refused':>8s} {'accepted':>9s} {'total':>8s} {'slowest':>9s}"
    print(f"{head} {'tables':>7s} {'slowest':>9s}")
    for name, tally in tallies.items():
        tables = f"{tally.tabulated}+{tally.not_tabulated}"
        print(
            f"{name:22s} {tally.refused:8,} {tally.accepted:9,} {tally.seconds:6.0f} s"
            f" {tally.slowest[0]:7.3f} s"
            f" {tables:>7s} {tally.slowest_table[0]:7.3f} s"
        )
    print("tables: made+refused; taken for a name:", sum(tally.names for tally in tallies.values()))
    for label, worst in (
        ("slowest check", max(tally.slowest for tally in tallies.values())),
        ("slowest table", max(tally.slowest_table for tally in tallies.values())),
    ):
        print(f"{label}: {worst[0]:.3f} s, {worst[1][:300]!r}")
    reasons = sum((tally.reasons for tally in tallies.values()), Counter[str]())
    told_most = [f"{reason} ... {count:,}" for reason, count in reasons.most_common(12)]
    print("most common reasons: " + "; ".join(told_most))


if __name__ == "__main__":
    main()
