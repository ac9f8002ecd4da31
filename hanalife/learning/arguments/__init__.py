"""What ``fit``, ``score`` and ``predict`` are given, checked before anything is read."""
