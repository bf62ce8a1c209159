"""What stands in for the outside: a simulated npm registry and a local Slack, for `npmtrust sandbox` and the tests."""
