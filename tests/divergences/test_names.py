"""Names that a user types for a divergence."""

from __future__ import annotations

import pytest

from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.names import parse_divergence
from vdm_cli.errors import UsageError


@pytest.mark.parametrize("text", ["wasserstein", "wasserstein:1"])
def test_wasserstein_is_told_to_be_no_f_divergence(text: str) -> None:
    assert "wasserstein" not in catalog()
    with pytest.raises(UsageError, match="no f-divergence, only a baseline"):
        parse_divergence(text)
