"""The SQL frame: connection, lazy frames, SQL text, transfer of rows."""
