"""The topics of the site, in the order of its menu."""

from flask import Flask

from web import (
    api,
    applications,
    data,
    data_api,
    growing_area_api,
    growing_areas,
    home,
    import_api,
    imports,
    map,
    map_panels,
    map_sheets,
    ogc,
    ogc_editing,
    ogc_items,
    ogc_schemas,
    ogc_tilesets,
    product_api,
    product_labels,
    products,
    resolver,
    review,
    search,
    sign_in,
    tiles,
    units,
    zones,
)


def install(app: Flask) -> None:
    """Register the blueprint of every topic."""
    for topic in (
        home,
        map,
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
        growing_areas,
        growing_area_api,
        zones,
        products,
        product_labels,
        product_api,
        resolver,
        data,
        data_api,
        imports,
        import_api,
        applications,
        review,
        sign_in,
        api,
    ):
        app.register_blueprint(topic.blueprint)
