"""Pictures of others: PNG files, looked at without drawing them."""

import io
import struct
import warnings
import zlib

from PIL import Image


def find_fault_of_picture(data: bytes) -> str | None:
    """The reason why a file is no plausible picture of samples, or ``None``.

    Its size and checksums are read; its pixels are not unpacked.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                image.verify()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return "it has more pixels than a picture of samples can have"
    except (OSError, ValueError, SyntaxError, zlib.error, struct.error) as error:
        return f"it is no readable PNG ({error})"
    return None
