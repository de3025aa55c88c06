"""A Telegram of one's own: the Bot API over HTTP on this machine, people who write to it, and a page like a phone."""
