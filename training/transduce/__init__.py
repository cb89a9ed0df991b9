"""Signals mapped to signals: data, training and export of the transducer."""
