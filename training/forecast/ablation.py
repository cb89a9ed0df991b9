"""``python -m training.forecast.ablation``: what each ingredient of the recipe brings.

Every row is one training as short as ``--steps``, measured on validation data only: the past of
the benchmark series, and the last steps of the training series, neither trained on. A finished
row is kept as JSON, so that the command goes on where it was stopped.

Expect: ``docs/forecaster.md`` holds the table; about a minute a row of 600 steps on one core.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.forecast.config import ForecastTraining
from training.forecast.evaluation import Comparison, baseline_scores, compare, summary
from training.forecast.ingredients import REFERENCE, ROWS
from training.forecast.sources import ForecastData, load_data
from training.forecast.task import ForecastTask
from training.loop import fit
from training.options import configure

STEPS = 600
FOLDER = Path("runs/forecaster-ablation")
HEADER = (
    "| recipe | relative MASE | relative WQL | both | inside the 80 % | own MASE | own WQL |\n"
    "|---|---|---|---|---|---|---|"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Train the rows that are missing and print the table."""
    parser = argparse.ArgumentParser(prog="python -m training.forecast.ablation")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of every training")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of finished rows")
    parser.add_argument("--only", nargs="*", choices=ROWS, help="these rows; all by default")
    parser.add_argument("--smoke", action="store_true", help="a few steps of a tiny network")
    asked = parser.parse_args(argv)
    base = {"smoke": True} if asked.smoke else {"steps": asked.steps, "threads": 1}
    for name in asked.only or ROWS:
        file = asked.folder / f"{name}.json"
        if not file.exists():
            found = train_row(name, config_of(name, base, asked.folder))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(table(read_rows(asked.folder)))
    return 0


def config_of(name: str, base: dict[str, Any], folder: Path) -> ForecastTraining:
    """The shipped configuration with the row's changes, judged once, after the last step."""
    flags = base | dict(ROWS[name].options) | {"runs": folder / "checkpoints", "name": name}
    config = configure(ForecastTraining, flags)
    return configure(ForecastTraining, flags | {"validate_every": config.steps, "keep": "last"})


def train_row(name: str, config: ForecastTraining) -> dict[str, Any]:
    """Train one row and measure it on the validation data."""
    data = load_data(config)
    task = ForecastTask(data, config)
    ROWS[name].change(task.network)  # type: ignore[arg-type]
    history = fit(task, config, title=name)
    return {
        "row": name,
        "options": dict(ROWS[name].options),
        "steps": config.steps,
        "seed": config.seed,
        "wall_time_s": round(history.wall_time_s, 1),
        "n_parameters": sum(p.numel() for p in task.network.parameters()),
        **measured(task.network, data),
    }


def measured(network: Any, data: ForecastData) -> dict[str, Any]:
    """Relative scores and coverage, together and by data set; the test parts are not touched."""
    found: dict[str, Any] = {}
    for kind, groups in (("zero_shot", data.zero_shot), ("own", data.own)):
        compared = compare(network, groups, baseline_scores(groups))
        found[kind] = summary(compared) | {"coverage_80": mean_coverage(compared)}
        found[kind]["groups"] = {
            group: dict(zip(("mase", "wql"), one.relative(), strict=True))
            | {"coverage_80": one.coverage_80}
            for group, one in compared.items()
        }
    return found


def mean_coverage(compared: dict[str, Comparison]) -> float:
    """Mean over data sets of the share inside the 80 % interval."""
    return float(np.mean([one.coverage_80 for one in compared.values()])) if compared else 0.0


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Finished rows in the order of ``ROWS``."""
    files = [folder / f"{name}.json" for name in ROWS]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown; beside the combined score, how much worse (+) than the reference in per cent."""
    reference = next((r["zero_shot"]["relative"] for r in rows if r["row"] == REFERENCE), None)
    lines = [HEADER]
    for row in rows:
        past, own = row["zero_shot"], row["own"]
        worse = f" ({100 * (past['relative'] / reference - 1):+.1f} %)" if reference else ""
        lines.append(
            f"| {ROWS[row['row']].label} | {past['relative_mase']:.3f} | "
            f"{past['relative_wql']:.3f} | {past['relative']:.3f}{worse} | "
            f"{100 * past['coverage_80']:.0f} % | {own['relative_mase']:.3f} | "
            f"{own['relative_wql']:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
