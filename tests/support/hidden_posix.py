"""Runs `cnnspec` as if this Python had none of the names that only POSIX has.

    python -m tests.support.hidden_posix train specs/quickstart.cnn

They are hidden from modules of the package alone: the standard library and the frameworks
choose their own ways by the system that they are on. Whoever of the package looks for one
finds nothing, as on Windows; so `hasattr` is false, and a use is an `AttributeError`.
"""

import os
import signal
import subprocess
import sys
from types import ModuleType

OF_OS = frozenset(
    """
    chown chroot confstr ctermid fchdir fchown fork forkpty getegid geteuid getgid getgrouplist
    getgroups getloadavg getpgid getpgrp getpriority getsid getuid initgroups killpg lchown lockf
    mkfifo mknod nice openpty pathconf pipe2 posix_fadvise posix_fallocate posix_spawn pread
    preadv pwrite pwritev readv register_at_fork sched_getaffinity sched_setaffinity sched_yield
    sendfile setegid seteuid setgid setgroups setpgid setpriority setregid setreuid setsid setuid
    statvfs sync sysconf sysconf_names tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4 waitid
    writev O_CLOEXEC O_DIRECTORY O_DSYNC O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC WEXITSTATUS
    WIFEXITED WIFSIGNALED WNOHANG WTERMSIG
    """.split()  # noqa: SIM905 - a list of them would take a page
)
OF_SIGNAL = frozenset(
    """
    SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGSYS
    SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ
    alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending
    sigtimedwait sigwait sigwaitinfo
    """.split()  # noqa: SIM905
)


def hide(module: ModuleType, names: frozenset[str]) -> None:
    """Hides some names of a module from the modules of the package."""

    class Hidden(type(module)):
        def __getattribute__(self, name):
            if name in names and _asked_by_the_package():
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return super().__getattribute__(name)

    module.__class__ = Hidden


def _asked_by_the_package() -> bool:
    asking = sys._getframe(2).f_globals.get("__name__", "")
    return asking.partition(".")[0] == "cnnspec"


def hide_all() -> None:
    """Hides what only POSIX has, from this process on."""
    hide(os, OF_OS)
    hide(signal, OF_SIGNAL)


if __name__ == "__main__":
    hide_all()
    # Its workers hide the names as well.
    begin = subprocess.Popen.__init__

    def hiding(self, args, *rest, **named):
        if list(args[1:3]) == ["-m", "cnnspec.training.worker"]:
            args = [args[0], "-m", "tests.support.hidden_posix", "worker"]
        begin(self, args, *rest, **named)

    subprocess.Popen.__init__ = hiding
    if sys.argv[1:] == ["worker"]:
        from cnnspec.training.worker import main

        main()
    else:
        from cnnspec.commands import main

        sys.exit(main(sys.argv[1:]))
