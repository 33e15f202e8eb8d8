"""Plans of other tools: read MS Project and Primavera files, write MS Project XML and tables."""
