"""The door of the platform: REST ⇄ gRPC from the contract, sign-in, public pages."""
