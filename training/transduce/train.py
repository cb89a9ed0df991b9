"""``seqserve train transducer``: pairs of signals -> recurrent network -> checked export.

Expect: with the defaults, the figures and the wall time that
``models/repository/transducer/1/manifest.json`` states.
"""

from pathlib import Path

from training.export import write_export
from training.loop import fit
from training.transduce.config import TransducerTraining
from training.transduce.describe import draft_of
from training.transduce.evaluation import evaluate
from training.transduce.sources import load_source
from training.transduce.task import TransducerTask


def train(config: TransducerTraining) -> Path:
    """Train, measure beside the baselines, and write the export.

    Raises:
        DataError: the data makes no sense.
        Interrupted: Ctrl-C or SIGTERM; ``--resume`` goes on.
    """
    source = load_source(config)
    task = TransducerTask(source, config)
    history = fit(task, config, title=config.name)
    evaluation = evaluate(task.trained, source)
    draft = draft_of(config, history, task.trained, evaluation)
    return write_export(task.trained, draft, config.repository)
