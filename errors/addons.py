"""Codes 1200-1209: what add-ons of a cluster need of each other, and of the cluster."""

from errors.model import Code

ADDON_NEEDS = Code(
    1200,
    "AddonNeeds",
    "an add-on needs another one that the cluster does not get",
    "Some add-ons use what others define: certificates, volumes, the Gateway API. Without them the "
    "add-on's pods would wait for ever.",
    "Add one of the add-ons that the message names.",
    "addons: {harbor: {...}}, without certManager",
)
ADDONS_EXCLUDE = Code(
    1201,
    "AddonsExclude",
    "two add-ons of a cluster do the same",
    "Both would manage the same objects and undo each other's work.",
    "Keep one of them; in a single cluster, write `null` for the one of the stack.",
    "addons: {calico: {}, cilium: {}}",
)
ADDON_UNSUPPORTED = Code(
    1202,
    "AddonUnsupported",
    "an add-on does not support the Kubernetes version of a cluster",
    "Each add-on's project says on which Kubernetes versions it was tried; the catalog has that.",
    "Run a version in that range, wait for a catalog with a newer release of the add-on, or, "
    "knowing that nobody tried it, set `allowUnsupported: true` of the add-on.",
    "clusters: [{version: 1.37.2, addons: {certManager: {}}}]",
)
ADDONS_WITHOUT_PODS = Code(
    1203,
    "AddonsWithoutPods",
    "add-ons are named for a management cluster that runs no pods",
    "The embedded plane is a handful of processes: an add-on would have no machine to run on.",
    "Remove `management.addons`, or use another `management.mode`.",
    "management: {mode: embedded, addons: {certManager: {}}}",
)
RETIRED_ADDON = Code(
    1204,
    "RetiredAddon",
    "the add-on's project has ended",
    "Nobody mends its security faults any more.",
    "Use the successor that the message names.",
    "addons: {ingressNginx: {}}",
)
ADDON_TOO_LARGE = Code(
    1205,
    "AddonTooLarge",
    "an add-on's settings do not fit into a Kubernetes object",
    "What is delivered to a cluster travels in a ConfigMap of at most 1 MiB, or in annotations of "
    "the Cluster of at most 256 KiB together.",
    "Make the values smaller, or say them once for the stack instead of for each cluster.",
    "clusters: [{addons: {monitoring: {values: {...}}}}]",
)
NETWORK_PLUGIN_CHANGED = Code(
    1206,
    "NetworkPluginChanged",
    "the network plug-in of a running cluster would change",
    "Every pod has an address of the plug-in that was there when it began. Taking that away cuts "
    "all of them off at once, and both together fight over the machines' network.",
    "Make a second cluster with the other plug-in, move the workloads, and delete the first; "
    "docs/network.md tells how.",
    "addons: {cilium: {}} for a cluster that runs Calico",
)
ADDON_STOPS_UPGRADE = Code(
    1207,
    "AddonStopsUpgrade",
    "an upgrade would walk through a Kubernetes version that an add-on does not support",
    "An upgrade over several minors stays on each of them for a while, and add-ons work there too.",
    "Upgrade to a nearer version first, or, knowing that nobody tried it, set "
    "`allowUnsupported: true` of the add-on.",
    "version: 1.37.2 for a cluster that runs 1.35.4 with cert-manager",
)
ADDON_VALUES_IGNORED = Code(
    1208,
    "AddonValuesIgnored",
    "values are said for an add-on that has no chart",
    "`values` go to the add-on's main chart. Some add-ons are objects alone, and nothing would "
    "read what is said.",
    "Remove `values`, and say what is wanted in the add-on's own fields.",
    "addons: {storageClasses: {values: {...}}}",
)
GATEWAY_API_DROPPED = Code(
    1209,
    "GatewayApiDropped",
    "a running cluster would lose its Gateways and routes to a change of who defines them",
    "Traefik and Cilium bring the definitions of the Gateway API with a chart of their own. When "
    "another add-on takes that over, the chart goes, and with its definitions every Gateway and "
    "route that anybody wrote.",
    "Keep what brings them now. To change it knowingly: save Gateways and routes, take out all "
    "that serves Gateways, run `./caas up`, add the other, and apply again what you saved.",
    "addons: {traefik: {}, envoyGateway: {}} for a cluster that runs traefik alone",
)
