"""What a fit or score says of itself: small tables, and reports on predictions."""
