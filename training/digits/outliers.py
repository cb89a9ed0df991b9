"""What is no digit: a network that meets some in training is less sure of itself elsewhere.

Source: Hendrycks, Mazeika & Dietterich 2019, arXiv:1812.04606 (outlier exposure).
Axis letters: N images, H height, W width.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

_STROKES = (3, 6)
_POINTS = 24  # places along a stroke


def outliers(images: Tensor, n_images: int, generator: torch.Generator) -> Tensor:
    """Images that should be called nothing, some of them made of ``images``.

    Shape:
        images: (B, H, W) of any dtype, 0..255; returns: (N, H, W) float32, 0..255.
    """
    chosen = torch.randint(len(images), (n_images,), generator=generator)
    made = images[chosen].float()
    kinds = torch.randint(len(KINDS), (n_images,), generator=generator)
    for number, kind in enumerate(KINDS):
        of_kind = kinds == number
        if of_kind.any():
            made[of_kind] = kind(made[of_kind], generator)
    return made


def lying(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turned by a right angle, half of them each way."""
    left = torch.rand(len(images), 1, 1, generator=generator) < 0.5
    return torch.where(left, images.rot90(1, (1, 2)), images.rot90(-1, (1, 2)))


def shuffled_quarters(images: Tensor, generator: torch.Generator) -> Tensor:
    """Every quarter of the image in another corner than it was."""
    height, width = images.shape[1] // 2, images.shape[2] // 2
    corners = ((height, 0), (0, width), (height, width))
    corner = corners[int(torch.randint(len(corners), (1,), generator=generator))]
    return images.roll(corner, dims=(1, 2))


def scribbles(images: Tensor, generator: torch.Generator) -> Tensor:
    """A few curved strokes from anywhere to anywhere, as wide as those of digits."""
    count, height, width = images.shape
    n_strokes = int(torch.randint(*_STROKES, (1,), generator=generator))
    ends = 4.0 + 20.0 * torch.rand(count, n_strokes, 3, 2, generator=generator)
    t = torch.linspace(0.0, 1.0, _POINTS).view(1, 1, -1, 1)
    curve = (
        (1 - t) ** 2 * ends[:, :, :1] + 2 * t * (1 - t) * ends[:, :, 1:2] + t**2 * ends[:, :, 2:]
    )
    points = curve.reshape(count, -1, 2)  # (N, strokes * places, 2)
    rows = (points[:, :, :1] - torch.arange(height)) ** 2  # (N, places, H)
    columns = (points[:, :, 1:] - torch.arange(width)) ** 2
    squared = (rows.unsqueeze(3) + columns.unsqueeze(2)).amin(dim=1)  # (N, H, W)
    radius = 0.7 + 0.9 * torch.rand(count, 1, 1, generator=generator)
    return 255.0 * (radius + 0.5 - squared.sqrt()).clamp(0.0, 1.0)


def noise(images: Tensor, generator: torch.Generator) -> Tensor:
    """Fine grain or clouds, of any contrast, down to a blank."""
    side = (3, 7, 14, 28)[int(torch.randint(4, (1,), generator=generator))]
    grain = torch.rand(len(images), 1, side, side, generator=generator)
    large = functional.interpolate(grain, size=images.shape[1:], mode="bilinear").squeeze(1)
    contrast = torch.rand(len(images), 2, 1, 1, generator=generator)
    above = (large - 0.8 * contrast[:, 0]).clamp(min=0.0)
    return 255.0 * contrast[:, 1].square() * (above * 4.0).clamp(max=1.0)


def textures(images: Tensor, generator: torch.Generator) -> Tensor:
    """Stripes and checks of any direction."""
    count, height, width = images.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    angle = math.pi * torch.rand(count, 1, 1, generator=generator)
    period = 2.5 + 9.0 * torch.rand(count, 1, 1, generator=generator)
    along = torch.sin(2 * math.pi * (x * angle.cos() + y * angle.sin()) / period)
    across = torch.sin(2 * math.pi * (y * angle.cos() - x * angle.sin()) / period)
    checked = torch.rand(count, 1, 1, generator=generator) < 0.5
    waves = torch.where(checked, along * across, along)
    return 255.0 * (0.5 + 4.0 * waves).clamp(0.0, 1.0)


KINDS = (lying, lying, scribbles, scribbles, shuffled_quarters, noise, textures)
"""As likely as they are often here: what is nearest to digits teaches most."""
