"""Pins of the assets and the words of consents; data alone."""
