"""Layers that multiply bytes: of a trained layer, its weights and its input in eight bits.

Sums of products are exact, in 32 bits; what is lost is the rounding of weights and responses. They
need a processor with instructions for it (AVX512-VNNI): nothing here checks that.

Axis letters: B batch, C input features, F filters or output features, R rows, W columns.
"""

import torch
from torch import Tensor, nn

_LEVELS = 127
# The batch that weights are laid out for in memory; the layout suits all others as well.
_USUAL_BATCH = 16


class Int8Convolution(nn.Module):
    """A convolution, its bias, and negative responses cut off.

    ``level_sizes`` are what a level of a byte stands for, of the input and of the output; responses
    larger than 255 of the latter are cut.

    Shape:
        levels: (B, C, R, W) uint8; returns: (B, F, R', W') uint8, features last in memory.
    """

    weight: Tensor
    scale: Tensor
    zero: Tensor
    bias: Tensor

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        *,
        level_sizes: tuple[float, float],
        stride: tuple[int, int],
        image_size: tuple[int, int],
    ) -> None:
        super().__init__()
        _register(self, weight, bias)
        self.level_size, self.output_level_size = level_sizes
        self.stride = list(stride)
        self.padding = [weight.size(2) // 2, weight.size(3) // 2]
        self.usual_shape = [_USUAL_BATCH, weight.size(1), *image_size]

    def forward(self, levels: Tensor) -> Tensor:
        """Responses of every filter, in levels."""
        # Whoever runs the frozen graph does this once: it depends on constants only.
        weight = torch.ops.onednn.qconv_prepack(
            self.weight,
            self.scale,
            self.level_size,
            0,
            self.stride,
            self.padding,
            [1, 1],
            1,
            self.usual_shape,
        )
        responses: Tensor = torch.ops.onednn.qconv2d_pointwise(
            levels,
            self.level_size,
            0,
            weight,
            self.scale,
            self.zero,
            self.bias,
            self.stride,
            self.padding,
            [1, 1],
            1,
            self.output_level_size,
            0,
            torch.uint8,
            "relu",
            [],
            "",
        )
        return responses


class Int8Linear(nn.Module):
    """A linear layer that is given levels of ``level_size`` each.

    Shape:
        levels: (B, C) uint8; returns: (B, F) float32.
    """

    weight: Tensor
    scale: Tensor
    zero: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, level_size: float) -> None:
        super().__init__()
        _register(self, weight, bias)
        self.level_size = level_size

    def forward(self, levels: Tensor) -> Tensor:
        """The product and the bias."""
        weight = torch.ops.onednn.qlinear_prepack(self.weight, None)
        result: Tensor = torch.ops.onednn.qlinear_pointwise(
            levels,
            self.level_size,
            0,
            weight,
            self.scale,
            self.zero,
            self.bias,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        )
        return result


def _register(layer: nn.Module, weight: Tensor, bias: Tensor) -> None:
    """Every output has a scale of its own, so that its largest weight is 127 levels."""
    largest = weight.flatten(1).abs().amax(dim=1)
    scale = largest.clamp_min(1e-12) / _LEVELS
    levels = torch.round(weight / scale.view(-1, *[1] * (weight.dim() - 1)))
    layer.register_buffer("weight", levels.to(torch.int8))
    layer.register_buffer("scale", scale.float())
    layer.register_buffer("zero", torch.zeros(len(scale), dtype=torch.int32))
    layer.register_buffer("bias", bias.float())
