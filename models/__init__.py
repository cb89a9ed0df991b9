"""What a model is: pure networks, and the contract that an export keeps."""
