"""Keras 3: models and files of it as networks, and networks as models of it."""
