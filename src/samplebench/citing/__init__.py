"""The citation of a board: its table, BibTeX, and how it was measured, in words. No torch."""
