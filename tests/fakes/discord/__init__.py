"""Discord with one bot: the REST API, the Gateway and the file servers, with their refusals.

world.py      what the service remembers       objects.py   its JSON objects       errors.py   its refusals
rest.py       discord.com/api/v10              gateway.py   gateway.discord.gg      cdn.py      files
messages.py   sending, editing, reading        menu.py      commands and interactions
control.py    the control API's part
"""
