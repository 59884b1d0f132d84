"""`vdm eval-divergence --p --q`: weights and mixed tables, from the command line to the document."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_harness import Vdm


def test_weights_turn_one_law_into_another_and_without_a_maximum_certify_nothing(
    vdm: Vdm, tmp_path: Path
) -> None:
    """Q is uniform on [-1, 1]^2 and weighted by x + 1, as P is: KL 0 with the weights, .193 without."""
    rng = np.random.default_rng(0)
    p = np.stack([2.0 * np.sqrt(rng.random(600)) - 1.0, rng.uniform(-1, 1, 600)], axis=1)
    q = rng.uniform(-1, 1, (600, 2))
    np.savetxt(tmp_path / "p.csv", p, delimiter=",", header="x,y", comments="", fmt="%.15f")
    table = np.column_stack([q, q[:, 0] + 1.0])
    np.savetxt(tmp_path / "q.csv", table, delimiter=",", header="x,y,w", comments="", fmt="%.15f")
    asked = ("--p", tmp_path / "p.csv", "--q", tmp_path / "q.csv", "--divergence", "kl", "--format", "json")
    weighted = vdm("eval-divergence", *asked, "--q-weights", "w")
    plain = vdm("eval-divergence", *asked, "--drop", "w")
    assert weighted.code == plain.code == 0, weighted.err
    found, other = json.loads(weighted.out), json.loads(plain.out)
    (row,), (unweighted,) = found["estimates"], other["estimates"]
    assert abs(row["estimate"]) < 0.1
    assert 0.1 < unweighted["estimate"] < 0.3
    assert row["certified_lower"] == 0.0
    assert found["q"]["shape"] == [2]
    effective = np.sum(table[:, 2]) ** 2 / np.sum(table[:, 2] ** 2)
    assert found["weights"] == {
        "p": None,
        "q": {"effective_rows": pytest.approx(effective), "maximum": None},
    }
    assert other["weights"] == {"p": None, "q": None}
    assert any("no declared maximum" in warning for warning in found["warnings"])
    assert found["columns"][0]["distance"] < 0.12 < other["columns"][0]["distance"]


def test_mixed_tables_of_two_formats_are_compared_and_what_one_side_alone_has_is_said(
    vdm: Vdm, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    towns, days = np.array(["Lyon", "Rome", "York"]), np.datetime64("2024-01-01") + np.arange(300)
    lines = [
        f"{town},{day},{count},{price}"
        for town, day, count, price in zip(
            towns[rng.integers(0, 2, 300)],
            rng.permutation(days),
            rng.integers(0, 9, 300),
            [f"{value:.2f}" if value > 15 else "" for value in rng.normal(20, 4, 300)],
            strict=True,
        )
    ]
    (tmp_path / "p.csv").write_text("town,day,count,price\n" + "\n".join(lines) + "\n")
    table = {
        "price": rng.normal(20, 4, 240),
        "day": rng.permutation(days)[:240],
        "count": rng.integers(0, 9, 240) * 1.0,
        "town": towns[rng.integers(0, 3, 240)],
    }
    pq.write_table(pa.table(table), tmp_path / "q.parquet")
    done = vdm(
        "eval-divergence", "--p", tmp_path / "p.csv", "--q", tmp_path / "q.parquet", "--divergence", "kl"
    )
    assert done.code == 0, done.err
    told = " ".join(done.out.split())
    assert "P: " in told
    assert "p.csv, 300 rows" in told
    assert "q.parquet, 240 rows" in told
    assert "price (P has 2 decimals, Q has no fixed number of decimals)" in told
    assert "town ('York' in Q," in told
    assert "in P)" in told.partition("blank in one sample alone")[2]
    assert "With 95 % confidence kl(P, Q) >=" in told
