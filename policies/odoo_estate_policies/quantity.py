"""Kubernetes quantities (``250m``, ``1.5``, ``512Mi``, ``2G``, ``1e3``) as numbers."""

import re
from fractions import Fraction

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)\Z")
_SUFFIXES: dict[str | None, Fraction] = {
    None: Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    "k": Fraction(1000),
    **{letter: Fraction(1000 ** (power + 2)) for power, letter in enumerate("MGTPE")},
    **{f"{letter}i": Fraction(1024 ** (power + 1)) for power, letter in enumerate("KMGTPE")},
}


def quantity(written: str | float) -> Fraction:
    """The number that Kubernetes reads.

    Raises:
        ValueError: not a quantity; the API server would refuse it too.
    """
    match = _QUANTITY.match(str(written))
    if match is None:
        raise ValueError(f"{written!r} is no Kubernetes quantity")
    number, exponent, suffix = match.groups()
    return Fraction(number + (exponent or "")) * _SUFFIXES[suffix]
