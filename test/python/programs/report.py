"""What the tests want to know: the token that a program ends up with, and what a guarded route says to it."""

import json

import httpx


def report(host, token):
    answer = httpx.get(f"{host}/demo/protected", headers=token["headers"])
    print(json.dumps({"token": token, "route": {"status": answer.status_code, "body": answer.json()}}))
