"""An Elasticsearch that answers as a test says: what the client sent is kept, what it gets is made up."""

import json
from collections.abc import Callable
from typing import Any

from elastic_transport import ApiResponseMeta, BaseNode, HttpHeaders, NodeConfig
from elastic_transport._node import NodeApiResponse
from elasticsearch import Elasticsearch

# One request: method, path with its query, and the body's lines of JSON; gives status and answer, or raises.
Request = tuple[str, str, list[Any]]
Script = Callable[[Request], tuple[int, Any]]


class ScriptedServer:
    """Hand `client()` to what is tested; `requests` are those it made."""

    def __init__(self, script: Script) -> None:
        self.requests: list[Request] = []
        self.headers: list[dict[str, str]] = []
        self._script = script

    def client(self, **options: Any) -> Elasticsearch:
        """The official client, without a network."""
        server = self

        class Node(BaseNode):
            def __init__(self, config: NodeConfig) -> None:
                super().__init__(config)

            def close(self) -> None:
                pass

            def perform_request(  # type: ignore[override]
                self, method: str, target: str, body: Any = None, headers: Any = None, **_: Any
            ) -> NodeApiResponse:
                lines = [json.loads(line) for line in body.splitlines()] if body else []
                request = (method, target, lines)
                server.requests.append(request)
                server.headers.append(dict(headers or {}))
                status, answer = server._script(request)
                told = HttpHeaders({"content-type": "application/json", "x-elastic-product": "Elasticsearch"})
                meta = ApiResponseMeta(node=self.config, duration=0.0, http_version="1.1", status=status, headers=told)
                return NodeApiResponse(meta, json.dumps(answer).encode())

        return Elasticsearch("http://one.example:9200", node_class=Node, **options)

    def bulks(self) -> list[list[str]]:
        """The ids of each bulk request."""
        return [
            [line["index"]["_id"] for line in lines[::2]] for _, target, lines in self.requests if "_bulk" in target
        ]
