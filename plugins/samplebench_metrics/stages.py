"""The stages of a cell whose memory is measured."""

from typing import Literal

Stage = Literal["train", "encode", "fit", "sample", "decode"]
