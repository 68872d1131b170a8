"""CSV files of any vendor: read by a mapping that their source remembers, line by line."""

from .importing import Import, take_in, try_out
from .mapping import FileMapping, MappingError, mapping_of
from .rows import masked
from .text import FileError, Survey, survey

__all__ = [
    "FileError",
    "FileMapping",
    "Import",
    "MappingError",
    "Survey",
    "mapping_of",
    "masked",
    "survey",
    "take_in",
    "try_out",
]
