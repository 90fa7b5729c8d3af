"""What every cluster needs before it is useful: certificates, metrics of pods, names, order."""
