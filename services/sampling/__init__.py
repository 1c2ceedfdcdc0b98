"""sampling: the two directories, and the verifiable draw from them."""
