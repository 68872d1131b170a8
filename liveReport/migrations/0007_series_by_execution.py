"""The series of an execution are found at once: when it is no longer counted apart, they leave."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("livereport", "0006_set_aside_batches")]

    operations = [
        migrations.AddIndex(
            model_name="series",
            index=models.Index(
                fields=["campaign", "channel", "execution", "dimension", "type"],
                name="series_by_execution",
            ),
        ),
    ]
