"""What is computed from a model; each number that a reader will see."""
