"""Build the image that candidates run in.

    python docker/build_sandbox.py                                                     # from this machine's interpreter
    python docker/build_sandbox.py --base python:3.12-slim --tag registry/sandbox:1    # from an image with Python

The first form needs no registry, and is what the docker wall does by itself when its image is missing. An image of
the second form is used by `sandbox.image: registry/sandbox:1`.
"""

import argparse

from sandbox.boundary.docker import build_image
from sandbox.errors import SandboxError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", help="image to build on; without it, one of this machine's interpreter is made")
    parser.add_argument("--tag", help="name of the image")
    options = parser.parse_args()
    try:
        print(build_image(options.base, options.tag))
    except SandboxError as error:
        parser.exit(1, f"error: {error}\n")


if __name__ == "__main__":
    main()
