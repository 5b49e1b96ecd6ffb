"""Date formats of our own, a locale a package (`FORMAT_MODULE_PATH`)."""
