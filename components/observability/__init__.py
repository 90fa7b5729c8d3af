"""Metrics, dashboards and alerts of clusters and of the fleet: kube-prometheus-stack."""
