"""What was found, as people and programs read it: terminal, JSON, JUnit; and how far something that takes long is."""
