"""Intents: what a bot asks to hear of, https://discord.com/developers/docs/events/gateway#gateway-intents."""

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DM_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15
# Bits that Discord knows; anything else is closed with 4013.
KNOWN = sum(1 << bit for bit in (*range(17), 20, 21, 24, 25))
# What the stand-in's application was never granted.
NEVER_GRANTED = GUILD_MEMBERS | GUILD_PRESENCES
