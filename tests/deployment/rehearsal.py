"""The services of docker-compose.yml as processes of this machine: command, settings and health check as written there.

Only addresses differ: every service has a port of its own here, and PostgreSQL, Redis and Elasticsearch are the tests'.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.deployment.compose import ROOT, Service
from tests.servers.run import find_free_port

HEALTHY, COMPLETED = "service_healthy", "service_completed_successfully"
_READY_S = 180.0
_END_S = 40.0


@dataclass
class Rehearsal:
    """`places` says what stands here for an address as written, `ports` on which port a service listens."""

    services: Mapping[str, Service]
    places: Mapping[str, str]
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports |= {name: find_free_port() for name in self.services}

    def start_all(self) -> None:
        """Our own services, each when what it needs is as it must be."""
        for service in self.services.values():
            for name, condition in service.needs.items():
                self.wait(self.services[name], condition)
            if service.is_ours:
                self.start(service)

    def start(self, service: Service) -> None:
        """All its processes, each in a session of its own."""
        made = []
        for number in range(service.replicas):
            environ = self.environ(service)
            with (self.folder / f"{service.name}-{number}.log").open("ab") as log:
                made.append(
                    subprocess.Popen(
                        self.words(service, service.command),
                        env=environ,
                        cwd=self.folder,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        self.processes[service.name] = made

    def wait(self, service: Service, condition: str) -> None:
        """Raises AssertionError, with the log, when the condition is not met in time."""
        if not service.is_ours:
            return  # the tests' own, ready before all others
        if condition == COMPLETED:
            (process,) = self.processes[service.name]
            assert process.wait(_READY_S) == 0, self.read_log(service)
            return
        deadline = time.monotonic() + _READY_S
        while not self.is_healthy(service):
            assert time.monotonic() < deadline, f"{service.name} is not healthy\n{self.read_log(service)}"
            for process in self.processes[service.name]:
                assert process.poll() is None, f"{service.name} ended\n{self.read_log(service)}"
            time.sleep(0.2)

    def is_healthy(self, service: Service) -> bool:
        """What its health check says, run as written."""
        words = self.words(service, service.check)
        done = subprocess.run(words, check=False, env=self.environ(service), cwd=self.folder, capture_output=True)
        return done.returncode == 0

    def stop(self, name: str) -> None:
        """In order, by their numbers; what outlasts that is killed with all that it started."""
        running = self.processes.pop(name, [])
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop_all(self) -> None:
        """The last started first."""
        with ExitStack() as stack:
            for name in self.processes:
                stack.callback(self.stop, name)

    def environ(self, service: Service) -> dict[str, str]:
        """What the file gives it, and a path on which our commands are found; nothing of this process's own."""
        home = self.folder / service.name
        home.mkdir(exist_ok=True)
        given = {name: self.place(value) for name, value in service.environ.items()}
        if given:
            given |= {"HANMARU_HOME": str(home), "HANMARU_PORT": str(self.ports[service.name])}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
        return {"PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **given}

    def words(self, service: Service, words: list[str]) -> list[str]:
        """A command with this service's port where its own is written."""
        port = str(self.ports[service.name])
        ours = {"127.0.0.1:8000": f"127.0.0.1:{port}", "127.0.0.1:8080": f"127.0.0.1:{port}", "8010": port}
        return [_replace(each, ours) for each in words]

    def place(self, value: str) -> str:
        """An address as it is here."""
        return _replace(value, {**self.places, "//mock:8010/": f"//127.0.0.1:{self.ports['mock']}/"})

    def read_log(self, service: Service) -> str:
        """The end of what its processes said."""
        return "\n".join(path.read_text("utf-8")[-3000:] for path in sorted(self.folder.glob(f"{service.name}-*.log")))


def _replace(text: str, places: Mapping[str, str]) -> str:
    for written, here in places.items():
        text = text.replace(written, here)
    return text
