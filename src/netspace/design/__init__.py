"""What a network is: pure values and exact counts, no torch."""
