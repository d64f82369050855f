EPSILON: float
MOMENTUM: float
