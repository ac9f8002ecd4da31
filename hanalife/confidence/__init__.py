"""Confidence intervals of 95 % for shares, areas, agreement and losses, or the reason why there is none."""
