"""What a lab had at its start, and what it has now: taken as a picture, compared aspect by aspect."""
