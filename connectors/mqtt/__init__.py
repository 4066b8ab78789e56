"""Topics of MQTT servers."""
