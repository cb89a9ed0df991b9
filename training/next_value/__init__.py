"""One series, one step: networks that predict the next value, trained and measured."""
