"""Data to start with, and how rows are split."""
