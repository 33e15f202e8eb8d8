"""One file per idea of a chart: pure functions from arrays to a `Chart`."""
