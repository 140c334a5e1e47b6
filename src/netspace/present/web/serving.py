"""The page on a port of this machine."""

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from netspace.errors import UserError
from netspace.present.web.app import make_app

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class _Quiet(WSGIRequestHandler):
    """Keeps its requests to itself."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def bound(folders: Sequence[Path], *, host: str, port: int) -> Iterator[BaseWSGIServer]:
    """A server of the page, bound and not yet serving; port 0 takes a free one.

    Raises UserError where the address cannot be bound. On this machine's own address it answers to
    the machine's own names only, so that no page of elsewhere can reach it under another name.
    """
    with _bind(host, port) as found:
        app = make_app(folders).server
        if own(host):
            app.config["TRUSTED_HOSTS"] = list(LOOPBACK)
        server = make_server(
            host, port, app, threaded=True, request_handler=_Quiet, fd=found.fileno()
        )
        try:
            yield server
        finally:
            server.server_close()


def address(server: BaseWSGIServer) -> str:
    """What to open in a browser."""
    host = "localhost" if server.host in ("0.0.0.0", "::") else server.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{server.port}"


def own(host: str) -> bool:
    """Whether only this machine itself can reach the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise UserError(f"port {port} is in use; choose another with --port") from None
        reason = (fault.strerror or str(fault)).partition(" (while")[0]
        raise UserError(
            f"{host}:{port}: cannot be bound ({reason}); choose another --host or --port"
        ) from None
