"""Zorbit: a GraphQL API server over PostgreSQL for a LinkedIn content platform."""

from importlib.metadata import version

__version__ = version("zorbit")
