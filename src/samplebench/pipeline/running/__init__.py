"""Carrying stages out: in which order, in which processes, and what becomes of failures."""
