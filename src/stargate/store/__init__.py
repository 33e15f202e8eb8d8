"""What must outlive a process: consents, voices, clips and the audit, in one SQLite file.

The store keeps bytes and text. What is secret reaches it sealed; it never sees a key.
"""
