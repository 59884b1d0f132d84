"""How much work goes into an estimate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from vdm_cli.estimation.critic import CriticBudget

BudgetName = Literal["fast", "default", "thorough"]
BUDGET_NAMES: tuple[BudgetName, ...] = get_args(BudgetName)


@dataclass(frozen=True)
class Budget:
    """Sizes of everything that is fitted.

    Attributes:
        critic: The networks of a fold.
        images: The same for images, whose networks cost more and need fewer steps.
        trees: Boosting iterations at most.
        floor_rows: Rows of either half of P that the floor is estimated between, at most; 0 for no floor.
    """

    critic: CriticBudget
    images: CriticBudget
    trees: int
    floor_rows: int = 0


_IMAGES = CriticBudget(members=2, periods=8, learning_rate=5e-3)

BUDGETS: dict[BudgetName, Budget] = {
    "fast": Budget(
        CriticBudget(hidden=32, members=2, periods=12, patience=4),
        replace(_IMAGES, members=1, periods=6, patience=3),
        trees=100,
    ),
    "default": Budget(CriticBudget(), _IMAGES, trees=300, floor_rows=3_000),
    "thorough": Budget(
        CriticBudget(hidden=128, members=8, periods=48, patience=8),
        replace(_IMAGES, members=4, periods=24),
        trees=1000,
        floor_rows=20_000,
    ),
}
