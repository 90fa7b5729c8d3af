"""What runs against what the stack says, object by object: what differs, and who changed it."""
