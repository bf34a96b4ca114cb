"""Records and the boards made from them. Plain text and numbers: no torch."""
