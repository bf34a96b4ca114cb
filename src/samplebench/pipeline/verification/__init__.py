"""Replays of measured cells, to see if scores come out the same with the code of today."""
