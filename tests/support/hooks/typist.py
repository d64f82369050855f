"""Execute what comes on stdin, one JSON object a line, in one session of Python; answer with what was printed."""

import contextlib
import io
import json
import sys
import traceback

import sitecustomize

names = {"__name__": "__main__"}
answers = sys.stdout
for line in sys.stdin:
    request = json.loads(line)
    sitecustomize.HIDDEN -= set(request["installed"])
    output, error = io.StringIO(), None
    with contextlib.redirect_stdout(output):
        try:
            exec(request["text"], names)
        except BaseException:
            error = traceback.format_exc()
    print(json.dumps({"printed": output.getvalue(), "error": error}), file=answers, flush=True)
