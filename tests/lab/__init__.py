"""A throwaway host like a Mikrus VPS on this machine, for deploys and tests: `python -m tests.lab --help`.

from tests.lab import Lab

lab = Lab.up()
lab.ssh("uname -a", check=True).stdout
lab.down()
"""

from tests.lab.errors import LabError
from tests.lab.lab import Lab

__all__ = ["Lab", "LabError"]
