"""The serving engine without HTTP around it."""
