"""What an apply would do: to objects, and in plain words to clusters and machines."""
