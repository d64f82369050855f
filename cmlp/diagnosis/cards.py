"""A finding as a notebook shows it."""

from typing import TYPE_CHECKING

from cmlp.notebook.cards import safe

if TYPE_CHECKING:
    from cmlp.diagnosis.report import Finding

DOT = " \N{MIDDLE DOT} "


def finding_card(finding: "Finding") -> str:
    """Return a finding as HTML, a part of a card."""
    kind = finding.severity.name.lower()
    parts = [
        f"<p><span class='cmlp-kind'>{kind}</span>{DOT}{safe(finding.where)}{DOT}{safe(finding.code)}</p>",
        f"<p class='cmlp-verdict'>{safe(finding.verdict)}</p>",
        f"<p class='cmlp-about'>{safe(finding.measured)}</p>",
    ]
    if finding.repair is not None:
        lines = "\n".join(finding.repair.split("; "))
        parts.append(f"<pre>{safe(lines)}</pre>")
    if finding.after is not None:
        before = "not to be measured" if finding.before is None else f"{finding.before:.1f} %"
        text = f"accuracy {before} before, <b>{finding.after:.1f} %</b> after the repair"
        parts.append(f"<p class='cmlp-remark'>{text}</p>")
    return f"<div class='cmlp-finding cmlp-{kind}'>{''.join(parts)}</div>"
