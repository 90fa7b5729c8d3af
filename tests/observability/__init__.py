"""The parts that tests of metrics and alerts share."""
