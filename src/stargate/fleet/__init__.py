"""Months of operation on a simulated clock: queues, failures, goodput, energy.

`simulate.simulate(scenario, seed)` drives the decisions of `control` with events; `build` makes a
scenario of a document, `traces` of recorded work.
"""
