"""SQL text as SAP HANA's users write it: read, checked against an allow-list, rebuilt."""
