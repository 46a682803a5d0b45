"""What calls of PyTorch are in a network's function, by the name of what is called."""
