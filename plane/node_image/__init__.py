"""Node images: machines in containers, built from Debian packages and pinned Go modules.

They are those of kind, so Cluster API's Docker backend starts them: for releases without a
published image, and for computers without a registry.
"""

from plane.node_image.build import NodeImage, ensure_node_image

__all__ = ["NodeImage", "ensure_node_image"]
