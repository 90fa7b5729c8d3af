"""One workload cluster on vSphere with a network, addresses for Services and a registry."""

import pulumi

from components.cluster import CloudIntegrations, ClusterClass, ManagementCluster, WorkloadCluster
from components.infrastructure import VSphere
from components.loadbalancing import MetalLB
from components.network import Calico
from components.registry import Harbor
from components.storage import Longhorn

config = pulumi.Config()
vsphere = VSphere.model_validate(config.require_object("vsphere"))
there = ManagementCluster("management", kubeconfig=config.require_secret("kubeconfig"))
ClusterClass("vsphere", vsphere, management=there)
CloudIntegrations(vsphere, management=there)

where = {"infrastructure": vsphere, "management": there}
machines = {"worker_pools": [{"name": "general", "replicas": 3}]}
endpoint = {"control_plane": {"endpoint": {"host": "10.6.0.10"}}}
shop = WorkloadCluster("shop", version="1.36.3", **machines, **endpoint, **where)
Calico("cni", cluster=shop)
MetalLB("lb", cluster=shop, pools=[{"name": "public", "addresses": ["10.6.1.0/24"]}])
Longhorn("volumes", cluster=shop)
access = {"host": "registry.example.com", "expose": "loadBalancer", "tls_secret": "harbor-tls"}
harbor = Harbor("registry", cluster=shop, **access)

pulumi.export("kubeconfig", shop.kubeconfig)
pulumi.export("registry", harbor.url)
