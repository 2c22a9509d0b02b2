"""What a person triggers. Only this package imports prefect; `flows.cli` does not."""
