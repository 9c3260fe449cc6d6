"""Backup: everything stateful can be restored, and nobody can take that away."""
