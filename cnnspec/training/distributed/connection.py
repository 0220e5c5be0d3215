"""How this process comes to a Ray: a private one on this machine, or a cluster that it joins.

The only place that starts or joins one. Knows nothing of what runs on it. Never stops a
Ray that it has not started: `ray stop` would end every one of the host.
"""

import logging
import os
import secrets
import socket
import subprocess
import sys
from pathlib import Path

from cnnspec.diagnostics.errors import CnnspecError
from cnnspec.diagnostics.machines import NoCluster
from cnnspec.diagnostics.packages import require_packages

_ANSWER = 5
"""Seconds in which a machine must take a connection."""

_JOIN = 20
"""Seconds in which a cluster must let a process in; Ray itself tries for minutes."""


def require_ray() -> None:
    """Raises `CnnspecError` where Ray, or what Tune needs, is not installed."""
    require_packages("running on Ray", "cluster", "ray", "pyarrow", "pandas")


def prepare() -> None:
    """Settings that Ray reads when it is imported. Raises `CnnspecError` where it is missing.

    Who has imported it before keeps the settings of their own.
    """
    require_ray()
    if "ray" not in sys.modules:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def connect(address: str | None, cpus: int | None = None) -> None:
    """Joins the cluster at an address, or starts a private Ray with so many CPUs.

    The private one ends with this process, or with `leave`. Raises `CnnspecError`.
    """
    prepare()
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        if _needs_token():
            # Ray would write one into the home of the user, where it outlives this process.
            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
        import ray

        ray.init(address="local", num_cpus=cpus, include_dashboard=False, **quiet)
    else:
        _require_answer(address)
        _require_token(address)
        _try_out(address)
        import ray

        ray.init(address=address, **quiet)


def processors() -> int:
    """How many processors the machines of the cluster have together for trainings."""
    import ray

    return int(ray.cluster_resources().get("CPU", 0))


def leave() -> None:
    """Leaves the cluster, or ends the private Ray."""
    import ray

    ray.shutdown()


def _needs_token() -> bool:
    """Whether Ray is to ask for a token, and there is none."""
    if os.environ.get("RAY_AUTH_MODE") != "token" or os.environ.get("RAY_AUTH_TOKEN"):
        return False
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    return not Path(named or Path("~/.ray/auth_token").expanduser()).is_file()


def _require_answer(address: str) -> None:
    """Raises `CnnspecError` unless something takes connections at an address."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        cause = f"`{address}` is not the address of a cluster"
        raise CnnspecError(NoCluster(None, cause, "write host and port, as in `10.0.0.5:6399`"))
    try:
        socket.create_connection((host, int(port)), _ANSWER).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        remedy = f"on the first machine: `ray start --head --port={port}`; is a firewall between?"
        raise CnnspecError(
            NoCluster(None, f"nothing answers at {address}: {why}", remedy)
        ) from None


def _require_token(address: str) -> None:
    if _needs_token():
        cause = f"there is no token here for the cluster at {address}"
        remedy = (
            "set RAY_AUTH_TOKEN, or copy ~/.ray/auth_token from its first machine; "
            "if it was started without any, set RAY_AUTH_MODE=disabled"
        )
        raise CnnspecError(NoCluster(None, cause, remedy))


_JOINED = "joined"

_TRIAL = f"""
import logging, sys, ray
try:
    ray.init(address=sys.argv[1], log_to_driver=False, logging_level=logging.CRITICAL)
except BaseException as error:
    print(f"{{type(error).__name__}}: {{error}}")
else:
    print("{_JOINED}")
"""


def _try_out(address: str) -> None:
    """Joins a cluster in another process first; raises `CnnspecError` where that fails.

    A Ray that cannot join tries for minutes, and may end its process.
    """
    command = [sys.executable, "-c", _TRIAL, address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as trial:
        try:
            found, said = trial.communicate(timeout=_JOIN)
        except subprocess.TimeoutExpired:
            trial.kill()
            found, said = trial.communicate()
    if found.decode().strip() != _JOINED:
        raise CnnspecError(_refused(address, (found + said).decode(errors="replace")))


def _refused(address: str, told: str) -> NoCluster:
    """Why a cluster does not let this process in, from what Ray told of it."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    if "InvalidAuthToken" in told or "AuthenticationError" in told:
        cause = f"the cluster at {address} has another token than this machine"
        return NoCluster(None, cause, "copy its ~/.ray/auth_token, or set RAY_AUTH_TOKEN")
    if "ersion mismatch" in told:
        versions = "; ".join(line for line in lines if line.startswith(("Ray:", "Python:")))
        cause = f"the cluster at {address} has other versions than this machine: {versions}"
        return NoCluster(None, cause, "every machine needs the same Python and the same ray")
    if "aylet" in told:
        cause = f"this machine is not a node of the cluster at {address}"
        remedy = f"make it one: `ray start --address={address}`, with `--num-cpus=0` to only watch"
        return NoCluster(None, cause, remedy)
    why = lines[-1][:300] if lines and "Failed to" not in told else "what answers is not Ray"
    remedy = f"`ray status --address={address}` on its first machine tells how it is"
    return NoCluster(None, f"cannot join the cluster at {address}: {why}", remedy)
