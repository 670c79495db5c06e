"""Sealed MQTT a second time, made from docs/format.md alone. Slow, plain, and never for real secrets: nothing here is wiped."""
