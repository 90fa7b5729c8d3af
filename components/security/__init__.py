"""What keeps clusters safe from what runs in them."""
