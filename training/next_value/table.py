"""Errors of the recipes of one series, both ways, beside the naive's: for the documentation."""

from collections.abc import Mapping, Sequence

from training.recipes.results import Measured

HEADER = (
    "export",
    "one step ahead",
    "naive",
    "many steps ahead",
    "naive",
    "in the 80 % interval, one step",
    "many steps",
)


def as_markdown(measured: Sequence[Measured]) -> str:
    """A row an export; errors are square roots of mean squares, in the unit of the series."""
    lines = ["| " + " | ".join(HEADER) + " |", "|---" * len(HEADER) + "|"]
    lines += ["| " + " | ".join(_cells(one)) + " |" for one in measured]
    return "\n".join(lines) + "\n"


def is_series(measured: Measured) -> bool:
    """Whether the figures are those of a forecast."""
    return "from_origin_mse" in measured.figures


def _cells(one: Measured) -> tuple[str, ...]:
    figures: Mapping[str, float] = one.figures
    keys = ("test_mse", "naive_mse", "from_origin_mse", "naive_from_origin_mse")
    errors = [f"{figures[key] ** 0.5:.3g}" for key in keys]
    shares = [f"{figures[key]:.0%}" for key in ("coverage_80", "from_origin_coverage_80")]
    return (f"`{one.export.split('/')[0]}`", *errors, *shares)
