"""Random rotation, scale, shear, shift and warping of digits, a whole batch at once."""

import math

import torch
from torch import Tensor
from torch.nn import functional

# Strengths at ``strength`` 1: within these, people still read the same digit.
ROTATION_RAD = math.radians(12)
LOG_SCALE = 0.13
SHEAR = 0.15
SHIFT_PIXELS = 1.5
WARP_PIXELS = 0.85
_WARP_GRID = 7


def augment(images: Tensor, generator: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Deform every image in its own way; ``strength`` 0 returns them as they are.

    Shape:
        images: (B, H, W) of any dtype, 0..255; returns: (B, H, W) float32, 0..255.

    Source: Simard, Steinkraus & Platt 2003 (elastic distortions of digits).
    """
    pictures = images.float().unsqueeze(1)
    if strength == 0.0:
        return pictures.squeeze(1)
    batch, _, height, width = pictures.shape
    matrices = _affine(batch, 2.0 / width, generator, strength)
    grid = functional.affine_grid(matrices, [batch, 1, height, width], align_corners=False)
    coarse = torch.randn(batch, 2, _WARP_GRID, _WARP_GRID, generator=generator)
    coarse *= strength * WARP_PIXELS * 2.0 / width
    warp = functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
    grid = grid + warp.permute(0, 2, 3, 1)
    return functional.grid_sample(pictures, grid, align_corners=False).squeeze(1)


def _affine(batch: int, pixel: float, generator: torch.Generator, strength: float) -> Tensor:
    """Matrices (B, 2, 3) from output to input coordinates, which run from -1 to 1."""

    def uniform(limit: float) -> Tensor:
        return (torch.rand(batch, generator=generator) * 2.0 - 1.0) * limit * strength

    angle, shear = uniform(ROTATION_RAD), uniform(SHEAR)
    scale_x, scale_y = uniform(LOG_SCALE).exp(), uniform(LOG_SCALE).exp()
    shift_x, shift_y = uniform(SHIFT_PIXELS * pixel), uniform(SHIFT_PIXELS * pixel)
    cos, sin = angle.cos(), angle.sin()
    top = torch.stack([cos * scale_x, (cos * shear - sin) * scale_y, shift_x], dim=1)
    bottom = torch.stack([sin * scale_x, (sin * shear + cos) * scale_y, shift_y], dim=1)
    return torch.stack([top, bottom], dim=1)
