"""What an operator sees of a server: metrics, traces, slow operations, its stopping."""
