"""Codes 1320-1349: registries of images, Harbor's contents, mirrors on machines."""

from errors.model import Code

HARBOR_NOT_SHARED = Code(
    1320,
    "HarborNotShared",
    "several Harbors would each have data of their own",
    "Replicas work only on a database, a cache and a store of images that all of them share; those "
    "in the cluster are one pod with one volume.",
    "Give `database`, `valkey` and `images`, or let one replica run.",
    "harbor: {host: registry.example.com, replicas: 2}",
)
HARBOR_STORE = Code(
    1321,
    "HarborStore",
    "not exactly one store of images is given",
    "Images are in a bucket of S3, in a container of Swift, or, without `images`, on a volume.",
    "Give `s3` or `swift`, or remove `images`.",
    "harbor: {images: {redirect: false}}",
)
HARBOR_WITHOUT_CERTIFICATE = Code(
    1322,
    "HarborWithoutCertificate",
    "Harbor would answer with a certificate that nobody trusts",
    "Its chart would make one by itself, and container runtimes refuse it.",
    "Name a TLS Secret in `tlsSecret`, or use a route: then the Gateway has the certificate.",
    "harbor: {expose: loadBalancer}",
)
HARBOR_INTERNAL_TLS = Code(
    1323,
    "HarborInternalTls",
    "TLS between Harbor's parts does not go together with the way in",
    "A Gateway and an ingress talk to the parts directly, without TLS; only Harbor's own nginx, "
    "which a load balancer has, talks TLS to them.",
    "Use `expose: loadBalancer`, or leave `internalTls` off.",
    "harbor: {expose: route, internalTls: true}",
)
DUPLICATE_CONTENT = Code(
    1324,
    "DuplicateHarborContent",
    "two things in Harbor have one name",
    "Names of registries, projects, replications, and of robots in a project, are unique, and so "
    "is the Secret of each robot.",
    "Give one of them another name.",
    "contents: {projects: [{name: shop}, {name: shop}]}",
)
UNKNOWN_REGISTRY = Code(
    1325,
    "UnknownRegistry",
    "a project or a replication names a registry that is not there",
    "What is cached or copied is one of `registries`.",
    "Add it to `contents.registries`.",
    "contents: {projects: [{name: hub, cacheOf: dockerhub}]}",
)
RETENTION_EMPTY = Code(
    1326,
    "RetentionEmpty",
    "a retention says nothing about what stays",
    "Harbor deletes every image that no rule keeps.",
    "Give `newest` or `days`, or remove `retention`.",
    "projects: [{name: shop, retention: {tags: 'v*'}}]",
)
DUPLICATE_REGISTRY_HOST = Code(
    1327,
    "DuplicateRegistryHost",
    "a registry is listed twice",
    "A machine has one file about each registry.",
    "Put both into one entry; its `mirrors` is a list.",
    "registries: {hosts: [{name: docker.io, ...}, {name: docker.io, ...}]}",
)
EMPTY_REGISTRY_HOST = Code(
    1328,
    "EmptyRegistryHost",
    "nothing useful is said about a registry",
    "An entry gives mirrors, or the certificate of the registry's own CA. Without mirrors and "
    "without `fallback` nothing could be pulled from it.",
    "Add `mirrors` or `ca`, or remove the entry.",
    "registries: {hosts: [{name: docker.io}]}",
)
NO_HARBOR = Code(
    1330,
    "NoHarbor",
    "a cluster gets no Harbor",
    "The stack file has no add-on `harbor` for a cluster of this name.",
    "Name the cluster whose add-ons have `harbor`, and its stack with `--stack`.",
    "./caas registry sync shop, where only tools has Harbor",
)
HARBOR_SECRET_MISSING = Code(
    1331,
    "HarborSecretMissing",
    "a Secret of Harbor is not there, or lacks a key",
    "Passwords are read from Secrets in the namespace `harbor` of the cluster; docs/registry.md "
    "lists them.",
    "Make the Secret, or add the key that the message names.",
    "contents: {registries: [{name: hub, secret: dockerhub}]}, and no Secret dockerhub",
)
HARBOR_UNREACHABLE = Code(
    1332,
    "HarborUnreachable",
    "Harbor does not answer",
    "Its address is not reached from here, its certificate is not trusted, or something else "
    "answers there.",
    "Check the address; give `--ca` for a private CA, or `--url` after "
    "`kubectl -n harbor port-forward service/harbor-core 8080:80`.",
    "./caas registry sync tools, from outside the network",
)
HARBOR_LOGIN = Code(
    1333,
    "HarborLogin",
    "Harbor refuses the admin's password",
    "The password is set when Harbor starts for the first time; a Secret that was changed later "
    "has another one.",
    "Write the password that Harbor knows into the Secret, or change it in Harbor.",
    "the Secret harbor was made anew",
)
HARBOR_REFUSED = Code(
    1334,
    "HarborRefused",
    "Harbor refuses a change",
    "Harbor has rules of its own: a registry has to answer when it is added, names may be taken.",
    "Do what the message of Harbor says, and run the command again: it goes on with the rest.",
    "contents: {registries: [{name: hub, url: https://nowhere.example.com}]}",
)
HARBOR_UNCHANGEABLE = Code(
    1335,
    "HarborUnchangeable",
    "something in Harbor can't become what the stack file says",
    "A project is a cache or not from its beginning, and a registry keeps its kind.",
    "Use another name, or delete the old one in Harbor when nobody needs it any more.",
    "cacheOf for a project that holds images of its own",
)
