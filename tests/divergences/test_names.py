"""Names that a user types for a divergence."""

from __future__ import annotations

import pytest

from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.names import parse_divergence, parse_divergences
from vdm_cli.errors import UsageError


@pytest.mark.parametrize("text", ["wasserstein", "wasserstein:1"])
def test_wasserstein_is_told_to_be_no_f_divergence(text: str) -> None:
    assert "wasserstein" not in catalog()
    with pytest.raises(UsageError, match="no f-divergence, only a baseline"):
        parse_divergence(text)


def test_expressions_come_after_the_named_ones_and_each_once() -> None:
    found = parse_divergences(["kl", "-log(u)", "kl"], ["u*log(u)", "-log(u)", "u*log(u)"])
    assert [row.label for row in found] == ["kl", "-log(u)", "u*log(u)"]


@pytest.mark.parametrize(
    ("names", "expressions", "labels"),
    [
        ([], ["u*log(u)"], ["u*log(u)"]),
        (["u*log(u)"], [], ["u*log(u)"]),
        ([], [], [row.label for row in catalog().values()]),
        (["alpha:3", "alpha:3.0", "alpha:3.0000001"], [], ["alpha:3", "alpha:3.0000001"]),
        (["all"], ["u*log(u)"], [*(row.label for row in catalog().values()), "u*log(u)"]),
    ],
)
def test_labels_are_those_asked_for_each_once_and_all_where_nothing_is_asked_for(
    names: list[str], expressions: list[str], labels: list[str]
) -> None:
    assert [row.label for row in parse_divergences(names, expressions)] == labels


@pytest.mark.parametrize("text", ["klu", "reverse-kl", "Jensen-Shannon", "kl, gan", "alpha:x", "lambda"])
def test_a_wrong_name_is_a_usage_error_that_repeats_it(text: str) -> None:
    with pytest.raises(UsageError, match=f"^--divergence {text}: "):
        parse_divergence(text)
