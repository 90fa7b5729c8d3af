"""How requests from outside reach Services: Gateway API."""
