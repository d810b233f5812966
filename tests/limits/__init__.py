"""What a server lets operations come to, and what it tells of itself."""
