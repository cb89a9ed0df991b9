"""Speed and quality, measured against a service that really runs; anyone can repeat them."""
