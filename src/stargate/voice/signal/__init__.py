"""Measures of a speech signal: spectrum, pitch, loudness, where speech is. NumPy and SciPy only.

A signal is a one-dimensional float32 array between -1 and 1, with its sampling rate beside it.
"""
