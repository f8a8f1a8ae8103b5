"""The everyday commands, by group: bash command line -> a text that must be in what it prints.

Each runs in the same empty directory of the workspace, after the ones above it in its group.
"""

EVERYDAY: dict[str, dict[str, str]] = {
    "shell": {
        "echo $((6 * 7)) ${SHELL##*/}": "42 bash",
        "for i in 1 2 3; do echo -n $i; done; echo": "123",
        "echo out > a.txt; cat < a.txt; cat <<< here": "here",
        "diff <(printf 'a\\nb\\n') <(printf 'a\\nc\\n')": "> c",
        "set -o pipefail; false | true; echo $?": "1",
        "trap 'echo bye' EXIT; exit 0": "bye",
        'f() { local x=$1; echo "f $x"; }; f 1': "f 1",
        "declare -A m=([a]=1 [b]=2); echo ${#m[@]}": "2",
        "type -t cd; command -v ls; umask; ulimit -n": "/usr/bin/ls",
        "printf '%05.2f\\n' 3.14159; echo {1..4}": "03.14",
        "read -r -t 5 x < <(echo line); echo got $x": "got line",
        "(cd / && pwd); pushd / > /dev/null && popd": "/",
        "ulimit -n 256 && ulimit -n": "256",
        "sh -c 'echo from dash'": "from dash",
        "set -m; sleep 5 & kill %1; wait %1; echo ended $?": "ended 143",
    },
    "coreutils": {
        "ls -la --color=never /": "workspace",
        "mkdir -p d/e/f && touch d/e/f/g && ls -R d": "g",
        "cp -a d d2 && mv d2 d3 && find d3 -type f": "d3/e/f/g",
        "ln -s d link && readlink -f link && ln d/e/f/g hard && stat -c %h hard": "2",
        "touch -d '2020-02-03 04:05' old && stat -c %y old": "2020-02-03",
        "chmod 750 d && stat -c %a d && chmod u=rw,go= old && stat -c %A old": "-rw-------",
        "install -D -m 0644 old inst/x && ls inst": "x",
        "cp --preserve=all --sparse=always old copy && cmp old copy && echo same": "same",
        "chown 1000:1000 old && echo owner kept": "owner kept",
        "truncate -s 1M big && stat -c %s big && shred -u big && ls big": "No such file",
        "dd if=/dev/zero of=z bs=64k count=4 status=none conv=fsync && wc -c < z": "262144",
        "mktemp && mktemp -d": "/tmp/tmp.",
        "split -n 2 z part. && ls part.*": "part.ab",
        "seq 5 | tee copy1 copy2 | tail -n 1": "5",
        "ls -l /proc/self/exe && realpath /bin/sh && basename /a/b.c .c": "/usr/bin/dash",
        "mkdir r && rmdir r && rm -rf d3 && test ! -e d3 && echo gone": "gone",
        "sync z && sync && echo synced": "synced",
        "id; whoami; groups; hostname; uname -s; nproc; arch; tty": "picoclaw-sandbox",
        "env | sort | head -3; printenv HOME": "/workspace",
    },
    "text": {
        "printf 'b\\na\\nc\\n' | sort -r | head -1": "c",
        "printf '3\\n1\\n2\\n' | sort -n | paste -sd,": "1,2,3",
        "printf 'x 1\\ny 2\\n' | awk '{ s += $2 } END { print s }'": "3",
        "echo hello | sed 's/l/L/g' | tr a-z A-Z | rev": "OLLEH",
        "printf 'one\\ntwo\\n' > t && sed -i 's/two/2/' t && cat t": "2",
        "printf 'one\\n2\\n' | grep -nE '^[0-9]$'": "2:2",
        "grep -r --include=t one . | wc -l": "1",
        "cut -d: -f7 /etc/passwd | sort | uniq -c | sort -rn | head -1": "nologin",
        "printf 'a,b\\n' | tr , '\\n' | nl | expand | fold -w 5": "1",
        "printf 'a 1\\nb 2\\n' > x; printf 'a 3\\n' > y; join x y; comm -12 x y": "a 1 3",
        "printf 'one\\n' > o; printf 'uno\\n' > n; diff -u o n > p; patch o p && cat o": "uno",
        "yes | head -n 1000 | wc -l": "1000",
        "echo '{\"a\": [1, 2]}' | jq -c .a": "[1,2]",
        "printf '\\0\\1' | od -An -tx1; echo text | hexdump -C 2>/dev/null || echo text | od -c": "00 01",
        "file /bin/bash t": "ASCII text",
        "seq 100 | shuf -n 5 | wc -l; numfmt --to=iec 2048; factor 42": "2 3 7",
        "seq 1 20 | less | tail -1; seq 3 | more | tail -1; seq 9 | pr -3 -t": "20",
        "perl -ne 'print if /2/' t; perl -e 'print join(\"-\", 1..3), \"\\n\"'": "1-2-3",
    },
    "letters and time": {
        "echo 'zażółć gęślą jaźń' > ż.txt && cat ż.txt && ls": "zażółć gęślą jaźń",
        "echo 'ŻÓŁW' | sed 's/Ż/ż/' | wc -m": "5",
        "echo 'zażółć' | iconv -f utf-8 -t iso-8859-2 | iconv -f iso-8859-2 -t utf-8": "zażółć",
        "locale; locale -a | head -3": "C.UTF-8",
        "python3 -c 'print(\"łódź\".upper())'": "ŁÓDŹ",
        "date -u -d @0 +%F; date -d '2024-02-28 + 2 days' +%d": "1970-01-01",
        "TZ=Europe/Warsaw date -d '2024-07-01T12:00Z' +%H 2>&1; cal 2>&1 | head -1; date +%Y": "20",
        "time sleep 0.01": "real",
    },
    "archives": {
        "mkdir d; seq 1000 > d/a; ln -s a d/l; tar czf d.tgz d && tar tzf d.tgz": "d/a",
        "mkdir x && tar xzf d.tgz -C x --same-permissions && cmp d/a x/d/a && echo same": "same",
        "tar cJf d.txz d && tar cjf d.tbz d && tar xJOf d.txz d/a | tail -1": "1000",
        "zip -qr d.zip d && unzip -l d.zip && unzip -qo d.zip -d y && ls y/d": "a",
        "gzip -k d/a && zcat d/a.gz | tail -1 && bzip2 -k d/a && bzcat d/a.bz2 | head -1": "1000",
        "xz -k -T2 d/a && xz -t d/a.xz && xzcat d/a.xz | wc -l": "1000",
        "tar cf - d | (cd x && tar xvf -) && tar --sparse -cf s.tar d && tar rf s.tar d.tgz": "d/a",
        'python3 -c \'import shutil; print(shutil.make_archive("m", "zip", "d"))\'': "m.zip",
        "python3 -m zipfile -l d.zip && python3 -m tarfile -l d.tgz": "d/a",
        "split -b 500 d.tgz p. && cat p.* | cmp - d.tgz && echo whole": "whole",
    },
    "git": {
        (
            "git init -q -b main r && cd r && git config user.name a && git config user.email a@b && git status -sb"
        ): "main",
        "cd r && echo 1 > f && git add f && git commit -qm first && git log --oneline": "first",
        (
            "cd r && git checkout -qb side && echo 2 >> f && git commit -qam second && git diff main --stat"
        ): "1 file changed",
        "cd r && git checkout -q main && git merge -q side && git rev-list --count HEAD": "2",
        "cd r && echo 3 >> f && git stash -q && git stash pop && git checkout f": "modified",
        "git clone -q r copy && cd copy && git pull -q && git remote -v": "origin",
        (
            "cd copy && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m m && git push origin HEAD:new"
        ): "new branch",
        "cd r && git branch -a && git tag v1 && git describe --tags": "new",
        "cd r && git gc -q && git fsck && git count-objects -v": "in-pack",
        "cd r && git blame f && git show --stat HEAD && git grep -n 2": "second",
        (
            "cd r && git archive --format=tar HEAD | tar t && git bundle create -q ../b HEAD && git bundle verify ../b"
        ): "okay",
        "cd r && git worktree add -q ../w && git -C ../w log -1 --format=%s && git rebase -q HEAD~1 && echo ok": "ok",
    },
    "python": {
        "python3 -V && python3 -c 'print(sum(range(101)))'": "5050",
        'python3 -c \'import subprocess; print(subprocess.check_output(["echo", "sub"]))\'': "sub",
        'python3 -c \'import os; os.system("echo sys"); print(os.popen("echo popen").read())\'': "popen",
        (
            'python3 -c \'import threading as t; x=[t.Thread(target=print,args=("thread",)) for _ in range(9)]; '
            "[a.start() for a in x]; [a.join() for a in x]'"
        ): "thread",
        (
            'python3 -c \'from multiprocessing import Pool\nif __name__ == "__main__":\n'
            ' print(Pool(2).map(len, ["a", "bc"]))\''
        ): "[1, 2]",
        (
            'printf \'import multiprocessing as m\\ndef f(q): q.put(6*7)\\nif __name__ == "__main__":\\n'
            ' c = m.get_context("spawn"); q = c.Queue(); p = c.Process(target=f, args=(q,)); p.start(); '
            "print(q.get()); p.join()\\n' > spawn.py; python3 spawn.py"
        ): "42",
        (
            'printf \'import multiprocessing as m\nif __name__ == "__main__":\n m.set_start_method("forkserver")\n'
            " print(m.Pool(1).map(abs, [-42]))\n' > fs.py; python3 fs.py"
        ): "[42]",
        (
            "printf 'from concurrent.futures import ProcessPoolExecutor as P, ThreadPoolExecutor as T\\n"
            'if __name__ == "__main__":\\n with P(2) as p, T(2) as t:\\n  '
            "print(sum(p.map(abs, [-1, -2])) + sum(t.map(abs, [-3])))\\n' > pool.py; python3 pool.py"
        ): "6",
        (
            "python3 -c 'import asyncio\nasync def m():\n"
            ' p = await asyncio.create_subprocess_exec("echo", "async", stdout=-1)\n'
            ' print((await p.communicate())[0], await asyncio.to_thread(len, "ab"))\nasyncio.run(m())\''
        ): "async",
        (
            "python3 -c 'from multiprocessing import shared_memory as s; m = s.SharedMemory(create=True, size=99); "
            "m.buf[0] = 7; print(m.buf[0]); m.close(); m.unlink()'"
        ): "7",
        'python3 -c \'import sqlite3; print(sqlite3.connect("t.db").execute("select 40+2").fetchone())\'': "42",
        (
            "python3 -c 'import ssl, hashlib; print(ssl.create_default_context().verify_mode, ssl.OPENSSL_VERSION)'"
        ): "OpenSSL",
        "python3 -c 'import json, csv, decimal, zoneinfo, zlib, lzma, bz2; print(zlib.crc32(b\"a\"))'": "3904355907",
        "python3 -c 'import tempfile, pathlib; print(pathlib.Path(tempfile.mkdtemp()).exists())'": "True",
        "python3 -c 'import mmap; m = mmap.mmap(-1, 9); m[0] = 65; print(m[:1]); import select; select.epoll()'": "A",
        (
            'python3 -c \'import signal, os; signal.alarm(1); signal.signal(14, lambda *a: print("rang")); '
            "signal.pause()'"
        ): "rang",
        "python3 -c 'import resource; resource.setrlimit(4, (0, 0)); print(resource.getrlimit(4))'": "(0, 0)",
        "python3 -c 'import os; print(os.nice(3), os.sched_getaffinity(0), os.cpu_count(), os.getloadavg())'": "3",
        'python3 -c \'import pty; pty.spawn(["echo", "terminal"])\'': "terminal",
        "python3 -c 'import socket; a, b = socket.socketpair(); a.send(b\"pair\"); print(b.recv(9))'": "pair",
        (
            'python3 -c \'import socket; a, b = socket.socketpair(); a.sendmsg([b"x", b"y"]); print(b.recvmsg(9)[0])\''
        ): "xy",
        (
            "python3 -c 'import platform, uuid, secrets, time; print(platform.system(), time.monotonic() > 0)'"
        ): "Linux True",
        (
            "printf 'import unittest\\nclass T(unittest.TestCase):\\n def test(self): pass\\n' > t.py; python3 "
            "-m unittest t"
        ): "OK",
        "python3 -m py_compile t.py && ls __pycache__; python3 -m json.tool <<< '{\"a\":1}'": '"a": 1',
        "python3 -m timeit -n 10 pass; python3 -m cProfile -s time t.py | head -1": "loop",
        "python3 -m pip --version || python3 -c 'import sys; print(sys.prefix)'": "/usr",
    },
    "c programs": {
        (
            "printf '#include <stdio.h>\\nint main(void) { puts(\"from C\"); return 0; }\\n' > a.c && cc a.c "
            "-o a && ./a"
        ): "from C",
        "tcc -run a.c": "from C",
        "printf 'int f(int x) { return x * 2; }\\n' > f.c && cc -shared f.c -o f.so && ls f.so": "f.so",
        "python3 -c 'import ctypes; print(ctypes.CDLL(None).abs(-42))'": "42",
        "cc -c f.c -o f.o && tcc -ar rcs libf.a f.o && ls libf.a": "libf.a",
        (
            'printf \'#include <pthread.h>\\n#include <stdio.h>\\nvoid *f(void *x) { puts("thread"); return x; }\\n'
            "int main(void) { pthread_t t; pthread_create(&t, 0, f, 0); return pthread_join(t, 0); }\\n' > t.c && "
            "cc t.c -o t -lpthread && ./t"
        ): "thread",
        (
            "printf '#include <math.h>\\n#include <stdio.h>\\n#include <unistd.h>\\n#include <sys/wait.h>\\n"
            'int main(void) { if (!fork()) { printf("%%.1f\\\\n", sqrt(2.25)); return 0; } wait(0); return 0; }\\n\' '
            "> m.c && cc m.c -o m -lm && ./m"
        ): "1.5",
        "ldd a && printf '#!/usr/bin/env python3\\nprint(\"script\")\\n' > s && chmod +x s && ./s": "script",
    },
    "databases": {
        "sqlite3 t.db 'create table t(a); insert into t values (1), (2); select sum(a) from t'": "3",
        "sqlite3 t.db 'pragma journal_mode=wal; insert into t values (3); select count(*) from t'": "3",
        "sqlite3 -header -csv t.db 'select * from t limit 1'; sqlite3 t.db .schema": "CREATE TABLE",
        "sqlite3 t.db '.backup b.db' && sqlite3 b.db 'pragma integrity_check'; sqlite3 t.db vacuum": "ok",
        "printf 'a,b\\n1,2\\n' > i.csv; sqlite3 :memory: '.import --csv i.csv i' 'select b from i'": "2",
        "sqlite3 t.db .dump | sqlite3 n.db && sqlite3 n.db 'select max(a) from t'": "3",
    },
    "network on loopback": {
        "curl --version | head -1": "curl",
        (
            "echo page > p.html; python3 -m http.server 8123 -b 127.0.0.1 > log 2>&1 & for i in $(seq 50); do "
            "curl -sf http://127.0.0.1:8123/p.html && break; sleep 0.1; done; kill %1; wait; cat log"
        ): "page",
        "curl -s --unix-socket /nowhere http://x; curl -s http://127.0.0.1:1; echo $?": "7",
        "curl -s file:///etc/hostname": "picoclaw-sandbox",
        (
            'python3 -c \'import socket; a = socket.socket(2, 2); a.bind(("127.0.0.1", 0)); '
            'b = socket.socket(2, 2); b.sendto(b"udp", a.getsockname()); print(a.recvfrom(9))\''
        ): "udp",
        (
            "python3 -c 'import asyncio as a\nasync def m():\n"
            ' async def h(r, w): w.write(await r.read(4)); w.close()\n s = await a.start_server(h, "localhost", 0)\n'
            ' r, w = await a.open_connection("localhost", s.sockets[0].getsockname()[1])\n'
            ' w.write(b"echo"); print(await r.read())\na.run(m())\''
        ): "echo",
        "exec 3<>/dev/tcp/127.0.0.1/1 || echo closed port": "closed port",
        "getent hosts localhost; getent passwd 1000; cat /etc/hosts": "localhost",
        (
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 1 -subj /CN=a 2>&1; openssl x509 "
            "-in c -noout -subject"
        ): "CN",
    },
    "find and xargs": {
        "mkdir -p a/b; touch a/1 a/b/2; find . -name '[0-9]' -newermt 2020-01-01 | sort": "./a/b/2",
        "find a -type f -print0 | xargs -0 -n1 -P4 basename | sort | paste -sd+": "1+2",
        "find a -type f -exec sh -c 'echo found {}' \\;": "found a/1",
        "seq 8 | xargs -P 4 -I{} sh -c 'sleep 0.01; echo {}' | sort -n | tail -1": "8",
        "find a -empty -delete; ls a; tree .": "0 files",
        "for i in 1 2 3; do (sleep 0.0$i; echo $i) & done; wait": "3",
        "du -sh .; du -ab / --max-depth=0 2>/dev/null; df -h /workspace | tail -1": "/workspace",
        "which -a python3; whereis bash; ls -d /usr/lib/python3*": "python3",
    },
    "jobs": {
        "timeout 0.2 sleep 5; echo $?": "124",
        "echo raised by $(($(nice -n 5 nice) - $(nice)))": "raised by 5",
        "nohup sh -c 'echo kept' > n.out 2>&1 & wait; cat n.out": "kept",
        "taskset -c 0 nproc; taskset -p $$": "1",
        "mkfifo f; (echo through > f &); cat f": "through",
        "echo first > l; tail -n 1 -f l & sleep 0.2; echo second >> l; sleep 0.3; kill %1": "second",
        "flock lock echo locked; flock -n lock true && echo free": "free",
        "setsid -w echo session; stdbuf -oL echo line; env -i /bin/echo clean": "clean",
        "sleep 9 & pgrep -f 'sleep 9' > /dev/null && kill $! && echo killed": "killed",
        "sleep 9 & pkill -P $$ sleep; wait; echo all ended": "all ended",
        "coproc cat; echo co >&${COPROC[1]}; read -r x <&${COPROC[0]}; echo $x; kill $COPROC_PID": "co",
        "script -qec 'tty; stty size; echo in a terminal' /dev/null": "in a terminal",
        "prlimit --nofile; prlimit --nofile=100:200 sh -c 'ulimit -n'": "100",
        "chrt -p $$; chrt -b 0 echo batch; ionice; ionice -c 3 echo idle": "idle",
        "chrt -b 0 echo batch": "batch",
        "watch -n 1 -e false < /dev/null 2>&1 | head -1; logger x 2>&1; getopt -o a -- -a": "-a",
    },
    "looking around": {
        "ps aux; ps -ef --forest; ps -eLf": "bash",
        "top -b -n 1 | head -3; uptime; w; vmstat": "load average",
        "free -m; cat /proc/meminfo /proc/loadavg /proc/cpuinfo; lscpu": "Mem:",
        "pidof bash; pmap $$ | tail -1; pwdx $$; ls -l /proc/self/fd": "total",
        "mount | head -1; findmnt /workspace; lsblk 2>&1; cat /proc/mounts": "/workspace",
        "ls /sys/class/net; cat /proc/net/dev; ulimit -a": "lo",
        "cat /etc/os-release; uname -a; getconf PAGE_SIZE; lslocks; lsns; ipcs": "Debian",
        "dpkg -l bash; dpkg -L coreutils | head -2; apt list --installed 2>/dev/null | head -1": "bash",
    },
    "checksums and secrets": {
        "echo a | sha256sum; echo a | md5sum; echo a | b2sum; echo a | cksum": "87428fc522803d31065e7bce3cf03fe4",
        "echo text | base64 | base64 -d; echo text | base32": "text",
        "openssl rand -hex 8 | wc -c; echo a | openssl dgst -sha256; head -c 4 /dev/urandom | od -An -x": "17",
        "echo secret | openssl enc -aes-256-cbc -pbkdf2 -k x | openssl enc -d -aes-256-cbc -pbkdf2 -k x": "secret",
        "uuid=$(cat /proc/sys/kernel/random/uuid); echo ${#uuid}; mcookie": "36",
        "sha256sum /bin/bash > s && sha256sum -c s": "OK",
    },
}

# The same for packages that an owner may well add (`picoclaw_sandbox_packages`): traced, so that they work when added.
PACKAGES = ("bc", "build-essential", "ed", "lsof", "nodejs", "rsync")
OF_PACKAGES: dict[str, dict[str, str]] = {
    "packages": {
        "echo '2^64' | bc": "18446744073709551616",
        "printf 'a\n.\nw t\nq\n' | sed '1i a' | ed -s; echo edited": "edited",
        "lsof -p $$ | head -2": "bash",
        "mkdir -p a; echo x > a/f; rsync -a --delete --checksum a/ b/ && cat b/f": "x",
        "node -e 'console.log([1, 2].map(x => x * 21).join())'": "21,42",
        (
            'node -e \'require("fs").promises.writeFile("n", "x").then(() => '
            'require("child_process").exec("cat n; echo child", (e, o) => console.log(o)))\''
        ): "child",
        (
            'node -e \'require("http").createServer((q, r) => r.end("served")).listen(8124, "127.0.0.1", '
            'function () { fetch("http://127.0.0.1:8124").then(r => r.text()).then(t => { console.log(t); '
            "process.exit() }) })'"
        ): "served",
        'node -e \'new (require("worker_threads").Worker)("console.log(7)", {eval: true})\'': "7",
        "printf '#include <iostream>\nint main() { std::cout << 42; }\n' > a.cc && g++ -O2 a.cc -o cxx && ./cxx": "42",
        "printf 'all:\n\t@gcc -o h h.c && ./h\n' > Makefile; echo 'int main(){}' > h.c; make -j2 && echo made": "made",
        "gcc -c h.c -o h.o && ar rcs h.a h.o && nm h.a && strip h && size h": "main",
    },
}
