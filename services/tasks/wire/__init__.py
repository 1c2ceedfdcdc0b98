"""Model and events ⇄ protobuf."""
