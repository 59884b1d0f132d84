"""What is wrong with a run, in words, from what its metrics say: nothing here is measured anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np

from vdm_cli.build.experiment import Experiment
from vdm_cli.commands.live_modes import COVERED, HIGH_QUALITY, REVERSE_KL
from vdm_cli.divergences.divergence import FDivergence
from vdm_cli.two_sample.modes import has_separate_modes

FRESH = "validation_divergence"
Kind = Literal[
    "critic_collapsed",
    "critic_weak",
    "modes_missing",
    "generator_weak",
    "modes_uneven",
    "oscillation",
    "heavy_tail",
    "worse_than_best",
    "too_short",
]
Line = dict[str, float]

FAR = 0.05  # nats of JS: less than a tenth of its supremum, more than a run that went well has
APART = 0.5  # nats of JS, of log 2 = .69: samples that are told from data nearly always
BLIND = 0.02  # the bound as a share of f''(1)/2: what JS .0025 is to it near P = Q
WORSE = 0.2  # share by which the last checkpoint is above the best
FALLING = 0.05  # share by which the last checkpoint is below the one before
NOISE = 0.01  # nats of JS between two checkpoints that may be chance
FEW = 0.1  # recall of samples that lack most of what the data have; of equals it is above .6
ASTRAY = 0.1  # share of samples within 3 sd of a mode below which the others are lost, not collapsed
CLIPPED = 0.01  # share of scores near the score bound
STEEP = 10.0  # T or f*(T) at the score bound over that bound: more if they grow like e^v, less if like v
SWING = 0.25  # of the critic's value between quartiles, as a share of f''(1)/2
IMAGES = "output: tanh for images, which may end exactly at black or white"
LEAST_CHECKS, LEAST_LINES = 4, 10  # of a run whose ups and downs are judged


@dataclass(frozen=True)
class Finding:
    """One thing that a user should know.

    Attributes:
        kind: A stable name.
        text: What is seen, what it means and what may mend it.
        seeds: Indices of the seeds that it holds for.
    """

    kind: Kind
    text: str
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Facts:
    """What the rules have to know of an experiment.

    Attributes:
        value_name: Of the critic's value, in the metrics.
        at_equality: That value where P = Q, in nats.
        unit: f''(1)/2, the size of D_f beside chi^2 near P = Q; 1 where there is none.
        is_steep: Whether a few rows with scores near the score bound can decide the bound.
        modes: How many the data have; None where they are not known.
        steps: Generator steps that were asked for.
    """

    value_name: str
    at_equality: float
    unit: float
    is_steep: bool
    modes: int | None
    steps: int


def facts_of(experiment: Experiment) -> Facts:
    """The facts of an experiment."""
    objective, bound = experiment.players.objective, experiment.players.score_bound
    law, trained = experiment.dataset.law, objective.divergence
    f = trained if isinstance(trained, FDivergence) else None
    return Facts(
        value_name=objective.value_name,
        at_equality=f.at_equality if f is not None else 0.0,
        unit=0.5 * f.curvature if f is not None and 0.0 < f.curvature < math.inf else 1.0,
        is_steep=f is not None and _height(f, bound) > STEEP * bound,
        modes=len(law.weights) if law is not None and has_separate_modes(law) else None,
        steps=experiment.config.training.steps,
    )


def _height(divergence: FDivergence, bound: float) -> float:
    """The largest |T| or |f*(T)| of scores within the score bound."""
    ends = jnp.array([-bound, bound])
    return float(np.max([np.abs(function(ends)) for function in divergence.training_pair]))


def diagnose(records: Sequence[dict[str, Any]], facts: Facts) -> tuple[Finding, ...]:
    """Everything that the lines so far show, the gravest first; nothing before the first checkpoint.

    Args:
        records: Of metrics.jsonl.
        facts: Of the run.
    """
    if not any(FRESH in record for record in records):
        return ()
    seeds = len(records[0].get("seeds", {}).get("critic_loss", [0]))
    runs = [[_own(record, index) for record in records] for index in range(seeds)]
    findings = []
    for kind, (rule, remedy) in _RULES.items():
        seen = {index: told for index, lines in enumerate(runs) if (told := rule(lines, facts))}
        if seen:
            findings.append(Finding(kind, f"{_of_seeds(seen, seeds)}. {remedy}", tuple(seen)))
    return tuple(findings)


def _own(record: dict[str, Any], index: int) -> Line:
    """One seed's numbers of a line; what is null there is left out."""
    own = {name: values[index] for name, values in record.get("seeds", {}).items()}
    return {name: value for name, value in {**record, **own}.items() if name != "seeds" and value is not None}


def _of_seeds(seen: dict[int, str], seeds: int) -> str:
    first = next(iter(seen.values()))
    if seeds == 1:
        return first
    if len(seen) == 1:
        return f"seed index {next(iter(seen))}: {first}"
    return f"seed indices {', '.join(map(str, seen))}, the first of them: {first}"


def _checkpoints(lines: list[Line]) -> list[Line]:
    return [line for line in lines if FRESH in line]


def _is_blind(lines: list[Line], facts: Facts) -> bool:
    """Whether the critic's value was never above that of equal laws, on rows that it is not fitted on."""
    name = f"validation_{facts.value_name}"
    return all(line[name] - facts.at_equality <= BLIND * facts.unit for line in lines if name in line)


def _critic_collapsed(lines: list[Line], facts: Facts) -> str | None:
    fresh = _checkpoints(lines)[-1][FRESH]
    if fresh < FAR or not _is_blind(lines, facts):
        return None
    return (
        "the critic has collapsed: its value on validation rows was never above that of equal laws, "
        f"but a fresh critic sees JS >= {fresh:.2f}"
    )


def _critic_weak(lines: list[Line], facts: Facts) -> str | None:
    last = _checkpoints(lines)[-1]
    live = last.get("live_divergence")
    if live is None or last[FRESH] < FAR or live > 0.5 * last[FRESH] or _is_blind(lines, facts):
        return None
    seen = max(live, 0.0)  # as a bound
    return (
        f"the critic lags behind: a fresh one sees JS >= {last[FRESH]:.2f}, the live one {seen:.2f}, and the "
        "generator is told only what the live one sees"
    )


def _is_settled(last: Line, facts: Facts) -> bool:
    """Whether samples are where they belong, or have had their time: before, their shares say little."""
    return last.get(HIGH_QUALITY, 0.0) >= 0.5 or (COVERED in last and last["step"] >= facts.steps)


def _modes_missing(lines: list[Line], facts: Facts) -> str | None:
    last = _checkpoints(lines)[-1]
    if facts.modes is not None:
        if not _is_settled(last, facts) or last[HIGH_QUALITY] < ASTRAY:
            return None
        covered = int(last[COVERED])
        few = covered < facts.modes
        return f"mode collapse: samples cover {covered} of {facts.modes} modes" if few else None
    recall = last.get("validation_recall", 1.0)
    if recall > FEW or last[FRESH] < FAR:
        return None
    return (
        f"mode collapse: only {100 * recall:.0f} % of validation rows lie among samples (recall), "
        "which are far less diverse than the data"
    )


def _generator_weak(lines: list[Line], facts: Facts) -> str | None:
    last = _checkpoints(lines)[-1]
    live = last.get("live_divergence", -math.inf)
    if last["step"] < facts.steps or last[FRESH] < APART or live < 0.5 * last[FRESH]:
        return None
    if _modes_missing(lines, facts):  # which says why
        return None
    return (
        "the generator lags behind: its samples are still told from data nearly always, "
        f"JS >= {last[FRESH]:.2f} of at most {math.log(2.0):.2f}, and the live critic sees it"
    )


def _modes_uneven(lines: list[Line], facts: Facts) -> str | None:
    last = _checkpoints(lines)[-1]
    on_modes = last.get(HIGH_QUALITY, 0.0) >= 0.5 and last[COVERED] == facts.modes
    if not on_modes or last.get(REVERSE_KL, 0.0) < FAR:
        return None
    return f"the modes are uneven: their shares are {last[REVERSE_KL]:.2f} nats of reverse KL from the data's"


def _oscillation(lines: list[Line], facts: Facts) -> str | None:
    return _samples_oscillate(lines) or _value_oscillates(lines, facts)


def _samples_oscillate(lines: list[Line]) -> str | None:
    values = [check[FRESH] for check in _checkpoints(lines)]
    late = np.array(values[len(values) // 2 :])
    if len(values) < LEAST_CHECKS or _turns(late) == 0 or np.ptp(late) < max(FAR, 0.5 * late.mean()):
        return None
    return (
        f"training oscillates: a fresh critic's JS went between {late.min():.2f} and {late.max():.2f} "
        f"over the last {len(late)} checkpoints"
    )


def _value_oscillates(lines: list[Line], facts: Facts) -> str | None:
    """Far from the data JS hardly moves, and the average hides what the live generator does."""
    name = f"validation_{facts.value_name}"
    values = [line[name] for line in lines if name in line]
    late = np.array(values[len(values) // 2 :])
    if len(late) < LEAST_LINES or _checkpoints(lines)[-1][FRESH] < FAR:
        return None
    low, middle, high = np.percentile(late, [25, 50, 75])
    swing = max(SWING * facts.unit, 0.5 * abs(middle - facts.at_equality))
    if high - low < swing or _turns(late) < 0.3 * len(late):
        return None
    return (
        f"training oscillates: the critic's value on validation rows went up and down, below {low:.3g} in a "
        f"quarter of the last {len(late)} lines and above {high:.3g} in another"
    )


def _turns(values: np.ndarray) -> int:
    """How often a sequence turns from rising to falling or back."""
    rises = np.sign(np.diff(values))
    return int(np.sum(rises[1:] != rises[:-1]))


def _heavy_tail(lines: list[Line], facts: Facts) -> str | None:
    share = float(np.mean([line["clipped_share"] for line in lines[3 * len(lines) // 4 :]]))
    if share < CLIPPED or not facts.is_steep:
        return None
    return f"the bound is heavy-tailed: {100 * share:.0f} % of scores are near the score bound"


def _worse_than_best(lines: list[Line], facts: Facts) -> str | None:
    checks = _checkpoints(lines)
    best, last = min(checks, key=lambda check: check[FRESH]), checks[-1]
    if last[FRESH] - best[FRESH] < max(NOISE, WORSE * last[FRESH]):
        return None
    return (
        f"the end is not the best: a fresh critic's JS is {last[FRESH]:.3f}, and was {best[FRESH]:.3f} "
        f"at step {int(best['step'])}"
    )


def _too_short(lines: list[Line], facts: Facts) -> str | None:
    checks = _checkpoints(lines)
    if len(checks) < 3 or checks[-1]["step"] < facts.steps:
        return None
    earlier, before, last = (check[FRESH] for check in checks[-3:])
    if last < FAR or before > earlier or before - last < max(NOISE, FALLING * before):
        return None
    return (
        f"the run is too short: a fresh critic's JS still fell from {before:.3f} to {last:.3f} at the last "
        "checkpoint"
    )


Rule = Callable[[list[Line], Facts], str | None]  # what is seen, or None

_RULES: dict[Kind, tuple[Rule, str]] = {
    "critic_collapsed": (
        _critic_collapsed,
        "Lower the penalties, widen the critic or change its learning rate (raise it where the value stays "
        "near that of equal laws, lower it where scores stand at their bound, clipped_share)",
    ),
    "critic_weak": (
        _critic_weak,
        "Raise training.critic_steps or the critic's learning rate, lower the penalties or widen it; give "
        f"samples the form of the data ({IMAGES})",
    ),
    "modes_missing": (
        _modes_missing,
        "Set objective.packing: 2, start with larger penalties, or take a divergence that covers (kl)",
    ),
    "generator_weak": (
        _generator_weak,
        "Raise the generator's learning rate or training.steps, widen it, or give it the form of the data "
        f"({IMAGES}); where scores stand at their bound (clipped_share), which gives no direction, raise the "
        "penalties",
    ),
    "modes_uneven": (
        _modes_uneven,
        "Lower the generator's learning rate, or let the penalties fall more slowly",
    ),
    "oscillation": (
        _oscillation,
        "Lower both learning rates, keep a penalty on, or raise training.ema_decay",
    ),
    "heavy_tail": (
        _heavy_tail,
        "A few rows decide it: take a divergence whose T and f* are mild (jensen_shannon, le_cam), or "
        "larger penalties until samples and data are nearer",
    ),
    "worse_than_best": (_worse_than_best, "Take --step best; --patience stops such a run"),
    "too_short": (_too_short, "Raise training.steps: --resume goes on from here"),
}
