"""One training loop for autoencoders, feature extractors and neural samplers.

It treats no method specially, and waits for the device only for reports and for evaluations on
held-out data.
"""

from samplebench.training.budget import Budget
from samplebench.training.early_stopping import HeldOut
from samplebench.training.loop import Critic, Finish, train
from samplebench.training.schedule import Schedule, set_aside
from samplebench.training.watch import Progress

__all__ = [
    "Budget",
    "Critic",
    "Finish",
    "HeldOut",
    "Progress",
    "Schedule",
    "set_aside",
    "train",
]
