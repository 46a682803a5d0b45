"""ONNX: networks as models that other runtimes run, and models from other frameworks' exporters as networks."""

from __future__ import annotations
