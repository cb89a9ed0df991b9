"""Sockets of plain requests, read and answered in C where that was compiled."""
