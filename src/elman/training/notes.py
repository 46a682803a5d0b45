"""Notes: what a user should know of a training, told as of the line that called Elman."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings

_OURS = (os.path.dirname(os.path.dirname(__file__)) + os.sep, contextlib.__file__)  # files that are not the user's


def note(text: str, kind: type[Warning] = RuntimeWarning) -> None:
    """Tell the user, as of the line that called Elman."""
    frame, depth = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(text, kind, stacklevel=depth)
