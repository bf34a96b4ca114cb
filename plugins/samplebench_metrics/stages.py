"""The stages of a cell whose memory can be asked for."""

from typing import Literal

Stage = Literal["train", "encode", "fit", "sample", "decode"]
