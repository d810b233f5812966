"""The mutations, by noun: importing them declares them."""

from schema.mutations import (
    comments,
    generation,
    ideas,
    invoices,
    messages,
    payment_methods,
    personas,
    plans,
    posts,
    scheduling,
    subscriptions,
    templates,
    threads,
    trash,
    usage,
    users,
)

__all__ = [
    "comments",
    "generation",
    "ideas",
    "invoices",
    "messages",
    "payment_methods",
    "personas",
    "plans",
    "posts",
    "scheduling",
    "subscriptions",
    "templates",
    "threads",
    "trash",
    "usage",
    "users",
]
