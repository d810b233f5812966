"""What becomes of good clients when there is far too much to do, when others mean harm, when the database is away."""
