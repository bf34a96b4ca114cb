"""An examination of this machine: what it can do, what is missing, and what to type next.

It changes nothing: what it writes to try a folder is removed, and nothing is downloaded.
"""
