"""Training of the next-word model: text in, export out."""
