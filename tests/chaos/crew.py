"""The processes of a besieged site, each of which is killed now and then, and started again."""

from dataclasses import dataclass

from tests.chaos.place import build_environment
from tests.support.server import Client, Server, wait_for
from tests.support.site import SiteFolder


@dataclass(frozen=True, slots=True)
class Role:
    """What a process is started as.

    Attributes:
        arguments: of the program.
        sign: what is found in its output once it works; the first group of a face's is its URL.
        weight: how often it is the one that is killed, beside the others.
    """

    arguments: tuple[str, ...]
    sign: str
    weight: int = 1


_SERVING, _WORKING = r'"url":"(http[^"]+)"', r"(work\.started)"
ALONE = (Role(("serve",), _SERVING),)
"""One process that serves and drives; there is no more on SQLite."""
SHARED = (Role(("serve", "--no-worker"), _SERVING), *[Role(("worker",), _WORKING, weight=2)] * 2)
"""A process that only serves, and two that drive; the first role of a crew is the one that serves."""


@dataclass
class Post:
    """A place in the crew, and who holds it.

    Attributes:
        server: the process; None before the first start and after a kill.
        start_seconds: how long its last start took that was waited for; 0 if none was.
    """

    site: SiteFolder
    role: Role
    server: Server | None = None
    start_seconds: float = 0.0

    def start(self) -> bool:
        """Start a process, and do not wait for it; return False if there is one."""
        if self.server is not None:
            return False
        folder = self.site.folder
        arguments = [*self.role.arguments, "--config", str(self.site.settings_file)]
        self.server = Server(arguments, cwd=folder, environment=build_environment(folder))
        return True

    def await_sign(self) -> str:
        """Wait until the process shows its sign, and return it."""
        assert self.server is not None, "nothing was started"
        return self.server.find(self.role.sign)

    def await_face(self) -> Client:
        """Wait until the process can serve, and return who speaks to it."""
        client = Client(self.await_sign())
        wait_for(lambda: client.send("GET", "/readyz").status == 200)
        return client

    def kill(self) -> None:
        """End the process as a power cut would, if there is one."""
        if self.server is not None:
            self.server.kill()
            self.server = None

    def stop(self) -> None:
        """Ask the process to end, and see that it ends well."""
        assert self.server is not None, "nothing was started"
        code = self.server.stop()
        assert code == 0, f"it ended with {code}:\n{self.server.output}"
