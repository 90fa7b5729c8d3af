"""Rules about storage classes: each name once, and exactly one default in a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from components.facts import ClusterFacts
from components.finding import Finding
from components.storage.volumes import volumes_of
from errors import storage as codes

INFRASTRUCTURE = "the infrastructure"


def check(target: ClusterFacts) -> Iterator[Finding]:
    """DUPLICATE_STORAGE_CLASS, NO_DEFAULT_STORAGE_CLASS, TWO_DEFAULT_STORAGE_CLASSES.

    A finding is at the add-on that came later; an infrastructure's own class has no place here.
    """
    cluster = target.name
    classes = [(key, each) for key, volumes in volumes_of(target) for each in volumes.classes]
    first: dict[str, str] = {}
    for key, each in classes:
        if each.name in first and key:
            what = f"`{cluster}` gets the storage class `{each.name}` twice"
            why = f"{first[each.name] or INFRASTRUCTURE} makes it too"
            yield Finding(codes.DUPLICATE_STORAGE_CLASS, (key,), what, why=why, key=True)
        first.setdefault(each.name, key)
    defaults = [(key, each) for key, each in classes if each.is_default]
    makers = [key for key, _ in classes if key]
    if not defaults and makers:
        names = ", ".join(f"`{each.name}`" for _, each in classes)
        what = f"none of the storage classes {names} of `{cluster}` is the default one"
        yield Finding(codes.NO_DEFAULT_STORAGE_CLASS, (makers[0],), what, key=True)
    for key, each in defaults[1:]:
        other, before = defaults[0]
        yield Finding(
            codes.TWO_DEFAULT_STORAGE_CLASSES,
            (key,),
            f"`{cluster}` gets the default storage classes `{before.name}` and `{each.name}`",
            why=f"the first one is made by {f'`{other}`' if other else INFRASTRUCTURE}",
            key=True,
        )
