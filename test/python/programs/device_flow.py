"""Signs in by the device flow step by step: shows the code, then waits for somebody to approve it elsewhere."""

import asyncio
import json
import sys

from py_oidc_auth_client import DeviceFlow, TokenStore
from report import report


async def sign_in(host, token_file):
    flow = DeviceFlow(host, store=TokenStore(token_file), timeout=20)
    code = await flow.get_device_code()
    print(json.dumps(code), flush=True)
    return await flow.poll(code["device_code"], code["interval"])


host, token_file = sys.argv[1:]
report(host, asyncio.run(sign_in(host, token_file)))
