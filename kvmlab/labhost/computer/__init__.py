"""What this computer can: found out by trying, kept while nothing changes, told by `kvmlab doctor`."""
