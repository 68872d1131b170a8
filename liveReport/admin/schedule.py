"""The periodic tasks, without the inline script that our content policy forbids."""

from django.contrib import admin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatsPeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatsPeriodicTaskAdmin):
    """Django's own form: it says in words what a saved crontab means, without a script."""

    change_form_template = "admin/change_form.html"
