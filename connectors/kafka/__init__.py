"""Topics of Kafka, by a REST proxy."""
