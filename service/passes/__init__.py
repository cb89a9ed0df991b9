"""Forward passes in C, for networks that ship, where they were compiled with the installation."""
