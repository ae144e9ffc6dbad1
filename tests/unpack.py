"""What assets/stage/message.js does with a message, in Python."""

import json
from math import prod
from typing import Any

import numpy as np


def unpack(message: bytes) -> dict[str, Any]:
    """The header, with its arrays where they belong; what only Python's JSON allows is refused."""
    length = int.from_bytes(message[:4], "little")
    base = -(-(4 + length) // 8) * 8

    def array_at(node):
        if "@" not in node:
            return node
        offset, dtype, shape = node["@"]
        assert offset % 8 == 0  # a Float64Array must start there
        flat = np.frombuffer(message, "<" + dtype, prod(shape), base + offset)
        return flat.reshape(shape)

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(message[4 : 4 + length], object_hook=array_at, parse_constant=refuse)
