"""Every decision about an estate, as pure functions from its documents to frozen plans."""

from odoo_estate.decide.compiler import compile_estate, compile_stack, quota_uses, stack_names

__all__ = ["compile_estate", "compile_stack", "quota_uses", "stack_names"]
