"""How fast the service answers, measured from outside over HTTP."""
