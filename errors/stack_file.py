"""Codes 1xxx: what a stack file may say.

The file and its keys (1001-1029) and single values (1030-1049) are here; rules between values
(1050-1099) are in `errors.stack_rules`.
"""

from errors.model import Code

# ---- the file and its YAML ----------------------------------------------------------------------

FILE_MISSING = Code(
    1001,
    "StackFileMissing",
    "there is no stack file of this name",
    "A stack named `local` is described by `stacks/Pulumi.local.yaml`; that file does not exist.",
    "Name one of the stacks that exist, or copy one of their files.",
    "./caas up -s locla",
)
FILE_UNREADABLE = Code(
    1002,
    "StackFileUnreadable",
    "the stack file cannot be read",
    "It is a directory, its permissions forbid reading it, or the disk reports an error.",
    "Make it a regular file that your user may read.",
    "chmod 000 stacks/Pulumi.local.yaml",
)
NOT_UTF8 = Code(
    1003,
    "NotUtf8",
    "the stack file is not UTF-8 text",
    "Stack files are UTF-8; this one holds bytes that are not, or control characters.",
    "Save the file as UTF-8.",
    "a file saved as UTF-16 or Latin-1",
)
FILE_TOO_LARGE = Code(
    1004,
    "StackFileTooLarge",
    "the stack file is larger than any real fleet",
    "Files are read up to 8 MiB, which is more than 5,000 clusters take.",
    "Split the fleet into several stacks, and check what else got into the file.",
    "a log written into stacks/Pulumi.local.yaml",
)
YAML_SYNTAX = Code(
    1005,
    "YamlSyntax",
    "the stack file is not valid YAML",
    "Brackets, quotes, colons or indentation do not fit together at the line that is named, or "
    "shortly before it.",
    "Correct the line, or the one before it.",
    "clusters: [",
)
TAB_INDENT = Code(
    1006,
    "TabIndent",
    "a line is indented with a tab",
    "YAML allows only spaces for indentation.",
    "Replace the tabs with spaces.",
    "\tcaas:clusters: []",
)
FILE_EMPTY = Code(
    1007,
    "StackFileEmpty",
    "the stack file says nothing",
    "It is empty or holds only comments.",
    "Write at least `config:` with `caas:clusters: []` in it.",
    "# nothing yet",
)
NOT_A_MAPPING = Code(
    1008,
    "NotAMapping",
    "the stack file, or its `config`, is not a mapping",
    "The file holds keys such as `config:`, and `config:` holds keys such as `caas:clusters:`.",
    "Write `config:` and, indented below it, `caas:clusters:`.",
    "- name: shop",
)
DUPLICATE_KEY = Code(
    1009,
    "DuplicateKey",
    "a key is written twice in the same mapping",
    "YAML would silently keep one of the two.",
    "Remove one of them.",
    "replicas: 3 and further down replicas: 5",
)
TOO_COMPLEX = Code(
    1010,
    "TooComplex",
    "the stack file is nested too deeply or grows too large when its aliases are expanded",
    "Real stack files are less than 64 levels deep and hold less than a million values. More is "
    "a mistake, or an attempt to exhaust memory.",
    "Remove the nesting, or the aliases (`*name`) that refer to each other.",
    "a: &a [*a]",
)
UNSUPPORTED_YAML = Code(
    1011,
    "UnsupportedYaml",
    "the stack file uses a YAML feature that has no meaning here",
    "Tags such as `!!binary` or `!Ref`, keys that are not plain text, and numbers that cannot be "
    "read are refused.",
    "Write plain text, numbers, lists and mappings.",
    "clusters: !!set {shop}",
)
BAD_CONFIG_KEY = Code(
    1012,
    "BadConfigKey",
    "a key of `config` does not name its project",
    "Pulumi keeps the settings of every project and provider in `config`, each with its prefix: "
    "`caas:` for this project, `kubernetes:` or `aws:` for providers. Those are left alone.",
    "Write the prefix `caas:` before the key.",
    "config: {clusters: []}",
)

# ---- keys and types -----------------------------------------------------------------------------

UNKNOWN_KEY = Code(
    1020,
    "UnknownKey",
    "a key is not known here",
    "It is misspelt, or belongs to another level of the file.",
    "Use one of the keys that are listed; docs/stack.schema.json describes every one.",
    "controlPlane: {replica: 3}",
)
MISSING_KEY = Code(
    1021,
    "MissingKey",
    "a key that is required is missing",
    "Some fields have no sensible default, such as the name and the version of a cluster.",
    "Add the key.",
    "clusters: [{name: shop}]",
)
WRONG_TYPE = Code(
    1022,
    "WrongType",
    "a value has the wrong type",
    "The field takes a text, a whole number, true or false, a list or a mapping, and something "
    "else was found. YAML reads `on`, `yes` and `no` as true and false unless they are quoted.",
    "Write a value of the type that is named.",
    'replicas: "three"',
)
UNKNOWN_CHOICE = Code(
    1023,
    "UnknownChoice",
    "a value is not one of the choices",
    "The field takes one of a few words, in exactly this spelling.",
    "Use one of the choices that are listed.",
    "effect: NoShedule",
)
OUT_OF_RANGE = Code(
    1024,
    "OutOfRange",
    "a number, or the length of a text or list, is out of range",
    "The limit is that of Kubernetes or Cluster API, or what has been tested.",
    "Use a value within the range that is named.",
    "controlPlane: {replicas: 9}",
)
SECURE_VALUE = Code(
    1025,
    "SecureValue",
    "an encrypted value stands in a field that is not secret",
    "`secure:` is Pulumi's way to keep a secret in a stack file. The fields of a stack are not "
    "secret, and they are checked and shown in plans, which an encrypted value would prevent.",
    "Write the plain value: `pulumi config set --plaintext`.",
    "caas:clusters: {secure: AAABAL...}",
)

# ---- single values ------------------------------------------------------------------------------

BAD_NAME = Code(
    1030,
    "BadName",
    "a name is not a DNS label",
    "Clusters, pools and namespaces name Kubernetes objects, machines and host names, so a name "
    "has lower-case letters, digits and hyphens, starts with a letter and does not end with a "
    "hyphen. Cluster API appends to it, so cluster names have at most 40 and pool names at most "
    "20 characters.",
    "Use lower-case letters, digits and hyphens, such as `shop` or `batch-2`.",
    "name: My_Cluster",
)
BAD_LABEL_KEY = Code(
    1031,
    "BadLabelKey",
    "a label, annotation or taint key is not one that Kubernetes accepts",
    "A key is an optional DNS domain and a slash, then a name of at most 63 letters, digits, "
    "`-`, `_` and `.` that starts and ends with a letter or digit.",
    "Use a key such as `tier` or `example.com/tier`.",
    "labels: {-tier: gold}",
)
BAD_LABEL_VALUE = Code(
    1032,
    "BadLabelValue",
    "a label value is not one that Kubernetes accepts",
    "A value is empty, or at most 63 letters, digits, `-`, `_` and `.` that start and end with a "
    "letter or digit.",
    "Shorten the value, or put free text into `annotations`.",
    'labels: {owner: "Jane Doe"}',
)
BAD_DURATION = Code(
    1033,
    "BadDuration",
    "a duration is not written as Kubernetes writes it",
    "A duration is numbers with units, such as `5m`, `1h30m` or `300s`; whole seconds, not "
    "negative, at most 68 years. A number without a unit could mean anything.",
    "Write a number and its unit: `s`, `m` or `h`.",
    "nodeDrainTimeout: 300",
)
BAD_INT_OR_PERCENT = Code(
    1034,
    "BadIntOrPercent",
    "a value is neither a count nor a percentage",
    "The field takes a whole number of machines from 0, or a percentage from 0% to 100%.",
    "Write a whole number such as `1`, or a percentage such as `25%`.",
    "maxSurge: half",
)
BAD_CIDR = Code(
    1035,
    "BadCidr",
    "an address range is not in CIDR notation",
    "An address range is a network address, a slash and the number of network bits.",
    "Write a range such as `10.128.0.0/12` or `fd00:10::/108`.",
    "pods: [192.168.0.0-192.168.255.255]",
)
HOST_BITS = Code(
    1036,
    "HostBitsSet",
    "an address range starts inside the network, not at its first address",
    "The address has bits beyond the number of network bits, so it is unclear whether the range "
    "or its size is wrong.",
    "Use the network's first address.",
    "pods: [192.168.1.0/16]",
)
BAD_VERSION = Code(
    1037,
    "BadVersion",
    "a Kubernetes version is not of the form 1.36.3",
    "A release has three numbers: major, minor and patch. A leading `v` may be written.",
    "Write all three numbers.",
    "version: latest",
)
VERSION_IS_NUMBER = Code(
    1038,
    "VersionIsNumber",
    "a Kubernetes version was read as a number",
    "YAML reads `1.36` without quotes as a decimal number, so `1.30` would become 1.3. Two numbers "
    "are no release either: the patch number is missing.",
    "Write all three numbers, such as `1.36.3`; YAML then reads text.",
    "version: 1.36",
)
BAD_CERT_SAN = Code(
    1039,
    "BadCertSan",
    "a name for the API server's certificate is neither a DNS name nor an IP address",
    "Entries of `certSANs` end up in a certificate: lower-case DNS names, such as "
    "`api.example.com` or `*.example.com`, or IP addresses; no scheme, no port, no path.",
    "Write the host name or the address alone.",
    "certSANs: ['https://api.example.com:6443']",
)
BAD_ARGUMENT = Code(
    1040,
    "BadArgumentName",
    "the name of an extra argument is not that of a command-line flag",
    "Names are written without the leading dashes and without the value: lower-case letters, "
    "digits and hyphens, at most 64 characters.",
    'Write `name: audit-log-maxage` and `value: "30"`.',
    "extraArgs: [{name: --audit-log-maxage=30, value: ''}]",
)
BAD_DOMAIN = Code(
    1041,
    "BadDomain",
    "the service domain is not a DNS domain",
    "A domain is lower-case labels with dots between them, at most 253 characters.",
    "Use a domain such as `cluster.local`.",
    "serviceDomain: Cluster_Local",
)
