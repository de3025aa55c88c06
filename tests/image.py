"""Run the steps of the Dockerfile without Docker: `python -m tests.image`. Takes minutes, and a network.

What is absolute in the image lies in an empty folder here. Users and the system's own packages are left out.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
STEPS = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()

# The folders of the image that a step can name.
PLACES = ("/venv", "/app")


def run(folder: Path) -> None:
    """Copy and run what the build stage says, then ask the result, from elsewhere, to read a text."""

    def here(text: str) -> str:
        for place in PLACES:
            text = text.replace(place, f"{folder}{place}")
        return text

    app = folder / "app"
    app.mkdir()
    environment = {"PATH": f"{folder}/venv/bin:{os.environ['PATH']}", "HOME": str(folder)}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "SSL"))}
    build, *_ = "\n".join(STEPS).split("\nFROM ")
    for step in build.splitlines():
        what, _, words = step.partition(" ")
        if what == "COPY":
            *sources, target = shlex.split(words)
            for source in sources:
                is_folder = (ROOT / source).is_dir()
                (shutil.copytree if is_folder else shutil.copy)(ROOT / source, app / (target if is_folder else source))
            # The image is built from a fresh clone: nothing that was built before comes along.
            shutil.rmtree(app / "content" / "en" / "built", ignore_errors=True)
        elif what == "RUN":
            sys.stdout.write(f"{step}\n")
            subprocess.run(here(words), shell=True, cwd=app, env=environment, check=True)  # as Docker does
    shutil.rmtree(app)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    said = subprocess.run(
        [folder / "venv/bin/calcibot", "understand"],
        cwd=elsewhere,
        env=environment | {"PYTHONTZPATH": ""},
        input='{"text": "what are these hard white bumps?"}\n',
        capture_output=True,
        text=True,
        check=True,
    )
    sys.stdout.write(said.stdout)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        run(Path(name))
