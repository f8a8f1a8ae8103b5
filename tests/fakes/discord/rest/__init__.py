"""discord.com/api/v10, by kind of resource: each module names the routes that it answers.

Token, faults, rate limits and the record of calls are for all and in `server.py`; what came with a request is read by
`request.py`.
"""
