"""Reports on models and data: one HTML page each that needs nothing else."""
