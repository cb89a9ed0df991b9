"""Layers of bytes against what they say they compute."""

import pytest
import torch
from torch.nn import functional

from models.int8_conversion import folded
from models.int8_layers import Int8Convolution, Int8Linear
from models.row_bands import BandLayer

needs_int8 = pytest.mark.skipif(
    not torch.cpu._is_vnni_supported(), reason="the processor lacks int8"
)
# Batch, features, filters, rows, columns: pairwise different.
B, C, F, R, W = 3, 4, 8, 10, 6


@needs_int8
@pytest.mark.parametrize("stride", [(1, 1), (2, 1)])
def test_a_convolution_is_exact_but_for_the_rounding_of_weights_and_responses(
    stride: tuple[int, int],
) -> None:
    random = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(F, C, 5, 3, generator=random), torch.randn(F, generator=random)
    levels = torch.randint(0, 256, (B, C, R, W), dtype=torch.uint8, generator=random)
    layer = Int8Convolution(
        weight, bias, level_sizes=(0.01, 0.25), stride=stride, image_size=(R, W)
    )

    responses = layer(levels)

    steps = weight.flatten(1).abs().amax(dim=1).view(-1, 1, 1, 1) / 127
    rounded = torch.round(weight / steps) * steps
    exact = functional.conv2d(levels * 0.01, rounded, bias, stride=stride, padding=(2, 1))
    expected = torch.clamp(torch.round(exact / 0.25), 0, 255)
    assert responses.dtype == torch.uint8
    assert responses.permute(0, 2, 3, 1).is_contiguous()
    assert (expected == 0).any()
    assert (expected > 20).any()
    torch.testing.assert_close(responses.float(), expected, atol=1.0, rtol=0.0)
    assert (responses.float() == expected).double().mean() > 0.99  # ties of rounding only


@needs_int8
def test_a_linear_layer_is_exact_but_for_the_rounding_of_weights() -> None:
    random = torch.Generator().manual_seed(1)
    weight, bias = torch.randn(F, C, generator=random), torch.randn(F, generator=random)
    levels = torch.randint(0, 256, (B, C), dtype=torch.uint8, generator=random)

    result = Int8Linear(weight, bias, level_size=0.02)(levels)

    steps = weight.abs().amax(dim=1, keepdim=True) / 127
    rounded = torch.round(weight / steps) * steps
    torch.testing.assert_close(result, functional.linear(levels * 0.02, rounded, bias))


def test_normalisation_is_folded_into_weights_and_bias() -> None:
    torch.manual_seed(2)
    layer = BandLayer(C, F, size=3, step=2)
    for _ in range(20):
        layer(3.0 + 2.0 * torch.randn(B, C, R, W))
    layer.norm.weight.data.uniform_(0.5, 2.0)
    layer.norm.bias.data.normal_()
    features = torch.randn(B, C, R, W)

    weight, bias = folded(layer.eval())

    plain = functional.relu(functional.conv2d(features, weight, bias, stride=2, padding=1))
    torch.testing.assert_close(plain, layer(features))
