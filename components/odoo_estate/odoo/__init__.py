"""Odoo components: configuration, workloads and the databases they work on."""
