"""The Telegram Bot API: one bot, any number of users and chats.

What it refuses, and in which words, follows the service's own server (tdlib/telegram-bot-api and tdlib/td).
"""
