FUSED: dict[str, str]
LOSSES: dict[str, int]
