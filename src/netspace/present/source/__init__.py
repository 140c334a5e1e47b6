"""A network's tree of layers as source code in plain PyTorch."""
