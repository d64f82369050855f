"""A page of documentation, typed from top to bottom in one session, in an installation with the extras it has named."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from support.children import PATIENCE
from support.documents import ROOT
from support.installed import HIDDEN, HOOKS, environment

PIP = re.compile(r"pip install ([^`\n]+)")
EXTRAS = re.compile(r"\[([\w,]+)\]")
DISTRIBUTION = re.compile(r"\w[\w-]*")
OURS = {"test", "docs", "lint", "frameworks"}  # for those who change cmlp, and not for what a page shows
NOT_TYPED = re.compile(r"^(?:python3? -m )?(?:pip install|venv|cmlp fetch|pytest|sphinx-build)\b")


class Session:
    """A shell and a Python in a folder."""

    def __init__(self, folder):
        self.folder, self.installed = folder, set()
        self.environment = environment(())
        self.python = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.python is not None:
            self.python.kill()
            self.python.communicate()

    def read(self, text):
        """Install what a text names: extras of cmlp, and other distributions."""
        for arguments in PIP.findall(text):
            for named in re.findall(r"[^\s\"'&]+", arguments):
                extras = EXTRAS.search(named)
                if extras:
                    self.installed |= set(extras[1].split(",")) - OURS
                elif DISTRIBUTION.fullmatch(named):
                    self.installed.add(named)
        self.environment = environment(self.installed)

    def type(self, block):
        """Type a block; return the lines that were printed, None if nothing was typed."""
        self.read(block.text)
        if block.language == "python":
            return self._in_python(block.text)
        if block.language == "file":
            example, name = block.text.split()
            shutil.copy(ROOT / example, self.folder / name)
            return None
        commands = typed_commands(block.text)
        return self._in_shell("\n".join(commands)) if commands else None

    def _in_shell(self, commands):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-ec", commands],
            cwd=self.folder,
            env=self.environment | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode in (0, 1), done.stderr  # 1 says that problems were found
        return done.stdout.splitlines()

    def _in_python(self, text):
        if self.python is None:
            command = [sys.executable, str(HOOKS / "typist.py")]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self.python = subprocess.Popen(
                command, cwd=self.folder, env=self.environment | {"MPLBACKEND": "agg"}, text=True, **pipes
            )
            self.hidden = set(self.environment[HIDDEN].split(","))
        still = set(self.environment[HIDDEN].split(","))
        request = {"text": text, "installed": sorted(self.hidden - still)}
        self.python.stdin.write(json.dumps(request) + "\n")
        self.python.stdin.flush()
        answer = json.loads(self.python.stdout.readline() or '{"error": "Python ended"}')
        assert answer["error"] is None, f"{text}\n{answer['error']}"
        return answer["printed"].splitlines()


def typed_commands(text):
    """The commands of a block of shell, without those that install, download or test."""
    lines = text.replace("\\\n", " ").splitlines()
    parts = [[part.strip() for part in line.split("&&")] for line in lines if line.strip()]
    kept = [" && ".join(part for part in line if not NOT_TYPED.match(part)) for line in parts]
    return [command for command in kept if command and not command.startswith("#")]
