"""One training loop, for autoencoders, feature extractors and neural samplers alike.

It knows no method by name, and never waits for the device between its reports.
"""

from samplebench.training.budget import Budget
from samplebench.training.early_stopping import HeldOut
from samplebench.training.loop import Critic, Finish, train
from samplebench.training.watch import Progress

__all__ = ["Budget", "Critic", "Finish", "HeldOut", "Progress", "train"]
