"""What a student types at when they have come in by SSH (kvmlab.classroom.door has the way there)."""
