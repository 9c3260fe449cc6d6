"""Exceptions: a recorded exemption ends on its day."""
