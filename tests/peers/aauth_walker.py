"""An agent of the Python library `aauth` that calls servers itself: it enrols, asks its person server for tokens, waits
through consent with the library's own state machine, and calls resources. It reaches nobody but whom it is told where
to reach: public names lead to loopback ports by {"connect": {ORIGIN: ORIGIN}}.

While an operation waits, lines {"event": "interaction", "url", "code"} and {"event": "clarification", "question"} come
before its answer.
"""

import asyncio
import base64
import json
import time

import httpx
import lines
from aauth.agent.poller import async_poll_pending_url, pending_location
from aauth.agent.token_exchange import exchange_resource_token, extract_resource_token, request_person_token
from aauth.keys.jwk import calculate_jwk_thumbprint, public_key_to_jwk
from aauth.metadata.mission_manager import fetch_ps_metadata_async
from aauth.missions import mission_request, parse_mission_approval
from aauth.tokens.common import verify_token
from aauth_signing import sign_request


class Agent:
    """One agent: its keys, its token, and where everybody is."""

    def __init__(self, person_server, key, connect, documents, stable=None):
        self.person_server = person_server
        self.key = lines.private_key(key)
        self.stable = None if stable is None else lines.private_key(stable)
        self.connect = connect
        self.documents = documents
        self.token = None
        self.keys = {}

    def client(self):
        async def reach(request):
            origin = f"{request.url.scheme}://{request.url.host}"
            there = httpx.URL(self.connect[origin])
            # The `Host` line is made already, of the public name.
            request.url = request.url.copy_with(scheme=there.scheme, host=there.host, port=there.port)

        return httpx.AsyncClient(timeout=30, event_hooks={"request": [reach]})

    def jwks(self, issuer, dwk=None, kid=None):
        """An issuer's keys, fetched as the draft has it: metadata, then the set it names."""
        if issuer not in self.keys:
            metadata = self.document(issuer, f"/.well-known/{dwk}")
            assert metadata["issuer"] == issuer and metadata["jwks_uri"].startswith(issuer), metadata
            self.keys[issuer] = self.document(issuer, metadata["jwks_uri"].removeprefix(issuer))
        return self.keys[issuer]

    def document(self, issuer, path):
        host = issuer.removeprefix("https://")
        return httpx.get(self.documents[issuer] + path, headers={"Host": host}).raise_for_status().json()

    def identity(self):
        """What proves who this is before there is a token: the one key, or the stable key's word for the other."""
        if self.stable is None:
            return {"sig_scheme": "hwk"}
        return {"sig_scheme": "jkt-jwt", "jwt": naming_token(self.stable, self.key)}

    def agent(self):
        return {"sig_scheme": "jwt", "jwt": self.token}

    async def send(self, http, method, url, params=None, scheme=None):
        body = None if params is None else json.dumps(params, separators=(",", ":")).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        cover = None if body is None else ["content-digest", "content-type"]
        scheme = (scheme or self.agent)()
        signed = sign_request(
            method, url, headers, body, self.key, additional_signature_components=cover, **scheme
        )
        return await http.request(method, url, headers={**headers, **signed}, content=body)

    async def ask(self, url, params, scheme=None, answer=None):
        """Posts, and waits until it is settled."""
        async with self.client() as http:
            response = await self.send(http, "POST", url, params, scheme)
            if response.status_code != 202:
                return settled(response)
            result = await async_poll_pending_url(
                pending_location(response.headers.get("location"), url),
                lambda at: self.send(http, "GET", at, scheme=scheme),
                on_interaction=on_interaction, on_clarification=answering(answer),
                sign_and_send_post=lambda at, reply: self.send(http, "POST", at, reply, scheme),
                initial_response=response,
            )
            if result.response is None:
                raise RuntimeError(f"{result.error}: {result.error_description}")
            return settled(result.response)

    async def endpoint(self, name):
        async with self.client() as http:
            return (await fetch_ps_metadata_async(self.person_server, http_client=http))[name]

    def of_provider(self, name):
        return self.document(self.person_server, "/.well-known/aauth-agent.json")[name]

    def take(self, said):
        """An agent token, believed as this library believes one."""
        if said["status"] == 200:
            token = said["body"]["agent_token"]
            said["claims"] = verify_token(
                token, self.jwks, expected_typ="aa-agent+jwt", expected_iss=self.person_server,
                request_signing_jwk=public_key_to_jwk(self.key.public_key()),
            )
            self.token = token
        return said


def settled(response):
    try:
        body = response.json()
    except ValueError:
        body = response.text
    return {"status": response.status_code, "headers": dict(response.headers), "body": body}


async def on_interaction(url, code):
    lines.say({"event": "interaction", "url": url, "code": code})


def answering(answer):
    if answer is None:
        return None

    async def on_clarification(_url, question):
        lines.say({"event": "clarification", "question": question})
        return answer

    return on_clarification


def naming_token(stable, key):
    """`jkt-s256+jwt`, which this library knows how to present and leaves to its users to make."""
    jwk = public_key_to_jwk(stable.public_key())
    header = {"typ": "jkt-s256+jwt", "alg": jwk["alg"], "jwk": jwk}
    now = int(time.time())
    claims = {
        "iss": f"urn:jkt:sha-256:{calculate_jwk_thumbprint(jwk)}", "iat": now, "exp": now + 120,
        "cnf": {"jwk": public_key_to_jwk(key.public_key())},
    }
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{encoded(stable.sign(signed.encode()))}"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


me = None


def be(**who):
    """Who this is from now on."""
    global me
    me = Agent(**who)


def register(**introduction):
    return me.take(asyncio.run(me.ask(me.of_provider("registration_endpoint"), introduction, me.identity)))


def refresh():
    return me.take(asyncio.run(me.ask(me.of_provider("refresh_endpoint"), {}, me.identity)))


def person_token(resource, **options):
    async def get():
        async with me.client() as http:
            return await request_person_token(
                me.person_server, resource, me.key, me.token, jwks_fetcher=me.jwks, http_client=http,
                on_interaction=on_interaction, **options,
            )
    return asyncio.run(get())


def auth_token(resource, challenge, presented_token, answer=None, **options):
    """What a resource asked for in these headers, once the library believes it."""
    async def get():
        async with me.client() as http:
            return await exchange_resource_token(
                extract_resource_token(challenge), me.key, me.token, presented_token=presented_token,
                resource_id=resource, person_server=me.person_server, jwks_fetcher=me.jwks, http_client=http,
                on_interaction=on_interaction, on_clarification=answering(answer), **options,
            )
    return asyncio.run(get())


def ask(endpoint, params, answer=None):
    """Anything else that a person server is asked, at the endpoint its metadata names."""
    async def go():
        return await me.ask(await me.endpoint(endpoint), params, answer=answer)
    return asyncio.run(go())


def propose(**proposal):
    said = ask("mission_endpoint", proposal)
    if said["status"] != 200:
        return said
    approved = parse_mission_approval(said["body"])
    return {**said, "mission": {name: value for name, value in approved.items() if name != "blob"}}


def mission(s256, action, params, answer=None):
    async def go():
        url, body = mission_request(await me.endpoint("mission_endpoint"), s256, action, **params)
        return await me.ask(url, body, answer=answer)
    return asyncio.run(go())


def call(method, url, token=None):
    """A resource, with one of the tokens."""
    async def go():
        async with me.client() as http:
            scheme = {"sig_scheme": "jwt", "jwt": token or me.token}
            return settled(await me.send(http, method, url, scheme=lambda: scheme))
    return asyncio.run(go())


lines.serve({
    "be": be,
    "register": register,
    "refresh": refresh,
    "person_token": person_token,
    "auth_token": auth_token,
    "ask": ask,
    "propose": propose,
    "mission": mission,
    "call": call,
})
