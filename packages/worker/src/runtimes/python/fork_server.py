"""Forks the processes of functions from one interpreter that has loaded what functions commonly import.

Asked on file descriptor 3; runs no code of a user but in the processes it forks, which go on as the shim. Standard library
only, Python 3.9 or later.
"""
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import os
import select
import signal
import socket
import sys
import time

CONTROL = 3
DOOR = "guests"
PR_SET_PDEATHSIG = 1
WARM = (
    "logging asyncio datetime decimal dataclasses hashlib random typing urllib.request ssl sqlite3 csv uuid subprocess"
    " tempfile statistics xml.etree.ElementTree zoneinfo concurrent.futures.thread html secrets hmac pathlib fractions"
    " email.mime.text string textwrap unicodedata zlib gzip shutil threading queue copy itertools functools math glob"
).split()


def load_own(name):
    path = os.path.join(os.path.dirname(__file__), name + ".py")
    spec = importlib.util.spec_from_file_location("relais_" + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_shim():
    shim = load_own("shim")
    shim.OWN_FILES.add(__file__)
    return shim


def warm_up(name):
    # An interpreter may be built without one or the other; a function that needs it then says so itself.
    with contextlib.suppress(Exception):
        importlib.import_module(name)


class ForkServer:
    def __init__(self, shim, libc):
        self.shim = shim
        self.libc = libc
        self.pid = os.getpid()
        # Numbers of requests, and where process 1 of a confined guest says how that ended, by process.
        self.guests = {}
        self.status_pipes = {}
        self.confiner = None
        self.wakeup_read, self.wakeup_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        # A signal that ends the wait for work: some guest has ended.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wakeup_write, warn_on_full_buffer=False)

    def serve(self):
        """Serves until it is in a forked process; then the request that made it."""
        poller = select.poll()
        poller.register(CONTROL, select.POLLIN)
        poller.register(self.wakeup_read, select.POLLIN)
        cold = list(reversed(WARM))
        while True:
            ready = [fd for fd, _ in poller.poll(0 if cold else None)]
            if self.wakeup_read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wakeup_read, 4096)
                self.reap()
            if CONTROL in ready:
                request, _ = self.shim.read_frame()
                if request["type"] == "kill":
                    self.kill(request["id"])
                elif self.fork(request):
                    return request
            elif not ready and cold:
                warm_up(cold.pop())
                if not cold:
                    # What is loaded by now is garbage in no process, and pages that are not written stay shared.
                    gc.collect()
                    gc.freeze()

    def fork(self, request):
        try:
            pid, status_pipe = self.fork_confined() if "confinement" in request else (os.fork(), None)
        except OSError:
            self.shim.send({"type": "exited", "id": request["id"], "exitCode": 71, "signal": 0})
            return False
        if pid == 0:
            # What others say is not for this one.
            for pipe in filter(None, self.status_pipes.values()):
                os.close(pipe)
            self.status_pipes = {0: status_pipe}
            return True
        self.guests[pid] = request["id"]
        self.status_pipes[pid] = status_pipe
        self.shim.send({"type": "forked", "id": request["id"], "pid": pid})
        return False

    def fork_confined(self):
        if self.confiner is None:
            self.confine = load_own("confine")
            self.confiner = self.confine.Confiner(self.libc)
        return self.confiner.fork()

    def kill(self, wanted):
        for pid, number in self.guests.items():
            if number == wanted:
                self.kill_group(pid)

    def kill_all(self):
        for pid in self.guests:
            self.kill_group(pid)

    def kill_group(self, pid):
        # The group is made by the guest, which may not have come so far.
        for kill in (os.kill, os.killpg):
            with contextlib.suppress(OSError):
                kill(pid, signal.SIGKILL)

    def reap(self):
        while self.guests:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            number = self.guests.pop(pid, None)
            if number is None:
                continue
            status_pipe = self.status_pipes.pop(pid)
            if status_pipe is not None:
                status = self.confine.status_of(status_pipe, status)
            # The group's number is not given anew while a member of it lives.
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(status)
            exit_code, by_signal = (0, -code) if code < 0 else (code, 0)
            self.shim.send({"type": "exited", "id": number, "exitCode": exit_code, "signal": by_signal})

    def become_guest(self, request):
        """Turns this forked process into one that was never anything else than a guest."""
        confined = "confinement" in request
        # The parent of process 1 of a namespace has no number in it, and takes everything with it.
        if not confined:
            self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != self.pid:
                os._exit(0)
            os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self.wakeup_read)
        os.close(self.wakeup_write)
        for digit, fd in enumerate((CONTROL, 1, 2)):
            fetch_stream(request["token"] + str(digit), fd)
        os.chdir(request["directory"])
        stdin = os.open("stdin", os.O_RDWR)
        os.unlink("stdin")
        os.dup2(stdin, 0)
        os.close(stdin)
        if confined:
            self.confiner.enter(request["confinement"], self.status_pipes[0])
            os.setsid()
        os.environ["HOME"] = os.environ["TMPDIR"] = os.getcwd()
        if "logging" in sys.modules:
            logging = sys.modules["logging"]
            logging._startTime = time.time_ns() if isinstance(logging._startTime, int) else time.time()


def fetch_stream(greeting, fd):
    """Makes a connection to the worker this file descriptor, in place of what it was."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.connect(DOOR)
        stream.sendall(greeting.encode())
        os.dup2(stream.fileno(), fd)


def main():
    os.set_inheritable(CONTROL, False)
    shim = load_shim()
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        # When the worker is gone this process sees its channel end, and then ends its guests' own children too.
        if libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    except (OSError, AttributeError) as error:
        shim.send({"type": "unable", "why": str(error)})
        return
    server = ForkServer(shim, libc)
    try:
        request = server.serve()
    except (shim.Closed, OSError):
        server.kill_all()
        os._exit(0)
    try:
        server.become_guest(request)
    except BaseException:
        os._exit(70)
    shim.serve_until_closed()


main()
