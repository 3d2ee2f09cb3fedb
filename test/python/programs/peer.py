"""An application built on py-oidc-auth, which issues tokens of its own (broker mode) and trusts the issuers it is told.

Takes its options as JSON, prints its port as JSON, and serves until its input ends. Beside the routes of the library it
has some that are guarded, and three for tests: a token for whom they say, one that says what they say, and its clock.
"""

import json
import os
import socket
import sys
import threading
import time

import jwt
import uvicorn
from fastapi import Body, FastAPI
from py_oidc_auth import FastApiOIDCAuth, IDToken
from py_oidc_auth.broker import issuer as broker_module


class Clock:
    """By which the library limits how often it asks for keys. Moves on when it is told, too."""

    # It has not just been started: the library would take that for having asked.
    passed = 3_600.0

    def monotonic(self):
        return time.monotonic() + self.passed


def application(options, port):
    path = options["path"]
    auth = FastApiOIDCAuth(
        client_id=options["clientId"],
        client_secret=options["clientSecret"],
        discovery_url=options["discoveryUrl"],
        audience=options["providerAudience"],
        proxy=f"http://127.0.0.1:{port}{path}",
        broker_mode=True,
        broker_store_url=f"sqlite+aiosqlite:///{options['store']}",
        broker_audience=options["audience"],
        trusted_issuers=options["trustedIssuers"],
    )
    app = FastAPI()
    app.include_router(auth.create_auth_router(prefix=path))
    clock = broker_module.time = Clock()

    @app.get("/who-am-i")
    async def who_am_i(token: IDToken = auth.required()):
        return token.model_dump()

    @app.get("/admins")
    async def admins(token: IDToken = auth.required(claims={"roles": ["admin"]})):
        return {"iss": token.iss, "sub": token.sub}

    @app.post("/mint")
    async def mint(user: dict = Body()):
        broker = await auth._ensure_broker_ready()
        return broker.mint(**user)[0]

    @app.post("/sign")
    async def sign(claims: dict = Body(), header: dict = Body()):
        broker = await auth._ensure_broker_ready()
        own = {"kid": broker._key_id()}
        return jwt.encode(claims, broker.private_key, algorithm="RS256", headers=own | header)

    @app.post("/clock")
    async def move(seconds: float = Body()):
        clock.passed += seconds

    return app


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


options = json.loads(sys.argv[1])
listening = socket.create_server(("127.0.0.1", options["port"]))
port = listening.getsockname()[1]
server = uvicorn.Server(uvicorn.Config(application(options, port), log_level="warning"))
threading.Thread(target=end_with_input, daemon=True).start()
# What is asked from now on waits until it serves.
print(json.dumps(port), flush=True)
server.run(sockets=[listening])
