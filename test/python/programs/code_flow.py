"""Signs in by the authorization code: opens the browser and catches its redirect on a loopback port."""

import asyncio
import sys

from ports import free_port
from py_oidc_auth_client import CodeFlow, TokenStore
from report import report

host, token_file = sys.argv[1:]
flow = CodeFlow(host, store=TokenStore(token_file), redirect_ports=[free_port()], timeout=20)
report(host, asyncio.run(flow.authenticate()))
