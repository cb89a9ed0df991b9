"""``train forecast --from``: adapt a forecaster to own series, and say whether it was worth it."""
