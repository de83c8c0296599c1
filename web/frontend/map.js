import Map from "ol/Map.js";
export { Map };
