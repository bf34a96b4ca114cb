"""Stages on the workers of a Dask cluster. Workers are transport: each stage has its own child
process there, and what becomes of a stage is decided here and not by Dask.
"""
