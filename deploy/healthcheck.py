"""Exit with 0 when the service in this container is ready, else with 1; the image's HEALTHCHECK."""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 2


def is_ready(port: int) -> bool:
    """Whether ``/healthz/ready`` on this port answers 200."""
    # Not urllib: that would honour a proxy from the environment.
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/healthz/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_ready(int(os.environ.get("SEQSERVE_PORT", "8000"))))
