"""Which network next: strategies that ask and are told, over the parameters of a space."""
