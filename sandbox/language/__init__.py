"""A language host for Python programs and policy packs."""
