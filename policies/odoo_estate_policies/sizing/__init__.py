"""Sizing: nothing is larger than the band that the contract pays for."""
