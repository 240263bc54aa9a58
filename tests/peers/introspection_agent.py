"""An agent made with the signer of `introspection-aauth`: it signs any request, and walks a Person Server from a mission
to an auth token. The Person Server is reached at `origin`; what is signed is its public `issuer`.
"""

import json
import time

import httpx2
import lines
from introspection_aauth.protocol import httpsig
from introspection_aauth.protocol.keys import Jwk, SigningKey, thumbprint

POLLS = 20


def sign(method, url, private_jwk, jwt, body=None, body_base64=None, content_type="application/json",
         authorization=None, created=None):
    return httpsig.sign(
        key(private_jwk), httpsig.jwt_key(jwt), method, url, body=lines.body_bytes(body, body_base64),
        content_type=content_type, authorization=authorization, created=created or int(time.time()),
    )


def sign_server(method, url, private_jwk, id, dwk, kid, body=None, body_base64=None, created=None):
    """As a server, under `jwks_uri`."""
    return httpsig.sign(
        key(private_jwk), httpsig.jwks_uri_key(id, dwk, kid), method, url,
        body=lines.body_bytes(body, body_base64), created=created or int(time.time()),
    )


def key(private_jwk):
    return SigningKey.from_seed(lines.b64url_decode(private_jwk["d"]))


class Refused(Exception):
    def __init__(self, response):
        super().__init__(response.text)
        body = response.json() if "json" in response.headers.get("content-type", "") else {}
        self.code = body.get("error", str(response.status_code))


class Agent:
    """One agent at one Person Server."""

    def __init__(self, issuer, origin, private_jwk, jwt):
        self.issuer, self.origin, self.private_jwk, self.jwt = issuer, origin, private_jwk, jwt
        self.metadata = self.send("GET", f"{issuer}/.well-known/aauth-person.json").json()

    def send(self, method, url, body=None):
        if not url.startswith(self.issuer):
            raise ValueError(f"`{url}` is not on the Person Server's origin")
        headers = sign(method, url, self.private_jwk, self.jwt, body)
        headers["host"] = self.issuer.removeprefix("https://")
        return httpx2.request(method, self.origin + url.removeprefix(self.issuer), headers=headers, content=body)

    def ask(self, endpoint, **body):
        """POST, then poll what is deferred until it is answered."""
        wanted = json.dumps({name: value for name, value in body.items() if value is not None})
        response = self.send("POST", self.metadata[endpoint], wanted)
        location = response.headers.get("location")
        for _ in range(POLLS):
            if response.status_code != 202:
                break
            response = self.send("GET", location)
            time.sleep(0.1 if response.status_code == 202 else 0)
        if response.status_code != 200:
            raise Refused(response)
        return response.json()


def mission(agent, resources, description="a test", login_hint="ada", tenant=None):
    """A mission for the resources, as {"s256", "mission", "person_tokens": {RESOURCE: TOKEN}}."""
    return Agent(**agent).ask(
        "mission_endpoint", description=description, resources=resources, login_hint=login_hint, tenant=tenant)


def person_token(agent, resource, mission_s256=None, login_hint=None, tenant=None):
    return Agent(**agent).ask(
        "person_token_endpoint", resource=resource, mission_s256=mission_s256, login_hint=login_hint, tenant=tenant)


def auth_token(agent, resource_token, presented_token, tenant=None):
    return Agent(**agent).ask(
        "auth_token_endpoint", resource_token=resource_token, presented_token=presented_token, tenant=tenant)


lines.serve({
    "sign": sign,
    "sign_server": sign_server,
    "mission": mission,
    "person_token": person_token,
    "auth_token": auth_token,
    "thumbprint": lambda jwk: thumbprint(Jwk(**jwk)),
})
