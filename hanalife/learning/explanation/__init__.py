"""Which features made a prediction, and which a model depends on."""
