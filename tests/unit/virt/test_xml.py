"""What goes to libvirt, word for word, and what comes back. `UPDATE_GOLDEN=1` writes the golden files anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from console.virt.errors import Refused
from console.virt.port import DiskFacts, NicFacts, Owner, PoolSpec, Power, VolumeFormat, VolumeSpec
from console.virt.xml import capabilities, domain, domain_facts, metadata, network, pool, tree, volume
from tests.unit.virt.samples import NETWORK, OWNER, ROOT, big_guest, small_guest

GOLDEN = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text + "\n")
    assert text + "\n" == path.read_text()


def read_back(text: str):
    return domain_facts.parse_facts(text, power=Power.RUNNING, reason="booted", persistent=True)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("domain-small-tcg.xml", lambda: domain.build(small_guest(), ["/pool/root"])),
        ("domain-big-kvm.xml", lambda: domain.build(big_guest(), ["/pool/root", "/pool/data", "/pool/seed"])),
        ("network-nat.xml", lambda: network.build(NETWORK)),
        ("pool-dir.xml", lambda: pool.build(PoolSpec("images", "/var/lib/virtdeck/images"))),
        ("volume-overlay.xml", lambda: volume.build(ROOT, backing_path="/pool/base")),
        ("volume-raw.xml", lambda: volume.build(VolumeSpec("images", "data", 1 << 30, VolumeFormat.RAW))),
        ("metadata-owner.xml", lambda: metadata.build(OWNER)),
    ],
)
def test_definitions_are_what_they_were(name, text):
    assert_golden(name, text())


def test_a_domain_is_read_back_as_it_was_asked_for():
    spec = big_guest()
    facts = read_back(domain.build(spec, ["/pool/root", "/pool/data", "/pool/seed"]))
    assert (facts.uuid, facts.name, facts.title, facts.owner) == (spec.uuid, spec.name, spec.title, spec.owner)
    assert (facts.vcpus, facts.memory_mib) == (4, 4096)
    assert facts.disks == (
        DiskFacts("vda", "/pool/root", "disk"),
        DiskFacts("vdb", "/pool/data", "disk"),
        DiskFacts("sda", "/pool/seed", "cdrom"),
    )
    assert facts.nics[0] == NicFacts("52:54:00:00:00:01", "nat0", "")


@pytest.mark.parametrize("title", ["<script>", "]]>", "&amp;", "\"'", "🚀", "名前", "{0} %s", " padded", ""])
def test_hostile_titles_survive(title):
    assert read_back(domain.build(small_guest(title=title), ["/x"])).title == title.strip()


@pytest.mark.parametrize("title", ["nul\0", "line\nbreak", "bell\a", "\x85", "\ud800", "\uffff"])
def test_titles_that_xml_cannot_carry_are_refused(title):
    with pytest.raises(Refused, match="U\\+"):
        domain.build(small_guest(title=title), ["/x"])


def test_control_characters_are_refused_in_attributes_and_owners_too():
    with pytest.raises(Refused):
        domain.build(small_guest(machine="q35\n"), ["/x"])
    with pytest.raises(Refused):
        metadata.build(Owner("lab\0", "p", "i"))


def test_a_serial_that_the_guest_would_see_cut_is_refused():
    disk = big_guest().disks[0].__class__("images", "root", "vda", serial="x" * 21)
    with pytest.raises(Refused, match="20 characters"):
        domain.build(small_guest(disks=(disk,)), ["/x"])


def test_a_uuid_that_is_none_is_refused():
    with pytest.raises(Refused, match="not a UUID"):
        domain.build(small_guest(uuid="web-1"), ["/x"])


def test_every_guest_has_spare_slots_and_shared_memory():
    definition = etree.fromstring(domain.build(small_guest(), ["/x"]))
    ports = definition.findall("devices/controller[@model='pcie-root-port']")
    assert len(ports) >= domain.SPARE_PCI_PORTS + 5
    assert definition.find("memoryBacking/access").get("mode") == "shared"
    assert definition.findtext("sysinfo/system/entry[@name='product']") == "OpenStack Nova"


def test_foreign_domains_of_any_shape_are_read():
    facts = read_back("<domain type='qemu'><name>x</name><uuid>u</uuid><memory>2097152</memory></domain>")
    assert (facts.memory_mib, facts.vcpus, facts.owner, facts.disks) == (2048, 1, None, ())
    facts = read_back(
        "<domain><vcpu current='2'>8</vcpu><devices>"
        "<disk type='network' device='disk'><source protocol='rbd' name='pool/img'/><target dev='vda'/></disk>"
        "<disk type='volume'><source pool='p' volume='v'/><target dev='vdb'/></disk>"
        "<disk device='cdrom'><target dev='sda'/></disk>"
        "<interface type='bridge'><mac address='52:54:00:AA:00:01'/><source bridge='br0'/></interface>"
        "</devices></domain>"
    )
    assert [disk.source for disk in facts.disks] == ["pool/img", "p/v", ""]
    assert facts.vcpus == 2
    assert facts.nics == (NicFacts("52:54:00:aa:00:01", "br0", ""),)


def test_a_host_cannot_make_us_read_files():
    text = "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><domain><title>&x;</title></domain>"
    assert read_back(text).title == ""
    with pytest.raises(Refused):
        tree.parse("<domain>")


def test_screens():
    here = (
        "<domain><devices><graphics type='vnc' port='{}'><listen type='{}' address='{}'/></graphics></devices></domain>"
    )
    assert domain_facts.parse_graphics(here.format(5901, "address", "10.0.0.1")).port == 5901
    assert domain_facts.parse_graphics(here.format(-1, "none", "")).port is None
    assert domain_facts.parse_graphics("<domain/>") is None


def test_networks_are_read():
    facts = network.parse_facts(network.build(NETWORK), active=True)
    assert (facts.name, facts.bridge, facts.forward, facts.cidr) == ("nat0", "vdbr0", "nat", "10.99.0.0/24")
    assert network.parse_facts("<network><name>x</name></network>", active=False).forward == "isolated"
    masked = "<network><ip address='172.16.0.1' netmask='255.255.0.0'/></network>"
    assert network.parse_facts(masked, active=False).cidr == "172.16.0.0/16"


def test_volumes_are_read_in_their_units():
    shape = volume.parse_shape(
        "<volume><name>v</name><capacity unit='GiB'>2</capacity><allocation>512</allocation>"
        "<target><path>/p/v</path></target><backingStore><path>/p/base</path></backingStore></volume>"
    )
    assert shape == volume.VolumeShape("v", "/p/v", 2 << 30, 512, "/p/base")


def test_cpu_features_leave_out_what_is_disabled():
    cpu = "<cpu><feature policy='require' name='svm'/><feature policy='disable' name='vmx'/></cpu>"
    assert capabilities.cpu_features(cpu) == {"svm"}
