"""The stages of a run: data, features, autoencoders, cells. Each is plain data and does its work
in whatever process it is sent to; none knows of the others' order.
"""
