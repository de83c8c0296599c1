"""The topics of the site, in the order of its menu."""

from flask import Flask

from web import (
    api,
    applications,
    data,
    data_api,
    exports,
    growing_area_api,
    growing_areas,
    home,
    product_api,
    product_labels,
    resolver,
    review,
    search,
    sign_in,
    units,
    zones,
)
from web.codes import api as codes_api
from web.codes import pages as codes
from web.editing import history as history_api
from web.editing import operations as editing_api
from web.epcis import capture as epcis_capture
from web.epcis import checkpoints as epcis_checkpoints
from web.epcis import discovery as epcis_discovery
from web.epcis import events as epcis_events
from web.imports import api as import_api
from web.imports import pages as imports
from web.map import backgrounds, coordinates
from web.map import page as map
from web.map import panels as map_panels
from web.map import sheets as map_sheets
from web.ocop import certificates as ocop_certificates
from web.ocop import desk as ocop
from web.ocop import dossiers as ocop_dossiers
from web.ocop import papers as ocop_papers
from web.ocop import scores as ocop_scores
from web.ogc import collections as ogc
from web.ogc import editing as ogc_editing
from web.ogc import items as ogc_items
from web.ogc import schemas as ogc_schemas
from web.ogc import tiles
from web.ogc import tilesets as ogc_tilesets
from web.products import certificates, producers
from web.products import pages as products
from web.reports import api as report_api
from web.reports import form as reports
from web.reports import inbox as cases
from web.shops import clicks, feed, photos
from web.shops import editing as product_editing
from web.shops import listings as shops
from web.shops import mapping as shop_mapping
from web.trade import api as trade_api
from web.trade import corrections as trade_corrections
from web.trade import desk as trade_desk
from web.trade import diary as trade_diary
from web.trade import lots as trade_lots
from web.trade import steps as trade_steps
from web.trade import tracing as trade_tracing


def install(app: Flask) -> None:
    """Register the blueprint of every topic."""
    for topic in (
        home,
        map,
        backgrounds,
        map_sheets,
        map_panels,
        tiles,
        ogc_editing,
        ogc,
        ogc_items,
        ogc_schemas,
        ogc_tilesets,
        search,
        units,
        coordinates,
        growing_areas,
        growing_area_api,
        editing_api,
        history_api,
        zones,
        products,
        certificates,
        producers,
        reports,
        cases,
        report_api,
        product_labels,
        photos,
        clicks,
        feed,
        product_editing,
        shop_mapping,
        shops,
        codes,
        codes_api,
        product_api,
        trade_desk,
        trade_steps,
        trade_lots,
        trade_corrections,
        trade_diary,
        trade_tracing,
        trade_api,
        ocop,
        ocop_dossiers,
        ocop_papers,
        ocop_scores,
        ocop_certificates,
        resolver,
        epcis_capture,
        epcis_events,
        epcis_discovery,
        epcis_checkpoints,
        data,
        data_api,
        exports,
        imports,
        import_api,
        applications,
        review,
        sign_in,
        api,
    ):
        app.register_blueprint(topic.blueprint)
