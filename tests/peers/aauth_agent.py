"""The Python agents' library `aauth` as our counterpart: it signs requests, verifies requests, issues agent and person
tokens, and reads and verifies our challenges as its own agent does. It fetches nothing: keys come with each request,
as {"jwks": {ISSUER: JWKS}}.

Two habits of this library to know: its `Signature` is base64url without padding, and its verifier takes only that.
"""

import base64
import re

import lines
from aauth.agent.challenge_handler import ChallengeHandler
from aauth.agent.signer import AgentRequestSigner
from aauth.headers.aauth_header import parse_aauth_header, parse_signature_error
from aauth.keys.jwk import calculate_jwk_thumbprint, public_key_to_jwk
from aauth.resource.verifier import RequestVerifier
from aauth.tokens.common import verify_token as library_verify_token
from aauth.tokens.person_token import create_person_token
from aauth.tokens.resource_token import create_resource_token, verify_resource_token
from aauth_signing import sign_request
from aauth_signing.tokens.agent_token import create_agent_token


def fetcher(jwks):
    return lambda issuer, dwk=None, kid=None: jwks.get(issuer)


def sign(method, url, private_jwk, jwt, headers=None, body=None, body_base64=None, cover=None, role="resource"):
    """Every header the request needs: the ones given and the signature's."""
    headers = dict(headers or {})
    signer = AgentRequestSigner(lines.private_key(private_jwk), agent_token=jwt)
    signed = signer.sign_request(
        method, url, headers, lines.body_bytes(body, body_base64),
        recipient_role=role, additional_signature_components=cover,
    )
    return {**headers, **signed}


def sign_server(method, url, private_jwk, id, dwk, kid, headers=None, body=None, body_base64=None, cover=None):
    """As a server, under `jwks_uri`."""
    headers = dict(headers or {})
    signed = sign_request(
        method, url, headers, lines.body_bytes(body, body_base64), lines.private_key(private_jwk),
        sig_scheme="jwks_uri", additional_signature_components=cover, id=id, dwk=dwk, kid=kid,
    )
    return {**headers, **signed}


def unpadded(value):
    """The same signature in the one alphabet this library's parser takes. A standard one of 64 bytes ends with `=`."""
    def convert(match):
        return ":" + base64.urlsafe_b64encode(base64.b64decode(match.group(1))).decode().rstrip("=") + ":"
    return re.sub(r":([A-Za-z0-9+/]+=+):", convert, value)


def verify(method, url, headers, jwks, resource, body=None, body_base64=None, person_servers=None,
           auth_servers=None, translate=True):
    """A request we signed, as a resource built on this library judges it. `translate` re-encodes our standard
    `Signature` first; without it the library refuses every standard one."""
    headers = {name.lower(): value for name, value in headers.items()}
    if translate and "signature" in headers:
        headers["signature"] = unpadded(headers["signature"])
    authority = url.split("://", 1)[1].split("/", 1)[0].split("?", 1)[0]
    verifier = RequestVerifier(
        [authority], fetcher(jwks), auth_servers, resource_id=resource, trusted_person_servers=person_servers,
    )
    result = verifier.verify_request(method, url, headers, lines.body_bytes(body, body_base64))
    if not result["valid"]:
        return lines.refusal(result["error_code"], result["error"])
    return result


def verify_token(token, jwks, typ=None, iss=None, aud=None):
    return library_verify_token(token, fetcher(jwks), expected_typ=typ, expected_iss=iss, expected_aud=aud)


def challenge(header, jwks, presented_token, resource, person_server, agent_jkt):
    """Our `AAuth-Requirement`, read and believed exactly as this library's agent does before it goes to its server."""
    parsed = ChallengeHandler().parse_challenge(header)
    claims = verify_resource_token(
        parsed["resource_token"], fetcher(jwks), presented_token=presented_token, expected_iss=resource,
        expected_ps=person_server, expected_agent_jkt=agent_jkt,
    )
    return {"requirement": parsed["requirement"], "claims": claims}


def agent_token(iss, sub, private_jwk, kid, agent_jwk, ps=None, exp=None):
    return create_agent_token(iss, sub, public(agent_jwk), lines.private_key(private_jwk), kid, exp=exp, ps=ps)


def person_token(iss, aud, sub, private_jwk, kid, agent_jwk, agent_exp, exp=None, tenant=None):
    return create_person_token(
        iss, aud, sub, public(agent_jwk), lines.private_key(private_jwk), kid,
        agent_exp=agent_exp, exp=exp, tenant=tenant,
    )


def resource_token(iss, aud, private_jwk, kid, agent_jkt, presented_token, jwks, scope=None):
    """What a resource built on this library would put into its challenge."""
    return create_resource_token(
        iss, aud, agent_jkt, lines.private_key(private_jwk), kid,
        presented_token=presented_token, jwks_fetcher=fetcher(jwks), scope=scope,
    )


def public(jwk):
    return {name: value for name, value in jwk.items() if name != "d"}


lines.serve({
    "sign": sign,
    "sign_server": sign_server,
    "verify": verify,
    "verify_token": verify_token,
    "parse_requirement": lambda header: parse_aauth_header(header),
    "parse_error": lambda header: parse_signature_error(header),
    "challenge": challenge,
    "agent_token": agent_token,
    "person_token": person_token,
    "resource_token": resource_token,
    "thumbprint": lambda jwk: calculate_jwk_thumbprint(jwk),
    "public_jwk": lambda jwk: public_key_to_jwk(lines.private_key(jwk).public_key()),
})
