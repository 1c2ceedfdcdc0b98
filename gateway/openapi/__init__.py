"""The contract as OpenAPI 3.1 and as a page for people, both from the descriptors and the comments in the protos."""
