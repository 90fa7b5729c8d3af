"""Image tags of cloud controllers, whose minor is that of the cluster's Kubernetes.

The catalog lists one tag for each minor that such a chart supports.
"""

from __future__ import annotations

from packaging.version import Version

from catalog import catalog


def tags(chart: str) -> dict[str, str]:
    """The tag for each minor of Kubernetes, `{"1.36": "v1.36.1"}`, of a chart of the catalog."""
    found = (image.tag for image in catalog().charts[chart].images)
    return {tag.removeprefix("v").rpartition(".")[0]: tag for tag in found}


def tag_template(chart: str) -> str:
    """A template of the add-on provider that gives the tag for the cluster's minor."""
    return "".join(
        f'{{{{ if hasPrefix "v{minor}." .Cluster.spec.topology.version }}}}{tag}{{{{ end }}}}'
        for minor, tag in tags(chart).items()
    )


def tag_of(chart: str, version: Version) -> str:
    """The tag for a Kubernetes version; empty where the catalog has none."""
    return tags(chart).get(f"{version.major}.{version.minor}", "")
