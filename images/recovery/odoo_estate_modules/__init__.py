"""Stands before and behind Odoo in a job that installs or upgrades modules: what Odoo is asked for, and whether it did it."""
