"""The third application, in Python: FastAPI with py-oidc-auth in broker mode.

It has a signing key, sessions and users of its own, trusts the two others as they trust it, and has their routes.
"""

import json
import logging
import os
import socket
import sys
import threading
import time
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from py_oidc_auth import FastApiOIDCAuth, IDToken

NAME = os.environ["NAME"]
ISSUER = os.environ["PUBLIC_URL"] + "api"
AUDIENCE = "federation"
TRUSTED_ISSUERS = json.loads(os.environ["TRUSTED_ISSUERS"])

# Where the provider's userinfo does not take an access token, it would write that token into the log.
logging.getLogger("py_oidc_auth.auth_base").setLevel(logging.ERROR)

auth = FastApiOIDCAuth(
    client_id=os.environ["OIDC_CLIENT_ID"],
    client_secret=os.environ["OIDC_CLIENT_SECRET"],
    discovery_url=os.environ["OIDC_DISCOVERY_URL"],
    audience=os.environ["OIDC_AUDIENCE"],
    proxy=ISSUER,  # what is in "iss" of its tokens
    broker_mode=True,
    broker_store_url="sqlite+aiosqlite:///" + os.environ["DATABASE"],
    broker_audience=AUDIENCE,
    trusted_issuers=TRUSTED_ISSUERS,
)


@asynccontextmanager
async def lifespan(_):
    await auth.broker_jwks()  # makes its key and fetches those of the others, ahead of the first request
    print("ready", flush=True)
    yield


app = FastAPI(lifespan=lifespan)
# The page lives on another origin. It sends a header, no cookie, so nothing else has to be allowed.
app.add_middleware(
    CORSMiddleware,
    allow_origins=[os.environ["PAGE_ORIGIN"]],
    allow_methods=["GET", "POST"],
    allow_headers=["Authorization"],
)
app.include_router(auth.create_auth_router(prefix="/api"))


@app.get("/api/about")
async def about():
    return {
        "name": NAME,
        "madeWith": "FastAPI, py-oidc-auth",
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "trustedIssuers": [{"issuer": issuer} for issuer in TRUSTED_ISSUERS],
        # A login has the application's own state, and its PKCE verifier in it.
        "loginState": "application",
    }


@app.get("/api/who-am-i")
async def who_am_i(token: IDToken = auth.required()):
    """A user is known by iss and sub together: another issuer's alice is somebody else."""
    return {"application": NAME, "iss": token.iss, "sub": token.sub, "roles": token.roles or []}


def await_door_of(issuer, patience=60):
    """All are started at once, and this library asks an issuer for its keys once a minute at most."""
    address, last = urlsplit(issuer), time.monotonic() + patience
    while time.monotonic() < last:
        try:
            return socket.create_connection((address.hostname, address.port)).close()
        except OSError:
            time.sleep(0.05)


def end_with_input():
    sys.stdin.buffer.read()
    if not server.started:
        os._exit(0)
    server.should_exit = True


server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
threading.Thread(target=end_with_input, daemon=True).start()
for trusted in TRUSTED_ISSUERS:
    await_door_of(trusted)
# Who asks from here on waits until all is ready, instead of being turned away.
server.run(sockets=[socket.create_server(("localhost", int(os.environ["PORT"])))])
