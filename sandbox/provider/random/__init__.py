"""The random provider's stage."""
