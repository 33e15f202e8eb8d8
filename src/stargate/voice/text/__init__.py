"""From written text to what is said: numbers and abbreviations, clauses, phonemes."""
