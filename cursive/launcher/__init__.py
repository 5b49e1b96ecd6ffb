"""Starts Cursive on one machine: servers, roles, migrations, demo data, web, worker and beat."""
