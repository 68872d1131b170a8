"""A token says itself whether it is good for all campaigns: having none left is no sign of it."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.functions import Now


def say_what_tokens_have(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    ApiToken = apps.get_model("livereport", "ApiToken")
    ApiToken.objects.filter(campaigns=None).update(all_campaigns=True)


def end_what_would_widen(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Without the flag, a token whose campaigns are gone would be good for all."""
    ApiToken = apps.get_model("livereport", "ApiToken")
    ApiToken.objects.filter(campaigns=None, all_campaigns=False).update(expiry=Now())


class Migration(migrations.Migration):
    dependencies = [("livereport", "0007_series_by_execution")]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="all_campaigns",
            field=models.BooleanField(
                default=False,
                help_text="Also those that are created later.",
                verbose_name="all campaigns",
            ),
        ),
        migrations.AlterField(
            model_name="apitoken",
            name="campaigns",
            field=models.ManyToManyField(
                blank=True,
                help_text="Only these. Once they are deleted, the token is good for none.",
                related_name="tokens",
                to="livereport.campaign",
                verbose_name="campaigns",
            ),
        ),
        migrations.RunPython(say_what_tokens_have, end_what_would_widen),
    ]
