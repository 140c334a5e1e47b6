"""Numbers from networks: images in memory, torch modules, training. Torch lives here."""
