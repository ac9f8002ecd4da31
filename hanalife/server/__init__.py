"""The Jupyter Server extension: it reads and controls the store for the JupyterLab panel."""
