"""Objects of this project inside workload clusters: what is wanted, what leaves, what differs.

ClusterResourceSets neither remove objects nor put them right. An `up` does both in each cluster
that answers, and what it could not remove is recorded for the next one.
"""
