"""`regent-httpsig` as our counterpart: an agent's signature (scheme `jwt`), a server's (`jwks_uri`), and a resource's
verdict on requests we signed. It fetches nothing: well-known documents come with each request, as
{"documents": {URL: JSON}}.
"""

import asyncio

import lines
from regent_httpsig.config import HttpsigConfig
from regent_httpsig.jwk import jwk_thumbprint
from regent_httpsig.sign import ServerSigner, content_digest, sign_request
from regent_httpsig.verify import HttpsigVerifier, VerificationError

AGENT = ("@method", "@authority", "@path", "signature-key")


class Offline(HttpsigVerifier):
    """The library's verifier, with the fetch of a document replaced by a look into those given."""

    def __init__(self, config, documents):
        super().__init__(config)
        self.documents = documents

    async def _fetch_json(self, url):
        return self.documents.get(url)


def sign(method, url, private_jwk, jwt, headers=None, body=None, body_base64=None, cover=None, label="sig",
         created=None, expires=None):
    """As an agent. The library's own choice of components, unless `cover` names others."""
    headers, data = dict(headers or {}), lines.body_bytes(body, body_base64)
    covered = AGENT
    if data:
        headers.setdefault("Content-Type", "application/json")
        headers["Content-Digest"] = content_digest(data)
        covered += ("content-digest", "content-type")
    headers["Signature-Key"] = f'{label}=jwt;jwt="{jwt}"'
    return sign_request(
        lines.private_key(private_jwk), method, url, headers, covered=tuple(cover or covered), label=label,
        created=created, expires=expires,
    )


def sign_server(method, url, private_jwk, id, dwk, kid, headers=None, body=None, body_base64=None, created=None):
    """As a server, under `jwks_uri`."""
    signer = ServerSigner(seed=private_jwk["d"], server_id=id, dwk=dwk, kid=kid)
    return signer.sign(method, url, headers, body=lines.body_bytes(body, body_base64), created=created)


def verify(method, url, headers, documents, resource=None, servers=None, body=None, body_base64=None, server=False):
    """A request we signed, as a resource built on this library judges it; `server` for a server's (`jwks_uri`)."""
    config = HttpsigConfig(resource_url=resource, trusted_ps={name: "" for name in servers or []})
    verifier, data = Offline(config, documents), lines.body_bytes(body, body_base64)
    judge = verifier.verify_server if server else verifier.verify_detailed
    result = asyncio.run(judge(method, url, headers, data))
    if result is None:
        return lines.refusal("unsigned")
    if isinstance(result, VerificationError):
        return lines.refusal(result.code, result.detail)
    return {"scheme": result.scheme, "agent": result.agent, "keyid": result.keyid, "sub": result.sub,
            "label": result.label, "claims": result.claims}


lines.serve({
    "sign": sign,
    "sign_server": sign_server,
    "verify": verify,
    "thumbprint": lambda jwk: jwk_thumbprint(jwk),
})
