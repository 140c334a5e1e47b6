"""What the numbers say: pure functions over arrays of errors and tables of trials."""
