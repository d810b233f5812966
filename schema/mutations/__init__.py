"""The mutations, by noun: importing them declares them."""

from schema.mutations import posts, scheduling, threads

__all__ = ["posts", "scheduling", "threads"]
