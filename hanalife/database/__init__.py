"""The store: tables, migrations and every pillar's statements.

All SQL of hanalife lives here or in ``dataframe``.
"""
