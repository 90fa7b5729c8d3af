"""How add-ons get to clusters: to all through the management cluster, or directly to one.

An add-on says what it is (`components.addon`), and knows nothing of this. docs/addons-delivery.md
tells what is made, where Secrets come from, and what stays when an add-on goes.
"""
