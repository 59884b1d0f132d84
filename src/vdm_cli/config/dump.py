"""A configuration as YAML text, every option written out."""

from __future__ import annotations

from typing import Any

import yaml

from vdm_cli.config.base import Section
from vdm_cli.config.divergence import PlainDivergence, WassersteinBaseline
from vdm_cli.config.experiment import ExperimentConfig
from vdm_cli.config.scalars import CORE_SCHEMA, FLOAT, SEQ, STR, write_float
from vdm_cli.config.schema import keys_of


def dump_experiment(config: ExperimentConfig) -> str:
    """The resolved configuration as YAML, keys in the order of the schema; loading it gives an equal one."""
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "default_flow_style": False}
    return str(yaml.dump(_plain(config), Dumper=_Dumper, width=100, **options))


class _Dumper(yaml.SafeDumper):
    """Quotes whatever YAML 1.1 or 1.2 would not read as text; lists of single values on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    inline = not any(isinstance(item, dict | list) for item in items)
    return dumper.represent_sequence(SEQ, items, flow_style=inline)


def _represent_text(dumper: _Dumper, value: str) -> yaml.Node:
    style = None if value.isprintable() else '"'  # PyYAML folds U+0085 and U+2028 away in other styles
    return dumper.represent_scalar(STR, value, style=style)


def _represent_float(dumper: _Dumper, value: float) -> yaml.Node:
    return dumper.represent_scalar(FLOAT, write_float(value))


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(float, _represent_float)
for _tag, _pattern in CORE_SCHEMA.items():
    _Dumper.add_implicit_resolver(_tag, _pattern, None)


def _plain(value: Any) -> Any:
    if isinstance(value, PlainDivergence | WassersteinBaseline):
        return value.kind
    if isinstance(value, Section):
        known = {key: _plain(getattr(value, key)) for key in keys_of(type(value))}
        return known | (value.model_extra or {})
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
