"""How long tests wait for what comes at once on a machine that has time: a limit for what hangs, and no figure."""

PATIENCE = 120.0
"""Seconds."""
