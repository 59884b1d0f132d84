"""What leaves D_f as it is: other units, a warp or a rotation of the rows, P <-> Q with f reversed.

python -m benchmarks.estimation.invariance [--rows 10000]
"""

import argparse

import numpy as np
import scipy.stats
from benchmarks.estimation.pairs import of_laws, shift
from benchmarks.ledger import publish, table

from vdm_cli.divergences.catalog import catalog, skewed_jensen_shannon
from vdm_cli.estimation.estimate import estimate_divergences
from vdm_cli.estimation.result import DivergenceEstimate

COLUMNS = 3
ROTATION = scipy.stats.ortho_group.rvs(COLUMNS, random_state=0)
MAPS = {
    "10^6 x + 10^6": lambda x: 1e6 * x + 1e6,
    "sinh": np.sinh,
    "rotation": lambda x: x @ ROTATION,
}
# D_f(P || Q) = D_g(Q || P)
REVERSED = {
    "kl": "reverse_kl",
    "reverse_kl": "kl",
    "pearson_chi2": "neyman_chi2",
    "neyman_chi2": "pearson_chi2",
    "skewed_jensen_shannon:0.3": "skewed_jensen_shannon:0.7",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    n = parser.parse_args().rows
    divergences = [*catalog().values(), skewed_jensen_shannon(0.7)]

    def estimates(p: np.ndarray, q: np.ndarray) -> dict[str, DivergenceEstimate]:
        return {row.divergence: row for row in estimate_divergences(p, q, divergences).estimates}

    p, q = of_laws("invariance", *shift(1.0, COLUMNS)).draw(n, 0)
    base = estimates(p, q)
    found = {name: estimates(function(p), function(q)) for name, function in MAPS.items()}
    swapped = estimates(q, p)
    found["P <-> Q"] = {
        label: swapped[REVERSED.get(label, label)] for label in base if label != "skewed_jensen_shannon:0.7"
    }
    lines, largest = [], 0.0
    for label, row in base.items():
        cells = []
        for rows in found.values():
            if label in rows:
                off = (rows[label].estimate - row.estimate) / row.standard_error
                largest = max(largest, abs(off))
                cells.append(f"{rows[label].estimate:.4g} ({off:+.2f})")
            else:
                cells.append("")
        lines.append((label, f"{row.estimate:.4g} +- {row.standard_error:.2g}", *cells))
    publish(
        "invariance",
        f"python -m benchmarks.estimation.invariance --rows {n}",
        f"N(0, I) against N(m, I), |m| = 1, d = {COLUMNS}, {n} rows a side, the same rows each time; in "
        f"brackets the difference in standard errors, at most {largest:.2f} (target 2).",
        table(("divergence", "as drawn", *found), lines),
    )


if __name__ == "__main__":
    main()
