"""Moving the volumes of a namespace to another storage class, or another cluster, with Velero."""
