"""Discord: one bot in one server, any number of users, private channels and threads. REST API v10, Gateway, CDN.

What it refuses, and in which words, follows Discord's documentation and what bots report of the service.

    world.py        what the service remembers            gateway/    the websocket: sessions, frames, close codes
    objects.py      users, channels, messages as JSON     rest/       the HTTP API, by kind of resource
    control.py      a test is the users, and breaks things    cdn.py    attachments, and pictures made smaller
"""
