"""`picoclaw status`, `logs` and `doctor`: how the hosts are, asked over SSH, one round trip for each.

gather.sh     what is asked on a host, in the shell
gathering.py  its answer, and what only this machine knows (clock, drift), as one Seen
seen.py       Seen
checks.py     the table of what can be wrong, causes first; judging.py goes through it
printing.py   Seen and the checks in words; document.py  as JSON
following.py  the containers' logs
"""
