"""Reading and replacing what lasts on a host, for `picoclaw backup` and `picoclaw restore` of the operator's machine.

Runs in throwaway containers of the gateway's image, beside the running ones: no network, and only the volumes in hand.
"""
