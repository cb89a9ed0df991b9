"""Recipes: the systems of the study notes, each a TOML file, trained by the shared loop."""
