"""Dumps, verifies and restores one tenant's Odoo database; runs in the cluster's recovery jobs."""

__version__ = "0.1.0"
