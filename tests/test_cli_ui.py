"""The command that shows the page."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("dash", reason="dash is not installed")


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def started(folder, *words):
    """The command, running, and the address that it prints."""
    running = subprocess.Popen(
        [sys.executable, "-m", "netspace.cli", "ui", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    return running, running.stdout.readline().strip()


def test_it_serves_until_interrupted_and_that_is_no_failure(tmp_path, free_port):
    running, address = started(tmp_path, "--port", str(free_port))
    try:
        assert address == f"http://127.0.0.1:{free_port}"
        with urllib.request.urlopen(f"{address}/explore", timeout=60) as answer:
            assert answer.status == 200
    finally:
        running.send_signal(signal.SIGINT)
        out, told = running.communicate(timeout=60)
    assert running.returncode == 0
    assert (out, told) == ("", "ctrl-C ends it\n")
    assert list(tmp_path.iterdir()) == []


def test_another_address_comes_with_a_warning(tmp_path, free_port):
    running, address = started(tmp_path, "--host", "0.0.0.0", "--port", str(free_port))
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert address == f"http://localhost:{free_port}"
    assert told.splitlines()[0] == (
        "warning: bound to 0.0.0.0: whoever reaches this machine can read these runs; "
        "there is no password"
    )
    assert running.returncode == 0


def test_a_port_in_use_is_one_line(netspace, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = netspace("ui", "--port", str(port))
    assert (told.code, told.out) == (2, "")
    assert told.err == f"netspace: port {port} is in use; choose another with --port\n"


def test_a_folder_that_is_not_there_is_one_line(netspace, tmp_path):
    told = netspace("ui", str(tmp_path / "absent"))
    assert (told.code, told.out) == (2, "")
    assert told.err == (
        f"netspace: {tmp_path}/absent: no such folder; give run folders, or folders of them\n"
    )


def test_an_address_that_is_not_ours_is_one_line(netspace):
    told = netspace("ui", "--host", "192.0.2.1")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("netspace: 192.0.2.1:8050: cannot be bound (")
    assert told.err.endswith("); choose another --host or --port\n")


def test_without_dash_the_extra_is_named(netspace, monkeypatch):
    for module in [name for name in sys.modules if name.startswith("netspace.present.web")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "dash", None)
    told = netspace("ui")
    assert (told.code, told.out) == (2, "")
    assert told.err == "netspace: dash is not installed; pip install 'netspace[web]'\n"
