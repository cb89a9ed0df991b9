"""``seqserve train forecast``: series -> forecaster -> checked export.

Expect: with the public series, the figures and the wall time in
``models/repository/forecaster/1/manifest.json``.
"""

from pathlib import Path

from training.export import write_export
from training.forecast.adapting.run import adapt
from training.forecast.calibration import calibrate
from training.forecast.config import ForecastTraining
from training.forecast.describe import draft_of, judge
from training.forecast.sources import load_data
from training.forecast.task import ForecastTask
from training.loop import fit


def train(config: ForecastTraining) -> Path:
    """Train, measure beside the baselines, and write the export.

    Raises:
        DataError: the data makes no sense.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
        NotRecommended: with ``--from``, what came out is no better than what was there.
    """
    if config.from_ is not None:
        return adapt(config)
    data = load_data(config)
    task = ForecastTask(data, config)
    history = fit(task, config, title="forecaster")
    calibrate(task.network, data)
    verdict = judge(task.network, data)
    return write_export(
        task.network, draft_of(task.network, data, config, history, verdict), config.repository
    )
