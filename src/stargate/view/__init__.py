"""What people look at: charts, the one-file report, tables for the terminal, trace files.

Reads frozen results and draws them; no figure of the domain is computed here.
"""
