"""Images as cameras, pens and scanners spoil them: blurred, coarse, noisy, thick, thin, stretched.

Axis letters: B images, H height, W width.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

Way = Callable[[Tensor, torch.Generator], Tensor]

BLUR_PIXELS = (0.3, 1.8)
NOISE_LEVELS = 80.0
COARSE_SIDES = (8, 16)
# Logarithms of what the width and the height of an image are divided by.
STRETCHED_WIDTH = (-0.7, 0.2)
STRETCHED_HEIGHT = (-0.2, 0.2)
_REACH = 5  # pixels on either side that a blur looks at


def blurred(images: Tensor, generator: torch.Generator) -> Tensor:
    """Blur each with a Gaussian of its own width."""
    low, high = BLUR_PIXELS
    widths = low + (high - low) * torch.rand(len(images), 1, generator=generator)
    at = torch.arange(-_REACH, _REACH + 1.0)
    profile = torch.exp(-0.5 * (at / widths) ** 2)  # (B, 2 * reach + 1)
    profile = profile / profile.sum(dim=1, keepdim=True)
    kernels = (profile.unsqueeze(2) * profile.unsqueeze(1)).unsqueeze(1)
    stacked = images.unsqueeze(0)  # an image a channel, each with its own kernel
    return functional.conv2d(stacked, kernels, padding=_REACH, groups=len(images)).squeeze(0)


def coarse(images: Tensor, generator: torch.Generator) -> Tensor:
    """Scale down to a few pixels and up again."""
    side = int(torch.randint(*COARSE_SIDES, (1,), generator=generator))
    small = functional.adaptive_avg_pool2d(images.unsqueeze(1), side)
    large = functional.interpolate(small, size=images.shape[1:], mode="bicubic")
    return large.squeeze(1)


def noisy(images: Tensor, generator: torch.Generator) -> Tensor:
    """Add noise of up to ``NOISE_LEVELS`` grey levels."""
    levels = NOISE_LEVELS * torch.rand(len(images), 1, 1, generator=generator)
    return images + levels * torch.randn(images.shape, generator=generator)


def thick(images: Tensor, generator: torch.Generator) -> Tensor:
    """Widen the strokes by up to a pixel on either side."""
    wide = functional.max_pool2d(images.unsqueeze(1), 3, stride=1, padding=1).squeeze(1)
    return images + (wide - images) * torch.rand(len(images), 1, 1, generator=generator)


def thin(images: Tensor, generator: torch.Generator) -> Tensor:
    """Narrow the strokes by up to half a pixel on either side."""
    large = functional.interpolate(images.unsqueeze(1), scale_factor=2.0, mode="bilinear")
    narrow = -functional.max_pool2d(-large, 3, stride=1, padding=1)
    small = functional.avg_pool2d(narrow, 2).squeeze(1)
    return images + (small - images) * torch.rand(len(images), 1, 1, generator=generator)


def thick_and_coarse(images: Tensor, generator: torch.Generator) -> Tensor:
    """Both, as a broad pen looks on few pixels."""
    return coarse(thick(images, generator), generator)


def stretched(images: Tensor, generator: torch.Generator) -> Tensor:
    """Change width and height, mostly to something wider, as what fills a square box looks like."""
    matrices = torch.zeros(len(images), 2, 3)
    for axis, (low, high) in enumerate((STRETCHED_WIDTH, STRETCHED_HEIGHT)):
        drawn = low + (high - low) * torch.rand(len(images), generator=generator)
        matrices[:, axis, axis] = drawn.exp()
    size = [len(images), 1, *images.shape[1:]]
    grid = functional.affine_grid(matrices, size, align_corners=False)
    return functional.grid_sample(images.unsqueeze(1), grid, align_corners=False).squeeze(1)


def stretched_and_coarse(images: Tensor, generator: torch.Generator) -> Tensor:
    """Both, as small bitmaps of single digits often are."""
    return coarse(stretched(images, generator), generator)


def stretched_thick_and_coarse(images: Tensor, generator: torch.Generator) -> Tensor:
    """All three."""
    return thick_and_coarse(stretched(images, generator), generator)


WAYS: tuple[Way, ...] = (blurred, coarse, noisy, thick, thin, thick_and_coarse)
"""Equally likely."""
STRETCHING_WAYS = (*WAYS, stretched, stretched_and_coarse, stretched_thick_and_coarse)
"""The same, and those that change the shape."""


def corrupt(
    images: Tensor, generator: torch.Generator, *, share: float, ways: Sequence[Way] = WAYS
) -> Tensor:
    """Spoil about ``share`` of the images, each in one of ``ways`` and by an amount of its own.

    Shape:
        images: (B, H, W) float32, 0..255; returns: the same.
    """
    spoilt = torch.rand(len(images), generator=generator) < share
    numbers = torch.randint(len(ways), (len(images),), generator=generator)
    result = images.clone()
    for number, way in enumerate(ways):
        chosen = spoilt & (numbers == number)
        if chosen.any():
            result[chosen] = way(images[chosen], generator).clamp(0.0, 255.0)
    return result
