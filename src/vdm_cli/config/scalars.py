"""Plain YAML scalars as YAML 1.2's core schema reads them.

PyYAML follows YAML 1.1, where ``1e-3`` is text, ``no`` is false, ``010`` is 8 and ``12:30`` is 750.
"""

from __future__ import annotations

import re

TAG_PREFIX = "tag:yaml.org,2002:"
STR, NULL, BOOL, INT, FLOAT, SEQ, MAP = (
    TAG_PREFIX + name for name in ("str", "null", "bool", "int", "float", "seq", "map")
)

# In the order of resolution (YAML 1.2.2, section 10.3.2); what matches none of them is text.
CORE_SCHEMA = {
    NULL: re.compile(r"(?:null|Null|NULL|~|)\Z"),
    BOOL: re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    INT: re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z"),
    FLOAT: re.compile(
        r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN)\Z"
    ),
}
_MAX_DIGITS = 40

Scalar = str | int | float | bool | None


def read_scalar(tag: str, text: str) -> Scalar:
    """The value of a scalar with this tag.

    Raises:
        ValueError: If the tag is none of the core schema's, or the text is not of its form.
    """
    if tag == STR:
        return text
    if tag not in CORE_SCHEMA:
        raise ValueError(f"tag '{short_tag(tag)}' is not allowed; write plain YAML")
    if not CORE_SCHEMA[tag].match(text):
        raise ValueError(f"'{text[:40]}' is not a value of tag '{short_tag(tag)}'")
    if tag == NULL:
        return None
    if tag == BOOL:
        return text.lower() == "true"
    if tag == INT:
        return _read_int(text)
    return float(re.sub(r"\.(?=inf|nan)", "", text.lower()))  # Python spells .inf and .nan without the dot


def write_float(value: float) -> str:
    """Digits that read back as the same number in YAML 1.1 and 1.2: 0.001, 1.0e-8, 1.0e+16."""
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+d}"


def short_tag(tag: str) -> str:
    """``!!int`` for ``tag:yaml.org,2002:int``."""
    return tag.replace(TAG_PREFIX, "!!")


def _read_int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a whole number of more than {_MAX_DIGITS} digits")
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
