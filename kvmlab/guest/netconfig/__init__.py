"""What a guest keeps of its network, read as the programs read it that configure it (`next_boot` is the way in)."""
