"""The JSON schema of a stack file, for editors: completion, descriptions, and red underlines."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from pydantic import Field, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from catalog import catalog
from components.fields import Value
from components.infrastructure.in_memory import InMemory
from components.infrastructure.registry import BUILT_IN, infrastructure
from stacks.settings.load import PULUMI_KEYS
from stacks.settings.source import PREFIX
from stacks.settings.stack import Stack


class _Schema(GenerateJsonSchema):
    """Without generated titles, and with defaults as they are written in YAML."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def encode_default(self, dft: Any) -> Any:
        return dft.as_json() if isinstance(dft, Value) else super().encode_default(dft)

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        found.pop("title", None)
        return found

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        found = super().dict_schema(schema)
        if "patternProperties" in found:
            found["additionalProperties"] = False
        return found


def stack_schema() -> dict[str, Any]:
    """The schema of `stacks/Pulumi.<stack>.yaml`.

    What one value may be is in it; rules between values are checked when the file is loaded.
    """
    schema = _model().model_json_schema(by_alias=True, schema_generator=_Schema)
    definitions = schema["$defs"]
    _suggest_releases(definitions, schema["properties"])
    own = {f"{PREFIX}{key}": value for key, value in schema["properties"].items()}
    config = {
        "type": "object",
        "description": schema["description"],
        "properties": own,
        "propertyNames": {"pattern": ":"},
        # Other projects and providers have other prefixes; ours is closed.
        "patternProperties": {f"^{PREFIX}(?!({'|'.join(schema['properties'])})$)": False},
    }
    text = {"type": "string", "description": "Written by Pulumi."}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Stack file of caas",
        "description": "One environment: its management cluster and its workload clusters.",
        "type": "object",
        "properties": dict.fromkeys(PULUMI_KEYS, text)
        | {"config": config, "environment": {"description": "Environments of Pulumi ESC."}},
        "additionalProperties": False,
        "$defs": definitions,
    }


def _model() -> type[Stack]:
    """A stack with any of the infrastructures that come along, told apart by `provider`."""
    plugins = [infrastructure(name) for name in BUILT_IN]
    union: Any = reduce(or_, plugins)
    default = Field(
        default=InMemory(), discriminator="provider", description="Infrastructure of the machines."
    )
    model: type[Stack] = create_model("Stack", __base__=Stack, infrastructure=(union, default))
    model.__doc__ = Stack.__doc__
    return model


def _suggest_releases(definitions: dict[str, Any], properties: dict[str, Any]) -> None:
    """Editors complete the releases of the catalog."""
    releases = [str(version) for version in catalog().kubernetes_versions]
    versions = definitions["ClusterSettings"]["properties"]["version"]
    for place in (versions, properties["kubernetesVersions"]["items"]):
        place["examples"] = releases
