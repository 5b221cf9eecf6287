"""The port spoken to libvirt: one module per noun, put together in `hypervisor.py`. libvirt is imported only here."""
