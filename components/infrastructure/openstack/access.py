"""Access: the key pair, the application credential, and its Secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import yaml
from pulumi_openstack import compute, identity

from components.infrastructure.openstack.charts import NAMESPACE
from components.infrastructure.openstack.names import (
    CLOUD,
    CLUSTER_CLOUD_CONFIG,
    CREDENTIALS,
    SECRET_OF_CLUSTERS,
)
from components.infrastructure.openstack.network import Made
from components.infrastructure.openstack.settings import LoadBalancerProvider, OpenStackSettings
from components.infrastructure.openstack.site import OpenStackSite
from components.mappings import Manifest

MOVE = {"clusterctl.cluster.x-k8s.io/move": "true"}
"""The labels of objects that `clusterctl move` includes."""
MOUNTED = "/etc/config"
"""The mount path of the clusters' Secret in the charts."""
RESOURCE_SET = "addons.cluster.x-k8s.io/resource-set"


def key_pair(site: OpenStackSite) -> list[Made]:
    """The key pair of the public key in the stack file; none where there is none."""
    key = site.settings.ssh_key
    if key is None or key.public_key is None:
        return []
    pair = compute.Keypair(
        f"{site.stack}-key",
        name=site.stack,
        public_key=key.public_key,
        region=site.region,
        opts=site.options(),
    )
    return [pair.name]


def credential(site: OpenStackSite) -> identity.ApplicationCredential | None:
    """An application credential that cannot make others; None where there are Secrets already.

    Pulumi names it, so that a new one is there before the old one goes.
    """
    settings = site.settings
    if settings.credentials:
        return None
    return identity.ApplicationCredential(
        f"{site.stack}-credential",
        description=f"Cluster API and the clusters of the stack {site.stack}",
        roles=list(settings.roles),
        unrestricted=False,
        region=settings.region,
        opts=site.options(),
    )


def secrets(
    settings: OpenStackSettings,
    made: identity.ApplicationCredential | None,
    external: pulumi.Input[str] | None,
    namespace: str,
) -> Sequence[Manifest]:
    """Both Secrets of the management cluster: of Cluster API's provider, and for the clusters.

    Args:
        settings: the infrastructure of the stack file.
        made: the application credential; None where the Secrets are there already.
        external: the id of the network with the floating IPs.
        namespace: the namespace of the provider's Secret.
    """
    if made is None:
        return []
    known = pulumi.Output.all(id=made.id, secret=made.secret, external=external)
    ca = {"cacert": settings.ca_cert} if settings.ca_cert else {}

    def of_provider(values: dict[str, Any]) -> str:
        return clouds_yaml(settings, values["id"], values["secret"])

    def of_clusters(values: dict[str, Any]) -> str:
        clouds = clouds_yaml(
            settings, values["id"], values["secret"], f"{MOUNTED}/cacert" if ca else None
        )
        conf = cloud_conf(settings, values["external"])
        content = {"clouds.yaml": clouds, "cloud.conf": conf} | ca
        return yaml.safe_dump(_secret(SECRET_OF_CLUSTERS, NAMESPACE, content))

    return [
        _secret(
            CREDENTIALS,
            namespace,
            {"clouds.yaml": _hidden(known.apply(of_provider))} | ca,
            labels=MOVE,
        ),
        _secret(
            CLUSTER_CLOUD_CONFIG,
            namespace,
            {"cloud-config.yaml": _hidden(known.apply(of_clusters))},
            labels=MOVE,
            kind=RESOURCE_SET,
        ),
    ]


def _hidden(text: pulumi.Output[str]) -> pulumi.Output[str]:
    """The text as a secret, in Pulumi's state too."""
    hidden: pulumi.Output[str] = pulumi.Output.secret(text)
    return hidden


def _secret(
    name: str,
    namespace: str,
    content: dict[str, Any],
    *,
    labels: dict[str, str] | None = None,
    kind: str = "Opaque",
) -> Manifest:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata | ({"labels": labels} if labels else {}),
        "type": kind,
        "stringData": content,
    }


def clouds_yaml(
    settings: OpenStackSettings, user: str, secret: str, ca_file: str | None = None
) -> str:
    """A `clouds.yaml` for an application credential.

    Args:
        settings: region and address.
        user: the credential's id.
        secret: the credential's secret.
        ca_file: where the CA's certificate is, when the reader cannot be given it otherwise.
    """
    cloud = {
        "auth_type": "v3applicationcredential",
        "auth": {
            "auth_url": settings.auth_url,
            "application_credential_id": user,
            "application_credential_secret": secret,
        },
        "region_name": settings.region,
        "interface": "public",
        "identity_api_version": 3,
    }
    return yaml.safe_dump({"clouds": {CLOUD: cloud | ({"cacert": ca_file} if ca_file else {})}})


def cloud_conf(settings: OpenStackSettings, external: str | None) -> str:
    """The `cloud.conf` of the cloud controller manager and of Cinder's CSI driver.

    Args:
        settings: load balancers and volumes.
        external: the id of the external network, which floating IPs of services come from.
    """
    balancer = settings.load_balancer
    ovn = balancer.provider is LoadBalancerProvider.OVN
    sections = {
        "Global": {
            "use-clouds": "true",
            "clouds-file": f"{MOUNTED}/clouds.yaml",
            "cloud": CLOUD,
            "region": settings.region,
        },
        "LoadBalancer": {
            "lb-provider": balancer.provider.value,
            "lb-method": "SOURCE_IP_PORT" if ovn else "ROUND_ROBIN",
            "manage-security-groups": "true",
            "create-monitor": "true",
            "floating-network-id": external or "",
        },
        # Volumes and machines have zones of the same names only where the file says so.
        "BlockStorage": {
            "ignore-volume-az": str(settings.volumes.zone != "machine").lower(),
        },
    }
    lines = []
    for title, options in sections.items():
        lines += [f"[{title}]", *(f"{key}={value}" for key, value in options.items() if value)]
    return "\n".join(lines) + "\n"
