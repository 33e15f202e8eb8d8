"""Speaker encoders: a recording becomes a unit vector, near to others of the same person.

Two are used, of different makers and weights, so that one can judge what the other optimised and
so that fooling one is not enough. Both are d-vector LSTMs: independent in weights, not in kind.
"""
