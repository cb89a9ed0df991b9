"""How the service behaves under too much load, and under clients that misbehave."""
