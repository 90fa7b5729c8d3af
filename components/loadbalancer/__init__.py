"""What gives Services of `type: LoadBalancer` an address."""
