"""The site's own settings, with one view for each yardstick in place of our pages."""

from liveReport import settings as ours

globals().update({name: value for name, value in vars(ours).items() if name.isupper()})
INSTALLED_APPS = [*ours.INSTALLED_APPS, "tests.benchmarks.peers.rows"]
ROOT_URLCONF = "tests.benchmarks.peers.urls"
