"""What the stand-ins accept unless a test says otherwise: well-formed, and worthless anywhere else."""

TELEGRAM_HOST = "api.telegram.org"
DISCORD_HOST = "discord.com"
DISCORD_GATEWAY_HOST = "gateway.discord.gg"
DISCORD_CDN_HOST = "cdn.discordapp.com"
DISCORD_MEDIA_HOST = "media.discordapp.net"
SLACK_HOST = "slack.com"
SLACK_SOCKET_HOST = "wss-primary.slack.com"
SLACK_FILES_HOST = "files.slack.com"
OPENROUTER_HOST = "openrouter.ai"
OPENAI_HOST = "api.openai.com"
ANTHROPIC_HOST = "api.anthropic.com"
GEMINI_HOST = "generativelanguage.googleapis.com"
SITE_HOST = "site.example.org"
OTHER_SITE_HOST = "other.example.net"

OWNER_ID = 123456789
OWNER_USERNAME = "lab_owner"

BOT_ID = 7012345678
BOT_USERNAME = "picoclaw_lab_bot"
BOT_NAME = "PicoClaw"
TELEGRAM_TOKEN = f"{BOT_ID}:AAHlabTokenForTheStandInOnly-012345"

DISCORD_BOT_ID = "1201234567890123456"
DISCORD_APPLICATION_ID = "1201234567890123400"
DISCORD_OWNER_ID = "701234567890123456"
DISCORD_TOKEN = "MTIwMTIzNDU2Nzg5MDEyMzQ1Ng.Glab00.labTokenForTheStandInOnly-0123456789abc"

SLACK_TEAM_ID = "T0LAB00001"
SLACK_APP_ID = "A0LABAPP001"
SLACK_BOT_ID = "B0LABBOT001"
SLACK_BOT_USER = "U0LABBOT001"
SLACK_OWNER_ID = "U0LABOWNER1"
SLACK_TOKEN = "xoxb-1234567890123-1234567890123-labTokenForTheStandInOnly"
SLACK_APP_TOKEN = "xapp-1-A0LABAPP001-1234567890123-" + "0abc" * 16

OPENROUTER_KEY = "sk-or-v1-" + "1abf" * 16
OPENAI_KEY = "sk-proj-labKeyForTheStandInOnly" + "0123456789" * 3
ANTHROPIC_KEY = "sk-ant-api03-labKeyForTheStandInOnly-" + "0123456789" * 3
GEMINI_KEY = "AIzaLabKeyForTheStandInOnly" + "0123456789ab"

OPENROUTER_MODEL = "anthropic/claude-3.5-sonnet"
OPENROUTER_MODELS = (
    OPENROUTER_MODEL,
    "anthropic/claude-3.5-haiku",
    "deepseek/deepseek-chat",
    "google/gemini-2.0-flash-001",
    "meta-llama/llama-3.3-70b-instruct:free",
    "openai/gpt-4o",
    "openai/gpt-4o-mini",
)
OPENAI_MODEL = "gpt-4o"
OPENAI_MODELS = (OPENAI_MODEL, "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "o4-mini")
ANTHROPIC_MODEL = "claude-3-5-sonnet-20241022"
ANTHROPIC_MODELS = (
    ANTHROPIC_MODEL,
    "claude-3-5-haiku-20241022",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-6",
)
GEMINI_MODEL = "gemini-2.5-flash"
GEMINI_THINKING_MODEL = "gemini-3-pro-preview"
GEMINI_MODELS = (GEMINI_MODEL, "gemini-2.5-pro", "gemini-2.0-flash", GEMINI_THINKING_MODEL)
