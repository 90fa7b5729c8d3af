"""Codes 1250-1279: ingress, certificates and names of clusters."""

from errors.model import Code

LISTENER_CERTIFICATE = Code(
    1250,
    "ListenerCertificate",
    "a listener has no certificate, or two",
    "A host name is served over TLS with exactly one certificate: one that an issuer makes, or one "
    "of your own. With `passthrough` the backend has it.",
    "Write either `issuer`, with a name of `issuers`, or `certificate`, with the name of a Secret.",
    "gateway: {listeners: [{hostname: shop.example.com}]}",
)
ISSUER_UNKNOWN = Code(
    1251,
    "IssuerUnknown",
    "a listener names an issuer that the cluster does not have",
    "The certificate would wait for ever for its issuer.",
    "Name one of the cluster's `issuers`, or add one of that name.",
    "gateway: {listeners: [{hostname: shop.example.com, issuer: letsencript}]}",
)
CHALLENGE_IMPOSSIBLE = Code(
    1252,
    "ChallengeImpossible",
    "an ACME issuer can't prove a host name",
    "A certificate authority asks for a proof that the name is yours: HTTP01, a page below the "
    "name, which is never enough for a wildcard; or DNS01, a record in its zone, for the zones "
    "that the issuer has a solver for.",
    "Give the issuer a `dns01` solver for the zone, or, for a name without a wildcard, `http01`.",
    "gateway: {listeners: [{hostname: '*.example.com', issuer: x}]} with acme: [{http01: true}]",
)
LISTENERS_COLLIDE = Code(
    1253,
    "ListenersCollide",
    "two listeners of a Gateway want the same",
    "A listener is told from others by its port and host name; both would be refused. Port 80 is "
    "that of plain HTTP.",
    "Remove one of them, or give it another port.",
    "gateway: {listeners: [{hostname: a.example.com}, {hostname: a.example.com}]}",
)
GATEWAY_WITHOUT_CLASS = Code(
    1254,
    "GatewayWithoutClass",
    "nothing in the cluster serves the shared Gateway",
    "A Gateway is only a wish: the controller of its class makes it true.",
    "Add `envoyGateway: {}`, or name a class in `class` that the cluster has.",
    "addons: {gateway: {listeners: [...]}}, without envoyGateway",
)
CLASS_LACKS = Code(
    1255,
    "GatewayClassLacks",
    "the Gateway's class can't do what is asked of it",
    "Not every implementation has every part of the Gateway API: Traefik listens on its two entry "
    "points, ports 80 and 443, behind one Service of its chart, and only Envoy Gateway has "
    "ListenerSets.",
    "Leave it out, or let `envoyGateway` serve the Gateway.",
    "gateway: {class: traefik, addresses: [192.0.2.10]}",
)
HTTP01_UNREACHABLE = Code(
    1256,
    "Http01Unreachable",
    "an issuer answers HTTP01 challenges, and nothing would serve the answers",
    "The certificate authority calls the host name on port 80. The answer is served by the shared "
    "Gateway's plain HTTP, or by Traefik as an Ingress.",
    "Add `gateway`, with another `http` than `none`, or `traefik`; or use `dns01`.",
    "addons: {certManager: {}, issuers: {acme: [{name: x, email: a@example.com, http01: true}]}}",
)
ISSUER_TWICE = Code(
    1257,
    "IssuerTwice",
    "two issuers of a cluster have the same name",
    "The second one would take the place of the first.",
    "Rename one of them. An own root also takes the name with `-root` after it.",
    "issuers: {ca: [{name: internal}, {name: internal}]}",
)
ISSUER_WITHOUT_SOLVER = Code(
    1258,
    "IssuerWithoutSolver",
    "an ACME issuer has no way to prove anything",
    "Without a solver no certificate is ever made.",
    "Set `http01: true`, or add a solver below `dns01`.",
    "issuers: {acme: [{name: letsencrypt, email: ops@example.com}]}",
)
DNS_PROVIDERS = Code(
    1259,
    "DnsProviders",
    "not exactly one DNS provider is named",
    "Records of a zone are written by one provider, and each has settings of its own.",
    "Keep exactly one of the providers.",
    "dns01: [{zones: [example.com]}]",
)
DNS_CREDENTIALS = Code(
    1260,
    "DnsCredentials",
    "a DNS provider is used without credentials",
    "Without the name of a Secret the role of the machine is used, and only machines of the "
    "provider's own cloud have one.",
    "Name a Secret with the credentials.",
    "dns01: [{route53: {region: eu-central-1}}] in a cluster on OpenStack",
)
DNS_SYNC_UNBOUNDED = Code(
    1261,
    "DnsSyncUnbounded",
    "external-dns may delete records in every zone that it sees",
    "With `policy: sync` it deletes records that it owns and whose objects are gone, and without a "
    "filter it does so wherever its credentials reach.",
    "List your domains in `domainFilters`, or use `policy: upsert-only`.",
    "externalDns: {policy: sync, aws: {}}",
)
DNS_SOURCE_MISSING = Code(
    1262,
    "DnsSourceMissing",
    "external-dns would watch objects that the cluster does not know",
    "It ends at once where a kind that it watches is not defined.",
    "Remove the source, or add what defines it, such as `envoyGateway`.",
    "externalDns: {sources: [gateway-httproute]}, without a Gateway API",
)
KUBELET_CERTIFICATES = Code(
    1263,
    "KubeletCertificates",
    "metrics-server would check certificates that kubelets sign themselves",
    "It would trust none of them, and no pod would have metrics.",
    "Set `kubelet.serverTLSBootstrap: true` for the control plane and every pool, or remove "
    "`verifyKubelets`.",
    "addons: {metricsServer: {verifyKubelets: true}}",
)
PROXY_SCALING = Code(
    1264,
    "ProxyScaling",
    "the number of proxies can't follow their load",
    "A HorizontalPodAutoscaler moves between two numbers, by what metrics-server tells it.",
    "Write a `maxReplicas` of at least `replicas`, and add `metricsServer`; or leave it out.",
    "envoyGateway: {proxies: {maxReplicas: 9}}, without metricsServer",
)
DNS_OWNER_SHARED = Code(
    1265,
    "DnsOwnerShared",
    "two clusters would delete each other's records",
    "external-dns knows its records by its `owner`, and with `policy: sync` deletes those of them "
    "that nothing in its own cluster asks for: the other cluster's too.",
    "Leave `owner` out, which makes it the cluster's name, or write another one below `addons` of "
    "each cluster; or use `policy: upsert-only`.",
    "addons: {externalDns: {owner: blue, policy: sync, ...}} of a stack with two clusters",
)
SOURCE_RANGES_UNHELD = Code(
    1266,
    "SourceRangesUnheld",
    "who may reach a Service is said, and nothing holds it",
    "Kubernetes keeps `loadBalancerSourceRanges` for Services of `type: LoadBalancer`; everybody "
    "would reach one of another type.",
    "Use `type: LoadBalancer`, or remove `sourceRanges` and let what is in front hold them.",
    "traefik: {service: {type: NodePort, sourceRanges: [192.0.2.0/24]}}",
)
