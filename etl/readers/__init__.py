"""Opening files that other people made.

`open_source` is the only way in. It refuses what is not a plain local file, checks the content
before a parser sees it, and gives a `Source`. Formats are told by their content and must agree with
the file's name: a file that says one thing and is another is refused.
"""

from etl.readers.opening import list_data_sets, open_source
from etl.readers.source import Batch, Source

__all__ = ["Batch", "Source", "list_data_sets", "open_source"]
