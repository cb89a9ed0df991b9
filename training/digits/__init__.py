"""Training of the classifier that reads digits row by row."""
