"""The mutations, by noun: importing them declares them."""

from schema.mutations import posts, threads

__all__ = ["posts", "threads"]
