"""Only here so that the lab counts as complete."""
