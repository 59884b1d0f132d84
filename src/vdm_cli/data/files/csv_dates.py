"""Dates as text: which patterns a text may follow, and the way from text to numbers and back."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

import numpy as np

from vdm_cli.data.form import Form

# Year first or last, parted by one of - / . ; then, after a space or T, the time to the minute, second,
# milli- or microsecond, and what says the zone, which is kept as it stands: times are read as shown.
_DATE = re.compile(
    r"(?:(?P<year>\d{4})(?P<s>[-/.])(?P<a>\d{1,2})(?P=s)(?P<b>\d{1,2})"
    r"|(?P<c>\d{1,2})(?P<t>[-/.])(?P<d>\d{1,2})(?P=t)(?P<last>\d{4}))"
    r"(?:(?P<gap>[ T])(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2}(?:\.(?P<fraction>\d{3}|\d{6}))?)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_FIELDS = {
    "%Y": r"(?P<Y>(?!0000)\d{4})",
    "%m": r"(?P<m>\d{2})",
    "%-m": r"(?P<m>[1-9]\d?)",
    "%d": r"(?P<d>\d{2})",
    "%-d": r"(?P<d>[1-9]\d?)",
    "%H": r"(?P<H>\d{2})",
    "%-H": r"(?P<H>0|[1-9]\d?)",
    "%M": r"(?P<M>\d{2})",
    "%S": r"(?P<S>\d{2})",
    "%3f": r"(?P<f>\d{3})",
    "%f": r"(?P<f>\d{6})",
}
_DIRECTIVE = re.compile("|".join(map(re.escape, _FIELDS)))
# Where each field stands in the text that NumPy prints: 2020-12-31T23:59:59.999999
_PLACES = {"Y": (0, 4), "m": (5, 7), "d": (8, 10), "H": (11, 13), "M": (14, 16), "S": (17, 19), "f": (20, 26)}


@functools.lru_cache(maxsize=4096)
def patterns_of(text: str) -> tuple[str, ...]:
    """Patterns that the text follows as a date that exists; the likelier first, none if it is no date.

    Day before month is likelier than month before day, digits with leading zeros than without.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return ()
    part = match.groupdict()
    separator = part["s"] or part["t"]
    if part["year"]:
        orders = [("Y", "m", "d")]
    else:
        orders = [("d", "m", "Y"), ("m", "d", "Y")] if separator != "." else [("d", "m", "Y")]
    times = [""]
    if part["gap"]:
        fraction = {0: "", 3: ".%3f", 6: ".%f"}[len(part["fraction"] or "")]
        rest = f":%M{':%S' if part['second'] else ''}{fraction}{part['zone'] or ''}"
        times = [f"{part['gap']}{hour}{rest}" for hour in ("%H", "%-H")]
    found = []
    for order in orders:
        for pad in ("%", "%-"):
            date = separator.join("%Y" if field == "Y" else f"{pad}{field}" for field in order)
            found += [date + time for time in times if parse_dates([text], date + time) is not None]
    return tuple(found)


def parse_dates(texts: Sequence[str], pattern: str) -> np.ndarray | None:
    """Microseconds since 1970, int64, of dates that all follow the pattern; None if one does not exist."""
    expression = _expression(pattern)
    numbers = []
    for text in texts:
        match = expression.fullmatch(text)
        if match is None:
            return None
        part = match.groupdict()
        clock = f"{part.get('H', '00'):0>2}:{part.get('M', '00')}:{part.get('S', '00')}.{part.get('f', '0')}"
        numbers.append(f"{part['Y']}-{part['m']:0>2}-{part['d']:0>2}T{clock}")
    try:
        return np.array(numbers, dtype="datetime64[us]").astype(np.int64)
    except ValueError:
        return None


def date_printer(form: Form) -> Callable[[np.ndarray], list[str]]:
    """Return the function that prints whole units (n,), none of them NaN, by the form's pattern."""
    pattern = form.pattern or _default_pattern(form)
    pieces: list[tuple[int, int, bool] | str] = []
    end = 0
    for directive in _DIRECTIVE.finditer(pattern):
        pieces.append(pattern[end : directive.start()])
        start, stop = _PLACES[directive[0][-1]]
        pieces.append((start, start + 3 if directive[0] == "%3f" else stop, "-" in directive[0]))
        end = directive.end()
    pieces.append(pattern[end:])

    def text(iso: str) -> str:
        return "".join(
            piece
            if isinstance(piece, str)
            else (iso[piece[0] : piece[1]].lstrip("0") or "0" if piece[2] else iso[piece[0] : piece[1]])
            for piece in pieces
        )

    def printer(values: np.ndarray) -> list[str]:
        times = values.astype(np.int64).astype(f"datetime64[{form.unit}]").astype("datetime64[us]")
        return list(map(text, np.datetime_as_string(times, unit="us").tolist()))

    return printer


def _default_pattern(form: Form) -> str:
    """How pandas prints the dates of a typed file."""
    clock = {"D": "", "ms": " %H:%M:%S.%3f", "us": " %H:%M:%S.%f"}.get(form.unit, " %H:%M:%S")
    zoned = "tz=" in form.stored
    return "%Y-%m-%d" + (clock or " %H:%M:%S" * zoned) + "+00:00" * zoned


@functools.lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern."""
    parts = []
    end = 0
    for directive in _DIRECTIVE.finditer(pattern):
        parts += [re.escape(pattern[end : directive.start()]), _FIELDS[directive[0]]]
        end = directive.end()
    return re.compile("".join([*parts, re.escape(pattern[end:])]), re.ASCII)
