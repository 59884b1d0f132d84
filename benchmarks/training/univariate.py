"""f-GAN's univariate table (Nowozin et al. 2016, Table 2), every seed against the optimum by quadrature.

python -m benchmarks.training.univariate [--mixture f-gan] [--divergence kl]... [--seeds 8] [--fresh]

Trains `univariate/<divergence>` as it is shipped, all seeds in one program, also on a second mixture for
which nothing was chosen.  F is the bound of the trained critic between the data and the averaged generator, D
the divergence of that generator, both by quadrature.
"""

import argparse
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.ledger import Ledger, number, publish, table
from benchmarks.training.optimum import MIXTURES, best_gaussian_fit

import vdm_cli
from vdm_cli.commands.load import LoadedRun
from vdm_cli.config.load import load_experiment
from vdm_cli.data.mixture import GaussianMixture
from vdm_cli.divergences.catalog import catalog
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.divergences.exact import exact_divergence
from vdm_cli.estimation.witness import witness_pair
from vdm_cli.training.step import critic_scores

NAMES = (
    *("kl", "reverse_kl", "jensen_shannon", "jeffreys", "pearson_chi2"),
    *("neyman_chi2", "squared_hellinger", "total_variation", "alpha"),
)
# |mu - mu*|, |sigma - sigma*| and F of the paper; its JS is twice ours
PAPER = {
    "kl": (0.0235, 0.0072, 0.2801),
    "reverse_kl": (0.0158, 0.0084, 0.2415),
    "jensen_shannon": (0.0216, 0.0117, 0.1226 / 2),
    "jeffreys": (0.0923, 0.1054, 0.5151),
    "pearson_chi2": (0.0420, 0.0243, 0.6379),
}
COLUMNS = ("mixture", "divergence", "seed", "seconds", "mu", "sigma", "F", "D", *NAMES)
POINTS = 2**19
REACH = 14.0  # standard deviations of the wider law on either side: what lies beyond is below 1e-40


def measure(mixture: str, name: str, seeds: int) -> list[dict[str, object]]:
    law, rows = MIXTURES[mixture], []
    data = (
        f"{{kind: gaussian_mixture, weights: {law.weights.tolist()}, means: {law.means[:, 0].tolist()}, "
        f"stds: {law.scales[:, 0, 0].tolist()}, size: null}}"
    )
    config = load_experiment(f"univariate/{name}", [f"data={data}", f"training.num_seeds={seeds}"])
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        vdm_cli.train(config, run_dir=Path(folder) / "run")
        seconds = time.perf_counter() - start
        runs = [vdm_cli.load(Path(folder) / "run", seed_index=seed) for seed in range(seeds)]
    for seed, run in enumerate(runs):
        fit = run.generator.density()
        assert fit is not None, "an affine generator of a normal latent has a density"
        divergence = run.players.objective.divergence
        assert isinstance(divergence, FDivergence)
        row = {"mixture": mixture, "divergence": name, "seed": seed, "seconds": seconds}
        row |= {"mu": fit.mean[0], "sigma": fit.covariance[0, 0] ** 0.5}
        row |= {"F": bound_by_quadrature(run, seed, law, fit), "D": exact_divergence(divergence, law, fit)}
        row |= {other: exact_divergence(catalog()[other], law, fit) for other in NAMES}
        rows.append(row)
    return rows


def bound_by_quadrature(
    run: LoadedRun, seed: int, p: GaussianMixture, q: GaussianMixture, points: int = POINTS
) -> float:
    """E_P[T(v)] - E_Q[f*(T(v))] of one seed's critic, in nats, by the trapezoidal rule."""
    spread = REACH * float(max(p.covariance[0, 0], q.covariance[0, 0])) ** 0.5
    x = np.linspace(p.mean[0] - spread, p.mean[0] + spread, points)[:, None]
    scores = np.empty(points)
    critic = run.state.critic
    params, aux = jax.tree.map(lambda leaf: leaf[seed], (critic.params, critic.aux))
    for block in range(0, points, 2**16):
        rows = jnp.asarray(run.generator.transform.forward(x[block : block + 2**16]))
        scores[block : block + 2**16] = critic_scores(run.players, params, aux, rows, False)[0]
    divergence = run.players.objective.divergence
    assert isinstance(divergence, FDivergence)
    witness, conjugate = witness_pair(divergence, scores)
    integrand = np.exp(p.log_density(x)) * witness - np.exp(q.log_density(x)) * conjugate
    return float(integrand.sum() * (x[1, 0] - x[0, 0]))


def report() -> None:
    rows = Ledger("univariate", COLUMNS).rows()
    parts = []
    for mixture, law in MIXTURES.items():
        fits, cross = [], []
        for name in NAMES:
            here = [row for row in rows if (row["mixture"], row["divergence"]) == (mixture, name)]
            if not here:
                continue
            mu, sigma, optimum = best_gaussian_fit(catalog()[name], law)
            errors = np.array([(number(row["mu"]) - mu, number(row["sigma"]) - sigma) for row in here])
            gaps = np.array([100 * (number(row["F"]) / optimum - 1) for row in here])
            worst = np.abs(errors).max(axis=0)
            paper = PAPER.get(name) if mixture == "f-gan" else None
            told = ["", "", ""] if paper is None else [f"{value:.4f}" for value in paper]
            reached = worst.max() <= 0.01 and np.abs(gaps).max() <= 0.5
            fits.append(
                (
                    name,
                    f"{mu:.4f}, {sigma:.4f}",
                    *(f"{value:.4f}" for value in worst),
                    *told[:2],
                    f"{optimum:.5f}",
                    f"{gaps[np.argmax(np.abs(gaps))]:+.2f} %",
                    told[2],
                    "yes" if reached else "no",
                    f"{number(here[0]['seconds']):.0f} s, {len(here)} seeds",
                )
            )
            medians = [float(np.median([number(row[other]) for row in here])) for other in NAMES]
            cross.append((name, *(f"{value:.4f}" for value in medians)))
        if fits:
            header = ("trained", "mu*, sigma*", "worst mu", "worst sigma", "paper mu", "paper sigma")
            header += ("D*", "worst F", "paper F", "within .01 and .5 %", "time")
            parts += [f"**{mixture}**: {law_told(law)}", table(header, fits)]
            parts += [
                "Exact divergence of the fits, median over seeds: rows trained with, columns evaluated by.",
                table(("", *NAMES), cross),
            ]
    publish("univariate", "python -m benchmarks.training.univariate", *parts)


def law_told(law: GaussianMixture) -> str:
    terms = zip(law.weights, law.means[:, 0], law.scales[:, 0, 0], strict=True)
    return " + ".join(f"{weight:.2f} N({mean:g}, sd {std:.3f})" for weight, mean, std in terms)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mixture", action="append", choices=MIXTURES)
    parser.add_argument("--divergence", action="append", choices=NAMES)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()
    ledger = Ledger("univariate", COLUMNS, arguments.fresh)
    for mixture in arguments.mixture or MIXTURES:
        for name in arguments.divergence or NAMES:
            if (mixture, name) not in ledger.done("mixture", "divergence"):
                ledger.add(measure(mixture, name, arguments.seeds))
    report()


if __name__ == "__main__":
    main()
