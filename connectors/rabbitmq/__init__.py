"""Queues of RabbitMQ."""
