"""libvirt's XML: one module per root element, built from the port's dataclasses and parsed back into its facts."""
