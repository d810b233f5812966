"""The floors in Python."""
