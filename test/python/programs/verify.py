"""Verifies access tokens as a gateway would that knows their issuer, and what they are for, and nothing else.

Takes issuer, audience and tokens; prints as JSON, for each, its claims or why it is refused.
"""

import json
import sys

import httpx
import jwt

issuer, audience, *tokens = sys.argv[1:]
metadata = httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
if metadata["issuer"] != issuer:
    sys.exit(f"{metadata['issuer']} is not {issuer}")
keys = jwt.PyJWKClient(metadata["jwks_uri"])


def verdict(token):
    try:
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token),
            algorithms=metadata["id_token_signing_alg_values_supported"],
            issuer=issuer,
            audience=audience,
            options={"require": ["exp", "iat", "sub"]},
        )
    except jwt.PyJWTError as error:
        return type(error).__name__


print(json.dumps([verdict(token) for token in tokens]))
