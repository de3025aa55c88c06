"""Look the pinned packages up among known vulnerabilities, in `make check`. Ends with 1 for a finding.

Without a network, or behind an index that knows no vulnerabilities, it says that nobody could be asked: that is no
all-clear.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

COMMAND = "pip-audit --requirement constraints.txt --no-deps --disable-pip --format json --progress-spinner off"


def verdict(dependencies: Iterable[Mapping[str, Any]]) -> tuple[int, str]:
    """Return an exit code and what to say of `dependencies`, as pip-audit lists them."""
    dependencies = list(dependencies)
    found = [
        f"{one['name']} {one['version']}: {hit['id']}, fixed in {', '.join(hit['fix_versions']) or 'no version yet'}"
        for one in dependencies
        for hit in one.get("vulns", ())
    ]
    unknown = [one["name"] for one in dependencies if "skip_reason" in one]
    if found:
        return 1, "pip-audit found:\n" + "\n".join(found)
    if len(unknown) == len(dependencies):
        return 0, f"pip-audit: skipped, none of {len(dependencies)} packages could be looked up"
    left = f"; not looked up: {', '.join(unknown)}" if unknown else ""
    return 0, f"pip-audit: no known vulnerability in {len(dependencies) - len(unknown)} packages{left}"


def main() -> int:
    """Run pip-audit of this Python's environment, and print one verdict."""
    ran = subprocess.run([sys.executable, "-m", *COMMAND.replace("-", "_", 1).split()], capture_output=True, text=True)
    try:
        code, text = verdict(json.loads(ran.stdout)["dependencies"])
    except (ValueError, KeyError):
        last = ran.stderr.strip().splitlines()[-1:] or ["no answer"]
        code, text = 0, f"pip-audit: skipped, it could not ask ({last[0][:200]})"
    sys.stdout.write(f"{text}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
