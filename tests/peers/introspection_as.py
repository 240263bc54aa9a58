"""The Access Server of `introspection-aauth`, alive on a loopback port under a public issuer.

The first line on stdin configures it: {"issuer", "private_jwk", "resources": [ISSUER], "person_servers": [ISSUER],
"agent_providers": [ISSUER], "documents": {URL: JSON}, "now": SECONDS, "verdict": VERDICT}. It answers with {"ok": true,
"value": {"port", "origin", "issuer", "documents"}} once it listens, the documents being its own. Its own fetches are
answered from `documents`; nothing leaves the machine, and it is always `now`. A VERDICT is {"decision": "allow" | "deny" |
"approval" | "interaction", ...}. Later lines change these, or decide what waits (see `operations`).
"""

import asyncio
import json
import logging
import socket
import sys
import threading

import httpx2
import lines
import uvicorn
from fastapi import FastAPI
from introspection_aauth.access_server import AccessServer, Verdict
from introspection_aauth.fastapi import access_server_router
from introspection_aauth.protocol.keys import SigningKey


class Documents(httpx2.AsyncBaseTransport):
    """Answers from the documents given; there is nothing else."""

    def __init__(self, documents):
        self.documents = documents

    async def handle_async_request(self, request):
        document = self.documents.get(str(request.url))
        return httpx2.Response(404) if document is None else httpx2.Response(200, json=document)


class Peer:
    def __init__(self, issuer, private_jwk, resources, person_servers, agent_providers, documents, now, verdict):
        self.now, self.verdict, self.waiting, self.asked = now, Verdict(**verdict), [], []
        self.transport = Documents(documents)
        self.server = AccessServer(
            issuer, SigningKey.from_seed(lines.b64url_decode(private_jwk["d"])), self.decided,
            resources=resources, person_servers=person_servers, agent_providers=agent_providers,
            http=httpx2.AsyncClient(transport=self.transport), on_pending=self.waits, clock=lambda: self.now,
            retry_after=1,
        )

    def decided(self, request):
        self.asked.append({"sub": request.sub, "scope": request.scope, "agent": request.agent_id, "ps": request.ps})
        return self.verdict

    async def waits(self, pending):
        self.waiting.append(pending.id)

    def set(self, now=None, verdict=None, documents=None):
        self.now = now or self.now
        self.verdict = Verdict(**verdict) if verdict else self.verdict
        self.transport.documents.update(documents or {})

    def operations(self, loop):
        def decide(approved=True, scope=None):
            """The oldest request waiting."""
            decision = self.server.decide(self.waiting.pop(0), approved, scope=scope, decided_by="a test")
            return asyncio.run_coroutine_threadsafe(decision, loop).result(10).status.value

        return {"set": self.set, "decide": decide, "asked": lambda: self.asked}

    def documents(self):
        metadata = self.server.metadata().model_dump(mode="json", exclude_none=True)
        keys = self.server.jwks().model_dump(mode="json", exclude_none=True)
        return {f"{self.server.issuer}/.well-known/aauth-access.json": metadata, metadata["jwks_uri"]: keys}


async def main():
    peer = Peer(**json.loads(sys.stdin.readline()))
    app = FastAPI()
    app.include_router(access_server_router(peer.server))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))

    def read_lines(loop):
        lines.serve(peer.operations(loop))
        server.should_exit = True  # stdin closed: whoever started us is gone

    lines.say({"ok": True, "value": {
        "port": port, "origin": f"http://127.0.0.1:{port}", "issuer": peer.server.issuer,
        "documents": peer.documents(),
    }})
    threading.Thread(target=read_lines, args=(asyncio.get_running_loop(),), daemon=True).start()
    await server.serve(sockets=[listener])


logging.getLogger("asyncio").setLevel(logging.ERROR)
asyncio.run(main())
