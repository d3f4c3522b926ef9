"""Who is in a class, read from a CSV file as it comes: whole, or not at all with every error and its line."""
