#!/bin/bash
# Build the tiny guest: a disk of about 20 MB that boots under BIOS and UEFI in a few seconds.
#
#   build.sh OUTPUT.qcow2 [--cache DIR]
#
# Made from packages of the distribution alone, without root, mounts or loop devices: packages are downloaded
# and unpacked, never installed. Boot chain: MBR -> syslinux (BIOS) or systemd-boot (UEFI) -> kernel + initramfs.
# The guest lives in its initramfs; nothing writes to the disk.
set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage="usage: build.sh OUTPUT.qcow2 [--cache DIR]"
say() { printf 'tiny-image: %s\n' "$*"; }
die() { printf 'tiny-image: %s\n' "$*" >&2; exit 1; }

output='' cache=''
while (($#)); do
    case $1 in
        --cache) cache=${2:?$usage}; shift 2 ;;
        -h | --help) echo "$usage"; exit 0 ;;
        -*) die "unknown option $1; $usage" ;;
        *) [[ -z $output ]] || die "$usage"; output=$1; shift ;;
    esac
done
[[ -n $output ]] || die "$usage"
mkdir -p "$(dirname "$output")"
output=$(cd "$(dirname "$output")" && pwd)/$(basename "$output")
cache=${cache:-$(dirname "$output")/tiny-image-packages}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

PATH=$PATH:/usr/sbin:/sbin
missing=()
for pair in apt-get:apt dpkg-deb:dpkg cpio:cpio gzip:gzip depmod:kmod modprobe:kmod qemu-img:qemu-utils; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
((${#missing[@]} == 0)) || die "missing on this machine: apt-get install ${missing[*]}"

work=$(mktemp -d "${TMPDIR:-/tmp}/tiny-image.XXXXXX")
part=$output.part.$$
trap 'rm -rf "$work" "$part"' EXIT

# What the guest can drive. Names that a kernel has built in cost nothing; names it lacks are skipped, except the first line.
required=(virtio_pci virtio_net virtio_blk)
optional=(virtio_scsi sr_mod cdrom isofs nls_utf8 button evdev virtio_rng virtio_balloon)

# --- packages ---------------------------------------------------------------------------------------------------

depends() { apt-cache show --no-all-versions "$1" 2>/dev/null | sed -n 's/^Depends: //p' | tr ',|' '\n' | awk '{print $1}'; }

# The kernel that the distribution's own metapackage for virtual machines stands for today.
find_kernel() {
    local meta name
    for meta in linux-image-cloud-amd64 linux-image-virtual linux-image-kvm linux-image-amd64; do
        name=$(depends "$meta" | grep -E '^linux-image-(unsigned-)?[0-9]' | head -n 1 || true)
        if [[ -n $name ]]; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

kernel_package=$(find_kernel) || die "apt knows no kernel package: run 'apt-get update' as root first"
release=${kernel_package#linux-image-}
release=${release#unsigned-}

packages=("$kernel_package" busybox-static syslinux syslinux-common mtools)
# Ubuntu keeps the modules in a package of their own.
if apt-cache show --no-all-versions "linux-modules-$release" >/dev/null 2>&1; then packages+=("linux-modules-$release"); fi
known() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }
if known systemd-boot-efi; then packages+=(systemd-boot-efi); fi
if known dropbear-bin; then
    packages+=(dropbear-bin)
    # Its libraries and theirs; the C library is the one of this machine, which is of the same release.
    level=$(depends dropbear-bin | grep '^lib' | grep -v '^libc6$')
    for name in $level; do level+=" $(depends "$name" | grep '^lib' | grep -v '^libc6$' | tr '\n' ' ' || true)"; done
    while read -r name; do
        if known "$name"; then packages+=("$name"); fi
    done < <(tr -s ' ' '\n' <<<"$level" | sort -u)
fi

# In an empty directory: apt leaves out of this list what lies beside it already.
mkdir "$work/download"
cd "$work/download"
uris=$(apt-get -q download --print-uris "${packages[@]}") || die "apt cannot find ${packages[*]}: run 'apt-get update' as root first"
wanted=() files=()
while read -r uri file _size _sum; do
    [[ $uri == \'* ]] || continue
    files+=("$file")
    [[ -s $cache/$file ]] || wanted+=("${file%%_*}")
done <<<"$uris"
((${#files[@]} == ${#packages[@]})) || die "apt offers ${#files[@]} of the ${#packages[@]} packages: ${packages[*]}"
if ((${#wanted[@]})); then
    say "downloading ${wanted[*]}"
    apt-get -qq -o APT::Sandbox::User="$(id -un)" download "${wanted[@]}"
    mv ./*.deb "$cache"/
fi

mkdir "$work/packages"
for file in "${files[@]}"; do
    [[ -s $cache/$file ]] || die "download of $file failed"
    if [[ $file == linux-* ]]; then
        # Documentation and debug symbols stay out: unpacking is most of the time this takes.
        dpkg-deb --fsys-tarfile "$cache/$file" | tar -x -C "$work/packages" --no-same-owner --wildcards \
            './boot/vmlinuz*' "./*lib/modules/*"  2>/dev/null || dpkg-deb -x "$cache/$file" "$work/packages"
    else
        dpkg-deb -x "$cache/$file" "$work/packages"
    fi
done
cd "$work/packages"
if [[ ! -d lib/modules && -d usr/lib/modules ]]; then mkdir -p lib && ln -s ../usr/lib/modules lib/modules; fi
[[ -d lib/modules/$release ]] || die "no modules for $release in $kernel_package"
kernel=boot/vmlinuz-$release
[[ -s $kernel ]] || die "no $kernel in $kernel_package"
say "kernel $release"

# --- initramfs --------------------------------------------------------------------------------------------------

root=$work/root
mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,mnt,root/.ssh,etc/dropbear,usr/bin,usr/sbin,var/log,lib/modules}
chmod 0700 "$root/root" "$root/root/.ssh"
chmod 1777 "$root/tmp"
cp -r "$here"/rootfs/. "$root"/
chmod 0755 "$root"/etc/rc "$root"/etc/acpi/PWRF/00000080 "$root"/usr/share/udhcpc/default.script "$root"/usr/lib/virtdeck/*

busybox=$(find bin usr/bin -name busybox -type f | head -n 1)
cp "$busybox" "$root/bin/busybox"
while read -r applet; do
    # A link named busybox would point at itself.
    [[ $applet == busybox || -e $root/bin/$applet ]] || ln -s busybox "$root/bin/$applet"
done < <("./$busybox" --list)
ln -s bin/busybox "$root/init"
# Busybox's init reads /etc/inittab only as PID 1 under a name that ends in "init".

depmod -b . "$release"
declare -A seen=()
add_module() {
    local name=$1 word path out
    out=$(modprobe -d . -S "$release" --show-depends "$name" 2>/dev/null) || return 1
    while read -r word path _; do
        [[ $word == insmod ]] || continue
        [[ -z ${seen[$path]:-} ]] || continue
        seen[$path]=1
        local plain
        plain=$(basename "$path")
        plain=${plain%%.ko*}.ko
        # busybox loads plain modules only; the whole initramfs is compressed anyway.
        case $path in
            *.ko.xz) xz -dc "$path" ;;
            *.ko.zst) zstd -qdc "$path" ;;
            *.ko.gz) gzip -dc "$path" ;;
            *) cat "$path" ;;
        esac >"$root/lib/modules/$plain"
        printf '%s\n' "$plain" >>"$root/etc/modules"
    done <<<"$out"
}
for name in "${required[@]}"; do add_module "$name" || die "kernel $release has no $name"; done
for name in "${optional[@]}"; do add_module "$name" || say "kernel $release has no module $name: left out"; done

# dropbear is a convenience: where its libraries cannot be found, the guest has its consoles only.
places=$(find lib usr/lib -name '*.so.*' -printf "$PWD/%h\n" 2>/dev/null | sort -u | tr '\n' ':')
if [[ -x usr/sbin/dropbear ]] && libraries=$(LD_LIBRARY_PATH=$places ldd usr/sbin/dropbear 2>/dev/null) &&
    [[ $libraries != *"not found"* ]]; then
    install -m 0755 usr/sbin/dropbear "$root/usr/sbin/dropbear"
    while read -r library; do
        if [[ $(basename "$library") == ld-linux* ]]; then
            install -D -m 0755 "$library" "$root$library"
        else
            install -D -m 0755 "$library" "$root/lib/$(basename "$library")"
        fi
    done < <(awk '$2 == "=>" {print $3} $1 ~ /^\// {print $1}' <<<"$libraries")
else
    say "dropbear's libraries are not installed: this image has no SSH server"
fi

printf 'VIRTDECK_TINY_KERNEL=%s\n' "$release" >"$root/etc/virtdeck-release"
# Same packages, same bytes: fixed times and order, owner root, whoever builds.
find "$root" -exec touch -h -d @1700000000 {} +
(cd "$root" && find . -mindepth 1 -printf '%P\n' | sort | cpio -o -H newc -R 0:0 --reproducible --quiet) | gzip -9n >"$work/initrd.gz"

# --- disk -------------------------------------------------------------------------------------------------------

arguments='console=tty0 console=ttyS0,115200 panic=10 net.ifnames=0 consoleblank=0'
printf 'DEFAULT virtdeck\nPROMPT 0\nTIMEOUT 0\nLABEL virtdeck\n  KERNEL /vmlinuz\n  INITRD /initrd.gz\n  APPEND %s\n' \
    "$arguments" >"$work/syslinux.cfg"
printf 'timeout 0\ndefault virtdeck.conf\n' >"$work/loader.conf"
printf 'title Virtdeck tiny guest\nlinux /vmlinuz\ninitrd /initrd.gz\noptions %s\n' "$arguments" >"$work/virtdeck.conf"

content=$(($(stat -c %s "$kernel") + $(stat -c %s "$work/initrd.gz")))
offset=$((1024 * 1024))
size=$(((content / 1048576 + 4) * 1048576))
disk=$work/disk.raw
truncate -s $((offset + size)) "$disk"

export PATH=$work/packages/usr/bin:$PATH MTOOLS_SKIP_CHECK=1 SOURCE_DATE_EPOCH=1700000000
image=$disk@@$offset
mformat -i "$image" -T $((size / 512)) -h 64 -s 32 -H $((offset / 512)) -N 56445443 -v VIRTDECK ::
mmd -i "$image" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries
mcopy -i "$image" "$kernel" ::/vmlinuz
mcopy -i "$image" "$work/initrd.gz" ::/initrd.gz
mcopy -i "$image" "$work/syslinux.cfg" ::/syslinux.cfg
efi=usr/lib/systemd/boot/efi/systemd-bootx64.efi
if [[ -s $efi ]]; then
    mcopy -i "$image" "$efi" ::/EFI/BOOT/BOOTX64.EFI
    mcopy -i "$image" "$work/loader.conf" ::/loader/loader.conf
    mcopy -i "$image" "$work/virtdeck.conf" ::/loader/entries/virtdeck.conf
else
    say "systemd-boot-efi is not to be had: this image boots by BIOS only"
fi
syslinux --install --offset "$offset" "$disk"

# One active partition of type EF (EFI system): syslinux's MBR looks for the flag, UEFI firmware for the type.
little_endian() {
    local value=$1 _
    for _ in 1 2 3 4; do printf '\\x%02x' $((value & 255)); value=$((value >> 8)); done
}
mbr=$(find usr/lib -name mbr.bin | head -n 1)
{
    head -c 440 "$mbr"
    head -c $((440 - $(head -c 440 "$mbr" | wc -c))) /dev/zero
    printf 'VDCK\0\0'
    # shellcheck disable=SC2059
    printf "\\x80\\xfe\\xff\\xff\\xef\\xfe\\xff\\xff$(little_endian $((offset / 512)))$(little_endian $((size / 512)))"
    head -c 48 /dev/zero
    printf '\x55\xaa'
} >"$work/mbr"
[[ $(stat -c %s "$work/mbr") == 512 ]] || die "the boot sector came out wrong"
dd if="$work/mbr" of="$disk" conv=notrunc status=none

qemu-img convert -q -f raw -O qcow2 "$disk" "$part"
chmod 0644 "$part"
mv "$part" "$output"
say "$output: $(($(stat -c %s "$output") / 1048576)) MiB in ${SECONDS} s"
