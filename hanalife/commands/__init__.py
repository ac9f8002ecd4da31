"""The commands of the terminal, one subject a module."""
