"""List all bad inputs."""

from support.bad_inputs.files import DOCUMENTS, FILES
from support.bad_inputs.images import PICTURES
from support.bad_inputs.rows import ROWS, TEMPLATES

CASES = PICTURES + ROWS + TEMPLATES + DOCUMENTS + FILES
