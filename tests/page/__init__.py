"""The page of `kvmlab serve`."""
