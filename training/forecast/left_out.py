"""Public series that are not trained on, because an evaluation series is in them.

``python -m benchmarks.quality.leakage`` found each: 24 steps or more that are equal up to scale,
shift, rounding, and means over 3, 4 or 12 steps (docs/decisions/0025-leakage.md).
"""

from collections.abc import Mapping

# Name of the series: the evaluation series that is in it.
POOL: Mapping[str, str] = {
    "nngc1-30": "m3_monthly N2774",
    "tsdl-11": "m1_quarterly QRG10",
    "tsdl-16": "m1_yearly YAD14",
    "tsdl-18": "m1_yearly YAD30",
    "tsdl-61": "m1_quarterly QND30, m3_quarterly N1394",
    "tsdl-101": "m1_monthly MNI91",
    "tsdl-112": "m1_monthly MNI129",
    "tsdl-114": "m1_monthly MNI84",
    "tsdl-121": "m1_monthly MNI135",
    "tsdl-126": "m3_yearly N0305",
    "tsdl-152": "m1_monthly MNI76",
    "tsdl-160": "m1_monthly MNI166",
    "tsdl-389": "m3_monthly N2581",
    "tsdl-391": "m3_yearly N0347",
    "tsdl-433": "m1_monthly MRI4",
    "tsdl-435": "m1_monthly MNF8",
    "tsdl-454": "m3_monthly N1876",
    "tsdl-496": "m1_monthly MRI4",
    "tsdl-514": "m1_monthly MNI167",
    "tsdl-526": "m3_yearly N0393",
    "tsdl-577": "m3_quarterly N1311",
}
# The training part of the one holds the test part of the other.
M4_WEEKLY: Mapping[str, str] = {
    "W46": "m4_weekly W50",
    "W48": "m4_weekly W47",
    "W53": "m4_weekly W222",
    "W222": "m4_weekly W53",
    "W291": "m4_weekly W221",
    "W292": "m4_weekly W290",
}
