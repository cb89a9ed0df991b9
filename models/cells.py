"""The recurrent cells, interchangeable in every network of this package.

Axis letters used in this package: B batch, T time steps, F features, H hidden units, L layers,
D directions, Q forecast horizon, V vocabulary.
"""

from collections.abc import Callable

from torch import Tensor, nn

from models.handwritten_cells import CustomLstm, SimpleRnn
from models.min_gru import MinGru

CELLS: dict[str, Callable[..., nn.Module]] = {
    "rnn": nn.RNN,
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "simple_rnn": SimpleRnn,
    "custom_lstm": CustomLstm,
    "min_gru": MinGru,
}


def recurrent(
    cell: str,
    input_size: int,
    hidden_size: int,
    *,
    n_layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
) -> nn.Module:
    """Build a batch-first recurrent layer; it is called as ``nn.RNN`` or ``nn.LSTM`` is.

    Shape:
        input: (B, T, F); output: (B, T, D * H) and the last state.

    Raises:
        ValueError: if ``cell`` is not one of ``CELLS``.

    Source: Elman 1990 (RNN); Hochreiter & Schmidhuber 1997 (LSTM); Cho et al. 2014,
    arXiv:1406.1078 (GRU); Feng et al. 2024, arXiv:2410.01201 (minimal GRU).
    """
    if cell not in CELLS:
        raise ValueError(f"cell must be one of {sorted(CELLS)}, got {cell!r}")
    return CELLS[cell](
        input_size=input_size,
        hidden_size=hidden_size,
        num_layers=n_layers,
        bidirectional=bidirectional,
        dropout=dropout if n_layers > 1 else 0.0,  # torch warns where it cannot apply
        batch_first=True,
    )


def last_valid(outputs: Tensor, lengths: Tensor) -> Tensor:
    """Pick every item's output at its own last step, so that right padding changes nothing.

    Shape:
        outputs: (B, T, H); lengths: (B,) int64, 1..T; returns: (B, H).
    """
    index = (lengths - 1).clamp(min=0).view(-1, 1, 1).expand(-1, 1, outputs.size(2))
    return outputs.gather(1, index).squeeze(1)
