"""Buildings and what they hold: power, reliability, energy, carbon, the cost of capital."""
