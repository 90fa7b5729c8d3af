"""What tests of add-ons share."""
