"""torch's own RNN or LSTM with the weights of a hand-written one, to compare the two."""

import torch
from torch import Tensor, nn

from models.handwritten_cells import CustomLstm, CustomLstmStep, SimpleRnn, SimpleRnnStep
from models.sweeps import Sweep


def fused_twin(written: SimpleRnn | CustomLstm) -> nn.RNNBase:
    """Torch's layer of the same sizes and weights.

    torch adds two biases where one would do; the second is zero.
    """
    kind = nn.RNN if isinstance(written, SimpleRnn) else nn.LSTM
    layers = written.layers
    first = _joined_weights(layers.sweeps[0])[0]
    twin: nn.RNNBase = kind(
        first.size(1) - written.hidden_size,
        written.hidden_size,
        num_layers=len(layers.sweeps) // layers.n_directions,
        bidirectional=layers.n_directions == 2,
        batch_first=True,
    )
    for number, sweep in enumerate(layers.sweeps):
        layer, direction = divmod(number, layers.n_directions)
        _copy(twin, f"l{layer}{'_reverse' * direction}", *_joined_weights(sweep))
    return twin


@torch.no_grad()
def _copy(twin: nn.RNNBase, suffix: str, weight: Tensor, bias: Tensor) -> None:
    parameters = dict(twin.named_parameters())
    from_input, from_hidden = parameters[f"weight_ih_{suffix}"], parameters[f"weight_hh_{suffix}"]
    from_input.copy_(weight[:, : from_input.size(1)])
    from_hidden.copy_(weight[:, from_input.size(1) :])
    parameters[f"bias_ih_{suffix}"].copy_(bias)
    parameters[f"bias_hh_{suffix}"].zero_()


def _joined_weights(sweep: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight and bias of all gates, in torch's order: input, forget, candidate, output."""
    step = sweep.step if isinstance(sweep, Sweep) else None
    if isinstance(step, SimpleRnnStep):
        return step.joined.weight, step.joined.bias
    if isinstance(step, CustomLstmStep):
        gates = (step.entering, step.forgetting, step.candidate, step.output)
        return torch.cat([g.weight for g in gates]), torch.cat([g.bias for g in gates])
    raise TypeError(f"not a hand-written cell: {type(step).__name__}")
