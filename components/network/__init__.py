"""The network plug-in of a cluster, and what pods may say to each other."""
