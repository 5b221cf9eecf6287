#!/bin/sh
# What a person should see goes to the serial console and to the screen alike.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root

say() {
    for tty in /dev/ttyS0 /dev/tty1; do
        printf 'virtdeck: %s\r\n' "$*" 2>/dev/null >"$tty"
    done
}

# Copy standard input to both consoles.
show() {
    tee /dev/tty1 2>/dev/null >/dev/ttyS0 || cat >/dev/null
}
