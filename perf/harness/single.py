"""One measurement, one report: what scripts that measure one thing have in common."""

import datetime
import signal
import sys
from pathlib import Path

from . import machine
from .process import Failure, raise_limits
from .targets import all_targets


def report(name, options, told, measure, render):
    """Measures, writes results/DATE-COMMIT-NAME.md, prints it and returns the exit code. `told` goes to the conditions it was measured under."""
    raise_limits()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        measured = measure(options)
    except Failure as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 1
    now = datetime.datetime.now(datetime.timezone.utc)
    commit = machine.commit()
    facts = {"date": f"{now:%Y-%m-%d %H:%M} UTC", "commit": commit, **told,
             **machine.conditions([all_targets()["filterproxy"]], {"build": machine.build(options.no_build)})}
    written = Path(options.results) / f"{now:%Y-%m-%d}-{commit}-{name}.md"
    written.write_text(render(facts, measured))
    print(written.read_text(), f"written: {written}", sep="\n")
    return 0
