"""Online: exports to HTTP. It never imports a network, nor anything of the training."""
