# Runs on a host as root, once a verification, and prints in sections all that the checks look at. It leaves nothing behind.
#
# $1 the line that begins a section, $2 the program for the inside of a container, $3 the addresses that it shall try.
# The owner's secrets never leave the host: they are searched for here, and only the names of places are printed.
heading=$1 probe=$2 addresses=$3
umask 077
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
stack=/opt/stacks/picoclaw
config=$stack/config/config.json
unit=picoclaw-firewall.service

stop() {
    printf '%s stop\n%s\n' "$heading" "$*"
    exit 0
}
[ "$(id -u)" = 0 ] || stop "user $(id -un)"
command -v docker > /dev/null || stop docker
# Each call of docker costs a slow processor 50 ms: as few as will do.
known=$(docker container inspect --format '{{.Name}} {{.State.Status}} {{.State.Pid}} {{.Image}}' \
    picoclaw picoclaw-sandbox picoclaw-llm 2> /dev/null | tr -d /)
of() { # name of a container, what of it: 2 status, 3 process, 4 image
    printf '%s\n' "$known" | awk -v name="$1" -v field="$2" '$1 == name { print $field }'
}
role() { # of a container
    case $1 in picoclaw) echo gateway ;; *) echo "${1#picoclaw-}" ;; esac
}
for name in picoclaw picoclaw-sandbox; do
    status=$(of $name 2)
    [ -n "$status" ] || stop "missing $name"
    [ "$status" = running ] || stop "status $name $status"
done
litellm=$(of picoclaw-llm 2)
names="picoclaw picoclaw-sandbox$([ "$litellm" != running ] || echo ' picoclaw-llm')"
images=$(for name in $names; do of "$name" 4; done)

out=$(mktemp -d -p /run picoclaw-verify.XXXXXXXX) || exit 1
volumes=$(docker volume inspect --format '{{.Name}} {{.Mountpoint}}' \
    picoclaw-state picoclaw_picoclaw-workspace picoclaw-sandbox-socket picoclaw-llm-socket picoclaw-egress 2> /dev/null)
volume() { printf '%s\n' "$volumes" | awk -v name="$1" '$1 == name { print $2 }'; }
workspace=$(volume picoclaw_picoclaw-workspace)
node=${workspace:-$out}/.${out##*/}
twins=$(for name in $names; do echo "${out##*/}-$(role "$name")"; done)
# shellcheck disable=SC2086 # a word each
trap ': > "$out/read"; docker rm --force $twins > /dev/null 2>&1; rm -rf -- "$out" "$node"' EXIT
trap 'exit 1' HUP INT TERM

# The probe tries to open a device that the host makes in the workspace. An unprivileged LXC host may not make one.
mknod -m 666 "$node" c 1 3 2> /dev/null || : > "$out/no-device"
# The host's own addresses, and a port where something listens: if that is refused, it is the firewall that refuses.
port=$(ss -Hltn | awk '$4 !~ /^(127\.|\[::1\])/ { sub(/.*:/, "", $4); print $4 }' | sort -n | head -n 1)
own=$(ip -o address show | awk '$2 != "lo" && $4 !~ /^fe80:/ { sub(/\/.*/, "", $4); print $4 }')
for name in $names; do
    # It stays until it was looked at from outside: so one process in each container came by `docker exec`.
    (until [ -e "$out/read" ]; do sleep 0.05; done) |
        timeout 30 docker exec --interactive "$name" \
            /usr/bin/python3 -IS -c "$probe" "$addresses" "$own" "${port:-22}" "${node##*/}" > "$out/probe $name" 2>&1 &
done

self_check() { # name of the section, command
    name=$1
    shift
    timeout 30 "$@" > "$out/$name" 2>&1
    echo "exit $?" >> "$out/$name"
}
for name in $names; do
    command=picoclaw-confinement
    [ "$name" != picoclaw ] || command="picoclaw confinement"
    # shellcheck disable=SC2086 # a command and its word
    self_check "self-check $name" docker exec "$name" $command --json &
done

# The same images with no hardening at all, but without a network: what do they say before they would serve?
twin() { # container, name of the twin
    docker run --detach --network none --restart no --memory 320m --name "$2" "$(of "$1" 4)" > /dev/null 2> "$out/twin $1"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        sleep 0.3
        docker logs "$2" > "$out/twin $1" 2>&1
        [ -s "$out/twin $1" ] && break
    done
    docker container inspect --format 'status {{.State.Status}}' "$2" >> "$out/twin $1" 2>&1
    docker rm --force "$2" > /dev/null 2>&1
}
for name in $names; do twin "$name" "${out##*/}-$(role "$name")" & done

# What runs in an image without being called for, and which packages were installed there. A link is not followed: it
# would lead into the host's own tree. A package manager vouches for what it has brought: that is printed as `vouched`.
tree() { # container
    root=/proc/$(of "$1" 3)/root
    find "$root/" -xdev \( -name '*.dist-info' -o -name '*.egg-info' \) -printf 'installed /%P\n' \
        -o \( -name '*.pth' -o -name '*._pth' -o -name '*.egg-link' -o -name 'pyvenv.cfg' -o -name 'sitecustomize*' \
        -o -name 'usercustomize*' -o -name 'ld.so.preload' \) -printf '%y /%P\n' | while read -r kind file; do
        if [ "$kind" = installed ]; then
            echo "installed $file"
        elif [ "$kind" = f ] && [ ! -L "$root$file" ] && sum=$(md5sum < "$root$file") &&
            grep -qxF "${sum%% *}  ${file#/}" "$root"/var/lib/dpkg/info/*.md5sums 2> /dev/null; then
            echo "vouched $file"
        else
            echo "hook $file"
        fi
    done
    find "$root/opt/picoclaw" -mindepth 1 -maxdepth 1 -printf 'module %f\n'
    cat "$root"/opt/picoclaw/*.dist-info/RECORD 2> /dev/null | sed 's/[,/].*//; s/^/brought /' | sort -u
    find "$root/usr/lib" -maxdepth 1 -name 'python3.*' -printf '%f\n' | sed 's/^python/python /'
}
for name in $names; do tree "$name" > "$out/tree $name" 2>&1 & done

{
    echo "hostname $(hostname)"
    echo "kernel $(uname -r)"
    echo "machine $(uname -m)"
    echo "litellm ${litellm:-missing}"
    echo "os $(. /etc/os-release && echo "$PRETTY_NAME")"
    echo "apparmor $(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)"
    echo "boot $(systemctl is-enabled docker.service 2>&1 | head -n 1)"
    echo "start $(systemctl is-enabled picoclaw-containers.service 2>&1 | head -n 1)"
    echo "workspace $(systemctl is-enabled "$(systemd-escape --path --suffix=mount "$workspace")" 2>&1 | tail -n 1)"
    echo "config $(stat -c %.6Y $config 2> /dev/null)"
    # The last file is this project's: what the host has named since it booted; Docker's own choice comes last.
    echo "resolvers $(cat /etc/resolv.conf /run/systemd/resolve/resolv.conf 2> /dev/null |
        awk '$1 == "nameserver" { print $2 }' | cat - /run/picoclaw-resolvers 2> /dev/null | tr '\n' ' ') 8.8.8.8 8.8.4.4"
    echo "device $([ -e "$out/no-device" ] || echo made)"
} > "$out/host" &
# shellcheck disable=SC2086 # a word each
docker container inspect $names > "$out/containers" &
docker network inspect picoclaw-net > "$out/network" 2> /dev/null &
docker info --format '{{json .}}' > "$out/docker" 2> /dev/null &
cat /etc/docker/daemon.json > "$out/daemon.json" 2> /dev/null
for name in $names; do cat "$stack/seccomp/$(role "$name").json" > "$out/profile $name" 2> /dev/null; done
nft --json list table inet picoclaw > "$out/firewall" 2> /dev/null &
# What its file would load, in a network namespace of its own: nft's own way of writing it, compared with nft's own.
unshare --net sh -c "nft --file $stack/firewall.nft && nft --json list table inet picoclaw" > "$out/firewall-file" 2>&1 &
systemctl show --property=ActiveState,UnitFileState $unit > "$out/firewall-unit" 2>&1 &
# Who is allowed and how the rest of the file is shaped; a secret's value does not pass.
sed -E 's/("[a-z_]*(key|token|secret|password)"[[:space:]]*:[[:space:]]*)"[^"]*"/\1"-"/g' $config > "$out/config" 2> /dev/null

# Modes and owners, of everything but what is in the workspace: that is the owner's, behind a directory closed to others.
{
    find $stack /etc/systemd/system/$unit /etc/docker -printf '%#m %U %G %y %p\n'
    printf '%s\n' "$volumes" | while read -r name path; do
        find "$path" -maxdepth 0 -printf 'volume %#m %U %G %y %p\n'
    done
    find "$(volume picoclaw-state)" -mindepth 1 -printf '%#m %U %G %y %p\n'
    find /run/docker.sock /run/containerd/containerd.sock -printf '%#m %u %g %y %p\n'
} > "$out/files" 2> /dev/null &

find_secrets() {
    # `printf` is the shell's own: the patterns are in no argument list, not even in this search's.
    printf '%s\n' "$(grep -oE '"[a-z_]*(key|token|secret|password)"[[:space:]]*:[[:space:]]*"[^"]{8,}"' $config |
        sed -E 's/.*:[[:space:]]*"//; s/"$//')" > "$out/patterns"
    echo "known $(grep -c . "$out/patterns")"
    [ "$(grep -c . "$out/patterns")" != 0 ] || return
    holds() { # name of the place, command that prints what is in it
        place=$1
        shift
        "$@" 2>&1 | grep -aqF -f "$out/patterns" && echo "found $place"
    }
    for name in $names; do
        holds "docker logs $name" docker logs "$name"
        holds "docker history ($name)" docker history --no-trunc "$(of "$name" 4)"
    done
    # shellcheck disable=SC2086 # a word each
    holds "docker inspect" docker inspect $names $images
    holds journal timeout 20 journalctl --quiet --no-pager --output=cat --since=-14days
    in_files() { # options and paths; prints those that hold a secret
        grep -slF -D skip -f "$out/patterns" "$@" 2> /dev/null | grep -vxF $config
    }
    in_files /proc/[0-9]*/cmdline /proc/[0-9]*/environ | while IFS=/ read -r _ _ pid file; do
        echo "found $file of $(cat "/proc/$pid/comm" 2> /dev/null) ($pid)"
    done
    {
        in_files -r $stack /tmp /var/tmp /etc/docker /etc/systemd/system
        find /root /home -maxdepth 2 -type f -name '.*hist*' > "$out/histories"
        find /var/log -maxdepth 1 -type f -name '*log' >> "$out/histories"
        while read -r file; do in_files "$file"; done < "$out/histories"
    } | sed 's/^/found /'
}
find_secrets > "$out/secrets" 2> /dev/null &

# The kernel's view. Wait for the probes first: they are to be among the processes.
for _ in $(seq 100); do
    waiting=
    for name in $names; do [ -s "$out/probe $name" ] || waiting=1; done
    [ -n "$waiting" ] || break
    sleep 0.1
done
all=1
for name in $names; do
    while IFS=: read -r _ controllers path; do
        for base in "/sys/fs/cgroup/$controllers" /sys/fs/cgroup /sys/fs/cgroup/unified; do
            for file in memory.limit_in_bytes memory.memsw.limit_in_bytes cpu.cfs_quota_us cpu.cfs_period_us pids.max \
                memory.max memory.swap.max cpu.max; do
                [ -f "$base$path/$file" ] && echo "$file $(cat "$base$path/$file")"
            done
            case $controllers in
                pids | '') [ -f "$base$path/cgroup.procs" ] && cat "$base$path/cgroup.procs" >> "$out/pids $name" ;;
            esac
        done
    done < "/proc/$(of "$name" 3)/cgroup" > "$out/cgroup $name"
    all="$all $(sort -un "$out/pids $name" | tr '\n' ' ')"
done
# Who is on the way into a container (`docker exec`, its health check) is still runc, which gives its power away last.
patience=50 # tenths of a second, for all of them together
for pid in $all; do
    cd "/proc/$pid" 2> /dev/null || continue
    while [ "$patience" -gt 0 ]; do
        case $(cat comm) in
            runc* | exe) patience=$((patience - 1)) && sleep 0.1 ;;
            *) break ;;
        esac
    done
    grep -aHs '' status limits mountinfo net/dev attr/current | sed "s/^/$pid /"
    find ns -type l -printf "$pid %p %l\\n"
done > "$out/processes" 2> /dev/null
cd /
# shellcheck disable=SC2046 # a word each
docker container inspect --format '{{.State.Pid}} {{.Name}}' $(docker ps --quiet) | while read -r pid name; do
    find "/proc/$pid/ns" -type l -printf "${name#/} %f %l\\n"
done > "$out/neighbours" 2> /dev/null

: > "$out/read"
wait
for file in "$out"/*; do
    case $file in */patterns | */histories | */read) continue ;; esac
    printf '\n%s %s\n' "$heading" "${file##*/}"
    cat -- "$file"
done
