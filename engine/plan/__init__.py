"""The plan of an apply: changes of objects, and their effect on clusters and machines in words."""
