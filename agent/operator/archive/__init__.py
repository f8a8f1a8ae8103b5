"""`picoclaw backup` and `picoclaw restore`: a host's configuration, state and workspace in one encrypted file.

format.py    what is in the file before it is encrypted: a tar file of known names, checked byte for byte
sealing.py   encryption, by age
keys.py      passphrases, recipients and identities, and where they come from
contents.py  what a backup holds, verified
remote.py    the throwaway containers on the host; hold.py  the host stopped, and started again whatever happens
taking.py    backup        putting.py  restore

What comes from a host is not trusted: here it is counted, hashed and encrypted, never unpacked. What is in the
workspace is read and written on a host alone, by agent.snapshot in a container without a network.
"""
