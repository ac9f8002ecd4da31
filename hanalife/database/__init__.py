"""The store: tables, migrations and the statements of every pillar. All SQL of hanalife lives here or in ``dataframe``."""
