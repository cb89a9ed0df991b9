"""Adapting a model that exists to a user's own data: what all families share."""
