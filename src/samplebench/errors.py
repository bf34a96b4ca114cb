"""Every error that samplebench raises on purpose, as one tree.

Each message says what was asked, what is so, and what to do. ``exit_code`` is what the command
line ends with.
"""

from typing import ClassVar


class SamplebenchError(Exception):
    """Anything that samplebench reports in one message instead of a traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(SamplebenchError):
    """The request cannot be understood, or names something that does not exist."""

    exit_code: ClassVar[int] = 2


class BadSpec(UsageError):
    """A part's spec, such as ``gmm(components=50)``, cannot be read."""


class UnknownPart(UsageError, KeyError):
    """No part of that name is installed. A KeyError too: registries are mappings."""

    __str__ = Exception.__str__  # KeyError would show the message in quotes


class BadSetting(UsageError):
    """A part does not take that setting, or not with that value."""


class BadSuite(UsageError):
    """A suite file is not valid; the message names the line and the allowed values."""


class PluginError(UsageError):
    """A plugin cannot be used, and it was asked that this be an error."""


class NothingToRun(SamplebenchError):
    """The grid is empty, or every pair in it was refused."""

    exit_code: ClassVar[int] = 3


class StorageError(SamplebenchError):
    """A result could not be written."""

    exit_code: ClassVar[int] = 5


class ClusterLost(SamplebenchError):
    """The cluster that carries out a run is gone."""

    exit_code: ClassVar[int] = 5


class NoNumber(SamplebenchError):
    """A metric's number has no meaning for these latents or this sampler; metrics raise it.

    That is an answer, shown with its reason; after any other exception, the cell is measured anew.
    """


class UndeclaredNeed(SamplebenchError):
    """A metric read evidence that it does not declare; the message names what to declare."""


class DataMissing(SamplebenchError):
    """A dataset's files are not where they should be; the message says which file goes where."""

    exit_code: ClassVar[int] = 2


class WeightsMissing(SamplebenchError):
    """Pretrained weights are missing; the message names the file and the alternatives."""

    exit_code: ClassVar[int] = 2


class BadCheckpoint(SamplebenchError):
    """A checkpoint is damaged, or is not of the autoencoder that was asked for or is installed."""

    exit_code: ClassVar[int] = 2


class BadSamplerFile(SamplebenchError):
    """A file of a fitted sampler is damaged, or does not fit what is installed."""


class HubError(SamplebenchError):
    """The Hugging Face hub did not give or take a checkpoint."""


class BadAnswer(SamplebenchError):
    """A part did not give what its contract asks for; the message is for its author."""


class BadRecord(SamplebenchError):
    """A record on disk is damaged."""

    exit_code: ClassVar[int] = 5


class OtherFormat(UsageError):
    """A record on disk is whole, and of another format version."""


class TrainingDiverged(SamplebenchError):
    """The training loss stopped being finite."""

    def __init__(self, step: int) -> None:
        super().__init__(
            f"the training loss was not finite at step {step}: "
            "lower the learning rate, or look for a division or logarithm that can reach zero"
        )
        self.step = step

    def __reduce__(self) -> tuple[type["TrainingDiverged"], tuple[int]]:
        return type(self), (self.step,)
