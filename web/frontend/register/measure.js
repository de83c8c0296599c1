// Measuring a ring of [lon, lat] on the WGS84 ellipsoid, well enough for a field: on a plane that
// touches it at the ring's middle, a field of 1 km is right to 0.001 %. The server measures again.
const A = 6378137;
const E2 = 0.00669437999014;

function scales(lat) {
  const sine = Math.sin((lat * Math.PI) / 180);
  const w = Math.sqrt(1 - E2 * sine * sine);
  const degree = Math.PI / 180;
  return {
    x: (A / w) * Math.cos(lat * degree) * degree,
    y: ((A * (1 - E2)) / (w * w * w)) * degree,
  };
}

export const last = (list) => list[list.length - 1];

/** Metres east and north of the ring's first corner. */
export function onPlane(ring) {
  if (!ring.length) return [];
  const middle = ring.reduce((sum, [, lat]) => sum + lat, 0) / ring.length;
  const { x, y } = scales(middle);
  const [lon, lat] = ring[0];
  return ring.map((corner) => [(corner[0] - lon) * x, (corner[1] - lat) * y]);
}

export function areaM2(ring) {
  const plane = onPlane(ring);
  let twice = 0;
  plane.forEach(([x, y], i) => {
    const [nextX, nextY] = plane[(i + 1) % plane.length];
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}

export function distanceM(from, to) {
  const { x, y } = scales((from[1] + to[1]) / 2);
  return Math.hypot((to[0] - from[0]) * x, (to[1] - from[1]) * y);
}

/** Whether the closed ring crosses itself. */
export function crosses(ring) {
  const n = ring.length;
  const side = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
  for (let i = 0; i < n; i += 1) {
    for (let j = i + 2; j < n; j += 1) {
      if (i === 0 && j === n - 1) continue;
      const [a, b, c, d] = [ring[i], ring[(i + 1) % n], ring[j], ring[(j + 1) % n]];
      if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
    }
  }
  return false;
}

/** The sào of the place: 1,000 m² in the Central Highlands and the south, 500 m² north of 16°. */
export const saoM2 = (lat) => (lat < 16 ? 1000 : 500);

/**
 * The local units of a place, `[name, m²]`: in the south and the Central Highlands a sào and a công
 * are 1,000 m²; in the north-centre a mẫu is ten sào of 500 m².
 */
export const localUnits = (lat) =>
  lat < 16
    ? [["sao-cong", saoM2(lat)]]
    : [
        ["sao", saoM2(lat)],
        ["mau", saoM2(lat) * 10],
      ];
