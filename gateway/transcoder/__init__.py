"""REST ⇄ gRPC, derived from the descriptors alone: routes, request and reply mapping of `google.api.http`."""
