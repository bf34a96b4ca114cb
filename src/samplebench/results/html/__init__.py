"""Boards as pages for browsers: one file each, which fetches nothing. Plain data: no torch.

``datatables/`` holds DataTables 3.1.5 (MIT), which sorts and filters the tables.
"""
