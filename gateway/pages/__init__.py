"""Pages for everybody, rendered on the server: they work in any phone's browser, with no script."""
