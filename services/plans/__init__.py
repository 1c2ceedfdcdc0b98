"""Plans: who may inspect what, and what is planned."""
