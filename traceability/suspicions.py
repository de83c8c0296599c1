"""When the scans of one serial contradict each other, or its label: rules and thresholds.

A rule gives a warning to the buyer at once (`traceability.scans.standing_of`) and a case to the
officer within a minute (`examine`). None of them proves a forgery: they say where to look.
"""

# One item was in two communes so far apart on one day. 300 km is what a lorry or a family car goes
# in a day here; places taken from network addresses are right to some tens of kilometres.
DISTANT_M = 300_000.0
# One item passes the packing shed, a carrier, a shop, a buyer and whoever gets it as a present; in
# more communes than this in all, it is more likely many items with one number.
MOST_PLACES = 6
