# All that `picoclaw status` and `doctor` want to know of a host. $names is 1 to resolve names there, $model to ask the
# model a question. Prints a line for each thing: its name, and in base64 what was said and, on a last line, the exit
# code. $containers are their names, the gateway's first. Nothing here reads config.json.

export LC_ALL=C
most=200000 # bytes of an answer: a container may say what it likes, and as much

say() {
    thing=$1
    shift
    printf '%s ' "$thing"
    { "$@" 2>&1; printf '\n%s' "$?"; } | tail -c "$most" | base64 | tr -d '\n'
    echo
}

patient() { timeout -k 2 "$@" </dev/null; }

inspect() {
    patient 15 docker container inspect --format '{"name": {{json .Name}}, "state": {{json .State}}, "image": {{json .Config.Image}}, "restarts": {{.RestartCount}}, "memory_limit": {{.HostConfig.Memory}}}' "$@" 2>/dev/null
    true
}

# The container's own cgroup, as it is mounted in it: v1, then v2.
memory() {
    pid=$(patient 15 docker container inspect --format '{{.State.Pid}}' "$1") && [ "$pid" -gt 0 ] || return 1
    for cgroup in "/proc/$pid/root/sys/fs/cgroup/memory" "/proc/$pid/root/sys/fs/cgroup"; do
        for name in memory.usage_in_bytes memory.current; do
            [ -f "$cgroup/$name" ] || continue
            echo "used $(cat "$cgroup/$name")"
            cat "$cgroup/memory.stat" "$cgroup/memory.oom_control" "$cgroup/memory.events" 2>/dev/null |
                grep -E '^(total_inactive_file|inactive_file|oom_kill) '
            return 0
        done
    done
    return 1
}

last_error() { patient 15 docker logs --tail 2000 "$1" 2>&1 | grep -aE ' (ERROR|CRITICAL) ' | tail -n 1; }

last_lines() { patient 15 docker logs --tail 3 "$1" 2>&1; }

disks() { df -Pk / "$(docker info --format '{{.DockerRootDir}}' 2>/dev/null || echo /)"; }

inodes() { df -Pi / "$(docker info --format '{{.DockerRootDir}}' 2>/dev/null || echo /)"; }

names_of_host() { for name; do patient 10 getent ahosts "$name" >/dev/null || { echo "$name"; return 1; }; done; }

names_of_gateway() {
    answer=$(patient 20 docker exec "$gateway" /usr/bin/python3 -SsPc \
        'import socket, sys; [socket.getaddrinfo(name, 443) for name in sys.argv[1:]]' "$@" 2>&1) && return 0
    printf '%s\n' "$answer" | tail -n 1
    return 1
}

# What the gateway's channels connect to, as its report names them.
services() {
    case $1 in *'"telegram"'*) echo api.telegram.org ;; esac
    case $1 in *'"discord"'*) echo discord.com ;; esac
    case $1 in *'"slack"'*) echo slack.com ;; esac
}

say clock date +%s.%N
say root id -u
say meminfo grep -E '^(MemTotal|MemAvailable):' /proc/meminfo
say docker patient 15 docker version --format '{{.Server.Version}}'
say disks disks
say inodes inodes
patient 15 docker version >/dev/null 2>&1 || exit 0

say containers inspect $containers
gateway=${containers%% *}
report=$({ patient 40 docker exec "$gateway" picoclaw status --json 2>&1; printf '\n%s' "$?"; } | tail -c "$most")
printf 'status %s\n' "$(printf %s "$report" | base64 | tr -d '\n')"
for name in $containers; do
    patient 15 docker container inspect "$name" >/dev/null 2>&1 || continue
    say "memory/$name" memory "$name"
    say "error/$name" last_error "$name"
    say "end/$name" last_lines "$name"
    [ "$name" = "$gateway" ] || say "confinement/$name" patient 20 docker exec "$name" picoclaw-confinement --json
done
services=$(services "$report")
if [ "$names" = 1 ] && [ -n "$services" ]; then
    say names/host names_of_host $services
    say names/gateway names_of_gateway $services
fi
[ "$model" = 1 ] && say model patient 150 docker exec "$gateway" picoclaw llm check --json --lang "$language"
exit 0
