"""Which networks: families of networks as values, drawn from under constraints."""
