"""gRPC in: one module per service of the contract."""
