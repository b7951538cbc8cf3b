"""Says what a harness module needs for these arguments: a line `tool command=package` or `build name` each. perf/tools.sh reads it."""

import importlib
import sys


def main(argv):
    module = importlib.import_module(f"harness.{argv[0]}")
    tools, builds = module.needs(module.arguments(argv[1:]))
    for tool in tools:
        print("tool", tool)
    for build in builds:
        print("build", build)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
