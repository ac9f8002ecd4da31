"""How good predictions are: numbers, curves, and the metrics that a search goes by. All pure."""
