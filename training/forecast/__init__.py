"""The forecaster's family: series in, quantiles out."""
