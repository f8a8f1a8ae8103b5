"""Slack: one workspace, one app in Socket Mode, any number of users and channels.

    server.py    slack.com/api           methods.py, params.py, chat.py, conversations.py, files.py, blocks.py
    socket.py    wss-primary.slack.com   hub.py      what is sent there, and again until it is acknowledged
    files.py     files.slack.com         people.py   what users do   events.py   what the app is told of it

What it refuses, and in which words, follows https://docs.slack.dev/reference/methods and, for the length of all blocks
together, what bots meet (slackapi/bolt-js issue 2509). How a method answers while Socket Mode is off is not documented.
"""
