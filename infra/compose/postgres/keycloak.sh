#!/usr/bin/env bash
# A database of its own for Keycloak, when the server is made.
set -euo pipefail
psql --username postgres --dbname postgres --no-psqlrc --set ON_ERROR_STOP=1 \
  --set password="$(cat /run/secrets/keycloak-database-password)" <<'SQL'
create role keycloak login password :'password';
create database keycloak owner keycloak;
revoke all on database keycloak from public;
SQL
