"""A port for the client's `redirect_ports`, whose standard ones may be in use on a shared machine."""

import socket


def free_port():
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]
