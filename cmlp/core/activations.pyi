ACTIVATIONS: dict[str, int]
OUTPUT_ONLY: set[str]
