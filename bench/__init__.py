"""How fast Zorbit is, beside other GraphQL servers over the same PostgreSQL: `python -m bench --help`."""
