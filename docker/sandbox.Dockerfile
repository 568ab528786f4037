# What candidates run in: an interpreter and the worker, nothing else. Build it with docker/build_sandbox.py.
# BASE is any image with python3 (3.11 or newer) on its PATH.
ARG BASE=python:3.12-slim
FROM ${BASE}
COPY worker /opt/sandbox/worker
# The interpreter is found at one place, wherever BASE keeps it; where a tmpfs is mounted, it takes the folder's mode.
RUN ["python3", "-S", "-c", "import os, sys; os.path.exists('/opt/python') or os.symlink(sys.base_prefix, '/opt/python'); os.makedirs('/tmp', exist_ok=True); os.chmod('/tmp', 0o777)"]
