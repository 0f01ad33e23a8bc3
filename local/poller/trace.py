"""What happened in a run, in order: for failure messages, and to compare two runs."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class PollerTrace:
    """Events as (virtual time, who, what)."""

    start: float
    events: list[tuple[float, str, str]] = field(default_factory=list)

    def add(self, moment: float, who: str, what: str) -> None:
        """Note one event."""
        self.events.append((moment, who, what))

    def lines(self, last: int | None = None) -> list[str]:
        """The events as text, all or only the `last` ones; times count from the clock's start."""
        chosen = self.events if last is None else self.events[-last:]
        return [f"+{moment - self.start:.3f}s {who}: {what}" for moment, who, what in chosen]

    def text(self, last: int = 60) -> str:
        """The last events as one text."""
        shown = self.lines(last)
        left_out = len(self.events) - len(shown)
        head = [f"… {left_out} events before"] if left_out else []
        return "\n".join([*head, *shown])
