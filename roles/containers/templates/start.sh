#!/bin/sh
# Starts what Docker left lying. Written by the deploy (roles/containers).
#
# A Docker that was killed while it started a container finds the remains of that when it is back, cannot start it in
# their place, and does not try again. By then they are gone.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    left=
    for name in @NAMES@; do
        # Docker itself starts all with this policy when it starts, also one that somebody had stopped.
        form='{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}'
        state=$(docker container inspect --format "$form" "$name" 2>/dev/null)
        [ "$state" != "exited always" ] || docker start "$name" || left="$left $name"
    done
    [ -n "$left" ] || exit 0
    sleep 5
done
echo "not started:$left" >&2
exit 1
