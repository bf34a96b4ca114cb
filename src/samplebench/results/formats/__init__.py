"""Formats: each module renders blocks in one markup, and escapes what must be escaped in it."""
