"""What one client does to its session, the next one never sees. One connection, so that everybody
gets the same."""

from gateway import GatewayTest

MARK = "select pg_backend_pid()"


class Sessions(GatewayTest):
    pool = {"max_size": 1}

    @classmethod
    def configuration(cls):
        one = {**cls.postgres.target(), "pool": cls.pool}
        return {"databases": {"main": one, "careful": {**one, "pool": {"max_size": 1, "reset": "always"}}}}

    @classmethod
    def prepare(cls):
        cls.postgres.run("create role other; grant other to app; create sequence counter; grant all on sequence counter to app")

    def leaves_no_trace(self, change, look, clean):
        """`change` runs for one client, then `look` must answer `clean` for the next."""
        self.assertEqual(self.gateway.scalar(look), clean, "before")
        answer = self.gateway.query(change)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.gateway.scalar(look), clean, f"after {change}")

    def test_settings_do_not_stay(self):
        self.leaves_no_trace("select set_config('sluice.mine', 'secret', false)",
                             "select coalesce(current_setting('sluice.mine', true), '')", "")
        self.leaves_no_trace("select set_config('search_path', 'pg_catalog', false)",
                             "select current_setting('search_path')", '"$user", public')
        self.leaves_no_trace("select set_config('TimeZone', 'Asia/Tokyo', false)",
                             "select current_setting('TimeZone')", "UTC")
        self.leaves_no_trace("set timezone to 'Asia/Tokyo'", "select current_setting('TimeZone')",
                             "UTC")
        self.leaves_no_trace("set default_transaction_read_only to on",
                             "select current_setting('default_transaction_read_only')", "off")

    def test_a_role_does_not_stay(self):
        self.leaves_no_trace("select set_config('role', 'other', false)",
                             "select current_user::text", "app")
        self.leaves_no_trace("set role other", "select current_user::text", "app")

    def test_temporary_tables_do_not_stay(self):
        self.leaves_no_trace("create temp table mine as select 1 as x",
                             "select to_regclass('pg_temp.mine')::text", None)
        self.leaves_no_trace("select 1 as x into temp table mine2",
                             "select to_regclass('pg_temp.mine2')::text", None)

    def test_advisory_locks_do_not_stay(self):
        self.leaves_no_trace("select pg_advisory_lock(42)::text",
                             "select count(*)::int from pg_locks where locktype = 'advisory'", 0)
        self.leaves_no_trace("select 1 where pg_try_advisory_lock(43)",
                             "select count(*)::int from pg_locks where locktype = 'advisory'", 0)

    def test_sequence_values_do_not_stay_where_every_use_is_cleaned(self):
        """Only there: any INSERT with a default may call nextval unseen."""
        self.assertIsInstance(self.gateway.scalar("select nextval('counter')", db="careful"), int)
        self.assert_problem(self.gateway.query("select currval('counter')", db="careful"), 400,
                            "sql_error", sqlstate="55000")

    def test_do_blocks_hide_nothing(self):
        self.leaves_no_trace("do $$ begin perform set_config('sluice.mine', 'secret', false); create temp table hidden(x int); end $$",
                             "select coalesce(current_setting('sluice.mine', true), '') || coalesce(to_regclass('pg_temp.hidden')::text, '')", "")

    def test_the_connection_itself_stays(self):
        first = self.gateway.scalar(MARK)
        self.gateway.query("select set_config('sluice.mine', 'x', false)")
        self.assertEqual(self.gateway.scalar(MARK), first)
