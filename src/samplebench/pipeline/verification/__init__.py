"""Replays of measured cells: do scores come out the same with the code and versions of today?"""
