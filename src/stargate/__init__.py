"""Stargate plans, predicts, simulates and runs AI supercomputers that span data centres."""

__version__ = "0.1.0"
