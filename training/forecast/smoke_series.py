"""Series made up on the spot, so that ``--smoke`` runs where the public ones are not."""

import json
from pathlib import Path

import numpy as np

FILE = "made-up.jsonl"
N_SERIES = 12
N_STEPS = 96
SEASON_LENGTH = 12


def write_smoke_series(folder: Path) -> Path:
    """Write monthly series with a trend, a season and noise; the same ones every time."""
    random = np.random.default_rng(0)
    steps = np.arange(N_STEPS)
    lines = []
    for number in range(N_SERIES):
        trend = random.uniform(20, 200) + random.normal() * steps / 4
        season = random.uniform(0, 20) * np.sin(2 * np.pi * steps / SEASON_LENGTH + number)
        values = np.round(trend + season + random.normal(scale=3, size=N_STEPS), 2).tolist()
        record = {"id": f"made-up-{number}", "season_length": SEASON_LENGTH, "values": values}
        lines.append(json.dumps(record))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
