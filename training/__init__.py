"""Offline training: data -> network -> checked export and report."""
