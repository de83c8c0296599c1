import { start } from "./map/page.js";

start();
