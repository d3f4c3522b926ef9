"""The marks of a class for other programs: CSV, JSON, JUnit, Moodle. No grade is an empty cell, never 0."""
