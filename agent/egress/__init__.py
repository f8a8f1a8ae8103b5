"""The gateway's egress proxy: the only way out for containers that have no network of their own.

rules and policy say what a client may reach, request and hello read what it asks for, resolver and addresses make sure
that it is what it says, session and tunnel carry it, proxy listens and bounds, recorder keeps the books.
"""
