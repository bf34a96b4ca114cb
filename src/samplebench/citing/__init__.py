"""The citation of a board: its table, BibTeX, and the sentences on how it was measured. No torch."""
