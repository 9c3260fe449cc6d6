"""The aws provider's stage."""
