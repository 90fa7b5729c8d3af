"""What tests of metrics and alerts share."""
