"""What a run was asked for; handed to each part's process as JSON."""

import json
from dataclasses import asdict, dataclass, field

MILLION = 1_000_000


@dataclass(frozen=True)
class Options:
    """Sizes in events, durations in seconds, ``postgres`` the address of a server's databases."""

    events: int = MILLION
    seconds: float = 3.0
    rounds: int = 3
    freshness: float = 75.0
    days: int = 10
    stages: list[int] = field(default_factory=lambda: [MILLION])
    postgres: str = ""
    peers: str = ""
    state: str = ""

    @classmethod
    def read(cls, text: str) -> "Options":
        return cls(**json.loads(text))

    def written(self) -> str:
        return json.dumps(asdict(self))
