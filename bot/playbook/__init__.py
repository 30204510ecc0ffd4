"""What is sold and how: the model of a playbook, its loader, and the playbooks themselves under `books/`."""

from bot.playbook.loader import Finding, PlaybookError, check_playbook, load_playbook
from bot.playbook.model import Playbook, Wording

__all__ = ["Finding", "Playbook", "PlaybookError", "Wording", "check_playbook", "load_playbook"]
