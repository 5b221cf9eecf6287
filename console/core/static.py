"""Static files: hashed names from Django, served compressed by WhiteNoise."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Lenient about files that are not in the manifest: the bundler's own chunks carry a hash already."""

    manifest_strict = False
