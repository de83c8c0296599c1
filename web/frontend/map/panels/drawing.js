// What a filter and a table draw on the map: only what fits, and outlines of rows.
import Feature from "ol/Feature.js";
import { intersects } from "ol/extent.js";
import GeoJSON from "ol/format/GeoJSON.js";
import Point from "ol/geom/Point.js";
import VectorLayer from "ol/layer/Vector.js";
import { fromLonLat, transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import { colourOf, darker, kept } from "../paint.js";

// Up to these zooms tiles carry sums instead of features, which a filter cannot be read from: what
// fits is drawn as points instead.
const POINTS_BELOW = { "growing-areas": 12.2, facilities: 11.2, parcels: 13.2 };
// As in layers.js: parcels are drawn by the graphics card below, which cannot leave any out.
const WEBGL_BELOW = 16;
const FEW = 30;
const MARK = { selected: "#b45309", over: "#14281c" };
const READ = new GeoJSON({ dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" });

function spot(crop) {
  return kept(`match ${crop}`, () => [
    new Style({
      image: new CircleStyle({
        radius: 4.5,
        fill: new Fill({ color: colourOf(crop) }),
        stroke: new Stroke({ color: darker(colourOf(crop)), width: 1.2 }),
      }),
    }),
  ]);
}

/** A ring where a shape would be smaller than a finger, its outline otherwise. */
function mark(feature, resolution) {
  const kind = feature.get("mark");
  const radius = feature.get("radius");
  const geometry = feature.getGeometry();
  const [west, south, east, north] = geometry.getExtent();
  const ring = kept(`ring ${kind} ${radius}`, () => [
    new Style({ image: new CircleStyle({ radius, stroke: new Stroke({ color: "#fff", width: radius / 2 }) }) }),
    new Style({ image: new CircleStyle({ radius, stroke: new Stroke({ color: MARK[kind], width: radius / 4 }) }) }),
  ]);
  if (Math.max(east - west, north - south) / resolution < 18) {
    const middle = new Point([(west + east) / 2, (south + north) / 2]);
    return ring.map((style) => {
      const placed = style.clone();
      placed.setGeometry(middle);
      return placed;
    });
  }
  return kept(`mark ${kind}`, () => [
    new Style({ stroke: new Stroke({ color: "#fff", width: 6 }) }),
    new Style({ stroke: new Stroke({ color: MARK[kind], width: 3 }), fill: new Fill({ color: "rgba(180,83,9,.12)" }) }),
  ]);
}

export function makeDrawing(context) {
  const { map, state, switched } = context;
  const points = new VectorLayer({ source: new VectorSource(), style: (feature) => spot(feature.get("crop")), zIndex: 4, visible: false });
  const marks = new VectorLayer({ source: new VectorSource(), style: mark, zIndex: 6 });
  const pointed = new VectorLayer({ source: new VectorSource(), style: mark, zIndex: 7 });
  for (const layer of [points, marks, pointed]) {
    map.addLayer(layer);
  }

  function draw(layer, features, kind) {
    const shown = features.filter((feature) => feature.geometry);
    // Many rings must not hide the map.
    const radius = shown.length > FEW ? 5 : 10;
    layer.getSource().clear(true);
    layer.getSource().addFeatures(shown.map((feature) => new Feature({ geometry: READ.readGeometry(feature.geometry), mark: kind, radius })));
  }

  /** The graphics card steps back while parcels are filtered. */
  function drawParcelsByCanvas(on) {
    const [near, far] = switched.parcels ?? [];
    if (far) {
      near.setMinZoom(on ? -Infinity : WEBGL_BELOW);
      far.setMaxZoom(on ? -Infinity : WEBGL_BELOW);
    }
  }

  return {
    /**
     * Draw only what fits; `found` as the server's matches, null for everything. Where there are too
     * many to name, their crop is still known to the tiles.
     */
    show(layer, found, crop = "") {
      // Units are the ground under everything: they stay.
      const ids = layer !== "administrative-units" && found?.items && new Set(found.items.map(([id]) => id));
      const byCrop = found && !ids && crop;
      drawParcelsByCanvas(Boolean(ids || byCrop) && layer === "parcels");
      state.sieve = null;
      if (byCrop) {
        state.sieve = (feature) => feature.get("layer") !== layer || feature.get("crop") === crop || state.isPicked(feature);
      } else if (ids) {
        state.sieve = (feature) => {
          if (!feature.get("layer").startsWith(layer)) {
            return true;
          }
          const id = feature.getId();
          return id !== undefined && (ids.has(Number(id.split("/")[1])) || state.isPicked(feature));
        };
      }
      points.getSource().clear(true);
      points.setVisible(Boolean(ids) && layer in POINTS_BELOW);
      if (points.getVisible()) {
        points.setMaxZoom(POINTS_BELOW[layer]);
        points.getSource().addFeatures(found.items.map(([, lon, lat, crop]) => new Feature({ geometry: new Point(fromLonLat([lon, lat])), crop })));
      }
      context.redraw();
    },
    /** Outline the GeoJSON features that are selected. */
    outline: (selected) => draw(marks, selected, "selected"),
    /** Outline the one that is pointed at, or none. */
    pointAt: (feature) => draw(pointed, feature ? [feature] : [], "over"),
    /** Move the view to these GeoJSON features; `padding` in pixels. */
    zoomTo(features, padding) {
      const source = new VectorSource();
      source.addFeatures(features.filter((one) => one.geometry).map((one) => new Feature(READ.readGeometry(one.geometry))));
      if (source.getFeatures().length) {
        map.getView().fit(source.getExtent(), { padding, maxZoom: 16.5, duration: 300 });
      }
    },
    /** Move the view to a box of degrees, unless some of it is in sight already. */
    zoomToBox(box, padding, always) {
      const [width, height] = map.getSize();
      const [top, right, bottom, left] = padding;
      const seen = [
        [left, height - bottom],
        [width - right, top],
      ].flatMap((corner) => map.getCoordinateFromPixel(corner));
      if (!always && intersects(seen, transformExtent(box, "EPSG:4326", "EPSG:3857"))) {
        return;
      }
      map.getView().fit(transformExtent(box, "EPSG:4326", "EPSG:3857"), { padding, maxZoom: 16, duration: 300 });
    },
  };
}
