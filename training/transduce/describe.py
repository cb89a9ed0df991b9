"""What an export of a transducer says of itself: tensors, parameters, sources, report."""

from typing import Any

import numpy as np

from models.transducer import Transducer
from training.draft import Draft
from training.loop import History
from training.provenance import describe_training
from training.transduce.config import TransducerTraining
from training.transduce.evaluation import Evaluation, metrics_of
from training.transduce.page import build_page
from training.transduce.tensors import golden_signals, transducer_inputs, transducer_outputs

LICENCE = "weights: Apache-2.0; trained on simulated signals only"
GOLDEN_SAMPLES = 60
SINES = (
    "The cosine of a sine: the signal a quarter period ahead. For one sine of 8 to 200 samples a "
    "period around zero, of any amplitude, slowly changing, with noise up to a fifth of it."
)


def draft_of(
    config: TransducerTraining, history: History, network: Transducer, evaluation: Evaluation
) -> Draft:
    """All that the exporter needs besides the network."""
    metrics = metrics_of(evaluation, config)
    return Draft(
        name=config.name,
        task="transduce",
        inputs=transducer_inputs(network.state_size),
        outputs=transducer_outputs(network.state_size),
        parameters=_parameters(config, network),
        golden=golden_signals(_start(evaluation), network.state_size),
        metrics=metrics,
        training=describe_training(config, history)
        | {"n_parameters": sum(weight.numel() for weight in network.parameters())},
        data=evaluation.data,
        licence=LICENCE if config.data is None else "that of the data it was trained on",
        report_html=build_page(config, history, evaluation, metrics),
        tolerance=1e-5,
    )


def _parameters(config: TransducerTraining, network: Transducer) -> dict[str, Any]:
    outputs = config.output_column or "the second column"
    told = SINES if config.data is None else f"{outputs} of {config.data.name}"
    return {"state_size": network.state_size, "description": told}


def _start(evaluation: Evaluation) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The first samples of some test signals, or of the only one twice."""
    inputs = evaluation.signals.inputs
    rows = np.arange(3) % len(inputs)
    return np.ascontiguousarray(inputs[rows, :GOLDEN_SAMPLES])
