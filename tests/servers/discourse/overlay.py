"""Where the published contract and the server differ. A test holds the list of what this changes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Spec = dict[str, Any]

HERE = Path(__file__).parent
# The operations that talaia uses; the contract's others are left aside, for it takes seconds to read them all.
USED = {
    "/posts.json": ("post",),
    "/posts/{id}.json": ("put",),
    "/t/-/{id}.json": ("put",),
    "/t/{id}/status.json": ("put",),
    "/t/{id}/change-timestamp.json": ("put",),
    "/t/external_id/{external_id}.json": ("get",),
    "/t/{id}.json": ("get", "delete"),
    "/t/{id}/posts.json": ("get",),
    "/c/{slug}/{id}.json": ("get",),
    "/c/{id}/show.json": ("get",),
}

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
YES = {"type": "boolean"}
TAGS = {  # names of old, objects since 2026.01
    "type": "array",
    "items": {
        "oneOf": [
            TEXT,
            {"type": "object", "properties": {"id": NUMBER, "name": TEXT, "slug": TEXT}, "required": ["name"]},
        ]
    },
}
ERRORS = {
    "type": "object",
    "properties": {
        "errors": {"type": "array", "items": TEXT, "minItems": 1},
        "error_type": TEXT,
        "action": TEXT,
        "failed": TEXT,
        "extras": {"type": "object"},
    },
    "required": ["errors"],
    "additionalProperties": False,
}
ENQUEUED = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "enum": ["enqueued"]},
        "success": YES,
        "pending_count": NUMBER,
        "pending_post": {"type": "object"},
        "reason": TEXT,
    },
    "required": ["action", "success"],
    "additionalProperties": False,
}
REFUSALS = ("400", "403", "404", "409", "422", "429", "503")
# What is asked and answered besides the contract: path → the fields of the answer that are read.
BESIDE: dict[str, Spec] = {
    "/posts/{id}/revisions/latest.json": {
        "type": "object",
        "properties": {"post_id": NUMBER, "current_revision": NUMBER, "current_version": NUMBER, "username": TEXT},
        "required": ["post_id", "current_revision", "current_version", "username"],
    },
    "/site/settings.json": {"type": "object"},
    "/about.json": {
        "type": "object",
        "properties": {"about": {"type": "object", "properties": {"version": TEXT}, "required": ["version"]}},
        "required": ["about"],
    },
    "/session/current.json": {
        "type": "object",
        "properties": {
            "current_user": {
                "type": "object",
                "properties": {"id": NUMBER, "username": TEXT, "moderator": YES, "admin": YES, "trust_level": NUMBER},
                "required": ["id", "username", "moderator", "admin", "trust_level"],
            }
        },
        "required": ["current_user"],
    },
}


def published() -> Spec:
    """The contract as it was published, of what talaia uses."""
    whole: Spec = json.loads((HERE / "discourse-openapi.json").read_text())
    paths = {path: {m: whole["paths"][path][m] for m in methods} for path, methods in USED.items()}
    return {"openapi": whole["openapi"], "info": whole["info"], "paths": paths}


def overlaid() -> Spec:
    """The contract as the server keeps it."""
    spec = copy.deepcopy(published())
    paths = spec["paths"]
    _asking_for_more(paths)
    _answering_otherwise(paths)
    for path, schema in BESIDE.items():
        names = ["id"] if "{id}" in path else []
        paths[path] = {"get": {"parameters": _in_path(*names), "responses": {"200": _json(schema)}}}
    topic = paths["/t/{id}.json"]["get"]
    paths["/t/{slug}/{id}.json"] = {
        "get": {"parameters": _in_path("slug", "id"), "responses": {"200": topic["responses"]["200"]}}
    }
    for path in paths:
        for operation in paths[path].values():
            # A key is one of several ways to say who asks; a public category is read without any.
            operation["parameters"] = [p for p in operation.get("parameters", []) if p["in"] != "header"]
            operation["responses"] |= {status: _json(ERRORS) for status in REFUSALS}
            operation["responses"]["429"]["content"]["text/plain"] = {"schema": TEXT}
    for path in ("/c/{slug}/{id}.json", "/t/{slug}/{id}.json"):
        paths[path]["get"]["responses"]["301"] = {"description": "under another slug"}
    return spec


def _asking_for_more(paths: Spec) -> None:
    create = _asked(paths["/posts.json"]["post"])["properties"]
    create |= {"tags": TAGS, "no_bump": YES, "unlist_topic": YES, "skip_validations": YES, "import_mode": YES}
    edit = _asked(paths["/posts/{id}.json"]["put"])["properties"]
    edit["title"] = TEXT
    edit["post"]["properties"]["original_text"] = TEXT
    # The contract nests what the server reads flat; nested, it is silently ignored (forum.py does so, too).
    rename = _asked(paths["/t/-/{id}.json"]["put"])
    rename["properties"] |= {"title": TEXT, "category_id": NUMBER, "tags": TAGS}
    rename["properties"] |= {"original_title": TEXT, "original_tags": {"type": "array", "items": TEXT}}
    _asked(paths["/t/{id}/status.json"]["put"])["properties"]["enabled"] = {
        "oneOf": [{"type": "string", "enum": ["true", "false"]}, YES]
    }


def _answering_otherwise(paths: Spec) -> None:
    created = paths["/posts.json"]["post"]["responses"]["200"]["content"]["application/json"]
    created["schema"]["properties"]["reply_to_post_number"] = {"type": ["integer", "null"]}
    created["schema"] = {"oneOf": [created["schema"], ENQUEUED]}
    edited = answered(paths["/posts/{id}.json"]["put"])["properties"]["post"]["properties"]
    edited["reply_to_post_number"] = {"type": ["integer", "null"]}
    status = answered(paths["/t/{id}/status.json"]["put"])["properties"]
    status["topic_status_update"] = {"type": ["object", "null"]}
    topic = answered(paths["/t/{id}.json"]["get"])["properties"]
    topic["tags"] = TAGS
    topic["external_id"] = TEXT  # when it has one
    post = topic["post_stream"]["properties"]["posts"]["items"]["properties"]
    post["raw"] = TEXT  # with include_raw
    post["reply_to_post_number"] = {"type": ["integer", "null"]}
    post["name"] = post["display_username"] = {"type": ["string", "null"]}
    listed = paths["/t/{id}/posts.json"]["get"]
    del listed["requestBody"]  # the ids are in the address, as "post_ids[]", and a GET has no body
    post = answered(listed)["properties"]["post_stream"]["properties"]["posts"]["items"]["properties"]
    post["raw"] = TEXT
    post["reply_to_post_number"] = {"type": ["integer", "null"]}
    topics = answered(paths["/c/{slug}/{id}.json"]["get"])["properties"]["topic_list"]["properties"]["topics"]
    topics["items"]["properties"]["tags"] = TAGS


def _asked(operation: Spec) -> Spec:
    schema: Spec = operation["requestBody"]["content"]["application/json"]["schema"]
    return schema


def answered(operation: Spec) -> Spec:
    """The schema of what goes well."""
    schema: Spec = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return schema


def _json(schema: Spec) -> Spec:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


def _in_path(*names: str) -> list[Spec]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def differences(before: Any, after: Any, where: str = "") -> Iterator[str]:
    """What `after` has otherwise than `before`: `+` added, `-` taken away, `~` changed, and where."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            place = f"{where} {key}".strip()
            if key not in after:
                yield f"- {place}"
            elif key not in before:
                yield f"+ {place}"
            else:
                yield from differences(before[key], after[key], place)
    elif before != after:
        yield f"~ {where}"
