"""Colours as eyes see them: of all eyes, and of those that lack one kind of cone."""

import re
from collections.abc import Sequence

Rgb = tuple[float, float, float]
"""Linear light, each from 0 to 1."""

EYES: dict[str, Sequence[Rgb]] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Machado, Oliveira and Fernandes (2009), the severest degree of each."""

_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)


def linear(colour: str) -> Rgb:
    """“#2f6fc4” as light."""
    found = re.fullmatch(r"#(..)(..)(..)", colour)
    assert found, colour
    red, green, blue = (int(part, 16) / 255 for part in found.groups())
    return (_light(red), _light(green), _light(blue))


def _light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def seen(colour: Rgb, eyes: str) -> Rgb:
    red, green, blue = _times(EYES[eyes], colour)
    return (min(max(red, 0), 1), min(max(green, 0), 1), min(max(blue, 0), 1))


def distance(one: str, other: str, eyes: str) -> float:
    """CIE ΔE (1976) between two colours: of 2.3 on people see that there are two."""
    pair = zip(_lab(seen(linear(one), eyes)), _lab(seen(linear(other), eyes)), strict=True)
    return float(sum((a - b) ** 2 for a, b in pair) ** 0.5)


def contrast(one: str, other: str) -> float:
    """As WCAG has it."""
    low, high = sorted(_times(_TO_XYZ, linear(colour))[1] for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """``color-mix(in srgb, one share, other)``."""
    pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def _lab(colour: Rgb) -> Rgb:
    x, y, z = (_root(v / w) for v, w in zip(_times(_TO_XYZ, colour), _WHITE, strict=True))
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


def _root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116


def _times(matrix: Sequence[Rgb], colour: Rgb) -> Rgb:
    red, green, blue = (sum(a * b for a, b in zip(row, colour, strict=True)) for row in matrix)
    return (red, green, blue)
