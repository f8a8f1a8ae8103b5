"""Slack with one app in one workspace: the Web API, Socket Mode and the file server, with their refusals.

world.py      what the service remembers      web_api.py   slack.com/api           methods.py   its methods
socket.py     wss-primary.slack.com           files.py     files.slack.com         control.py   the control API's part
"""
