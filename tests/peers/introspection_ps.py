"""The Person Server of `introspection-aauth`, alive on a loopback port under a public issuer.

The first line on stdin configures it: {"issuer", "private_jwk", "agent_providers": [ISSUER], "tenant", "documents":
{URL: JSON}, "connect": {ORIGIN: LOOPBACK_ORIGIN}, "decision": "approve" | "deny" | "wait"}. It answers with {"ok": true,
"value": {"port", "origin", "issuer", "jwks"}} once it listens. Its own fetches are answered from `documents`, else go to
where `connect` says; nothing leaves the machine. Later lines change these, or decide what waits (see `OPERATIONS`).
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
from introspection_aauth.fastapi import person_server_router
from introspection_aauth.person_server import MemoryStore, PersonServer
from introspection_aauth.person_server.models import ApprovalStatus
from introspection_aauth.protocol.keys import SigningKey

DECISIONS = {"approve": ApprovalStatus.APPROVED, "deny": ApprovalStatus.DENIED}


class Loopback(httpx2.AsyncBaseTransport):
    """Answers from the documents given, then from where an origin is said to be reached; a refusal for the rest."""

    def __init__(self, documents, connect):
        self.documents, self.connect, self.seen = documents, connect, []
        self.inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request):
        url = str(request.url)
        self.seen.append(url)
        if url in self.documents:
            return httpx2.Response(200, json=self.documents[url])
        origin = f"{request.url.scheme}://{request.url.host}"
        if origin not in self.connect:
            return httpx2.Response(404)
        request.url = httpx2.URL(self.connect[origin] + url.removeprefix(origin))
        return await self.inner.handle_async_request(request)


class Peer:
    def __init__(self, issuer, private_jwk, agent_providers, tenant="acme", documents=None, connect=None,
                 decision="approve"):
        self.tenant, self.decision, self.waiting = tenant, decision, []
        self.transport = Loopback(documents or {}, connect or {})
        self.server = PersonServer(
            issuer, SigningKey.from_seed(lines.b64url_decode(private_jwk["d"])), MemoryStore(),
            subject_secret=b"a secret of the tests", agent_providers=agent_providers,
            http=httpx2.AsyncClient(transport=self.transport), default_tenant=tenant, on_approval=self.asked,
            retry_after=1,
        )

    async def asked(self, tenant, approval):
        self.waiting.append(approval.id)
        if self.decision in DECISIONS:
            await self.decide(self.decision, approval.id)

    async def decide(self, decision, approval=None):
        """The oldest question waiting, or the one named."""
        name = approval or self.waiting[0]
        self.waiting.remove(name)
        await self.server.decide(self.tenant, name, DECISIONS[decision], decided_by="a test")
        return name

    def set(self, decision=None, documents=None, connect=None):
        self.decision = decision or self.decision
        self.transport.documents.update(documents or {})
        self.transport.connect.update(connect or {})

    def operations(self, loop):
        def decide(**arguments):
            return asyncio.run_coroutine_threadsafe(self.decide(**arguments), loop).result(10)

        return {"set": self.set, "decide": decide, "waiting": lambda: self.waiting,
                "fetched": lambda: self.transport.seen}


async def main():
    peer = Peer(**json.loads(sys.stdin.readline()))
    app = FastAPI()
    app.include_router(person_server_router(peer.server))
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))

    def read_lines(loop):
        lines.serve(peer.operations(loop))
        server.should_exit = True  # stdin closed: whoever started us is gone

    lines.say({"ok": True, "value": {
        "port": port, "origin": f"http://127.0.0.1:{port}", "issuer": peer.server.issuer,
        "jwks": peer.server.jwks().model_dump(exclude_none=True),
    }})
    threading.Thread(target=read_lines, args=(asyncio.get_running_loop(),), daemon=True).start()
    await server.serve(sockets=[listener])


logging.getLogger("asyncio").setLevel(logging.ERROR)
asyncio.run(main())
