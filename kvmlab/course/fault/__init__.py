"""Faults: what may be broken on a solved lab host, for somebody else to find and mend (`kvmlab repair`).

Rejected: faults inside the labs' own folders (one fault is offered for many labs), and faults as Python (what is broken
is broken with the commands that a colleague would have typed, and those are read beside the story they belong to).
"""

from kvmlab.course.fault.model import Fault, Story, Symptom, Way
from kvmlab.course.fault.reading import FaultFile, fault_files

__all__ = ["Fault", "FaultFile", "Story", "Symptom", "Way", "fault_files"]
