"""The measuring core: all of the harness that can decide a score. Its digest stands in records.

Records, pictures, files and processes are none of its business.
"""
