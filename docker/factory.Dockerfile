# The factory for a GPU node: vLLM, Ray, and the sandbox's wall. BASE is an image with CUDA and Python 3.11 or newer.
#   docker build -f docker/factory.Dockerfile --build-arg BASE=vllm/vllm-openai:latest -t rollout-factory .
# EXTRAS are those of pyproject.toml. An image without the network (--build-arg INSTALL=) only gets the sources.
ARG BASE=vllm/vllm-openai:latest
FROM ${BASE}
ARG EXTRAS=gpu,ray
ARG INSTALL="python3 -m pip install --no-cache-dir"
WORKDIR /opt/rollout-factory
COPY pyproject.toml README.md LICENSE ./
COPY factory factory
COPY sandbox sandbox
COPY docker docker
COPY configs configs
RUN ["python3", "-c", "import os, subprocess as p; i = os.environ['INSTALL'].split(); i and p.run([*i, f'.[{os.environ[\"EXTRAS\"]}]'], check=True)"]
ENV PYTHONUNBUFFERED=1 RAY_USAGE_STATS_ENABLED=0
ENTRYPOINT []
CMD ["factory", "--help"]
