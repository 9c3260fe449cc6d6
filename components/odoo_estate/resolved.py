"""What may be done with a value that exists only after the update.

Components pass such values on; they never compute with them, because everything decidable comes from the plan.
The one thing left is to *check* a value on its way, for example the contract version another stack wrote. Such a
check is marked here: under the engine it runs and may raise, in the offline preview the value flows through it
unchanged.
"""

from collections.abc import Callable
from typing import Any, TypeVar

Check = TypeVar("Check", bound=Callable[..., Any])

_MARK = "__odoo_estate_passthrough__"


def passthrough(check: Check) -> Check:
    """Mark ``check`` as a function that returns its argument unchanged or raises.

    Only marked functions may be given to ``Output.apply`` on a value that is not known before the update.
    """
    setattr(check, _MARK, True)
    return check


def is_passthrough(function: Callable[..., Any]) -> bool:
    """Whether ``function`` was marked with :func:`passthrough`."""
    return getattr(function, _MARK, False) is True
