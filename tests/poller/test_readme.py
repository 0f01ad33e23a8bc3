"""The example in README.md runs."""

import re

from local.service import ROOT


def test_example_of_the_readme_runs() -> None:
    text = (ROOT / "local" / "poller" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - the repository's own text
