"""Address pools and StorageClasses of tenants: the API server refuses those of others."""

from __future__ import annotations

from components.mappings import Manifest
from components.tenancy.admission import policy
from components.tenancy.names import CLASSES_ANNOTATION, POOLS_ANNOTATION
from errors.tenant_refusals import ADDRESS_POOL_FOREIGN, STORAGE_CLASS_FOREIGN

POOL_KEYS = ("metallb.io/address-pool", "metallb.universe.tf/address-pool")
ADDRESS_KEYS = ("metallb.io/loadBalancerIPs", "metallb.universe.tf/loadBalancerIPs")
"""Annotations of MetalLB; the second of each is an older name, which it still reads."""
_KEYS = "object.metadata.?annotations.orValue({})"


def _listed(annotation: str) -> str:
    value = f'namespaceObject.metadata.?annotations[?"{annotation}"].orValue("")'
    return f'{value}.split(",").filter(each, each != "")'


def policies_of_resources() -> list[Manifest]:
    """The policies and their bindings."""
    pools, addresses = (
        f"[{', '.join(f'{chr(34)}{key}{chr(34)}' for key in keys)}]"
        for keys in (POOL_KEYS, ADDRESS_KEYS)
    )
    return [
        *policy(
            "address-pools",
            {"": ["services"]},
            f"{pools}.all(key, !(key in variables.given) || variables.given[key] in variables.own) "
            f"&& !{addresses}.exists(key, key in variables.given) "
            '&& object.spec.?loadBalancerIP.orValue("") == ""',
            ADDRESS_POOL_FOREIGN,
            '"a Service of this namespace names no address, and no address pool" '
            '+ (size(variables.own) == 0 ? "" : " but " + variables.own.join(" and "))',
            variables={"given": _KEYS, "own": _listed(POOLS_ANNOTATION)},
        ),
        *policy(
            "storage-classes",
            {"": ["persistentvolumeclaims"]},
            f'!("{CLASSES_ANNOTATION}" in namespaceObject.metadata.?annotations.orValue({{}})) '
            '|| object.spec.?storageClassName.orValue("") in variables.own',
            STORAGE_CLASS_FOREIGN,
            '"volumes of this namespace have the StorageClass " + variables.own.join(" or ")',
            operations=("CREATE",),
            variables={"own": _listed(CLASSES_ANNOTATION)},
            conditions=(),
        ),
    ]
