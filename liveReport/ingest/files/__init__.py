"""CSV files of any vendor: read by a mapping that their source remembers, line by line."""

from .importing import Import, proposal, take_in, try_out
from .mapping import FileMapping, MappingError, field_names, mapping_of
from .rows import masked
from .text import FileError, Survey, survey
from .waiting import Parts, import_waiting, opened

__all__ = [
    "FileError",
    "FileMapping",
    "Import",
    "MappingError",
    "Parts",
    "Survey",
    "field_names",
    "import_waiting",
    "mapping_of",
    "masked",
    "opened",
    "proposal",
    "survey",
    "take_in",
    "try_out",
]
