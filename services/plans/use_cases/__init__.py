"""What people and facts make the plans service do: one function each."""
