"""Delivery of add-ons: through the management cluster to many clusters, or directly to one.

An add-on says what it is (`components.addon`), and knows nothing of this. docs/addons-delivery.md
tells what is made, where Secrets come from, and what stays when an add-on goes.
"""
