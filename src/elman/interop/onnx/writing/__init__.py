"""ONNX models written: what each part of a network becomes."""
