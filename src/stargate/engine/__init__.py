"""Named random streams and samples of many variables at once."""
