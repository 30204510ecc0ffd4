"""How a turn is decided: the state of a call, what was heard, the moves, the plan. Pure: values in, values out."""
