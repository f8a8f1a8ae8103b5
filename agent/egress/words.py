"""The audit log's columns and verdicts, in English and Polish."""

HEADINGS = (
    ("ended (UTC)", "client", "host", "sent", "received", "verdict", "reason"),
    ("koniec (UTC)", "klient", "host", "wysłano", "odebrano", "wynik", "powód"),
)
VERDICTS = {
    "allowed": ("allowed", "dopuszczone"),
    "refused": ("refused", "odrzucone"),
    "failed": ("failed", "nieudane"),
}
NOTHING = ("Nothing has gone through the egress proxy yet.", "Przez proxy wyjściowe nic jeszcze nie przeszło.")
