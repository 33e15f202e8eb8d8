"""Who runs where, and when: pure decisions, the same for the simulated and the real machine.

`decide.decide(state, now_s)` reads the state of a machine and says what to start and what to stop.
It has no clock, does no input or output and draws nothing at random. A driver (`fleet` with a
simulated clock, `live` with a real machine) tells `state` what has happened, asks, and carries out.
"""
