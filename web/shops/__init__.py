"""A producer's shop window: pictures, words and listings of products; clicks; the feed.

* `photos.py`: the picture of a product, `/anh/…`, sent and taken away
* `editing.py`: a product's words, `/san-pham/<id>/sua`
* `listings.py`: where products are sold, `/gian-hang`; `mapping.py`: many at once from a workbook
* `clicks.py`: the way to a marketplace, `/ra/…`, counted by day
* `feed.py`: all products for shops, `/api/v1/feed/products.csv`
* `rights.py`: whose products one may change; `words.py`: what the pages say
"""
