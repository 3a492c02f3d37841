#!/bin/sh
# Runs once in a new PostgreSQL: makes the role of the gateway, which owns the database and is otherwise
# nobody special. Both have the name POSTGRES_DB; the password is in the file ROLE_PASSWORD_FILE.
set -eu
psql -Xq -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$POSTGRES_DB" -v name="$POSTGRES_DB" <<'SQL'
\set password `cat "$ROLE_PASSWORD_FILE"`
create role :"name" login password :'password';
alter database :"name" owner to :"name";
revoke connect, temporary on database :"name" from public;
SQL
