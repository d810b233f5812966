"""What an operator sees of a server: metrics, traces, slow operations, its stopping."""

SECRET = "geheim"
"""What is told nobody."""
