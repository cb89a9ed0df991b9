"""Quality of the shipped models, measured through a running service."""
