#!/bin/sh
# Run a script with the first Python that is new enough: scripts/python.sh SCRIPT [ARGUMENTS]
# PYTHON=/path/to/python names one; otherwise python3 on the PATH, then the versions by name.

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$python" "$@"
    fi
done

found=$("${PYTHON:-python3}" --version 2>/dev/null) || found="no Python"
echo "Tapmask needs Python 3.11 or newer; found: $found." >&2
exit 1
