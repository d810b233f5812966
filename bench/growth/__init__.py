"""How cost grows: with rows an answer, users in the database, processes; and memory with requests answered."""
