"""Signs in as most programs do: a kept token if it is good, else a refreshed one, else the person is asked."""

import sys

from ports import free_port
from py_oidc_auth_client import TokenStore, authenticate
from report import report

host, token_file = sys.argv[1:]
token = authenticate(host, store=TokenStore(token_file), redirect_ports=[free_port()], timeout=20)
report(host, token)
