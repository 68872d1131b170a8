"""The Celery tasks. Each does all that is due, so a lost or repeated one does no harm."""

from celery import shared_task

from liveReport import rollup


@shared_task(name="livereport.tick", ignore_result=True)
def tick() -> None:
    """Fold everything that is pending."""
    rollup.fold_pending()


@shared_task(name="livereport.prune", ignore_result=True)
def prune() -> None:
    """Delete what is older than its retention."""
    rollup.prune()
