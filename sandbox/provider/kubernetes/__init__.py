"""The kubernetes provider's stage."""
