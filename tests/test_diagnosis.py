"""What a run's metrics say in words: each rule on lines that show it, and on lines of a good run."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from vdm_cli.build.dataset import load_dataset
from vdm_cli.build.experiment import build_experiment
from vdm_cli.commands.diagnosis import Facts, diagnose, facts_of
from vdm_cli.config.load import load_experiment

FACTS = Facts(value_name="bound", at_equality=0.0, unit=0.125, is_steep=False, modes=None, steps=500)
RING = Facts(value_name="bound", at_equality=0.0, unit=0.125, is_steep=False, modes=8, steps=500)


def lines(fresh: list[float], **changed: Any) -> list[dict[str, Any]]:
    """A line every 50 steps, every second of them a checkpoint; the values of a run that went well."""
    records = []
    for index in range(2 * len(fresh)):
        record = {"step": 50.0 * (index + 1), "validation_bound": 0.02, "clipped_share": 0.0}
        if index % 2:
            value = fresh[index // 2]
            record |= {"validation_divergence": value, "live_divergence": 0.9 * value}
            record |= {"validation_recall": 0.7}
        records.append(record | {name: value for name, value in changed.items() if name in record})
    return records


WELL = [0.3, 0.1, 0.04, 0.021, 0.02]


def kinds(records: list[dict[str, Any]], facts: Facts = FACTS) -> list[str]:
    return [finding.kind for finding in diagnose(records, facts)]


def test_a_run_that_went_well_has_no_findings() -> None:
    assert kinds(lines(WELL)) == []


def test_nothing_is_said_before_the_first_checkpoint() -> None:
    assert kinds(lines([0.6])[:1]) == []


@pytest.mark.parametrize("value", [1e-4, -3.0])
def test_a_critic_whose_value_was_never_above_that_of_equal_laws_has_collapsed(value: float) -> None:
    found = diagnose(lines([0.6, 0.6], validation_bound=value, live_divergence=value), FACTS)
    assert [each.kind for each in found] == ["critic_collapsed"]
    assert "JS >= 0.60" in found[0].text
    assert "learning rate" in found[0].text


def test_a_small_bound_is_right_where_a_fresh_critic_sees_little_too() -> None:
    assert kinds(lines([0.02, 0.02], validation_bound=1e-4, live_divergence=0.0)) == []


def test_the_gan_objective_of_a_collapsed_critic_is_minus_log_4() -> None:
    gan = Facts(value_name="bound", at_equality=-1.3863, unit=0.25, is_steep=False, modes=None, steps=500)
    assert "critic_collapsed" in kinds(lines([0.6, 0.6], validation_bound=-1.3862), gan)
    assert "critic_collapsed" not in kinds(lines([0.6, 0.6], validation_bound=-0.9), gan)


def test_a_critic_that_sees_much_less_than_a_fresh_one_lags_behind() -> None:
    assert kinds(lines([0.3, 0.2, 0.2], live_divergence=0.02)) == ["critic_weak"]
    without = [{k: v for k, v in each.items() if k != "live_divergence"} for each in lines([0.3, 0.2, 0.2])]
    assert kinds(without) == []


def test_a_generator_that_both_critics_see_through_lags_behind_at_the_end() -> None:
    apart = [0.6, 0.58, 0.59, 0.58, 0.58]
    assert kinds(lines(apart[:3])) == []  # it may still come
    assert kinds(lines(apart)) == ["generator_weak"]
    assert kinds(lines(apart, live_divergence=0.1)) == ["critic_weak"]
    assert kinds(lines([0.5, 0.45, 0.46, 0.45, 0.45])) == []


def test_modes_that_are_not_covered_are_counted_where_they_are_known() -> None:
    records = [on_modes(each, 5.0, 0.4) for each in lines(WELL)]
    (found,) = diagnose(records, RING)
    assert found.kind == "modes_missing"
    assert "5 of 8 modes" in found.text


def on_modes(line: dict[str, Any], covered: float, uneven: float | None, good: float = 0.9) -> dict[str, Any]:
    scores = {"modes_covered": covered, "modes_reverse_kl": uneven, "modes_high_quality": good}
    return line | scores


@pytest.mark.parametrize("covered", [5.0, 8.0])
def test_modes_say_little_while_samples_are_on_their_way_to_them(covered: float) -> None:
    records = [on_modes(each, covered, 0.4, good=0.2) for each in lines(WELL)]
    assert kinds(records[:-2], RING) == []
    assert kinds(records, RING) == (["modes_missing"] if covered < 8 else [])  # it has ended


def test_samples_that_are_astray_altogether_are_no_mode_collapse() -> None:
    records = [on_modes(each, 3.0, 0.9, good=0.01) for each in lines([0.69] * 5)]
    assert kinds(records, RING) == ["generator_weak"]


@pytest.mark.parametrize(("uneven", "said"), [(0.01, []), (0.2, ["modes_uneven"]), (None, [])])
def test_modes_that_are_all_there_may_be_uneven(uneven: float | None, said: list[str]) -> None:
    records = [on_modes(each, 8.0, uneven) for each in lines(WELL)]
    assert kinds(records, RING) == said


def test_samples_among_which_few_rows_lie_have_collapsed() -> None:
    assert kinds(lines([0.5, 0.5], validation_recall=0.02)) == ["modes_missing"]
    assert kinds(lines([0.02, 0.02], validation_recall=0.02)) == []


def test_ups_and_downs_of_late_checkpoints_are_an_oscillation() -> None:
    assert kinds(lines([0.4, 0.3, 0.1, 0.3, 0.1])) == ["oscillation"]
    assert kinds(lines([0.4, 0.1, 0.02, 0.03, 0.02])) == []


def test_a_value_that_swings_is_an_oscillation_while_samples_are_far_from_the_data() -> None:
    def swinging(fresh: float, low: float, high: float) -> list[str]:
        records = lines([fresh] * 12)
        for index, record in enumerate(records):
            record["validation_bound"] = high if index % 2 else low
        return kinds(records)

    assert swinging(0.4, -0.05, 0.15) == ["oscillation"]
    assert swinging(0.04, -0.05, 0.15) == []  # the average is where it belongs
    assert swinging(0.4, 0.3, 0.36) == []


def test_scores_near_the_score_bound_late_in_the_run_make_a_heavy_tail() -> None:
    steep = dataclasses.replace(FACTS, is_steep=True)
    early = lines(WELL)
    early[0]["clipped_share"] = 0.9
    assert kinds(early, steep) == []
    assert kinds(lines(WELL, clipped_share=0.2), steep) == ["heavy_tail"]
    assert kinds(lines(WELL, clipped_share=0.2)) == []


@pytest.mark.parametrize(
    ("name", "steep"),
    [
        *((name, True) for name in ("kl", "squared_hellinger", "neyman_chi2", "alpha")),
        *((name, False) for name in ("jensen_shannon", "gan", "total_variation", "le_cam")),
    ],
)
def test_what_grows_exponentially_in_the_score_has_heavy_tails(name: str, steep: bool) -> None:
    config = load_experiment("ring", [f"divergence={name}", "data.size=100"])
    assert facts_of(build_experiment(config, load_dataset(config.data, 0))).is_steep == steep


def test_an_end_that_is_worse_than_an_earlier_checkpoint_names_that() -> None:
    (found,) = diagnose(lines([0.3, 0.05, 0.06, 0.08, 0.09]), FACTS)
    assert found.kind == "worse_than_best"
    assert "0.050 at step 200" in found.text


def test_a_run_whose_validation_still_falls_at_its_end_is_too_short() -> None:
    falling = [0.5, 0.4, 0.3, 0.2, 0.1]
    assert kinds(lines(falling)) == ["too_short"]
    assert kinds(lines(falling)[:8]) == []  # it goes on
    assert kinds(lines([value - 0.07 for value in falling])) == []  # the end of rates that fall to 0


def test_of_several_seeds_those_that_it_holds_for_are_named() -> None:
    good, bad = lines(WELL), lines([0.5, 0.5, 0.5, 0.5, 0.5], validation_recall=0.02)
    records = [
        {**one, "seeds": {name: [one[name], two[name], two[name]] for name in one if name != "step"}}
        for one, two in zip(good, bad, strict=True)
    ]
    for record in records:
        record["seeds"]["critic_loss"] = [0.0, 0.0, 0.0]
    (found,) = diagnose(records, FACTS)
    assert found.seeds == (1, 2)
    assert found.text.startswith("seed indices 1, 2, the first of them: mode collapse")
