"""A local HTTP server with the part of Harbor's API v2.0 that the sync uses.

It keeps what Harbor keeps and answers as Harbor 2.15 does: pages, masked passwords, names of
robots, quotas and retentions beside their projects, its session's cookie with its guard against
forgery. Source: api/v2.0/swagger.yaml and src/server/v2.0/handler of goharbor/harbor.
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]
PASSWORD = "correct horse"


class Answer(Exception):  # noqa: N818 - it ends a request, well or not
    """An answer that is not 200."""

    def __init__(self, status: int, message: str = "", location: str = "") -> None:
        self.status, self.message, self.location = status, message, location


@dataclass
class FakeHarbor:
    """A Harbor in memory: its objects by id."""

    registries: dict[int, Object] = field(default_factory=dict)
    projects: dict[int, Object] = field(default_factory=dict)
    quotas: dict[int, Object] = field(default_factory=dict)
    retentions: dict[int, Object] = field(default_factory=dict)
    robots: dict[int, Object] = field(default_factory=dict)
    replications: dict[int, Object] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    url: str = ""
    broken: bool = False
    elsewhere: str = ""

    def number(self) -> int:
        kinds = (self.registries, self.projects, self.retentions, self.robots, self.replications)
        return 1 + sum(len(each) for each in kinds)

    def answer(self, method: str, path: str, query: Object, body: Any) -> Any:
        if method != "GET":
            self.writes.append(f"{method} {path}")
        for pattern, handler in ROUTES:
            found = re.fullmatch(pattern, path)
            if found:
                return handler(self, method, found.groups(), query, body)
        raise Answer(404, f"no such path {path}")

    # ---- each kind -----------------------------------------------------------------------------

    def one_registry(self, method: str, at: Any, _query: Object, body: Any) -> Any:
        registry = _of(self.registries, at[0])
        for key in ("name", "url", "insecure"):
            registry[key] = body.get(key, registry[key])
        registry["url"] = registry["url"].rstrip("/")
        if "access_key" in body:
            registry["credential"] = {"type": "basic", "access_key": body["access_key"]}
            self.secrets.append(body["access_secret"])
        return None

    def all_registries(self, method: str, _at: Any, query: Object, body: Any) -> Any:
        if method == "GET":
            return _page(self.registries, query)
        _free(self.registries, body["name"])
        number = self.number()
        credential = dict(body.get("credential") or {})
        if "access_secret" in credential:
            self.secrets.append(credential.pop("access_secret"))
        kept = {"id": number, "credential": credential, "url": body["url"].rstrip("/")}
        self.registries[number] = body | kept
        raise Answer(201, location=f"/api/v2.0/registries/{number}")

    def one_project(self, method: str, at: Any, _query: Object, body: Any) -> Any:
        project = _of(self.projects, at[0])
        if method == "PUT":
            project["metadata"] |= body["metadata"]
            return None
        return project

    def all_projects(self, method: str, _at: Any, query: Object, body: Any) -> Any:
        if method == "GET":
            wanted = query.get("q", "").removeprefix("name=")
            chosen = {
                number: each
                for number, each in self.projects.items()
                if not wanted or each["name"] == wanted
            }
            return _page(chosen, query)
        _free(self.projects, body["project_name"])
        if body.get("registry_id") is not None and body["registry_id"] not in self.registries:
            raise Answer(400, f"the registry {body['registry_id']} not found")
        number = self.number()
        self.projects[number] = {
            "project_id": number,
            "name": body["project_name"],
            "registry_id": body.get("registry_id"),
            "metadata": dict(body["metadata"]),
        }
        self.quotas[number] = {
            "id": number,
            "ref": {"id": number},
            "hard": {"storage": body["storage_limit"]},
        }
        raise Answer(201, location=f"/api/v2.0/projects/{number}")

    def one_quota(self, method: str, at: Any, _query: Object, body: Any) -> Any:
        _of(self.quotas, at[0])["hard"] = body["hard"]

    def all_quotas(self, method: str, _at: Any, query: Object, _body: Any) -> Any:
        assert query["reference"] == "project"
        number = int(query["reference_id"])
        return [each for each in self.quotas.values() if each["ref"]["id"] == number]

    def one_retention(self, method: str, at: Any, _query: Object, body: Any) -> Any:
        policy = _of(self.retentions, at[0])
        if method == "GET":
            return policy
        if method == "DELETE":
            del self.retentions[int(at[0])]
            del self.projects[policy["scope"]["ref"]]["metadata"]["retention_id"]
            return None
        self.retentions[int(at[0])] = body
        return None

    def all_retentions(self, method: str, _at: Any, _query: Object, body: Any) -> Any:
        number = self.number()
        rules = [each | {"id": 0, "priority": 0} for each in body["rules"]]
        self.retentions[number] = body | {"id": number, "rules": rules}
        self.projects[body["scope"]["ref"]]["metadata"]["retention_id"] = str(number)
        raise Answer(201, location=f"/api/v2.0/retentions/{number}")

    def one_robot(self, method: str, at: Any, _query: Object, body: Any) -> Any:
        robot = _of(self.robots, at[0])
        if method == "PATCH":
            self.secrets.append(f"renewed-{at[0]}")
            return {"secret": self.secrets[-1]}
        if body["name"] != robot["name"]:
            raise Answer(400, "cannot update the name of robot")
        self.robots[int(at[0])] = body
        return None

    def all_robots(self, method: str, _at: Any, query: Object, body: Any) -> Any:
        if method == "GET":
            found = re.fullmatch(r"Level=project,ProjectID=(\d+)", query["q"])
            assert found, query
            name = self.projects[int(found[1])]["name"]
            chosen = {
                key: each
                for key, each in self.robots.items()
                if each["permissions"][0]["namespace"] == name
            }
            return _page(chosen, query)
        project = body["permissions"][0]["namespace"]
        name = f"robot${project}+{body['name']}"
        _free(self.robots, name)
        number = self.number()
        access = list(reversed(body["permissions"][0]["access"]))
        permission = body["permissions"][0] | {"access": access}
        self.robots[number] = body | {"id": number, "name": name, "permissions": [permission]}
        self.secrets.append(f"secret-{number}")
        return {"id": number, "name": name, "secret": self.secrets[-1]}

    def one_replication(self, method: str, at: Any, _query: Object, body: Any) -> Any:
        _of(self.replications, at[0])
        self.replications[int(at[0])] = _policy(body, int(at[0]))
        return None

    def all_replications(self, method: str, _at: Any, query: Object, body: Any) -> Any:
        if method == "GET":
            return _page(self.replications, query)
        _free(self.replications, body["name"])
        number = self.number()
        self.replications[number] = _policy(body, number)
        raise Answer(201, location=f"/api/v2.0/replication/policies/{number}")


ROUTES = (
    (r"/registries", FakeHarbor.all_registries),
    (r"/registries/(\d+)", FakeHarbor.one_registry),
    (r"/projects", FakeHarbor.all_projects),
    (r"/projects/(\d+)", FakeHarbor.one_project),
    (r"/quotas", FakeHarbor.all_quotas),
    (r"/quotas/(\d+)", FakeHarbor.one_quota),
    (r"/retentions", FakeHarbor.all_retentions),
    (r"/retentions/(\d+)", FakeHarbor.one_retention),
    (r"/robots", FakeHarbor.all_robots),
    (r"/robots/(\d+)", FakeHarbor.one_robot),
    (r"/replication/policies", FakeHarbor.all_replications),
    (r"/replication/policies/(\d+)", FakeHarbor.one_replication),
)


def _of(things: dict[int, Object], number: str) -> Object:
    if int(number) not in things:
        raise Answer(404, f"{number} not found")
    return things[int(number)]


def _free(things: dict[int, Object], name: str) -> None:
    if any(each["name"] == name for each in things.values()):
        raise Answer(409, f"{name} already exists")


def _policy(body: Object, number: int) -> Object:
    """A replication as Harbor keeps it: `deletion` is read, the other side is Harbor itself."""
    sides = {key: (body.get(key) or {}).get("id", 0) for key in ("src_registry", "dest_registry")}
    if sum(map(bool, sides.values())) != 1:
        raise Answer(400, "either src_registry or dest_registry should be empty")
    registries = {key: {"id": at} if at else {"name": "Local"} for key, at in sides.items()}
    deletion = bool(body.get("deletion"))
    return body | registries | {"id": number, "deletion": deletion, "replicate_deletion": deletion}


def _page(things: dict[int, Object], query: Object) -> list[Object]:
    size, page = int(query.get("page_size", 10)), int(query.get("page", 1))
    return list(things.values())[(page - 1) * size : page * size]


@contextmanager
def serving(harbor: FakeHarbor, certificate: Path | None = None) -> Iterator[FakeHarbor]:
    """It answers on a free port of the loopback address, until the end.

    Args:
        harbor: who answers.
        certificate: the files `<certificate>.crt` and `.key`; without it there is no TLS.
    """

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_arguments: Any) -> None:
            return

        def handle_any(self) -> None:
            try:
                self._send(200, self._answer())
            except Answer as answer:
                errors = {"errors": [{"code": "X", "message": answer.message}]}
                body = None if answer.location else errors
                self._send(answer.status, body, answer.location)

        def _answer(self) -> Any:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"null")
            token = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
            if self.headers.get("Authorization") != f"Basic {token}":
                raise Answer(401, "unauthorized")
            if self.headers.get("Cookie"):
                raise Answer(403, "CSRF token not found in request")
            if harbor.elsewhere:
                raise Answer(308, location=harbor.elsewhere)
            if harbor.broken:
                raise Answer(500, "internal server error")
            parts = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            path = parts.path.removeprefix("/api/v2.0")
            return harbor.answer(self.command, path, query, body)

        def _send(self, status: int, body: Any, location: str = "") -> None:
            content = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Set-Cookie", "sid=1; Path=/")
            self.send_header("Content-Length", str(len(content)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(content)

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.handle_any)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    scheme = "http"
    if certificate:
        scheme = "https"
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(f"{certificate}.crt", f"{certificate}.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    harbor.url = f"{scheme}://127.0.0.1:{server.server_port}"
    try:
        yield harbor
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
