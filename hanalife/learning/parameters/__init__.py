"""The parameters of every algorithm as data: one table a module."""
