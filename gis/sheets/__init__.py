"""Map sheets: vector PDF on A4 and A3, to scale, in the province's VN-2000 zone.

Paper lengths are millimetres from the lower left, ground lengths plane metres of a TM-3 zone (k =
0.9999, so that a metre on the sheet is a metre as the cadastre counts it, x = easting). Nothing is
cut silently: what does not fit is said on the sheet or refused with a sentence.

Files, in reading order:

* `request.py`: what may be asked for, read from JSON
* `layout.py`: where everything lies on the paper; scales
* `grid.py`: zones, grid lines, ticks of longitude and latitude, convergence
* `content.py`: the features of a frame, as the caller may see them
* `pen.py`: drawing in millimetres (reportlab beneath)
* `labels.py`: names placed so that no two overlap
* `map_drawing.py`, `frame_drawing.py`, `legend.py`, `symbols.py`: the parts of a sheet
* `planning.py`: which sheets a request becomes
* `writing.py`: the document
"""
