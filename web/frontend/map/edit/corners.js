// Finding, moving and removing single corners of an area, whose place is `[part, ring, corner]`.

import { squaredDistanceToSegment } from "ol/coordinate.js";

const LEAST = 4;

/** The corner nearest to a pixel within so many pixels, or nothing. */
export function nearest(map, geometry, pixel, reach) {
  let best = null;
  let least = reach * reach;
  geometry.getCoordinates().forEach((part, p) =>
    part.forEach((ring, r) =>
      ring.slice(0, -1).forEach((corner, c) => {
        const [x, y] = map.getPixelFromCoordinate(corner) ?? [Infinity, Infinity];
        const apart = (x - pixel[0]) ** 2 + (y - pixel[1]) ** 2;
        if (apart <= least) {
          least = apart;
          best = [p, r, c];
        }
      }),
    ),
  );
  return best;
}

/** The corner before the edge that passes nearest to a place of the map. */
export function nearestEdge(geometry, place) {
  let best = [0, 0, 0];
  let least = Infinity;
  geometry.getCoordinates().forEach((part, p) =>
    part.forEach((ring, r) =>
      ring.slice(0, -1).forEach((corner, c) => {
        const apart = squaredDistanceToSegment(place, [corner, ring[c + 1]]);
        if (apart < least) {
          least = apart;
          best = [p, r, c];
        }
      }),
    ),
  );
  return best;
}

export function at(geometry, path) {
  return path && geometry?.getType() === "MultiPolygon" ? geometry.getCoordinates()[path[0]]?.[path[1]]?.[path[2]] : undefined;
}

/** The ring with its corner moved, its last place following the first. */
function closed(ring) {
  return [...ring.slice(0, -1), ring[0]];
}

export function move(geometry, [p, r, c], place) {
  const parts = geometry.getCoordinates();
  parts[p][r][c] = place;
  parts[p][r] = closed(parts[p][r]);
  geometry.setCoordinates(parts);
}

/** Put a corner after another; gives its place. */
export function insert(geometry, [p, r, c], place) {
  const parts = geometry.getCoordinates();
  parts[p][r].splice(c + 1, 0, place);
  geometry.setCoordinates(parts);
  return [p, r, c + 1];
}

/**
 * Take a corner away. A hole of three corners goes with it, and so does a part, unless it is the
 * last: then nothing is done and the answer is false.
 */
export function remove(geometry, [p, r, c]) {
  const parts = geometry.getCoordinates();
  const ring = parts[p][r];
  if (ring.length > LEAST) {
    ring.splice(c, 1);
    ring[ring.length - 1] = ring[0];
  } else if (r > 0) {
    parts[p].splice(r, 1);
  } else if (parts.length > 1) {
    parts.splice(p, 1);
  } else {
    return false;
  }
  geometry.setCoordinates(parts);
  return true;
}
