"""How long a step takes: formulas over arrays, from the roofline of one kernel to a whole job."""
