"""What needs the real index: `make test-online`, and no other run of the tests."""
