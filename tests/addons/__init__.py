"""The parts that tests of add-ons share."""
