"""Published MASE and WQL on the six M1 and M3 tasks (autogluon/fev, Chronos zero-shot results)."""

from training.forecast.metrics import Score

NAIVE = "seasonal naive"
PUBLISHED: dict[str, dict[str, Score]] = {
    "m1_monthly": {
        NAIVE: Score(1.314, 0.1915),
        "AutoTheta": Score(1.092, 0.1590),
        "AutoETS": Score(1.089, 0.1653),
        "Chronos-Bolt-tiny 9M": Score(1.163, 0.1314),
        "TiRex 35M": Score(1.060, 0.1323),
    },
    "m1_quarterly": {
        NAIVE: Score(2.078, 0.1495),
        "AutoTheta": Score(1.667, 0.0820),
        "AutoETS": Score(1.661, 0.0847),
        "Chronos-Bolt-tiny 9M": Score(1.895, 0.0997),
        "TiRex 35M": Score(1.674, 0.0996),
    },
    "m1_yearly": {
        NAIVE: Score(4.894, 0.2093),
        "AutoTheta": Score(3.659, 0.1373),
        "AutoETS": Score(3.957, 0.1393),
        "Chronos-Bolt-tiny 9M": Score(5.137, 0.1601),
        "TiRex 35M": Score(3.703, 0.1312),
    },
    "m3_monthly": {
        NAIVE: Score(1.146, 0.1485),
        "AutoTheta": Score(0.855, 0.0947),
        "AutoETS": Score(0.863, 0.0931),
        "Chronos-Bolt-tiny 9M": Score(0.874, 0.0944),
        "TiRex 35M": Score(0.831, 0.0899),
    },
    "m3_quarterly": {
        NAIVE: Score(1.425, 0.1013),
        "AutoTheta": Score(1.119, 0.0702),
        "AutoETS": Score(1.144, 0.0703),
        "Chronos-Bolt-tiny 9M": Score(1.365, 0.0787),
        "TiRex 35M": Score(1.154, 0.0699),
    },
    "m3_yearly": {
        NAIVE: Score(3.172, 0.1665),
        "AutoTheta": Score(2.610, 0.1277),
        "AutoETS": Score(2.695, 0.1294),
        "Chronos-Bolt-tiny 9M": Score(3.368, 0.1516),
        "TiRex 35M": Score(2.710, 0.1264),
    },
}
