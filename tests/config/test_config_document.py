from __future__ import annotations

import math
import time
from typing import Any

import pytest

from vdm_cli.config.document import MAX_BYTES, parse_yaml, read_document
from vdm_cli.config.places import in_file
from vdm_cli.errors import ConfigError


def value_of(text: str) -> Any:
    document = parse_yaml(text, lambda line, column: in_file("f", line, column))
    assert not document.problems
    return document.tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-1.5e+2", -150.0),
        ("010", 10),
        ("+12", 12),
        ("-0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-11-22", "2026-11-22"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("y", "y"),
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("=", "="),
        ("'1'", "1"),
        ("'null'", "null"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("inf", "inf"),
        ("nan", "nan"),
        (".", "."),
        ("1e", "1e"),
        ("1.2.3", "1.2.3"),
        ("!!str 1", "1"),
        ("!!float 1", 1.0),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    read = value_of(text)
    assert read == value
    assert type(read) is type(value)


def test_nan_is_a_float() -> None:
    assert math.isnan(value_of(".nan"))


def test_every_key_and_value_has_its_place() -> None:
    document = read_document(b"a: 1\nb:\n  - x\n  - c: [2, 3]\n", "f.yaml")
    assert document.tree == {"a": 1, "b": ["x", {"c": [2, 3]}]}
    assert {path: place.text for path, place in document.places.items()} == {
        (): "f.yaml:1:1",
        ("a",): "f.yaml:1:4",
        ("b",): "f.yaml:3:3",
        ("b", 0): "f.yaml:3:5",
        ("b", 1): "f.yaml:4:5",
        ("b", 1, "c"): "f.yaml:4:8",
        ("b", 1, "c", 0): "f.yaml:4:9",
        ("b", 1, "c", 1): "f.yaml:4:12",
    }
    assert document.keys["b", 1, "c"].text == "f.yaml:4:5"


def test_aliases_are_expanded_into_values_of_their_own() -> None:
    tree = read_document(b"a: &x [1]\nb: *x\n", "f").tree
    assert tree == {"a": [1], "b": [1]}
    assert tree["a"] is not tree["b"]


def test_a_byte_order_mark_and_windows_line_ends_are_harmless() -> None:
    assert read_document(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f").tree == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "f:1:1: no configuration here; it needs at least 'data'"),
        (b"# only a comment\n", "f:1:1: no configuration here; it needs at least 'data'"),
        (
            b"- 1\n",
            "f:1:1: a configuration must be a mapping of keys (data: ..., training: ...), got a list",
        ),
        (b"abc", "f:1:1: a configuration must be a mapping of keys (data: ..., training: ...), got 'abc'"),
        (b"a: 1\n---\nb: 2\n", "f:2:1: a second document starts here; a file holds one experiment"),
        (b"a: \xff", "f:1:4: not UTF-8 text (byte 0xff)"),
        (b"a: 1\nb: \xe4\xf6", "f:2:4: not UTF-8 text (byte 0xe4)"),
        (b"a: 1\nbc: \x00", "f:2:5: the character U+0000 is not allowed in YAML"),
        (b"a: \x1b[31m", "f:1:4: the character U+001B is not allowed in YAML"),
        (b"a: 1\n\tb: 3", "f:2:1: not valid YAML: a tab character; indent with spaces"),
        (
            b"a: @x",
            "f:1:4: not valid YAML: found character '@' that cannot start any token; put the text in quotes",
        ),
        (b"a: b: c", "f:1:5: not valid YAML: a second ':' on this line; put text that holds one in quotes"),
        (
            b"a: [1, 2\nb: 3",
            "f:2:2: not valid YAML: expected ',' or ']', but got ':' "
            "(while parsing a flow sequence that starts on line 1)",
        ),
        (
            b"a: 'x",
            "f:1:6: not valid YAML: found unexpected end of stream "
            "(while scanning a quoted scalar that starts on line 1)",
        ),
        (b"a: *x", "f:1:4: not valid YAML: found undefined alias 'x'"),
        (b"a: &x 1\nb: &x 2", "f:2:4: anchor 'x' is defined twice"),
        (b'a: "\\UFFFFFFFF"', "f:1:7: not valid YAML: a number too large"),
        (b"x" * (MAX_BYTES + 1), "f:1:1: larger than 1048576 bytes; is this a configuration?"),
        (b"a: " + b"[" * 100_000, "f:1:67: nested deeper than 64 levels"),
        (b"{a: " * 30_000, "f:1:257: nested deeper than 64 levels"),
        (b"- " * 30_000, "f:1:129: nested deeper than 64 levels"),
    ],
)
def test_what_is_no_document_is_refused_at_its_place(content: bytes, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_document(content, "f")
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: 1\nb: 2\na: 3", "f:3:1: key 'a' appears twice (first on line 1)"),
        (b"a: {b: 1,\n b: 2}", "f:2:2: key 'b' appears twice (first on line 1)"),
        (b"1: a", "f:1:1: a key must be text, got '1'"),
        (b"a: 1\nnull: a", "f:2:1: a key must be text, got 'null'"),
        (b"yes: 1\ntrue: a", "f:2:1: a key must be text, got 'true'"),
        (b"? [a]\n: b", "f:1:3: a key must be text, got a list or mapping"),
        (
            b"a: &a {b: 1}\nc:\n  <<: *a",
            "f:3:3: merge keys (<<) are not part of YAML 1.2; write the keys out",
        ),
        (
            b"a: !!python/object/apply:os.system [ls]",
            "f:1:4: tag '!!python/object/apply:os.system' is not allowed; write plain YAML",
        ),
        (b"a: !foo {b: 1}", "f:1:4: tag '!foo' is not allowed; write plain YAML"),
        (b"a: !!timestamp 2026-01-01", "f:1:4: tag '!!timestamp' is not allowed; write plain YAML"),
        (b"a: !!set {b}", "f:1:4: tag '!!set' is not allowed; write plain YAML"),
        (b"a: !!int 'x'", "f:1:4: 'x' is not a value of tag '!!int'"),
        (b"a: &x [*x]", "f:1:4: an alias of the value that holds it"),
        (b"a: " + b"9" * 5000, "f:1:4: a whole number of more than 40 digits"),
    ],
)
def test_what_only_a_configuration_may_not_have_is_a_problem(content: bytes, problem: str) -> None:
    assert [str(each) for each in read_document(content, "f").problems] == [problem]


def test_billion_laughs_are_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    start = time.process_time()
    with pytest.raises(ConfigError, match="more than 100000 values, counting each use of an alias"):
        read_document("\n".join(lines).encode(), "f")
    assert time.process_time() - start < 5


def test_aliases_cannot_nest_deeper_than_values() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{i}: &a{i} {'[' * 60}*a{i - 1}{']' * 60}" for i in range(1, 50)]
    found = read_document("\n".join(lines).encode(), "f").problems
    assert {each.reason for each in found} == {"nested deeper than 64 levels"}


def test_64_levels_are_allowed() -> None:
    document = read_document(b"a: " + b"[" * 63 + b"1" + b"]" * 63, "f")
    assert not document.problems
