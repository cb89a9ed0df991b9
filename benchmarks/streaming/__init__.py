"""Signals whose samples arrive over time, over WebSockets."""
