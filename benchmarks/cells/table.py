"""The costs of the cells for people."""

from rich.table import Table

from benchmarks.cells.measure import Cost, relative


def as_table(costs: list[Cost]) -> Table:
    """A row a cell; beside a hand-written one, how many times the fused one's time it takes."""
    table = Table("cell", title="28 steps of 28 values, one thread, milliseconds")
    for name in ("parameters", "pass, 1 image", "pass, 32 images", "training step, 32 images"):
        table.add_column(name, justify="right")
    for cost in costs:
        factors = relative(cost, costs)
        table.add_row(
            cost.cell,
            f"{cost.n_parameters:,}",
            *(
                _time(getattr(cost, name), factors.get(name))
                for name in ("pass_1_s", "pass_32_s", "training_step_s")
            ),
        )
    return table


def _time(seconds: float, factor: float | None) -> str:
    shown = f"{seconds * 1e3:.2f}"
    return shown if factor is None else f"{shown} ({factor:.1f}x)"
