"""How much work goes into an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from vdm_cli.estimation.critic import CriticBudget

BudgetName = Literal["fast", "default", "thorough"]
BUDGET_NAMES: tuple[BudgetName, ...] = get_args(BudgetName)


@dataclass(frozen=True)
class Budget:
    """Sizes of everything that is fitted.

    Attributes:
        critic: The networks of a fold.
        trees: Boosting iterations at most.
    """

    critic: CriticBudget
    trees: int


BUDGETS: dict[BudgetName, Budget] = {
    "fast": Budget(CriticBudget(hidden=32, members=2, periods=12, patience=4), trees=100),
    "default": Budget(CriticBudget(), trees=300),
    "thorough": Budget(CriticBudget(hidden=128, members=8, periods=48, patience=8), trees=1000),
}
