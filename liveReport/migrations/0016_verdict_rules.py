"""Rules by which verdicts are derived from signals, as drafted and as adopted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("livereport", "0015_source_minutes")]

    operations = [
        migrations.CreateModel(
            name="VerdictRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(max_length=50, verbose_name="channel")),
                ("signal", models.CharField(max_length=200, verbose_name="signal")),
                (
                    "verdict",
                    models.CharField(blank=True, max_length=200, verbose_name="verdict"),
                ),
                (
                    "adopted",
                    models.CharField(
                        blank=True, editable=False, max_length=200, verbose_name="in force"
                    ),
                ),
            ],
            options={
                "verbose_name": "rule for verdicts",
                "verbose_name_plural": "rules for verdicts",
                "ordering": ("channel", "signal"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("channel", "signal"), name="one_rule_per_signal"
                    )
                ],
            },
        ),
    ]
