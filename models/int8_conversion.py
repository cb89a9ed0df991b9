"""From the layers of a trained row classifier to their like in bytes.

Axis letters as in ``models.int8_layers``, and B images, K side of a filter, H hidden units of a
direction.
"""

import torch
from torch import Tensor, nn

from models.int8_layers import Int8Convolution, Int8Linear
from models.min_gru import MinGru, MinGruSweep
from models.row_bands import BandLayer, FilteredBands
from models.row_classifier import RowClassifier

# Pixels of a row that the first layer takes for one place with as many features.
BLOCK = 4
_LARGEST_BYTE = 255


def computes_in_bytes(classifier: RowClassifier, width: int) -> bool:
    """Whether all of its layers have their like in bytes: those that ship do."""
    known = isinstance(classifier.bands, FilteredBands) and isinstance(classifier.sweeps, MinGru)
    return (
        known
        and len(_directions(classifier)) == 2
        and classifier.bidirectional
        and not (width % BLOCK)
    )


def known_parts(
    classifier: RowClassifier, width: int
) -> tuple[FilteredBands, tuple[MinGruSweep, MinGruSweep]]:
    """The filters, and the sweeps down and up.

    Raises:
        ValueError: the classifier is made of other layers.
    """
    bands = classifier.bands
    if not computes_in_bytes(classifier, width) or not isinstance(bands, FilteredBands):
        raise ValueError(
            f"only filters and a minimal GRU in both directions, and images of a multiple of "
            f"{BLOCK} pixels in width, can be computed in bytes"
        )
    down, up = _directions(classifier)
    return bands, (down, up)


@torch.no_grad()
def level_sizes(bands: FilteredBands, images: Tensor) -> list[float]:
    """What a level of a byte stands for: of the image, then of the responses of each layer.

    The largest response that ``images`` (B, R, W) cause is the largest level.
    """
    sizes, responses = (
        [1.0 / RowClassifier.grey_spread],
        images.float().unsqueeze(1) / RowClassifier.grey_spread,
    )
    for layer in layers_of(bands):
        responses = layer(responses)
        sizes.append(max(float(responses.max()), 1e-6) / _LARGEST_BYTE)
    return sizes


def convolutions_of(
    bands: FilteredBands, level_sizes: list[float], image_size: tuple[int, int]
) -> tuple[Int8Convolution, nn.ModuleList]:
    """The first layer, which reads blocks of pixels, and the others."""
    made, (rows, width) = list[Int8Convolution](), image_size
    for number, (layer, step) in enumerate(zip(layers_of(bands), bands.steps, strict=True)):
        weight, bias = folded(layer)
        blocks = number == 0
        made.append(
            Int8Convolution(
                over_blocks(weight) if blocks else weight,
                bias.repeat(2) if blocks else bias,
                level_sizes=(level_sizes[number], level_sizes[number + 1]),
                stride=(step, 1) if blocks else (step, step),
                image_size=(rows, width // BLOCK) if blocks else (rows, width),
            )
        )
        rows, width = -(-rows // step), -(-width // step)
    return made[0], nn.ModuleList(made[1:])


def layers_of(bands: FilteredBands) -> list[BandLayer]:
    """The layers, by their type."""
    return [layer for layer in bands.layers if isinstance(layer, BandLayer)]


def folded(layer: BandLayer) -> tuple[Tensor, Tensor]:
    """Weights (F, C, K, K) and bias (F,) of a layer with its normalisation folded in."""
    norm = layer.norm
    assert norm.running_mean is not None  # noqa: S101  for the type checker
    assert norm.running_var is not None  # noqa: S101
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = layer.filters.weight * gain.view(-1, 1, 1, 1)
    return weight.detach(), (norm.bias - norm.running_mean * gain).detach()


def over_blocks(weight: Tensor) -> Tensor:
    """Filters (F, 1, K, 5) of every second pixel, for blocks of four: (2 * F, 4, K, 3).

    A block holds the middles of two responses; each has filters of its own, moved by two pixels.
    With four features in the place of one the instructions for bytes are not left half empty, and
    the image need not be copied.
    """
    n_filters, _, height, width = weight.shape
    wide = weight.new_zeros(2, n_filters, height, 3 * BLOCK)
    for number in range(2):
        start = BLOCK + 2 * number - width // 2
        wide[number, :, :, start : start + width] = weight[:, 0]
    return wide.view(2 * n_filters, height, 3, BLOCK).permute(0, 3, 1, 2).contiguous()


@torch.no_grad()
def gates_of(
    sweeps: tuple[MinGruSweep, MinGruSweep], n_filters: int, *, level_size: float
) -> Int8Linear:
    """All gates of both directions, then twice all candidates: (..., F) -> (..., 4 * H).

    Features come in the order in which convolutions leave them in memory, filters last.
    """
    weights, biases = [], []
    for part, gain in ((0, 1.0), (1, 2.0)):
        for sweep in sweeps:
            weight = gain * sweep.gates.weight.chunk(2)[part]  # (H, F)
            weights.append(weight.view(len(weight), n_filters, -1).transpose(1, 2).flatten(1))
            biases.append(gain * sweep.gates.bias.chunk(2)[part])
    return Int8Linear(torch.cat(weights), torch.cat(biases), level_size=level_size)


def _directions(classifier: RowClassifier) -> list[MinGruSweep]:
    return [module for module in classifier.sweeps.modules() if isinstance(module, MinGruSweep)]
