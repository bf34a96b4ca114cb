"""A module that prints a line when its import begins, and waits for the end of standard input."""

import sys

print("loading", flush=True)
sys.stdin.read()
