"""The periodic tasks: those kinds of schedules that are of use, in forms without scripts."""

from django.contrib import admin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatsPeriodicTaskAdmin
from django_celery_beat.models import ClockedSchedule, PeriodicTask, SolarSchedule

# By the sun, or once: nothing of ours ever runs so.
admin.site.unregister([PeriodicTask, ClockedSchedule, SolarSchedule])


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatsPeriodicTaskAdmin):
    """Django's own form: it says in words what a saved crontab means, without a script."""

    change_form_template = "admin/change_form.html"
