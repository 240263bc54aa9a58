"""JSON lines: one request a line on stdin, one answer a line on stdout, until stdin closes.

A request is {"op": NAME, ...arguments}. An answer is {"ok": true, "value": ...}, or {"ok": false, "error": TEXT,
"code": CODE or null, "kind": EXCEPTION}. Leaves what the operations do to the programs that import it.
"""

import base64
import json
import sys

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def say(value):
    print(json.dumps(value), flush=True)


def failure(exc):
    code = getattr(exc, "error_code", None) or getattr(exc, "code", None)
    return {"ok": False, "error": str(exc), "code": code, "kind": type(exc).__name__}


def refusal(code, detail=""):
    """A verifier's "no", in the shape of a failed operation."""
    return {"ok": False, "error": detail or code, "code": code, "kind": "Refused"}


def answer(operations, line):
    try:
        request = json.loads(line)
        operation = operations[request.pop("op")]
        value = operation(**request)
    except Exception as exc:  # a peer's refusal, whatever its type, is an answer
        return failure(exc)
    if isinstance(value, dict) and value.get("ok") is False:
        return value
    return {"ok": True, "value": value}


def serve(operations):
    for line in sys.stdin:
        if line.strip():
            say(answer(operations, line))


def b64url_decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private_key(jwk):
    """A private JWK, Ed25519 or P-256, as the key object of `cryptography`."""
    secret = b64url_decode(jwk["d"])
    if jwk["kty"] == "OKP":
        return Ed25519PrivateKey.from_private_bytes(secret)
    return ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())


def body_bytes(body, body_base64=None):
    """A request's body, given as text or, where it is not text, as base64."""
    if body_base64 is not None:
        return base64.b64decode(body_base64)
    return None if body is None else body.encode()
