#!/bin/sh
# The first process of the virtual machine: does what a user would do, and says on the console what came of it.
# Each check is a line `ok: ...` or `FAILED: ...`; the last line is the verdict.
export PATH=/bin:/sbin HOME=/root ASAN_OPTIONS=detect_stack_use_after_return=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
ip link set lo up
cd /root || poweroff -f
failed=0

check() {
    what=$1
    shift
    if "$@" >/tmp/said 2>&1; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        tail -n 40 /tmp/said
        failed=1
    fi
}

# The value of one line of the kernel's account of TLS; 0 while it has none.
stat() {
    value=$(awk -v name="$1" '$1 == name { print $2 }' /proc/net/tls_stat 2>/dev/null)
    echo "${value:-0}"
}

# Until a command does not fail any more.
until_it() {
    for _ in $(seq 300); do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.1
    done
    return 1
}

equals() {
    echo "$1, not $2"
    [ "$1" -eq "$2" ]
}

lines() {
    [ "$(grep -c "$1" broker.log)" -eq "$2" ]
}

pub() {
    wax pub -h localhost -p 8883 --cafile ca.crt "$@"
}

wax pki ca --dir . >/dev/null && wax pki server --dir . --name server localhost >/dev/null
dd if=/dev/urandom of=large bs=1000 count=300 2>/dev/null
secure="certfile server.crt
keyfile server.key"
cat >wax.conf <<END
user root
workers 2
sys_interval 1
sys_anonymous true
allow_anonymous true
log_dest stderr
listener 8883 127.0.0.1
$secure
tls_kernel true
listener 8884 127.0.0.1
protocol websockets
$secure
tls_kernel true
listener 8885 127.0.0.1
$secure
END
chmod 600 server.key

start() {
    wax broker -c wax.conf 2>broker.log &
    broker=$!
    until_it pub -t ready -m yes
}

# Makes a configuration of OpenSSL with one version.
limit_to() {
    printf 'openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = %s\nMaxProtocol = %s\n' \
        "$1" "$1" >version.cnf
}

# A version through our listener, with a client that is not ours: a large message comes in and goes out again.
exchange() {
    rm -f large.back
    limit_to "$1"
    OPENSSL_CONF=version.cnf mosquitto_pub -h localhost -p 8883 --cafile ca.crt -t "large/$1" -r -q 1 -f large &&
        OPENSSL_CONF=version.cnf mosquitto_sub -h localhost -p 8883 --cafile ca.crt -t "large/$1" -q 1 -C 1 -N -W 60 \
            >large.back &&
        cmp large large.back && lines "tls=$1" "$2"
}

counted() {
    value=$(wax sub -h localhost -p 8885 --cafile ca.crt -t '$SYS/broker/tls/kernel/count' -C 1 -W 20)
    [ "${value:-0}" -ge "$1" ]
}

# A client whose suite the kernel does not know.
visit_with_cbc() {
    echo | openssl s_client -connect localhost:8883 -CAfile ca.crt -tls1_2 -cipher ECDHE-ECDSA-AES256-SHA |
        grep 'Cipher is ECDHE-ECDSA-AES256-SHA'
}

# The client asks for new keys; the broker parts from it when it has something to send.
ask_for_keys() {
    { printf '\020\015\000\004MQTT\004\002\000\074\000\001k'; sleep 3; echo K; sleep 3; printf '\300\000'; sleep 5; } |
        openssl s_client -connect localhost:8883 -CAfile ca.crt -tls1_3 >/tmp/keys 2>&1
    until_it grep 'KeyUpdate' broker.log
}

judge() {
    echo /bin/false >/proc/sys/kernel/modprobe
    check 'the broker starts without the module' start
    check 'and says what to do' lines 'no module `tls`; load it with `modprobe tls`' 2
    check 'TLS stays in the process' exchange TLSv1.3 3
    echo /sbin/modprobe >/proc/sys/kernel/modprobe
    check 'the kernel has the module' modprobe tls
    kill -HUP $broker
    check 'a reload takes it up' until_it lines ' reloaded' 1
    check 'nothing was encrypted by it so far' equals "$(stat TlsTxSw)" 0

    check 'TLS 1.3: a large message in and out' exchange TLSv1.3 5
    check 'TLS 1.3: the kernel encrypts' equals "$(stat TlsTxSw)" 2
    check 'TLS 1.3: OpenSSL 3.0 decrypts' equals "$(stat TlsRxSw)" 0
    check 'TLS 1.2: a large message in and out' exchange TLSv1.2 2
    check 'TLS 1.2: the kernel encrypts' equals "$(stat TlsTxSw)" 4
    check 'TLS 1.2: the kernel decrypts' equals "$(stat TlsRxSw)" 2
    check 'our own client' pub -t ours -m yes -q 1
    check 'WebSocket over it' wax pub -h localhost -p 8884 --cafile ca.crt --ws -t ours -m yes -q 1
    check 'all are counted' until_it counted 6
    check 'a listener without the option has no part in it' equals "$(stat TlsTxSw)" 6
    check 'a suite that the kernel does not know' visit_with_cbc
    check 'and again' visit_with_cbc
    check 'is told once' lines tls_kernel_declined 1
    check 'new keys in the middle end the connection, in words' ask_for_keys
    check 'no record was broken' equals "$(stat TlsDecryptError)" 0
    kill -TERM $broker
    check 'the broker ends well' wait $broker
    check 'and no sanitizer complains' lines 'Sanitizer\|runtime error' 0
    check 'no connection is left in the kernel' equals "$(stat TlsCurrTxSw)" 0
    [ -e /bin/tls_kernel_test ] && check 'the unit tests, with the kernel' env WAX_KERNEL_HAS_TLS=1 tls_kernel_test
    cat /proc/net/tls_stat
    [ $failed -eq 0 ] || tail -n 40 broker.log
}

judge
[ $failed -eq 0 ] && echo 'verdict: all is well' || echo 'verdict: something failed'
poweroff -f
