"""``--set KEY=VALUE``: changes to a document, and their short form for the name of a run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from vdm_cli.config.document import Document, parse_yaml
from vdm_cli.config.parser import MAX_DEPTH
from vdm_cli.config.places import KeyPath, Place, Problem, dotted, in_override
from vdm_cli.config.schema import is_open, known_paths, shape_at
from vdm_cli.config.words import describe
from vdm_cli.errors import ConfigError
from vdm_cli.quoting import quoted

_ROOT: KeyPath = ()
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_MAX_SUFFIX = 60
_HASH_DIGITS = 8


def apply_override(document: Document, index: int, override: str) -> None:
    """Change one value of a document; what is wrong with the option becomes a problem of the document."""
    place = in_override(index, override)
    try:
        path, text = _split(override)
        parsed = parse_yaml(text, lambda line, column: place)
        document.problems += parsed.problems
        key = _set_value(document, path, parsed.tree, place)
        document.broken |= {(*key, *inner) for inner in parsed.broken}
    except _Refused as refusal:
        document.problems.append(Problem(place, (), str(refusal)))
    except ConfigError as error:
        reason = error.problems[0].removeprefix(f"{place.text}: ")
        document.problems.append(Problem(place, (), reason))


def short_overrides(overrides: Sequence[str]) -> str:
    """The options in a form fit for a file name: ``+divergence=kl+steps=500``.

    Different options have different short forms: where the form cannot say everything, a hash of the options
    ends it.  ``name=...`` is left out, as the run is named by it already.
    """
    told = [each for each in overrides if not each.startswith("name=")]
    full = [f"{_short_key(key)}={value}" for key, _, value in (each.partition("=") for each in told)]
    clean = [_clean(each) for each in full]
    text = "".join(f"+{each}" for each in clean)
    faithful = clean == full and not any("+" in each for each in full) and all(map(_is_known, told))
    looks_hashed = re.search(rf"-[0-9a-f]{{{_HASH_DIGITS}}}$", text)
    if faithful and not looks_hashed and len(text) <= _MAX_SUFFIX:
        return text
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:_HASH_DIGITS]
    return f"{text[: _MAX_SUFFIX - _HASH_DIGITS - 1]}-{digest}"


class _Refused(Exception):
    """An option that cannot be carried out."""


def _split(override: str) -> tuple[list[str], str]:
    key, equals, text = override.partition("=")
    parts = key.strip().split(".")
    if not equals:
        raise _Refused("must be KEY=VALUE, such as training.steps=1000")
    if not all(parts):
        raise _Refused("the key is empty" if not key.strip() else f"the key {quoted(key)} has an empty part")
    if len(parts) > MAX_DEPTH:
        raise _Refused(f"the key has more than {MAX_DEPTH} parts")
    return parts, text


def _set_value(document: Document, parts: list[str], value: Any, place: Place) -> KeyPath:
    """Put a value into the tree, making the mappings and lists on the way to it."""
    holder, path = document.tree, _ROOT
    for part in parts[:-1]:
        key = _key(holder, path, part)
        path = (*path, key)
        holder = _opened(document, holder, key, path, place, parts[len(path)])
    key = _key(holder, path, parts[-1])
    path = (*path, key)
    holder[key] = value
    document.set_origin(path, place)
    return path


def _key(holder: Any, path: KeyPath, part: str) -> str | int:
    """The part as a key of a mapping or an index of a list."""
    if isinstance(holder, dict):
        return part
    count = len(holder)
    if not _INDEX.fullmatch(part):
        raise _Refused(f"{dotted(path)} is a list, so {quoted(part)} must be a number such as 0")
    if int(part) >= count:
        held = "is empty" if count == 0 else f"has {count} items, 0 to {count - 1}"
        raise _Refused(f"{dotted(path)} {held}: no item {part}")
    return int(part)


def _opened(document: Document, holder: Any, key: Any, path: KeyPath, place: Place, inner: str) -> Any:
    """The mapping or list at `path`; what is not there yet is made from the schema's default."""
    present = holder[key] if isinstance(holder, list) else holder.get(key)
    shape, default = shape_at(document.tree, path)
    is_shorthand = shape is not None and not isinstance(present, dict | list)
    value = shape.expanded(present) if shape and is_shorthand else present
    if value is None:
        fits = isinstance(default, list) if _INDEX.fullmatch(inner) else isinstance(default, dict)
        value = default if fits else {}
        document.set_origin(path, place)
    elif not isinstance(value, dict | list):
        raise _Refused(f"{dotted(path)} is {describe(value)}, so nothing can be set inside it")
    elif value is not present and isinstance(present, str):  # a bare name became {kind: name}
        document.places[(*path, "kind")] = document.place_of(path)
    holder[key] = value
    return value


def _clean(text: str) -> str:
    key, _, value = text.partition("=")
    return re.sub(r"[^A-Za-z0-9._+=-]+", "-", f"{key}={value.strip(chr(39) + ' {}[]' + chr(34))}")


def _pattern(key: str) -> tuple[str, ...]:
    """The key with ``*`` for list indices."""
    return tuple("*" if _INDEX.fullmatch(part) else part for part in key.split("."))


def _is_known(override: str) -> bool:
    key = override.partition("=")[0]
    pattern = _pattern(key)
    return "*" not in key and (pattern in known_paths() or is_open(pattern[:-1]))


def _short_key(key: str) -> str:
    """The end of a key that no other key of the schema has: steps, critic.hidden, penalties.0.weight."""
    parts, pattern = key.split("."), _pattern(key)
    if pattern not in known_paths():
        return key
    shortest = len(parts) - pattern.index("*") + 1 if "*" in pattern else 1
    for count in range(shortest, len(parts)):
        if sum(path[-count:] == pattern[-count:] for path in known_paths()) == 1:
            return ".".join(parts[-count:])
    return key
