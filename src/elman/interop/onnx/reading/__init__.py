"""ONNX models read: what each node makes of a network."""
