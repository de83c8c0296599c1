"""The reform of 1 July 2025: provinces merged, districts abolished, communes drawn anew.

NQ 202/2025/QH15 and NQ 1671/NQ-UBTVQH15 made the units, QĐ 19/2025/QĐ-TTg gave all codes anew and
used old ones again for other areas. So a unit's code is only a key together with its first day.
"""

from datetime import date

REFORM_ON = date(2025, 7, 1)
LAST_DAY_BEFORE = date(2025, 6, 30)
BASIS = "QĐ 19/2025/QĐ-TTg"
