"""Running an ONNX model: by ONNX Runtime, or by ONNX's own reference where that is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

import numpy as np

from elman.errors import ConversionError
from elman.interop.peers import called, peer

REFERENCE = "run by ONNX's reference and not by ONNX Runtime, which is not installed: pip install onnxruntime"


class Runner:
    """A model that can be run.

    Parameters
    ----------
    model : onnx.ModelProto
        Without data in other files.

    Attributes
    ----------
    name : str
        What runs it.
    note : str
        What a report says of that; nothing where ONNX Runtime runs it.

    Raises
    ------
    ConversionError
        If it cannot be run.
    """

    def __init__(self, model: Any):
        self.note = "" if importlib.util.find_spec("onnxruntime") else REFERENCE
        self.outputs = [output.name for output in model.graph.output]
        self.name = called("onnx", "ONNX reference") if self.note else called("onnxruntime", "ONNX Runtime")
        if self.note:
            _check_reference(model)
        try:
            self._run = self._reference(model) if self.note else self._session(model)
        except Exception as error:  # of a package that says what it likes
            raise ConversionError(f"{self.name} cannot load the model: {_first_line(error)}") from error

    def _session(self, model: Any) -> Any:
        runtime = peer("onnxruntime")
        options = runtime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        content = model.SerializeToString()
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"], enable_fallback=0).run

    def _reference(self, model: Any) -> Any:
        reference = peer("onnx.reference")
        return reference.ReferenceEvaluator(model).run

    def __call__(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by name.

        Raises
        ------
        ConversionError
            If it fails.
        """
        try:
            found = self._run(None, dict(feeds))
        except Exception as error:  # of a package that says what it likes
            shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in feeds.items())
            raise ConversionError(f"{self.name} cannot run the model on {shapes}: {_first_line(error)}") from error
        return dict(zip(self.outputs, found, strict=True))


_IGNORED = ("activations", "clip", "input_forget", "layout")  # by the reference's recurrent nodes


def _check_reference(model: Any) -> None:
    """Refuse what ONNX's reference leaves out without a word."""
    for node in model.graph.node:
        if node.op_type in ("RNN", "GRU", "LSTM"):
            said = [a.name for a in node.attribute if a.name in _IGNORED and (a.i or a.f or a.strings)]
            said += ["sequence_lens"] * (len(node.input) > 4 and bool(node.input[4]))
            if said:
                raise ConversionError(
                    f"node {node.name!r} ({node.op_type}) has {' and '.join(said)}, which ONNX's reference ignores: it "
                    "proves nothing of them. pip install onnxruntime"
                )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
