from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("compute", "0003_fleet_sorts")]

    operations = [
        migrations.AlterField(
            model_name="keypair",
            name="key_type",
            field=models.CharField(max_length=64, verbose_name="type"),
        ),
    ]
