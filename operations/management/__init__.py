"""The management cluster: handing the clusters over to it, saving it, bringing it back."""
