"""What hosts and guests print alike, taken apart; all of it may be hostile."""
