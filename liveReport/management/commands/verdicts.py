"""``manage.py verdicts``: what the drafted rules would change, and putting them in force."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from liveReport.rollup.adoption import Draft, adopt, preview


class Command(BaseCommand):
    help = "Fold the last 24 hours by the drafted rules for verdicts and print the difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--adopt", action="store_true", help="put the draft in force and rebuild the rollups"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        draft = Draft.now()
        if not draft.is_news:
            self.stderr.write("Nothing is drafted that is not in force.")
            return
        for told, before, after in preview(draft):
            self.stdout.write(f"{' '.join(told)}: {before} → {after}")
        if options["adopt"]:
            mended = adopt(draft.digest)
            self.stderr.write(f"The draft is in force; {len(mended)} numbers were changed.")
