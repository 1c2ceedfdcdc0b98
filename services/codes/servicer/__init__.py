"""gRPC in: parse, call, render."""
