"""The Celery tasks. Each does all that is due, so a lost or repeated one does no harm.

The tick has a queue and workers of its own. Every other task is slow work, in another
room: it may take minutes, or hang until its time limit ends it, and no event waits for
it. What it must not do there is to hold a lock of the database while it waits for anybody.
"""

from celery import shared_task

from liveReport import rollup
from liveReport.ingest.files import import_waiting
from liveReport.rollup.adoption import adopt_asked
from liveReport.site.sessions import SessionStore


@shared_task(name="livereport.tick", ignore_result=True, time_limit=60)
def tick() -> None:
    """Fold everything that is pending."""
    rollup.fold_pending()


@shared_task(name="livereport.prune", ignore_result=True)
def prune() -> None:
    """Delete what is older than its retention, and sessions that have ended."""
    rollup.prune()
    SessionStore.clear_expired()


@shared_task(name="livereport.files", ignore_result=True)
def files() -> None:
    """Take in some of the files that were uploaded; other slow work comes in between.

    It is rung when there is one, and each minute for those that are not done by then.
    """
    import_waiting(seconds=45)


@shared_task(name="livereport.verdicts", ignore_result=True)
def verdicts() -> None:
    """Put the rules for verdicts in force that somebody wants to be."""
    adopt_asked()
