#!/bin/sh
# Installs the server into a virtual environment: `docker/install.sh PREFIX`, from the project's folder.
# The Dockerfile runs it, and so does a test, which measures the result.
set -eu
prefix=$1
python3 -m venv "$prefix"
# --no-deps: the lock is complete but for numba, llvmlite and resampy, which pipecat names for a resampler
# that a telephone's 8 kHz never needs (over 150 MB).
"$prefix/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps \
	--require-hashes -r requirements.lock
"$prefix/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps .
# The embedded recogniser's language model, so that a server starts at once.
"$prefix/bin/python" -m pipelines.embedded.build
"$prefix/bin/python" -m pip uninstall --quiet --yes pip setuptools
find "$prefix" -name '__pycache__' -type d -prune -exec rm -rf {} +
find "$prefix" -name 'tests' -path '*/site-packages/*' -type d -prune -exec rm -rf {} +
