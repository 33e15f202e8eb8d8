"""What people look at: charts, the one-file report, tables for the terminal, trace files.

Reads frozen results and draws them; computes nothing that is not already in the result.
"""
