"""gateway.discord.gg: https://discord.com/developers/docs/events/gateway, over a websocket of aiohttp.

All connections are in `hub.py` with the sessions behind them, one connection in `connection.py`, IDENTIFY and RESUME in
`handshake.py`, and which events need which intent in `intents.py`.
"""
