"""What can go wrong, by what the caller does about it; each kind has its exit code."""


class RecoveryError(Exception):
    """Carries a message that names no customer data and no secret."""

    exit_code = 1


class BadInput(RecoveryError):
    """Settings or options are wrong, or ask for what must not be done; nothing was changed."""

    exit_code = 2


class CheckFailed(RecoveryError):
    """A dump does not hold what it must; nothing was changed."""

    exit_code = 3


class OperationFailed(RecoveryError):
    """A server, a bucket, a key or a program refused; running again may succeed."""

    exit_code = 4


class Terminated(KeyboardInterrupt):
    """The job was told to stop (SIGTERM). Of this kind because psycopg then cancels the statement that it waits for and leaves the session fit to
    clear up with; and because nothing that handles failures may hold it up."""
