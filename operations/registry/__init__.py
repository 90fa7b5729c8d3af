"""Harbor through its API: projects and what belongs to them, as the stack file says."""
