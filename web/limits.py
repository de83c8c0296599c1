"""Rate limits of the doors that strangers may knock at."""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

# Counted per process: behind several processes the limits are that many times wider.
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")

SIGN_IN = "10 per minute"
SUBMIT = "60 per minute"
# Whoever guesses receipts must not get far: 35 random bits are enough only if guessing is slow.
LOOK_UP = "120 per minute"
# Each is read by a person, and may bring a photo; a family behind one address stays below it.
REPORT = "10 per minute; 100 per day"
# Each is work for the worker, and a file.
EXPORT = "20 per minute"


def install(app: Flask) -> None:
    """Attach the limiter."""
    limiter.init_app(app)
    app.extensions["langbiang.limiter"] = limiter
